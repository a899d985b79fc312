import { randomBytes } from 'node:crypto';
import { type WebSocket as Socket, WebSocket } from 'ws';
import { z } from 'zod';
import type { FarDevice, GuestWord, HomeWord, PeerNotice } from '../signaling/peer-words.ts';
import { isSignedBy, type NodeIdentity } from './node-identity.ts';
import {
  challengeSchema,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_SILENCE_MS_MAX,
  PEER_PATH,
  parseWord,
} from './node-link.ts';
import { NumberedWords } from './numbered-words.ts';
import { guestWordSchema, homeWordSchema, metDeviceSchema } from './peer-words.ts';

/**
 * The line between two signaling nodes, made by the one that holds sessions to the one at which their devices are connected. What
 * is said over it arrives in order and once, over any number of connections. Who was not heard for LINE_DEAD_MS is dead to the
 * other: then both give up what they had together, so that nobody talks to a session that goes on without them (LIV-3).
 */
export const LINE_DEAD_MS = 4_000;
/** Whoever calls waits no longer for another node to say which devices it has. */
const MEET_MS_MAX = 1_500;
const SWEEP_MS = 250;
const REDIAL_MS = 250;
export const PEER_FRAME_BYTES_MAX = 1024 * 1024;
/** What may wait for a node that does not read: past it the connection is cut. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
const LINES_MAX = 1_000;

const id = z.string().min(1).max(200);
const number = z.int().min(1);
const through = z.int().min(0);
const connectionIds = z.array(id).max(64);

const fromHomeSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    nodeId: id,
    boot: z.int(),
    /** The line that it goes on with. */
    lineId: id.optional(),
    heard: through,
    signature: z.string().max(128),
  }),
  z.object({ type: z.literal('beat'), heard: through }),
  z.object({ type: z.literal('meet'), askId: id, connectionIds }),
  z.object({ type: z.literal('word'), number, word: homeWordSchema }),
]);
const fromGuestSchema = z.discriminatedUnion('type', [
  challengeSchema,
  z.object({ type: z.literal('welcome'), lineId: id, heard: through }),
  z.object({ type: z.literal('beat'), heard: through }),
  z.object({ type: z.literal('met'), askId: id, devices: z.array(metDeviceSchema).max(64) }),
  z.object({ type: z.literal('word'), number, word: guestWordSchema }),
]);
type FromHome = z.output<typeof fromHomeSchema>;
type Hello = Extract<FromHome, { type: 'hello' }>;

const helloText = (nonce: string, { nodeId, boot, lineId, heard }: Omit<Hello, 'type' | 'signature'>) =>
  ['patchbay-peer-line-v1', nonce, nodeId, String(boot), lineId ?? '', String(heard)].join('\n');

export interface HomeLinesOptions {
  readonly identity: NodeIdentity;
  readonly boot: number;
  /** The address of the link of another node, as far as it is known. */
  readonly linkOf: (nodeId: string) => string | undefined;
  readonly onNotice: (notice: PeerNotice) => void;
  readonly nowMs?: () => number;
}

/** One node at which devices of sessions of this one are, over all connections to it. */
interface HomeLine {
  readonly nodeId: string;
  readonly words: NumberedWords<HomeWord>;
  lineId: string | undefined;
  socket: Socket | undefined;
  isWelcome: boolean;
  triedMs: number;
  heardMs: number;
}

/** The end of the node that holds sessions. A line is made when there is something to say, and stands until its node is dead. */
export class HomeLines {
  readonly #options: HomeLinesOptions;
  readonly #lines = new Map<string, HomeLine>();
  readonly #meeting = new Map<string, (devices: readonly FarDevice[]) => void>();
  readonly #timers: readonly NodeJS.Timeout[];
  #askCount = 0;
  #isStopped = false;

  constructor(options: HomeLinesOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#sweep(), SWEEP_MS),
      setInterval(() => {
        for (const { socket, words, isWelcome } of this.#lines.values())
          if (isWelcome) write(socket, JSON.stringify({ type: 'beat', heard: words.heardThrough }));
      }, HEARTBEAT_INTERVAL_MS),
    ];
  }

  say(nodeId: string, word: HomeWord): void {
    const line = this.#lineTo(nodeId);
    const text = line.words.stamp(word);
    if (line.isWelcome) write(line.socket, text);
    if (line.words.isOverfull) this.#end(line);
  }

