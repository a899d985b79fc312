import { randomBytes } from 'node:crypto';
import { relayLineSchema } from '@patchbay/domain/sessions/relay-line';
import { type WebSocket as Socket, WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { FleetUrl } from './fleet-view.ts';
import { isSignedBy, type NodeIdentity } from './node-identity.ts';
import type { LiveSession } from './session-register.ts';

/**
 * The direct line from each relay to each signaling node of its region: heartbeats each second, what became of
 * allocations, and orders back. It does not go through the control plane, so failover works while that is away
 * (architecture §6). The relay proves itself by signing a challenge with its node key.
 */
export const HEARTBEAT_INTERVAL_MS = 1_000;
/** Two missed heartbeats, and what a busy loop may add. */
export const HEARTBEAT_SILENCE_MS_MAX = 2_500;
/** Of the line of a media node, at the address of the link. */
export const MEDIA_PATH = '/media';
/** Of the line between two signaling nodes, at the address of the link. */
export const PEER_PATH = '/signaling';
const FRAME_BYTES_MAX = 64 * 1024;
const CONNECTIONS_MAX = 1_000;
const SESSIONS_PER_FRAME_MAX = 100;

/** Lines that a relay keeps to send them again after a link was lost, and for how long: who is away for longer misses them. */
const LINES_KEPT_MAX = 5_000;
const LINES_KEPT_MS = 60_000;

const id = z.string().max(200);
export const challengeSchema = z.object({ type: z.literal('challenge'), nonce: z.string().min(16).max(64) });
const helloSchema = z.object({
  type: z.literal('hello'),
  nodeId: id,
  boot: z.int(),
  urls: z.array(z.string().max(300)).min(1).max(16),
  signature: z.string().max(128),
});
const sessionLineSchema = z.object({
  sessionId: id,
  /** Whose allocation it is about, and the levels of its credential. */
  accountId: id,
  credentialIds: z.array(id).min(1).max(64),
  atMs: z.int(),
  line: relayLineSchema,
});
const relayFrameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('heartbeat'), allocationCount: z.int(), isDraining: z.boolean() }),
  z.object({
    type: z.literal('allocationEnded'),
    sessionId: id,
    /** Whose allocation it was, and the levels of its credential: a session heeds those of its own legs alone. */
    accountId: id,
    credentialIds: z.array(id).min(1).max(64),
    cause: z.enum(['limit', 'revoked', 'lost', 'released', 'expired']),
    code: z.string().max(100).optional(),
    detail: z.string().max(500).optional(),
  }),
  /** A line for the log of a session. The number counts the lines of this boot: none comes twice, and none is lost. */
  z.object({ type: z.literal('sessionLine'), number: z.int().min(1), ...sessionLineSchema.shape }),
]);
const liveSession = z.object({ sessionId: id, accountIds: z.array(id).max(16) });
const orderSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('endSession'), sessionId: id, detail: z.string().max(500) }),
  /** Sessions that live, with the accounts of their legs: the relay serves no others and nobody else (C1). */
  z.object({ type: z.literal('sessionsLive'), sessions: z.array(liveSession).max(SESSIONS_PER_FRAME_MAX) }),
  /** Lines up to this number have been heard. The first of a connection asks for those that have not. */
  z.object({ type: z.literal('linesHeard'), through: z.int().min(0) }),
]);

export type RelayFrame = z.output<typeof relayFrameSchema>;
export type SessionLine = z.output<typeof sessionLineSchema>;
type LinkWord = z.output<typeof orderSchema>;
export type LinkOrder = Exclude<LinkWord, { type: 'linesHeard' }>;

/** What is signed: the challenge of this connection and who answers it, so that an answer fits nowhere else. */
const helloText = (
  nonce: string,
  { nodeId, boot, urls }: { nodeId: string; boot: number; urls: readonly string[] },
) => ['patchbay-link-v1', nonce, nodeId, String(boot), ...urls].join('\n');

