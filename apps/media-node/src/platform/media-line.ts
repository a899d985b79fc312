import { randomBytes } from 'node:crypto';
import { roomNoteSchema } from '@patchbay/domain/conferencing/room-words';
import { soundOrderSchema, soundResultSchema } from '@patchbay/domain/logic/sound-order';
import { decodeClientFrame } from '@patchbay/protocol/signaling/messages';
import { type WebSocket as Socket, WebSocket } from 'ws';
import { z } from 'zod';
import type { MediaNotice, MediaWord } from '../signaling/platform.ts';
import type { FleetUrl } from './fleet-view.ts';
import { isSignedBy, type NodeIdentity } from './node-identity.ts';
import {
  challengeSchema,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_SILENCE_MS_MAX,
  MEDIA_PATH,
  parseWord,
} from './node-link.ts';

/**
 * The line between a media node and each signaling node of its region. It carries what a party and signaling say to each other,
 * and the orders of logic. A leg belongs to the line that it came by: when that breaks, both ends end it, so that nobody talks
 * to a leg whose session another process may hold (decision 0020).
 */
const FRAME_BYTES_MAX = 512 * 1024;
/** What may wait for a node that does not read: past it the line is cut. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
const CONNECTIONS_MAX = 1_000;
const LEGS_MAX = 10_000;

const id = z.string().min(1).max(200);
const ofLeg = { legId: id, sessionId: id };
const source = z.string().max(200_000);
const helloSchema = z.object({
  type: z.literal('hello'),
  nodeId: id,
  boot: z.int(),
  signature: z.string().max(128),
});
const mediaFrameSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('heartbeat'),
    legCount: z.int().min(0).max(LEGS_MAX),
    legCountMax: z.int().min(0).max(LEGS_MAX),
    isDraining: z.boolean(),
  }),
  z.object({ type: z.literal('frame'), ...ofLeg, source }),
  z.object({ type: z.literal('sounded'), ...ofLeg, number: z.int(), result: soundResultSchema }),
  /** A line for the log of the leg's session. */
  z.object({ type: z.literal('noted'), ...ofLeg, note: roomNoteSchema }),
  z.object({ type: z.literal('legLost'), ...ofLeg, detail: z.string().max(500) }),
]);
const wordSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('beat') }),
  z.object({ type: z.literal('frame'), ...ofLeg, accountId: id, source, isLast: z.boolean() }),
  z.object({ type: z.literal('bridge'), ...ofLeg, accountId: id, otherLegId: id }),
  z.object({ type: z.literal('unbridge'), ...ofLeg, accountId: id }),
  z.object({ type: z.literal('sound'), ...ofLeg, accountId: id, number: z.int(), order: soundOrderSchema }),
]);

export type MediaFrame = z.output<typeof mediaFrameSchema>;
export type LegFrame = Exclude<MediaFrame, { type: 'heartbeat' }>;

const helloText = (nonce: string, { nodeId, boot }: { readonly nodeId: string; readonly boot: number }) =>
  ['patchbay-media-line-v1', nonce, nodeId, String(boot)].join('\n');

export interface MediaNodeLinesOptions {
  readonly identity: NodeIdentity;
  readonly boot: number;
  /** Where the signaling nodes of the region are, as far as it is known. Asked each second. */
  readonly linkUrls: () => readonly FleetUrl[];
  readonly heartbeat: () => Omit<Extract<MediaFrame, { type: 'heartbeat' }>, 'type'>;
  readonly onWord: (line: string, word: MediaWord) => void;
  /** Its legs end. */
  readonly onLost: (line: string) => void;
  readonly nowMs?: () => number;
}

interface Line {
  readonly socket: Socket;
  heardMs: number;
}

