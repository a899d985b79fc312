import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { ANSWER_MS_MAX, within } from '@patchbay/protocol/client/deadline';
import { Inbox, Outbox } from '@patchbay/protocol/signaling/mailbox';
import {
  type ClientMessage,
  closeCodes,
  decodeServerFrame,
  encodeClientFrame,
  pingIntervalMs,
  protocolVersion,
  type ServerFrame,
  type ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import { errorPagePath, PatchbayError, type PatchbayErrorCode } from '@patchbay/sdk';
import WebSocket from 'ws';
import type { TokenAnswer } from '../token-answer.ts';

/** The build puts it here; the source itself has none. */
declare const PACKAGE_VERSION: string | undefined;

/** Name and version, as the session log shows them. */
const agent = `@patchbay/sdk-node ${typeof PACKAGE_VERSION === 'string' ? PACKAGE_VERSION : 'source'}`;

interface LineEvents {
  authenticated: [ServerMessageOf<'authenticated'>];
  frame: [ServerFrame];
  /** For good: refused, or closed by this side. */
  closed: [PatchbayError];
}

const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 4_000;
const HANDSHAKE_MS_MAX = 8_000;
/** A token is minted anew when this share of its life is over: minting costs nothing. */
const RENEWAL_SHARE = 0.8;
const TIMER_MS_MAX = 2 ** 31 - 1;

/** One WebSocket after another, and over them one conversation that loses nothing (SIG). */
export class SignalLine extends EventEmitter<LineEvents> {
  readonly #mintToken: () => TokenAnswer;
  readonly #instanceId = randomUUID();
  #outbox = new Outbox<ClientMessage>(encodeClientFrame);
  #inbox = new Inbox();
  #socket: WebSocket | undefined;
  #welcome: ServerMessageOf<'authenticated'> | undefined;
  #refusal: PatchbayError | undefined;
  #isConnected = false;
  #isClosed = false;
  #attempt = 0;
  #heardAtMs = 0;
  #pinger: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;

  constructor(mintToken: () => TokenAnswer) {
    super();
    this.#mintToken = mintToken;
    this.#open();
  }

  /** Resolves once connected, or throws why this side is refused, or that the time is over: it goes on trying. */
  async ready(timeoutMs = ANSWER_MS_MAX): Promise<void> {
    if (this.#isConnected) return;
    if (this.#isClosed) throw closedError();
    let stop = () => {};
    const settled = new Promise<void>((resolve, reject) => {
      const succeed = () => resolve();
      this.on('authenticated', succeed).on('closed', reject);
      stop = () => this.off('authenticated', succeed).off('closed', reject);
    });
    const error = () => timeoutError('Signaling could not be reached in time.');
    await within(settled, { timeoutMs, error }).finally(() => stop());
  }

  /** The page of a code that this side found out by itself. */
  helpUrlOf(code: PatchbayErrorCode): string {
    const { helpUrl } = this.#welcome ?? {};
    return helpUrl === undefined ? errorPagePath(code) : `${helpUrl}${code}`;
  }

  /** Kept and sent again until the platform has it, whatever happens to the WebSocket. */
  send(message: ClientMessage): void {
    const source = this.#outbox.stamp(message);
    if (this.#isConnected) this.#socket?.send(source);
  }

  close(error = closedError()): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isConnected = false;
    this.#stopTimers();
    this.#socket?.close(1000);
    this.emit('closed', error);
  }

  #open(): void {
    const { token, signalUrl } = this.#mintToken();
    const socket = new WebSocket(signalUrl, { handshakeTimeout: HANDSHAKE_MS_MAX });
    this.#socket = socket;
    const resumption = this.#welcome && {
      resumeToken: this.#welcome.resumeToken,
      lastSequence: this.#inbox.lastSequence,
    };
    socket.on('open', () => {
      const hello = { type: 'authenticate', sequence: 0, token, protocolVersion, agent } as const;
      socket.send(encodeClientFrame({ ...hello, instanceId: this.#instanceId, ...resumption }));
    });
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('close', (code) => this.#lose(socket, code));
    // What follows is always 'close', with the code that decides.
    socket.on('error', () => undefined);
  }

  #receive(source: string): void {
    this.#heardAtMs = Date.now();
    const decoded = decodeServerFrame(source);
    // A frame of a newer platform is passed over (PRD-7).
    if (!decoded.ok) return;
    const { frame } = decoded;
    if (frame.type === 'authenticated') this.#begin(frame);
    else if (frame.type === 'renewed') this.#scheduleRenewal(frame.expiresAtMs);
    else if (frame.type === 'pong') this.#outbox.acknowledge(frame.receivedSequence);
    else if (frame.type === 'error' && !this.#isConnected) this.#refusal = fromProblem(frame.problem);
    else if (this.#inbox.admit(frame)) this.emit('frame', frame);
  }

  #begin(welcome: ServerMessageOf<'authenticated'>): void {
    const isForgotten = this.#welcome !== undefined && !welcome.resumed;
    this.#welcome = welcome;
    this.#attempt = 0;
    this.#isConnected = true;
    if (isForgotten) {
      this.#outbox = new Outbox<ClientMessage>(encodeClientFrame);
      this.#inbox = new Inbox();
    } else
      for (const source of this.#outbox.after(welcome.receivedSequence) ?? []) this.#socket?.send(source);
    this.#startPinging();
    this.#scheduleRenewal(welcome.expiresAtMs);
    this.emit('authenticated', welcome);
  }

  #startPinging(): void {
    clearInterval(this.#pinger);
    this.#heardAtMs = Date.now();
    this.#pinger = setInterval(() => {
      if (Date.now() - this.#heardAtMs > 3 * pingIntervalMs) this.#socket?.terminate();
      else this.send({ type: 'ping', nonce: Date.now() % 1e9, lastSequence: this.#inbox.lastSequence });
    }, pingIntervalMs);
  }

  #scheduleRenewal(expiresAtMs: number): void {
    clearTimeout(this.#renewal);
    const leftMs = Math.max(0, expiresAtMs - Date.now());
    const renew = () => this.send({ type: 'renew', token: this.#mintToken().token });
    this.#renewal = setTimeout(renew, Math.min(leftMs * RENEWAL_SHARE, TIMER_MS_MAX));
  }

  #lose(socket: WebSocket, code: number): void {
    if (this.#isClosed || socket !== this.#socket) return;
    this.#isConnected = false;
    this.#stopTimers();
    if (code === closeCodes.unauthenticated || code === closeCodes.credentialEnded) {
      const message = 'The platform refused this credential.';
      this.close(this.#refusal ?? new PatchbayError({ code: 'auth.missing', status: 401, message }));
      return;
    }
    // Half of the pause is random, so that the clients of a failed node do not come back in one wave.
    const pauseMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#attempt) * (0.5 + Math.random() / 2);
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#open(), pauseMs);
  }

  #stopTimers(): void {
    clearInterval(this.#pinger);
    clearTimeout(this.#timer);
    clearTimeout(this.#renewal);
  }
}

function closedError(): PatchbayError {
  return new PatchbayError({ code: 'client.closed', message: 'This phone was closed.' });
}

export function timeoutError(message: string): PatchbayError {
  return new PatchbayError({ code: 'client.timeout', message });
}

/** A problem as the platform sent it. A code that is newer than this SDK is passed on as it is. */
export function fromProblem(problem: ServerMessageOf<'refused'>['problem']): PatchbayError {
  const { type: helpUrl, title, detail, code, ...rest } = problem;
  return new PatchbayError({ ...rest, code: code as PatchbayErrorCode, helpUrl, message: detail ?? title });
}