export const parseWord = <Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
): z.output<Schema> | undefined => {
  try {
    return schema.safeParse(JSON.parse(String(data))).data;
  } catch {
    return undefined;
  }
};

export interface RelayLinkOptions {
  readonly identity: NodeIdentity;
  readonly boot: number;
  readonly turnUrls: readonly string[];
  /** Where the signaling nodes of the region are, as far as it is known. Asked each second. */
  readonly linkUrls: () => readonly FleetUrl[];
  readonly heartbeat: () => { readonly allocationCount: number; readonly isDraining: boolean };
  readonly onOrder: (order: LinkOrder) => void;
}

interface KeptLine {
  readonly number: number;
  readonly text: string;
  readonly keptMs: number;
}

/** The relay's end: one connection to each signaling node, made again whenever it is lost. */
export class RelayLinks {
  readonly #options: RelayLinkOptions;
  readonly #sockets = new Map<string, Socket>();
  /** What each node has heard, by its address: what is newer goes there again when it is back. */
  readonly #heard = new Map<string, number>();
  /** Those that said what they have heard, and take lines. */
  readonly #listening = new WeakSet<Socket>();
  readonly #lines: KeptLine[] = [];
  #lineCount = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RelayLinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.beat(), HEARTBEAT_INTERVAL_MS);
    this.beat();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  send(frame: RelayFrame): void {
    const text = JSON.stringify(frame);
    for (const socket of this.#sockets.values()) if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }

  /** Carries a line to whichever node holds its session; over a link that is lost for a while as well. */
  carry(line: SessionLine): void {
    const number = ++this.#lineCount;
    const frame: RelayFrame = { type: 'sessionLine', number, ...line };
    const kept = { number, text: JSON.stringify(frame), keptMs: performance.now() };
    this.#lines.push(kept);
    this.#forgetLines();
    for (const socket of this.#sockets.values())
      if (this.#listening.has(socket) && socket.readyState === WebSocket.OPEN) socket.send(kept.text);
  }

  #forgetLines(): void {
    const oldestMs = performance.now() - LINES_KEPT_MS;
    const firstKept = this.#lines.findIndex(({ keptMs }) => keptMs > oldestMs);
    const overCount = Math.max(0, this.#lines.length - LINES_KEPT_MAX);
    this.#lines.splice(0, Math.max(firstKept === -1 ? this.#lines.length : firstKept, overCount));
  }

  #hearHeard(url: string, socket: Socket, through: number): void {
    const heard = Math.max(through, this.#heard.get(url) ?? 0);
    this.#heard.set(url, heard);
    if (this.#listening.has(socket)) return;
    this.#listening.add(socket);
    for (const { number, text } of this.#lines) if (number > heard) socket.send(text);
  }

  /** Says at once what otherwise the next heartbeat says, and connects to whoever is new. */
  beat(): void {
    const known = this.#options.linkUrls();
    const urls = new Set(known.map(({ url }) => url));
    // A line that works is kept even if the control plane has not heard of the other end: it may have been away itself.
    for (const [url, socket] of this.#sockets) if (!urls.has(url)) socket.close();
    for (const url of this.#heard.keys()) if (!urls.has(url)) this.#heard.delete(url);
    this.#forgetLines();
    for (const { url, isLive } of known) if (isLive && !this.#sockets.has(url)) this.#connect(url);
    this.send({ type: 'heartbeat', ...this.#options.heartbeat() });
  }

  #connect(url: string): void {
    const { identity, boot, turnUrls, onOrder } = this.#options;
    const socket = new WebSocket(url, { maxPayload: FRAME_BYTES_MAX, handshakeTimeout: 2_000 });
    this.#sockets.set(url, socket);
    const forget = () => {
      if (this.#sockets.get(url) === socket) this.#sockets.delete(url);
    };
    socket.on('close', forget);
    socket.on('error', forget);
    socket.on('message', (data) => {
      const challenge = parseWord(challengeSchema, data);
      if (challenge !== undefined) {
        const hello = { nodeId: identity.nodeId ?? '', boot, urls: [...turnUrls] };
        const signature = identity.signText(helloText(challenge.nonce, hello));
        socket.send(JSON.stringify({ type: 'hello', ...hello, signature }));
        return;
      }
      const word = parseWord(orderSchema, data);
      if (word?.type === 'linesHeard') this.#hearHeard(url, socket, word.through);
      else if (word !== undefined) onOrder(word);
    });
  }
}

export interface LiveRelay {
  readonly nodeId: string;
  readonly boot: number;
  readonly urls: readonly string[];
  readonly allocationCount: number;
  readonly isDraining: boolean;
}

export type LinkEvent =
  | { readonly type: 'relayAlive'; readonly nodeId: string; readonly boot: number }
  | { readonly type: 'relayDead'; readonly nodeId: string }
  /** Takes no new work, and goes before long. Said once. */
  | { readonly type: 'relayDraining'; readonly nodeId: string }
  | ({ readonly nodeId: string } & Extract<RelayFrame, { type: 'allocationEnded' }>)
  | ({ readonly nodeId: string } & Extract<RelayFrame, { type: 'sessionLine' }>);

export interface SignalingLinkOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** The public key of an enrolled node (raw, base64url), or undefined. May ask the control plane; kept by the caller. */
  readonly publicKeyOf: (nodeId: string) => Promise<string | undefined>;
  readonly onEvent: (event: LinkEvent) => void;
  /** What a relay that connects is told of. */
  readonly liveSessions: () => readonly LiveSession[];
  /** Connections of media nodes come to the same door, by a path of their own. */
  readonly onMedia?: (socket: Socket) => void;
  /** And those of other signaling nodes. */
  readonly onPeer?: (socket: Socket) => void;
  readonly nowMs?: () => number;
}

/** What was heard of a relay's lines: it outlives the connection. */
interface Heard {
  readonly boot: number;
  through: number;
  toldThrough: number;
}

interface Connection {
  readonly socket: Socket;
  readonly nonce: string;
  relay?: LiveRelay;
  heardMs: number;
}

/** Signaling's end: knows at any moment which relays live. */
export class SignalingLinks {
  readonly #options: SignalingLinkOptions;
  readonly #connections = new Set<Connection>();
  readonly #heard = new Map<string, Heard>();
  readonly #server: WebSocketServer;
  readonly #timer: NodeJS.Timeout;

  private constructor(options: SignalingLinkOptions, server: WebSocketServer) {
    this.#options = options;
    this.#server = server;
    server.on('connection', (socket, { url }) => {
      if (url === MEDIA_PATH && options.onMedia !== undefined) options.onMedia(socket);
      else if (url === PEER_PATH && options.onPeer !== undefined) options.onPeer(socket);
      else this.#accept(socket);
    });
    this.#timer = setInterval(() => this.#sweep(), 250);
  }

  static async listen(options: SignalingLinkOptions): Promise<SignalingLinks> {
    const server = new WebSocketServer({ ...options.listen, maxPayload: FRAME_BYTES_MAX });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    return new SignalingLinks(options, server);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Relays that live and take new work, the idlest first. */
  relays(): readonly LiveRelay[] {
    return [...this.#connections]
      .flatMap(({ relay }) => (relay === undefined || relay.isDraining ? [] : [relay]))
      .sort((left, right) => left.allocationCount - right.allocationCount);
  }

  /** Tells every relay: whichever holds allocations of the session ends them. */
  order(order: LinkOrder): void {
    for (const { socket, relay } of this.#connections)
      if (relay !== undefined) socket.send(JSON.stringify(order));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const { socket } of this.#connections) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? (() => performance.now()))();
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= CONNECTIONS_MAX) {
      socket.terminate();
      return;
    }
    const connection: Connection = {
      socket,
      nonce: randomBytes(24).toString('base64url'),
      heardMs: this.#nowMs(),
    };
    this.#connections.add(connection);
    socket.on('message', (data) => void this.#hear(connection, data));
    socket.on('close', () => this.#lose(connection));
    socket.on('error', () => socket.terminate());
    socket.send(JSON.stringify({ type: 'challenge', nonce: connection.nonce }));
  }

  async #hear(connection: Connection, data: unknown): Promise<void> {
    connection.heardMs = this.#nowMs();
    if (connection.relay === undefined) return this.#greet(connection, data);
    const frame = parseWord(relayFrameSchema, data);
    if (frame === undefined) return;
    const { nodeId } = connection.relay;
    if (frame.type === 'heartbeat') {
      const { allocationCount, isDraining } = frame;
      const isNews = isDraining && !connection.relay.isDraining;
      connection.relay = { ...connection.relay, allocationCount, isDraining };
      if (isNews) this.#options.onEvent({ type: 'relayDraining', nodeId });
      this.#tellHeard(connection);
    } else if (frame.type !== 'sessionLine' || this.#isNew(nodeId, frame.number)) {
      this.#options.onEvent({ ...frame, nodeId });
    }
  }

  #isNew(nodeId: string, number: number): boolean {
    const heard = this.#heard.get(nodeId);
    if (heard === undefined || number <= heard.through) return false;
    heard.through = number;
    return true;
  }

  /** Says what was heard since it was said last; with `isFirst` in any case. */
  #tellHeard({ socket, relay }: Connection, isFirst = false): void {
    const heard = this.#heard.get(relay?.nodeId ?? '');
    if (heard === undefined || (!isFirst && heard.toldThrough === heard.through)) return;
    heard.toldThrough = heard.through;
    socket.send(JSON.stringify({ type: 'linesHeard', through: heard.through } satisfies LinkWord));
  }

  /** Takes up where the last connection of this boot was lost. */
  #listenTo({ nodeId, boot }: LiveRelay): void {
    const known = this.#heard.get(nodeId);
    this.#heard.delete(nodeId);
    this.#heard.set(nodeId, known?.boot === boot ? known : { boot, through: 0, toldThrough: 0 });
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= CONNECTIONS_MAX) break;
      this.#heard.delete(oldest);
    }
  }

  async #greet(connection: Connection, data: unknown): Promise<void> {
    const hello = parseWord(helloSchema, data);
    if (hello === undefined) return;
    const publicKey = await this.#options.publicKeyOf(hello.nodeId).catch(() => undefined);
    if (
      publicKey === undefined ||
      !isSignedBy(publicKey, helloText(connection.nonce, hello), hello.signature)
    ) {
      connection.socket.close(4401, 'This node is not known here.');
      return;
    }
    const { nodeId, boot, urls } = hello;
    // A new connection of a node replaces the one before, which may not have noticed yet that it is dead.
    for (const other of this.#connections) {
      if (other !== connection && other.relay?.nodeId === nodeId) {
        delete other.relay;
        other.socket.terminate();
      }
    }
    connection.relay = { nodeId, boot, urls, allocationCount: 0, isDraining: false };
    const live = this.#options.liveSessions().map(({ sessionId, accountIds }) => ({
      sessionId,
      accountIds: [...new Set(accountIds)],
    }));
    for (let start = 0; start < live.length; start += SESSIONS_PER_FRAME_MAX) {
      const sessions = live.slice(start, start + SESSIONS_PER_FRAME_MAX);
      connection.socket.send(JSON.stringify({ type: 'sessionsLive', sessions } satisfies LinkOrder));
    }
    this.#options.onEvent({ type: 'relayAlive', nodeId, boot });
    this.#listenTo(connection.relay);
    this.#tellHeard(connection, true);
  }

  #sweep(): void {
    for (const connection of this.#connections) {
      if (this.#nowMs() - connection.heardMs > HEARTBEAT_SILENCE_MS_MAX) this.#lose(connection);
    }
  }

  #lose(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    connection.socket.terminate();
    if (connection.relay !== undefined)
      this.#options.onEvent({ type: 'relayDead', nodeId: connection.relay.nodeId });
  }
}
