import { ANSWER_MS_MAX, within } from '@patchbay/protocol/client/deadline';
import { endings } from '@patchbay/protocol/signaling/codes';
import { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import {
  type ClientMessage,
  closeCodes,
  decodeServerFrame,
  encodeClientFrame,
  pingIntervalMs,
  protocolVersion,
  resumeWindowMs,
  type ServerFrame,
  type ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import { errorPagePath, PatchbayError, type PatchbayErrorCode } from '@patchbay/sdk';
import { Emitter } from './emitter.ts';
import { fromProblem } from './from-problem.ts';
import type { Token, TokenSource } from './token-source.ts';

const backoffMsMin = 200;
const backoffMsMax = 4_000;
const openTimeoutMs = 8_000;
/** A token is renewed when this share of its life is left, and at least this early. */
const renewalShare = 0.2;
const renewalLeadMsMin = 5_000;
/** Request Timeout, Too Early and Too Many Requests (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

export interface ConnectionEvents {
  stateChanged: ConnectionState;
  /** `resumed`: sessions of the connection before go on. */
  authenticated: ServerMessageOf<'authenticated'>;
  frame: ServerFrame;
  /** For good: the platform refuses this client, or it was closed. */
  refused: PatchbayError;
}

/** One WebSocket after another, and over them one conversation that loses nothing (SIG). */
export class SignalConnection extends Emitter<ConnectionEvents> {
  readonly #source: TokenSource;
  readonly #agent: string;
  readonly #closing = new AbortController();
  /** A token with one use is used by this instance, however often it connects. */
  readonly #instanceId = crypto.randomUUID();
  #outbox = new Outbox<ClientMessage>(encodeClientFrame);
  #inbox = new Inbox();
  #socket: WebSocket | undefined;
  #token: Token | undefined;
  #welcome: ServerMessageOf<'authenticated'> | undefined;
  #state: ConnectionState = 'connecting';
  #attempt = 0;
  #lostAtMs = 0;
  #heardAtMs = 0;
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #pinger: ReturnType<typeof setInterval> | undefined;

  constructor(source: TokenSource, agent: string) {
    super();
    this.#source = source;
    this.#agent = agent;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get welcome(): ServerMessageOf<'authenticated'> | undefined {
    return this.#welcome;
  }

  get token(): Token | undefined {
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
    if (this.#state === 'closed') throw closedError();
    const stops: (() => void)[] = [];
    const settled = new Promise<void>((resolve, reject) => {
      stops.push(
        this.on('authenticated', () => resolve()),
        this.on('refused', reject),
      );
    });
    try {
      await within(settled, {
        timeoutMs,
        error: () => timeoutError('Signaling could not be reached in time.'),
      });
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** The page of a code that this side found out by itself. */
  helpUrlOf(code: PatchbayErrorCode): string {
    const { helpUrl } = this.#welcome ?? {};
    return helpUrl === undefined ? errorPagePath(code) : `${helpUrl}${code}`;
  }

  /** Says goodbye: the platform ends this client's calls at once. */
  close(error: PatchbayError = closedError()): void {
    if (this.#state === 'closed') return;
    this.#setState('closed');
    this.#closing.abort();
    this.#stopTimers();
    this.#socket?.close(1000);
    this.#socket = undefined;
    this.emit('refused', error);
  }

  /** As if the network had failed: for tests. */
  dropSocket(): void {
    this.#socket?.close(4000);
    this.#lose();
  }

  async #open(): Promise<void> {
    try {
      this.#token = await this.#freshToken();
    } catch (error) {
      if (this.#state === 'closed') return;
      // A refusal by the application's own endpoint stays one; a network failure passes, and so does a full house.
      if (error instanceof PatchbayError && error.status < 500 && !PASSING_STATUSES.has(error.status))
        this.close(error);
      else this.#retry();
      return;
    }
    if (this.#state === 'closed') return;
    const socket = new WebSocket(this.#token.signalUrl);
    this.#socket = socket;
    const timeout = this.#after(
      openTimeoutMs,
      () => socket.readyState !== WebSocket.OPEN && this.#lose(socket),
    );
    socket.onopen = () => this.#authenticate(socket);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(String(data));
    socket.onclose = ({ code, reason }) => {
      clearTimeout(timeout);
      if (socket === this.#socket) this.#closed(code, reason);
    };
  }

  /** The last token while it lasts: a connection that is lost for a moment costs no new one. */
  async #freshToken(): Promise<Token> {
    const { expiresAtMs = 0 } = this.#token ?? {};
    if (this.#token !== undefined && expiresAtMs - Date.now() > renewalLeadMsMin) return this.#token;
    return this.#source.fetchToken(this.#closing.signal);
  }

  #authenticate(socket: WebSocket): void {
    if (this.#token === undefined) return;
    const resumption =
      this.#welcome === undefined
        ? {}
        : { resumeToken: this.#welcome.resumeToken, lastSequence: this.#inbox.lastSequence };
    socket.send(
      encodeClientFrame({
        type: 'authenticate',
        sequence: 0,
        token: this.#token.token,
        protocolVersion,
        agent: this.#agent,
        instanceId: this.#instanceId,
        ...resumption,
      }),
    );
  }

  #receive(source: string): void {
    this.#heardAtMs = Date.now();
    const decoded = decodeServerFrame(source);
    // A frame of a newer platform is passed over (PRD-7).
    if (!decoded.ok) return;
    const { frame } = decoded;
    if (frame.type === 'authenticated') this.#begin(frame);
    else if (frame.type === 'pong') this.#outbox.acknowledge(frame.receivedSequence);
    else if (frame.type === 'renewed') this.#scheduleRenewal(frame.expiresAtMs);
    else if (frame.type === 'error' && this.#state !== 'connected')
      this.#refusal = fromProblem(frame.problem);
    else if (this.#inbox.admit(frame)) {
      if (frame.type === 'error' && frame.sessionId === undefined)
        this.#complaint = fromProblem(frame.problem);
      this.emit('frame', frame);
    }
  }

  #refusal: PatchbayError | undefined;
  /** What the platform last said about this client as a whole: why, if it closes the connection with the same code. */
  #complaint: PatchbayError | undefined;

  #begin(welcome: ServerMessageOf<'authenticated'>): void {
    const isFirst = this.#welcome === undefined;
    this.#welcome = welcome;
    this.#attempt = 0;
    const unsent = this.#outbox.after(welcome.receivedSequence) ?? [];
    if (!welcome.resumed && !isFirst) {
      // The other side knows nothing of what was said before. Calls are told by the event below.
      this.#outbox = new Outbox<ClientMessage>(encodeClientFrame);
      this.#inbox = new Inbox();
    } else for (const source of unsent) this.#socket?.send(source);
    this.#setState('connected');
    this.#startPinging();
    this.#scheduleRenewal(welcome.expiresAtMs);
    this.emit('authenticated', welcome);
  }

  #startPinging(): void {
    clearInterval(this.#pinger);
    this.#heardAtMs = Date.now();
    this.#pinger = setInterval(() => {
      if (Date.now() - this.#heardAtMs > 3 * pingIntervalMs) this.#lose();
      else if (this.#state === 'connected') {
        this.send({
          type: 'ping',
          nonce: Math.floor(Math.random() * 1e9),
          lastSequence: this.#inbox.lastSequence,
        });
      }
    }, pingIntervalMs);
  }

  #scheduleRenewal(expiresAtMs: number): void {
    const leftMs = expiresAtMs - Date.now();
    const leadMs = Math.max(renewalLeadMsMin, leftMs * renewalShare);
    // setTimeout holds 31 bits of milliseconds.
    this.#after(Math.min(Math.max(500, leftMs - leadMs), 2 ** 31 - 1), () => void this.#renew(expiresAtMs));
  }

  async #renew(expiresAtMs: number): Promise<void> {
    try {
      const token = await this.#source.fetchToken(this.#closing.signal);
      const isNewer = token.token !== this.#token?.token;
      this.#token = token;
      if (isNewer) this.send({ type: 'renew', token: token.token });
    } catch {
      // The connection lasts until the token expires: until then it is tried again.
      if (Date.now() + renewalLeadMsMin < expiresAtMs)
        this.#after(renewalLeadMsMin, () => void this.#renew(expiresAtMs));
    }
  }

  #closed(code: number, reason: string): void {
    const isRefused = code === closeCodes.unauthenticated || code === closeCodes.credentialEnded;
    if (!isRefused) {
      this.#lose();
      return;
    }
    const isFromToken = this.#token?.expiresAtMs !== undefined && this.#token.expiresAtMs <= Date.now();
    if (isFromToken && this.#refusal === undefined) {
      this.#token = undefined;
      this.#lose();
      return;
    }
    const complaint = this.#complaint?.code === reason ? this.#complaint : undefined;
    const words: Readonly<Record<string, string>> = endings;
    const message = words[reason] ?? 'The platform refused this credential.';
    this.close(
      this.#refusal ??
        complaint ??
        new PatchbayError({ code: (reason || 'auth.missing') as PatchbayErrorCode, status: 401, message }),
    );
  }

  #lose(socket: WebSocket | undefined = this.#socket): void {
    if (this.#state === 'closed' || socket !== this.#socket) return;
    this.#socket = undefined;
    this.#stopTimers();
    if (this.#state === 'connected') {
      this.#lostAtMs = Date.now();
      this.#setState('reconnecting');
    }
    this.#retry();
  }

  #retry(): void {
    // Half of the pause is random, so that the clients of a failed node do not come back in one wave.
    const pauseMs = Math.min(backoffMsMax, backoffMsMin * 2 ** this.#attempt) * (0.5 + Math.random() / 2);
    this.#attempt += 1;
    this.#after(pauseMs, () => void this.#open());
  }

  /** Whether the platform still keeps what this client had. */
  get isResumable(): boolean {
    return this.#state === 'connected' || Date.now() - this.#lostAtMs < resumeWindowMs;
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('stateChanged', state);
  }

  #after(ms: number, act: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #stopTimers(): void {
    clearInterval(this.#pinger);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

function closedError(): PatchbayError {
  return new PatchbayError({ code: 'client.closed', message: 'This client was closed.' });
}

export function timeoutError(message: string): PatchbayError {
  return new PatchbayError({ code: 'client.timeout', message });
}