/** The media node's end: one line to each signaling node, made again whenever it is lost. */
export class MediaNodeLines {
  readonly #options: MediaNodeLinesOptions;
  readonly #lines = new Map<string, Line>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MediaNodeLinesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.beat(), HEARTBEAT_INTERVAL_MS);
    this.beat();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const { socket } of this.#lines.values()) socket.close();
    this.#lines.clear();
  }

  send(line: string, frame: LegFrame): void {
    write(this.#lines.get(line)?.socket, frame);
  }

  /** Says at once what otherwise the next heartbeat says, and connects to whoever is new. */
  beat(): void {
    const nowMs = this.#nowMs();
    const known = this.#options.linkUrls();
    const urls = new Set(known.map(({ url }) => url));
    for (const [url, { socket, heardMs }] of this.#lines) {
      if (!urls.has(url)) socket.close();
      else if (nowMs - heardMs > HEARTBEAT_SILENCE_MS_MAX) socket.terminate();
    }
    for (const { url, isLive } of known) if (isLive && !this.#lines.has(url)) this.#connect(url);
    const heartbeat: MediaFrame = { type: 'heartbeat', ...this.#options.heartbeat() };
    for (const { socket } of this.#lines.values()) write(socket, heartbeat);
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? (() => performance.now()))();
  }

  #connect(url: string): void {
    const { identity, boot, onWord, onLost } = this.#options;
    const address = new URL(MEDIA_PATH, url);
    const socket = new WebSocket(address, { maxPayload: FRAME_BYTES_MAX, handshakeTimeout: 2_000 });
    const line: Line = { socket, heardMs: this.#nowMs() };
    this.#lines.set(url, line);
    const forget = () => {
      if (this.#lines.get(url) !== line) return;
      this.#lines.delete(url);
      onLost(url);
    };
    socket.on('close', forget);
    socket.on('error', forget);
    socket.on('message', (data) => {
      line.heardMs = this.#nowMs();
      const challenge = parseWord(challengeSchema, data);
      if (challenge !== undefined) {
        const hello = { nodeId: identity.nodeId ?? '', boot };
        const signature = identity.signText(helloText(challenge.nonce, hello));
        socket.send(JSON.stringify({ type: 'hello', ...hello, signature }));
        return;
      }
      const word = parseWord(wordSchema, data);
      if (word !== undefined && word.type !== 'beat') onWord(url, word);
    });
  }
}

export interface MediaLinesOptions {
  /** The public key of an enrolled media node (raw, base64url), or undefined. */
  readonly publicKeyOf: (nodeId: string) => Promise<string | undefined>;
  readonly onNotice: (notice: MediaNotice) => void;
  readonly nowMs?: () => number;
}

interface Connection {
  readonly socket: Socket;
  readonly nonce: string;
  nodeId: string | undefined;
  heardMs: number;
  load: { readonly legCount: number; readonly legCountMax: number; readonly isDraining: boolean } | undefined;
  /** Legs that it was given from here, between two heartbeats as well. */
  readonly legIds: Set<string>;
}

/** Signaling's end: which media nodes live, and what they have room for. */
export class MediaLines {
  readonly #options: MediaLinesOptions;
  readonly #connections = new Set<Connection>();
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(options: MediaLinesOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#sweep(), 250),
      setInterval(() => {
        for (const { socket, nodeId } of this.#connections)
          if (nodeId !== undefined) write(socket, { type: 'beat' });
      }, HEARTBEAT_INTERVAL_MS),
    ];
  }

  /** Takes a connection that says it is a media node; what it says is heard once it has proved it. */
  accept(socket: Socket): void {
    if (this.#connections.size >= CONNECTIONS_MAX) {
      socket.terminate();
      return;
    }
    const connection: Connection = {
      socket,
      nonce: randomBytes(24).toString('base64url'),
      nodeId: undefined,
      heardMs: this.#nowMs(),
      load: undefined,
      legIds: new Set(),
    };
    this.#connections.add(connection);
    socket.on('message', (data) => void this.#hear(connection, data));
    socket.on('close', () => this.#lose(connection));
    socket.on('error', () => socket.terminate());
    socket.send(JSON.stringify({ type: 'challenge', nonce: connection.nonce }));
  }

  /** The preferred node, if it takes new legs, or the one with the most room of those that do. */
  free(preferredNodeId?: string): { readonly nodeId: string } | undefined {
    let best: { readonly nodeId: string; readonly room: number } | undefined;
    for (const { nodeId, load, legIds } of this.#connections) {
      if (nodeId === undefined || load === undefined || load.isDraining) continue;
      const room = load.legCountMax - Math.max(load.legCount, legIds.size);
      if (room > 0 && nodeId === preferredNodeId) return { nodeId };
      if (room > (best?.room ?? 0)) best = { nodeId, room };
    }
    return best && { nodeId: best.nodeId };
  }

  say(nodeId: string, word: MediaWord): void {
    const connection = [...this.#connections].find((each) => each.nodeId === nodeId);
    if (connection === undefined) {
      // Not before whoever says it is done with it.
      queueMicrotask(() => this.#options.onNotice({ type: 'mediaDead', nodeId }));
      return;
    }
    if (word.type === 'unbridge' || (word.type === 'frame' && word.isLast))
      connection.legIds.delete(word.legId);
    else connection.legIds.add(word.legId);
    write(connection.socket, word);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { socket } of this.#connections) socket.terminate();
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? (() => performance.now()))();
  }

  async #hear(connection: Connection, data: unknown): Promise<void> {
    connection.heardMs = this.#nowMs();
    const { nodeId } = connection;
    if (nodeId === undefined) return this.#greet(connection, data);
    const frame = parseWord(mediaFrameSchema, data);
    if (frame === undefined) return;
    if (frame.type === 'heartbeat') {
      const { legCount, legCountMax, isDraining } = frame;
      connection.load = { legCount, legCountMax, isDraining };
      return;
    }
    const { legId, sessionId } = frame;
    const leg = { nodeId, legId, sessionId };
    const { onNotice } = this.#options;
    if (frame.type === 'sounded')
      onNotice({ type: 'mediaSounded', ...leg, number: frame.number, result: frame.result });
    else if (frame.type === 'noted') onNotice({ type: 'mediaNoted', ...leg, note: frame.note });
    else if (frame.type === 'legLost') {
      connection.legIds.delete(legId);
      onNotice({ type: 'mediaLegLost', ...leg, detail: frame.detail });
    } else {
      const decoded = decodeClientFrame(frame.source);
      if (decoded.ok) onNotice({ type: 'mediaFrame', ...leg, message: decoded.frame });
    }
  }

  async #greet(connection: Connection, data: unknown): Promise<void> {
    const hello = parseWord(helloSchema, data);
    if (hello === undefined) return;
    const publicKey = await this.#options.publicKeyOf(hello.nodeId).catch(() => undefined);
    const isProved =
      publicKey !== undefined && isSignedBy(publicKey, helloText(connection.nonce, hello), hello.signature);
    if (!isProved) {
      connection.socket.close(4401, 'This node is not known here.');
      return;
    }
    // A new connection of a node replaces the one before, whose legs the node has ended.
    for (const other of this.#connections)
      if (other !== connection && other.nodeId === hello.nodeId) this.#lose(other);
    connection.nodeId = hello.nodeId;
  }

  #sweep(): void {
    for (const connection of this.#connections)
      if (this.#nowMs() - connection.heardMs > HEARTBEAT_SILENCE_MS_MAX) this.#lose(connection);
  }

  #lose(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    connection.socket.terminate();
    const { nodeId } = connection;
    if (nodeId !== undefined) this.#options.onNotice({ type: 'mediaDead', nodeId });
  }
}

function write(socket: Socket | undefined, word: object): void {
  if (socket === undefined || socket.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > WAITING_BYTES_MAX) socket.terminate();
  else socket.send(JSON.stringify(word));
}
