import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createId } from '@patchbay/kit/ids';
import { closeCodes, decodeClientFrame, frameBytesMax } from '@patchbay/protocol/signaling/messages';
import { type WebSocket, WebSocketServer } from 'ws';
import { Door, type DoorBounds, doorBounds, sourceOfText } from './door.ts';
import type { Action, Input } from './machine-words.ts';
import type { FarDevice } from './peer-words.ts';
import type { SessionSnapshot, SignalingPlatform } from './platform.ts';
import type { Principal } from './principal.ts';
import { StateFencedError, type StateStore } from './saved-state.ts';
import { SessionMachine } from './session-machine.ts';

/** What may wait to be written to one client. Past it the socket is cut, and the client resumes. */
export const bufferedBytesMax = 1024 * 1024;
/** Of what of channels waits for one client. Past it its subscriptions end, and it begins them again behind what it has. */
export const deliveredBytesMax = 256 * 1024;
const tickIntervalMs = 250;
const USER_AGENT_LENGTH_MAX = 512;
/** A client that does not answer the closing handshake in this time is cut. */
const closeTimeoutMs = 1_000;
/** Node looks this often whether a request's head has come in time. */
const headCheckMs = 500;

export interface SignalingLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SignalingOptions {
  readonly listen: {
    readonly host: string;
    /** 0 takes a free one. */
    readonly port: number;
    /** PEM. Without it the node speaks plain `ws:`, for loopback or behind a proxy. */
    readonly tls?: { readonly cert: string; readonly key: string };
  };
  readonly platform: SignalingPlatform;
  /** Without one, what is live ends with the process. */
  readonly state?: StateStore;
  /** Another process has taken the live state over: this one has said its last word, and has to go. */
  readonly onFenced?: () => void;
  readonly region: string;
  readonly log: SignalingLog;
  /**
   * Pages that may connect. Default: any, because a connection says nothing before it has shown a credential, and
   * no cookie is read.
   */
  readonly allowsOrigin?: (origin: string | undefined) => boolean;
  readonly nowMs?: () => number;
  /** What strangers may take. */
  readonly door?: Partial<DoorBounds>;
  /** All connections come from one proxy of the operator, which says where each is from. Off by default. */
  readonly isBehindProxy?: boolean;
}

export interface SignalingServer {
  readonly port: number;
  snapshot(): readonly SessionSnapshot[];
  /** Whose clients are connected, each credential once. */
  principalsOf(accountId: string): readonly Principal[];
  /** Whose clients are here, of this account and those below it; a leg that logic answered is one. */
  accountsWithin(accountId: string): readonly string[];
  /** Those of the connections that are here and may be rung, as another node has to know them. */
  meet(connectionIds: readonly string[]): readonly Omit<FarDevice, 'nodeId'>[];
  /** How often each reason made the machine pass over something, since the start. */
  drops(): ReadonlyMap<string, number>;
  /** Takes no new sessions and resolves when the last one has ended. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** The sockets of signaling. It does what the machine's actions say, and decides nothing. */
export async function startSignaling(options: SignalingOptions): Promise<SignalingServer> {
  const shell = new Shell(options);
  await shell.listen();
  return shell;
}

class Shell implements SignalingServer {
  readonly #options: SignalingOptions;
  readonly #nowMs: () => number;
  readonly #machine: SessionMachine;
  readonly #sockets = new Map<string, WebSocket>();
  /** By the client's endpoint, which TCP and the TLS over it have in common. */
  readonly #connections = new Map<string, Socket>();
  readonly #endpoints = new Map<string, string>();
  readonly #door: Door;
  readonly #drops = new Map<string, number>();
  readonly #http;
  readonly #webSockets: WebSocketServer;
  readonly #unsubscribe: () => void;
  #ticker: NodeJS.Timeout | undefined;
  /** What the machine asked for, and nobody has done yet. */
  readonly #actions: Action[] = [];
  #settling: NodeJS.Immediate | undefined;
  #isFenced = false;
  #drained: (() => void)[] = [];