  /** Which of its connections are there, and what they are. Of a node that does not answer in time there are none. */
  async meet(nodeId: string, connections: readonly string[]): Promise<readonly FarDevice[]> {
    const line = this.#lineTo(nodeId);
    this.#askCount += 1;
    const askId = `${nodeId} ${this.#askCount}`;
    const ask = JSON.stringify({ type: 'meet', askId, connectionIds: [...connections] });
    const retry = setInterval(() => {
      if (line.isWelcome) {
        clearInterval(retry);
        write(line.socket, ask);
      }
    }, 20);
    if (line.isWelcome) {
      clearInterval(retry);
      write(line.socket, ask);
    }
    return await new Promise((resolve) => {
      const done = (devices: readonly FarDevice[]) => {
        clearTimeout(timer);
        clearInterval(retry);
        this.#meeting.delete(askId);
        resolve(devices);
      };
      const timer = setTimeout(() => done([]), MEET_MS_MAX);
      this.#meeting.set(askId, done);
    });
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const { socket } of this.#lines.values()) socket?.close();
    for (const done of [...this.#meeting.values()]) done([]);
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? (() => performance.now()))();
  }

  #lineTo(nodeId: string): HomeLine {
    const known = this.#lines.get(nodeId);
    if (known !== undefined) return known;
    const line: HomeLine = {
      nodeId,
      words: new NumberedWords(),
      lineId: undefined,
      socket: undefined,
      isWelcome: false,
      triedMs: Number.NEGATIVE_INFINITY,
      heardMs: this.#nowMs(),
    };
    this.#lines.set(nodeId, line);
    this.#dial(line);
    return line;
  }

  #dial(line: HomeLine): void {
    const url = this.#options.linkOf(line.nodeId);
    line.triedMs = this.#nowMs();
    if (url === undefined || this.#isStopped) return;
    const { identity, boot } = this.#options;
    const socket = new WebSocket(new URL(PEER_PATH, url), {
      maxPayload: PEER_FRAME_BYTES_MAX,
      handshakeTimeout: 2_000,
    });
    line.socket = socket;
    const forget = () => {
      if (line.socket !== socket) return;
      line.socket = undefined;
      line.isWelcome = false;
    };
    socket.on('close', forget);
    socket.on('error', forget);
    socket.on('message', (data) => {
      const heard = parseWord(fromGuestSchema, data);
      if (line.socket !== socket || heard === undefined) return;
      if (heard.type === 'challenge') {
        const { lineId, words } = line;
        const of = lineId === undefined ? {} : { lineId };
        const hello = { nodeId: identity.nodeId ?? '', boot, heard: words.heardThrough, ...of };
        const signature = identity.signText(helloText(heard.nonce, hello));
        socket.send(JSON.stringify({ type: 'hello', ...hello, signature } satisfies Hello));
      } else this.#hear(line, heard);
    });
  }

  #hear(line: HomeLine, heard: Exclude<z.output<typeof fromGuestSchema>, { type: 'challenge' }>): void {
    const { nodeId, words } = line;
    line.heardMs = this.#nowMs();
    switch (heard.type) {
      case 'welcome':
        // The other side has given up what there was, or is another process.
        if (line.lineId !== undefined && line.lineId !== heard.lineId) {
          this.#end(line);
          return;
        }
        line.lineId = heard.lineId;
        line.isWelcome = true;
        words.acknowledge(heard.heard);
        for (const text of words.unheard()) write(line.socket, text);
        break;
      case 'beat':
        words.acknowledge(heard.heard);
        break;
      case 'met': {
        const devices = heard.devices.map((device) => ({ ...device, nodeId }));
        // A node speaks of its own connections, to whoever asked it.
        if (heard.askId.startsWith(`${nodeId} `)) this.#meeting.get(heard.askId)?.(devices);
        break;
      }
      case 'word':
        if (words.admit(heard.number))
          this.#options.onNotice({ type: 'guestSays', nodeId, word: heard.word });
        break;
    }
  }

  #sweep(): void {
    const nowMs = this.#nowMs();
    for (const line of this.#lines.values()) {
      const silentMs = nowMs - line.heardMs;
      if (silentMs > LINE_DEAD_MS) this.#end(line);
      else if (line.socket === undefined && nowMs - line.triedMs >= REDIAL_MS) this.#dial(line);
      else if (silentMs > HEARTBEAT_SILENCE_MS_MAX && nowMs - line.triedMs > HEARTBEAT_SILENCE_MS_MAX)
        line.socket?.terminate();
    }
  }

  #end(line: HomeLine): void {
    if (this.#lines.get(line.nodeId) !== line) return;
    this.#lines.delete(line.nodeId);
    const { socket, nodeId } = line;
    line.socket = undefined;
    line.isWelcome = false;
    socket?.terminate();
    // Not before whoever speaks is done with it.
    queueMicrotask(() => this.#options.onNotice({ type: 'guestNodeDead', nodeId }));
  }
}

export interface GuestLinesOptions {
  /** The public key of an enrolled signaling node (raw, base64url), or undefined. */
  readonly publicKeyOf: (nodeId: string) => Promise<string | undefined>;
  readonly meet: (connectionIds: readonly string[]) => readonly Omit<FarDevice, 'nodeId'>[];
  readonly onNotice: (notice: PeerNotice) => void;
  readonly nowMs?: () => number;
}

interface GuestLine {
  readonly lineId: string;
  readonly nodeId: string;
  readonly boot: number;
  readonly words: NumberedWords<GuestWord>;
  socket: Socket | undefined;
  heardMs: number;
}

