import { endings } from '../signaling/codes.ts';
import { Inbox, Outbox } from '../signaling/mailbox.ts';
import {
  type ClientMessage,
  closeCodes,
  decodeServerFrame,
  type EndReason,
  encodeClientFrame,
  pingIntervalMs,
  protocolVersion,
  resumeWindowMs,
  type ServerFrame,
  type ServerMessageOf,
} from '../signaling/messages.ts';
import { ANSWER_MS_MAX, within } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { type FailureFields, failureOf, isPassing } from './failure.ts';

const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 4_000;
/** For the socket to open, and again for the platform to greet. */
const GREETING_MS_MAX = 8_000;
/** A token is renewed when this share of its life is left, and at least this early. */
const RENEWAL_SHARE = 0.2;
const RENEWAL_LEAD_MS_MIN = 5_000;
const RENEWAL_PAUSE_MS_MIN = 500;
/** setTimeout holds 31 bits of milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** One of each at a time. */
type TimerName = 'greeting' | 'retry' | 'ping' | 'renewal' | 'window';

export type ConversationState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

export interface ConversationEvents<Failure extends Error> {
  stateChanged: ConversationState;
  /** `resumed`: what the connection before held goes on. */
  authenticated: ServerMessageOf<'authenticated'>;
  frame: ServerFrame;
  /** Nothing of what was said before is known any more: calls are over, and no answer will come. */
  lost: EndReason;
  /** For good: the platform refuses this client, or it was closed. */
  refused: Failure;
}

export interface ConversationToken {
  /** `username.password` of an ephemeral credential. */
  readonly token: string;
  readonly signalUrl: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs?: number;
}

/** One WebSocket. */
export interface ConversationSocket {
  send(source: string): void;
  /** Its `onClose` may come late, or never: nobody waits for it. */
  close(code: number): void;
}

export interface SocketEvents {
  readonly onOpen: () => void;
  readonly onMessage: (source: string) => void;
  readonly onClose: (code: number, reason: string) => void;
}

/** What differs between a browser and a server, and what a test decides. */
export interface ConversationPorts<Failure extends Error> {
  /** Name and version of the SDK. */
  readonly agent: string;
  /** Frames that it acts upon besides those of the protocol's version. */
  readonly understands?: readonly string[];
  /** What it runs on, where the platform cannot see it by itself. */
  readonly device?: string | undefined;
  /** What its user calls the device: a call may be for it alone (IDP). */
  readonly deviceName?: string | undefined;
  /** Random: a token with one use is used by this instance, however often it connects. */
  readonly instanceId: string;
  fetchToken(signal: AbortSignal): Promise<ConversationToken>;
  openSocket(url: string, events: SocketEvents): ConversationSocket;
  toFailure(fields: FailureFields): Failure;
  /** What `fetchToken` failed with, if it is a refusal, and asking again soon is of no use unless its status passes. */
  asRefusal(error: unknown): (Failure & { readonly status: number }) | undefined;
  /** The page of a code, until the platform says where its pages are. */
  pageOf(code: string): string;
  nowMs(): number;
  /** Acts once, later, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void;
  /** From 0 to 1. */
  random(): number;
}

/** One WebSocket after another, and over them one conversation that loses nothing (SIG). */
export class SignalConversation<Failure extends Error> extends Emitter<ConversationEvents<Failure>> {
  readonly #ports: ConversationPorts<Failure>;
  readonly #closing = new AbortController();
  #outbox = new Outbox<ClientMessage>(encodeClientFrame);
  #inbox = new Inbox();
  #socket: ConversationSocket | undefined;
  #token: ConversationToken | undefined;
  #welcome: ServerMessageOf<'authenticated'> | undefined;
  /** With which the last connection can be taken up; undefined when there is nothing to take up. */
  #resumeToken: string | undefined;
  #state: ConversationState = 'connecting';
  #attempt = 0;
  #heardAtMs = 0;
  /** What the platform said before it closed a connection that never came to be. */
  #refusal: FailureFields | undefined;
  /** What the platform last said about this client as a whole: why, if it closes the connection with the same code. */
  #complaint: FailureFields | undefined;
  readonly #timers = new Map<TimerName, () => void>();

  constructor(ports: ConversationPorts<Failure>) {
    super();
    this.#ports = ports;
  }

  get state(): ConversationState {
    return this.#state;
  }

  get welcome(): ServerMessageOf<'authenticated'> | undefined {
    return this.#welcome;
  }

  get token(): ConversationToken | undefined {
    return this.#token;
  }

  start(): void {
    void this.#open();
  }