  constructor(options: SignalingOptions) {
    const { listen, platform, state, region, nowMs = Date.now } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#machine = new SessionMachine({
      region,
      lineage: state?.saved.lineage ?? randomBytes(9).toString('base64url'),
      ...(state === undefined ? {} : { saved: state.saved }),
      placeRelay: (sessionId) => platform.placeRelay(sessionId),
      hasPeers: () => platform.hasPeers(),
      narrow: (from, to) => platform.narrow(from, to),
      placeMedia: (preferred) => platform.placeMedia(preferred),
      newId,
    });
    const bounds = { ...doorBounds, ...options.door };
    const { requestHeadMs } = bounds;
    const timing = {
      headersTimeout: requestHeadMs,
      requestTimeout: requestHeadMs,
      connectionsCheckingInterval: headCheckMs,
    };
    this.#door = new Door(bounds, (endpoint) => this.#connections.get(endpoint)?.destroy());
    this.#http =
      listen.tls === undefined ? createServer(timing) : createTlsServer({ ...timing, ...listen.tls });
    // Before TLS and before HTTP: neither is worked out for a connection that is one too many.
    this.#http.on('connection', (connection: Socket) => this.#admitConnection(connection));
    this.#http.on('request', (_request, response) => response.writeHead(426, { upgrade: 'websocket' }).end());
    this.#webSockets = new WebSocketServer({
      server: this.#http,
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
      clientTracking: false,
      verifyClient: ({ req }, done) => this.#admitUpgrade(req, done),
    });
    this.#webSockets.on('connection', (socket, request) => this.#accept(socket, request));
    this.#unsubscribe = platform.subscribe((notice) => this.#feed({ type: 'notice', notice }));
  }

  get port(): number {
    const address = this.#http.address();
    return typeof address === 'object' && address !== null ? (address as AddressInfo).port : 0;
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
    this.#ticker = setInterval(() => this.#feed({ type: 'tick' }), tickIntervalMs);
    // What is taken over is this process's own from here on, before anything can be added to it.
    this.#feed({ type: 'tick' });
    this.#settle();
    this.#options.log.info({ host, port: this.port }, 'signaling listens');
  }

  snapshot(): readonly SessionSnapshot[] {
    return this.#machine.snapshot();
  }

  principalsOf(accountId: string): readonly Principal[] {
    return this.#machine.principalsOf(accountId);
  }

  accountsWithin(accountId: string): readonly string[] {
    return this.#machine.accountsWithin(accountId);
  }

  meet(connectionIds: readonly string[]): readonly Omit<FarDevice, 'nodeId'>[] {
    return this.#machine.meet(connectionIds, this.#nowMs());
  }

  drops(): ReadonlyMap<string, number> {
    return this.#drops;
  }

  async drain(): Promise<void> {
    this.#feed({ type: 'drain' });
    if (this.#machine.sessionCount === 0) return;
    await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#unsubscribe();
    // Every session is told, and its usage is recorded, before the sockets go.
    this.#feed({ type: 'stop' });
    this.#settle();
    for (const socket of this.#sockets.values())
      this.#closeSocket(socket, closeCodes.draining, 'signaling.draining');
    await new Promise<void>((resolve) => {
      this.#webSockets.close();
      this.#http.close(() => resolve());
      setTimeout(() => this.#http.closeAllConnections(), closeTimeoutMs).unref();
    });
  }

  #admitConnection(connection: Socket): void {
    const endpoint = endpointOf(connection);
    if (!this.#door.enter(endpoint, sourceOfText(connection.remoteAddress), this.#nowMs())) {
      this.#countDrop('door');
      connection.destroy();
      return;
    }
    this.#connections.set(endpoint, connection);
    connection.on('close', () => {
      this.#door.leave(endpoint);
      this.#connections.delete(endpoint);
    });
  }

  #admitUpgrade(
    request: IncomingMessage,
    done: (admitted: boolean, status?: number, message?: string) => void,
  ): void {
    const { allowsOrigin = () => true } = this.#options;
    if (!allowsOrigin(request.headers.origin)) done(false, 403, 'Origin not allowed');
    else done(true);
  }

  /** Of a header no more is believed than what the operator's own proxy added to it, which is its last address. */
  #sourceIpOf({ headers, socket }: IncomingMessage): string {
    const { isBehindProxy = false } = this.#options;
    const forwarded = isBehindProxy ? String(headers['x-forwarded-for'] ?? '').split(',') : [];
    return forwarded.at(-1)?.trim() || (socket.remoteAddress ?? '');
  }

  #accept(socket: WebSocket, request: IncomingMessage): void {
    const socketId = randomBytes(9).toString('base64url');
    this.#sockets.set(socketId, socket);
    this.#endpoints.set(socketId, endpointOf(request.socket));
    const device = deviceShownBy(request);
    this.#feed({ type: 'opened', socketId, sourceIp: this.#sourceIpOf(request), device });
    socket.on('message', (data, isBinary) => this.#receive(socketId, isBinary ? undefined : String(data)));
    socket.on('close', (code) => {
      this.#sockets.delete(socketId);
      this.#endpoints.delete(socketId);
      this.#feed({ type: 'closed', socketId, isFinal: code === 1000 || code === 1001 });
    });
    // A frame that is too large or broken: ws closes the socket with the fitting code by itself.
    socket.on('error', (error) =>
      this.#options.log.warn({ socketId, error: error.message }, 'socket failed'),
    );
  }

  #receive(socketId: string, source: string | undefined): void {
    if (source === undefined) {
      this.#feed({ type: 'undecodable', socketId, detail: 'A frame is text.', isFatal: true });
      return;
    }
    const decoded = decodeClientFrame(source);
    if (decoded.ok) this.#feed({ type: 'frame', socketId, frame: decoded.frame });
    else {
      const isFatal = decoded.reason !== 'unknown';
      this.#feed({ type: 'undecodable', socketId, detail: decoded.detail, isFatal });
    }
  }

  #feed(input: Input): void {
    if (this.#isFenced) return;
    try {
      this.#actions.push(...this.#machine.handle(input, this.#nowMs()));
    } catch (error) {
      // A programmer's error fails the input that met it, not the calls of everybody else.
      this.#options.log.error({ input: input.type, error }, 'signaling could not act on an input');
      return;
    }
    // What came together is saved together: a file is written once for all of it, before anybody is told of any.
    this.#settling ??= setImmediate(() => this.#settle());
  }

  #settle(): void {
    clearImmediate(this.#settling);
    this.#settling = undefined;
    const actions = this.#actions.splice(0);
    // Into the spools first: what is saved names what waits in them, so that neither is ever without the other.
    for (const action of actions) this.#report(action);
    if (!this.#save(this.#nowMs())) return;
    for (const action of actions) this.#act(action);
    if (this.#drained.length > 0 && this.#machine.sessionCount === 0) {
      for (const resolve of this.#drained) resolve();
      this.#drained = [];
    }
  }

  /** False when this process owns its sessions no more: none of its words may leave it. */
  #save(nowMs: number): boolean {
    const { state, log, onFenced } = this.#options;
    const changes = this.#machine.takeChanges();
    if (state === undefined) return true;
    try {
      state.save(changes, { nowMs, all: () => this.#machine.state() });
      return true;
    } catch (error) {
      if (!(error instanceof StateFencedError)) throw error;
      this.#isFenced = true;
      log.error({ error }, 'another process serves the sessions of this node');
      for (const socket of this.#sockets.values()) socket.terminate();
      onFenced?.();
      return false;
    }
  }

  #report(action: Action): void {
    if (action.type === 'recordUsage') this.#options.platform.recordUsage(action.record);
    else if (action.type === 'appendSessionEvent') this.#options.platform.appendSessionEvent(action.event);
  }

  #act(action: Action): void {
    switch (action.type) {
      case 'authenticate':
        void this.#authenticate(action);
        break;
      case 'claim':
        void this.#claim(action);
        break;
      case 'findLogic':
        void this.#findLogic(action);
        break;
      case 'fetchLogic':
        void this.#fetchLogic(action);
        break;
      case 'locate':
        void this.#locate(action);
        break;
      case 'toGuest':
        this.#options.platform.toGuest(action.nodeId, action.word);
        break;
      case 'toHome':
        this.#options.platform.toHome(action.nodeId, action.word);
        break;
      case 'register':
        this.#options.platform.register(action.registration);
        break;
      case 'unregister':
        this.#options.platform.unregister(action.gone);
        break;
      case 'askPresence':
        void this.#askPresence(action);
        break;
      case 'askChannel':
        void this.#askChannel(action);
        break;
      case 'leaveChannel':
        this.#options.platform.channels.leave(action.leave);
        break;
      case 'releaseChannels':
        this.#options.platform.channels.release(action.connectionId);
        break;
      case 'deliver':
        this.#deliver(action.socketId, action.source);
        break;
      case 'release':
        this.#options.platform.releaseSession(action.sessionId);
        break;
      case 'toMedia':
        this.#options.platform.toMedia(action.nodeId, action.word);
        break;
      case 'answerOrder':
        this.#options.platform.answerOrder(action.orderId, action.answer);
        break;
      case 'send':
        this.#send(action.socketId, action.source);
        break;
      case 'close': {
        const socket = this.#sockets.get(action.socketId);
        if (socket !== undefined) this.#closeSocket(socket, action.code, action.reason);
        break;
      }
      case 'recordUsage':
      case 'appendSessionEvent':
        break;
      case 'drop':
        this.#countDrop(action.reason);
        break;
    }
  }

  async #authenticate({
    socketId,
    token,
    context,
  }: Extract<Action, { type: 'authenticate' }>): Promise<void> {
    try {
      const authentication = await this.#options.platform.authenticate(token, context);
      const endpoint = this.#endpoints.get(socketId);
      if (authentication.ok && endpoint !== undefined) this.#door.recognise(endpoint);
      this.#feed({ type: 'verified', socketId, authentication });
    } catch (error) {
      this.#options.log.error({ socketId, error }, 'a credential could not be verified');
      this.#sockets.get(socketId)?.close(1011, 'platform.internal');
    }
  }

  async #claim({ claimId, claim }: Extract<Action, { type: 'claim' }>): Promise<void> {
    const answer = await this.#options.platform.claimSession(claim);
    this.#feed({ type: 'claimed', claimId, answer });
  }

  async #findLogic({ sessionId, called }: Extract<Action, { type: 'findLogic' }>): Promise<void> {
    const found = await this.#options.platform.findLogic(called);
    this.#feed({ type: 'logicFound', sessionId, found });
  }

  async #fetchLogic({ sessionId, request }: Extract<Action, { type: 'fetchLogic' }>): Promise<void> {
    const answer = await this.#options.platform.fetchLogic(request);
    const { documentNumber } = request.session;
    this.#feed({ type: 'logicFetched', sessionId, documentNumber, answer });
  }

  async #locate({ askId, called }: Extract<Action, { type: 'locate' }>): Promise<void> {
    const devices = await this.#options.platform.locate(called);
    this.#feed({ type: 'located', askId, devices });
  }

  async #askPresence({ askId, question }: Extract<Action, { type: 'askPresence' }>): Promise<void> {
    const answer = await this.#options.platform.askPresence(question);
    this.#feed({ type: 'presenceAnswered', askId, answer });
  }

  async #askChannel({ askId, question }: Extract<Action, { type: 'askChannel' }>): Promise<void> {
    const answer = await this.#options.platform.channels.ask(question);
    this.#feed({ type: 'channelAnswered', askId, answer });
  }

  #deliver(socketId: string, source: string): void {
    const waitingBytes = this.#sockets.get(socketId)?.bufferedAmount ?? 0;
    if (waitingBytes <= deliveredBytesMax) this.#send(socketId, source);
    else this.#feed({ type: 'slow', socketId });
  }

  #countDrop(reason: string): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
  }

  #send(socketId: string, source: string): void {
    const socket = this.#sockets.get(socketId);
    if (socket === undefined || socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > bufferedBytesMax) socket.terminate();
    else socket.send(source);
  }

  #closeSocket(socket: WebSocket, code: number, reason: string): void {
    socket.close(code, reason.slice(0, 120));
    setTimeout(() => socket.terminate(), closeTimeoutMs).unref();
  }
}

const endpointOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function deviceShownBy({ headers }: IncomingMessage) {
  const mobileHint = headers['sec-ch-ua-mobile'];
  return {
    userAgent: headers['user-agent']?.slice(0, USER_AGENT_LENGTH_MAX),
    mobileHint: typeof mobileHint === 'string' ? mobileHint : undefined,
  };
}

function newId(prefix: 'ses' | 'leg' | 'con' | 'res'): string {
  if (prefix === 'ses' || prefix === 'leg') return createId(prefix);
  return `${prefix}_${randomBytes(18).toString('base64url')}`;
}