/** The end of the node at which devices are connected: who holds sessions of them. */
export class GuestLines {
  readonly #options: GuestLinesOptions;
  readonly #lines = new Map<string, GuestLine>();
  readonly #unproved = new Map<Socket, number>();
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(options: GuestLinesOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#sweep(), SWEEP_MS),
      setInterval(() => {
        for (const { socket, words } of this.#lines.values())
          write(socket, JSON.stringify({ type: 'beat', heard: words.heardThrough }));
      }, HEARTBEAT_INTERVAL_MS),
    ];
  }

  /** Takes a connection that says it is a signaling node; what it says is heard once it has proved it. */
  accept(socket: Socket): void {
    if (this.#unproved.size + this.#lines.size >= LINES_MAX) {
      socket.terminate();
      return;
    }
    const nonce = randomBytes(24).toString('base64url');
    this.#unproved.set(socket, this.#nowMs());
    let line: GuestLine | undefined;
    socket.on('message', async (data) => {
      const heard = parseWord(fromHomeSchema, data);
      if (heard === undefined) return;
      if (heard.type !== 'hello') {
        if (line !== undefined && line.socket === socket) this.#hear(line, heard);
      } else if (line === undefined) line = await this.#greet(socket, nonce, heard);
    });
    socket.on('close', () => this.#forget(socket));
    socket.on('error', () => socket.terminate());
    write(socket, JSON.stringify({ type: 'challenge', nonce }));
  }

  say(nodeId: string, word: GuestWord): void {
    const line = this.#lines.get(nodeId);
    if (line === undefined) {
      queueMicrotask(() => this.#options.onNotice({ type: 'homeNodeDead', nodeId }));
      return;
    }
    write(line.socket, line.words.stamp(word));
    if (line.words.isOverfull) this.#end(line);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#unproved.keys()) socket.terminate();
    for (const { socket } of this.#lines.values()) socket?.close();
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? (() => performance.now()))();
  }

  async #greet(socket: Socket, nonce: string, hello: Hello): Promise<GuestLine | undefined> {
    const { nodeId, boot, signature, lineId, heard } = hello;
    const publicKey = await this.#options.publicKeyOf(nodeId).catch(() => undefined);
    if (publicKey === undefined || !isSignedBy(publicKey, helloText(nonce, hello), signature)) {
      socket.close(4401, 'This node is not known here.');
      return undefined;
    }
    this.#unproved.delete(socket);
    const known = this.#lines.get(nodeId);
    const isContinued = known !== undefined && known.lineId === lineId && known.boot === boot;
    if (known !== undefined && !isContinued) this.#end(known);
    const line: GuestLine = isContinued
      ? known
      : {
          lineId: randomBytes(12).toString('base64url'),
          nodeId,
          boot,
          words: new NumberedWords(),
          socket: undefined,
          heardMs: this.#nowMs(),
        };
    this.#lines.set(nodeId, line);
    const former = line.socket;
    line.socket = socket;
    line.heardMs = this.#nowMs();
    if (former !== socket) former?.terminate();
    line.words.acknowledge(heard);
    write(socket, JSON.stringify({ type: 'welcome', lineId: line.lineId, heard: line.words.heardThrough }));
    for (const text of line.words.unheard()) write(socket, text);
    return line;
  }

  #hear(line: GuestLine, heard: Exclude<FromHome, { type: 'hello' }>): void {
    const { nodeId, words } = line;
    line.heardMs = this.#nowMs();
    switch (heard.type) {
      case 'beat':
        words.acknowledge(heard.heard);
        break;
      case 'meet': {
        const devices = this.#options.meet(heard.connectionIds);
        write(line.socket, JSON.stringify({ type: 'met', askId: heard.askId, devices }));
        break;
      }
      case 'word':
        if (words.admit(heard.number)) this.#options.onNotice({ type: 'homeSays', nodeId, word: heard.word });
        break;
    }
  }

  #forget(socket: Socket): void {
    this.#unproved.delete(socket);
    for (const line of this.#lines.values()) if (line.socket === socket) line.socket = undefined;
  }

  #sweep(): void {
    const nowMs = this.#nowMs();
    for (const [socket, sinceMs] of this.#unproved) if (nowMs - sinceMs > LINE_DEAD_MS) socket.terminate();
    for (const line of this.#lines.values()) if (nowMs - line.heardMs > LINE_DEAD_MS) this.#end(line);
  }

  #end(line: GuestLine): void {
    if (this.#lines.get(line.nodeId) !== line) return;
    this.#lines.delete(line.nodeId);
    const { socket, nodeId } = line;
    line.socket = undefined;
    socket?.terminate();
    queueMicrotask(() => this.#options.onNotice({ type: 'homeNodeDead', nodeId }));
  }
}

function write(socket: Socket | undefined, text: string): void {
  if (socket === undefined || socket.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > WAITING_BYTES_MAX) socket.terminate();
  else socket.send(text);
}