  /** Kept and sent again until the platform has it, whatever happens to the WebSocket. */
  send(message: ClientMessage): void {
    const source = this.#outbox.stamp(message);
    if (this.#state === 'connected') this.#socket?.send(source);
  }

  /** Resolves once connected, or throws why this client is refused, or that the time is over: it goes on trying. */
  async ready(timeoutMs = ANSWER_MS_MAX): Promise<void> {
    if (this.#state === 'connected') return;
    if (this.#state === 'closed') throw this.#closedFailure();
    const stops: (() => void)[] = [];
    const settled = new Promise<void>((resolve, reject) => {
      stops.push(
        this.on('authenticated', () => resolve()),
        this.on('refused', reject),
      );
    });
    const error = () => this.timeout('Signaling could not be reached in time.');
    await within(settled, { timeoutMs, error }).finally(() => {
      for (const stop of stops) stop();
    });
  }

  timeout(message: string): Failure {
    return this.#ports.toFailure({ code: 'client.timeout', message });
  }

  /** The page of a code that this side found out by itself. */
  helpUrlOf(code: string): string {
    const { helpUrl } = this.#welcome ?? {};
    return helpUrl === undefined ? this.#ports.pageOf(code) : `${helpUrl}${code}`;
  }

  /** Says goodbye: the platform ends this client's calls at once. */
  close(failure: Failure = this.#closedFailure()): void {
    if (this.#state === 'closed') return;
    this.#setState('closed');
    this.#closing.abort();
    this.#stopTimers();
    this.#socket?.close(1000);
    this.#socket = undefined;
    this.emit('refused', failure);
  }

  /** As if the network had failed: for tests. */
  dropSocket(): void {
    if (this.#socket !== undefined) this.#lose(this.#socket);
  }

  async #open(): Promise<void> {
    try {
      this.#token = await this.#freshToken();
    } catch (error) {
      if (this.#state === 'closed') return;
      const refusal = this.#ports.asRefusal(error);
      if (refusal === undefined || isPassing(refusal.status)) this.#retry();
      else this.close(refusal);
      return;
    }
    if (this.#state === 'closed') return;
    const ifCurrent = (act: () => void) => () => socket === this.#socket && act();
    const socket: ConversationSocket = this.#ports.openSocket(this.#token.signalUrl, {
      onOpen: () => ifCurrent(() => this.#authenticate(socket))(),
      onMessage: (source) => ifCurrent(() => this.#receive(source))(),
      onClose: (code, reason) => ifCurrent(() => this.#closed(code, reason))(),
    });
    this.#socket = socket;
    this.#refusal = undefined;
    this.#schedule('greeting', GREETING_MS_MAX, () => this.#lose(socket));
  }

  /** The last token while it lasts: a connection that is lost for a moment costs no new one, and its calls no new relay. */
  async #freshToken(): Promise<ConversationToken> {
    const { expiresAtMs = 0 } = this.#token ?? {};
    const isLasting = expiresAtMs - this.#ports.nowMs() > RENEWAL_LEAD_MS_MIN;
    if (this.#token !== undefined && isLasting) return this.#token;
    return await this.#ports.fetchToken(this.#closing.signal);
  }

  #authenticate(socket: ConversationSocket): void {
    if (this.#token === undefined) return;
    const { agent, device, deviceName, understands, instanceId } = this.#ports;
    const { token } = this.#token;
    const resumption =
      this.#resumeToken === undefined
        ? {}
        : { resumeToken: this.#resumeToken, lastSequence: this.#inbox.lastSequence };
    this.#schedule('greeting', GREETING_MS_MAX, () => this.#lose(socket));
    const hello = { type: 'authenticate', sequence: 0, token, protocolVersion, agent, instanceId } as const;
    const said = {
      ...(device === undefined ? {} : { device }),
      ...(deviceName === undefined ? {} : { deviceName }),
      ...(understands === undefined ? {} : { understands }),
    };
    socket.send(encodeClientFrame({ ...hello, ...said, ...resumption }));
  }

  #receive(source: string): void {
    this.#heardAtMs = this.#ports.nowMs();
    const decoded = decodeServerFrame(source);
    // A frame of a newer platform is passed over (PRD-7).
    if (!decoded.ok) return;
    const { frame } = decoded;
    if (frame.type === 'authenticated') this.#begin(frame);
    else if (frame.type === 'pong') this.#outbox.acknowledge(frame.receivedSequence);
    else if (frame.type === 'renewed') this.#scheduleRenewal(frame.expiresAtMs);
    else if (frame.type === 'error' && this.#state !== 'connected') this.#refusal = failureOf(frame.problem);
    else if (this.#inbox.admit(frame)) {
      if (frame.type === 'error' && frame.sessionId === undefined) this.#complaint = failureOf(frame.problem);
      this.emit('frame', frame);
    }
  }

  #begin(welcome: ServerMessageOf<'authenticated'>): void {
    const isForgotten = !welcome.resumed && this.#resumeToken !== undefined;
    const unheard = isForgotten ? [] : this.#outbox.after(welcome.receivedSequence);
    if (unheard === undefined) {
      // The platform took up a conversation of which this side no longer has every word: another one begins.
      this.#forget();
      this.dropSocket();
      return;
    }
    this.#cancel('greeting');
    this.#cancel('window');
    this.#attempt = 0;
    this.#welcome = welcome;
    if (isForgotten) this.#forget(welcome.lossReason);
    this.#resumeToken = welcome.resumeToken;
    for (const source of unheard) this.#socket?.send(source);
    this.#setState('connected');
    this.#schedulePing();
    this.#scheduleRenewal(welcome.expiresAtMs);
    this.emit('authenticated', welcome);
  }

  /** The other side knows nothing of what was said before, or will not any more. */
  #forget(reason?: EndReason): void {
    this.#resumeToken = undefined;
    this.#outbox = new Outbox<ClientMessage>(encodeClientFrame);
    this.#inbox = new Inbox();
    const code = 'signaling.connection_lost';
    this.emit('lost', reason ?? { code, helpUrl: this.helpUrlOf(code), detail: endings[code] });
  }

  #schedulePing(): void {
    this.#heardAtMs = this.#ports.nowMs();
    const ping = () => {
      const socket = this.#socket;
      if (socket === undefined) return;
      if (this.#ports.nowMs() - this.#heardAtMs > 3 * pingIntervalMs) {
        this.#lose(socket);
        return;
      }
      const nonce = Math.floor(this.#ports.random() * 1e9);
      this.send({ type: 'ping', nonce, lastSequence: this.#inbox.lastSequence });
      this.#schedule('ping', pingIntervalMs, ping);
    };
    this.#schedule('ping', pingIntervalMs, ping);
  }

  #scheduleRenewal(expiresAtMs: number): void {
    const leftMs = expiresAtMs - this.#ports.nowMs();
    const inMs = leftMs - Math.max(RENEWAL_LEAD_MS_MIN, leftMs * RENEWAL_SHARE);
    const renew = () => void this.#renew(expiresAtMs);
    this.#schedule('renewal', Math.min(Math.max(RENEWAL_PAUSE_MS_MIN, inMs), TIMER_MS_MAX), renew);
  }

  async #renew(expiresAtMs: number): Promise<void> {
    try {
      const token = await this.#ports.fetchToken(this.#closing.signal);
      const isNewer = token.token !== this.#token?.token;
      this.#token = token;
      if (isNewer && this.#state === 'connected') this.send({ type: 'renew', token: token.token });
    } catch {
      // The connection lasts until the token expires: until then it is tried again.
      if (this.#state === 'connected' && this.#ports.nowMs() + RENEWAL_LEAD_MS_MIN < expiresAtMs)
        this.#schedule('renewal', RENEWAL_LEAD_MS_MIN, () => void this.#renew(expiresAtMs));
    }
  }

  #closed(code: number, reason: string): void {
    const isRefused = code === closeCodes.unauthenticated || code === closeCodes.credentialEnded;
    const refusal = this.#refusal ?? (this.#complaint?.code === reason ? this.#complaint : undefined);
    const { expiresAtMs = Number.POSITIVE_INFINITY } = this.#token ?? {};
    const isTokenOver = this.#refusal === undefined && expiresAtMs <= this.#ports.nowMs();
    const isLasting =
      isRefused && !isTokenOver && !(refusal !== undefined && isPassing(refusal.status ?? 401));
    if (!isLasting) {
      if (isTokenOver) this.#token = undefined;
      if (this.#socket !== undefined) this.#lose(this.#socket);
      return;
    }
    const words: Readonly<Record<string, string>> = endings;
    const message = words[reason] ?? 'The platform refused this credential.';
    this.close(
      this.#ports.toFailure(
        refusal ?? { code: reason === '' ? 'auth.missing' : reason, status: 401, message },
      ),
    );
  }

  #lose(socket: ConversationSocket): void {
    if (this.#state === 'closed' || socket !== this.#socket) return;
    this.#socket = undefined;
    // Not a goodbye: what this client has at the platform is kept.
    socket.close(4000);
    for (const name of ['greeting', 'ping', 'renewal'] as const) this.#cancel(name);
    if (this.#state === 'connected') {
      // Past it the platform keeps nothing, so that whatever goes on without it is nobody's call any more.
      this.#schedule('window', resumeWindowMs, () => this.#forget());
      this.#setState('reconnecting');
    }
    this.#retry();
  }

  #retry(): void {
    // Half of the pause is random, so that the clients of a failed node do not come back in one wave.
    const pauseMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#schedule('retry', pauseMs * (0.5 + this.#ports.random() / 2), () => void this.#open());
  }

  #setState(state: ConversationState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('stateChanged', state);
  }

  #closedFailure(): Failure {
    return this.#ports.toFailure({ code: 'client.closed', message: 'This client was closed.' });
  }

  #schedule(name: TimerName, ms: number, act: () => void): void {
    this.#cancel(name);
    const cancel = this.#ports.after(ms, () => {
      this.#timers.delete(name);
      act();
    });
    this.#timers.set(name, cancel);
  }

  #cancel(name: TimerName): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  #stopTimers(): void {
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
  }
}
