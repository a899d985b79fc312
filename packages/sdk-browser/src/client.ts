import type { Channel } from '@patchbay/protocol/client/channel';
import { Channels } from '@patchbay/protocol/client/channels';
import { ANSWER_MS_MAX, within } from '@patchbay/protocol/client/deadline';
import { Emitter } from '@patchbay/protocol/client/emitter';
import { Messages, type MessagesOptions } from '@patchbay/protocol/client/messages';
import {
  Notices,
  type NoticesOptions,
  noticesChannelOf,
  sendReceipt,
} from '@patchbay/protocol/client/notices';
import { type IdentityPresence, Presences, type PresenceWord } from '@patchbay/protocol/client/presences';
import type { ConversationState } from '@patchbay/protocol/client/signal-conversation';
import type {
  EndReason,
  Media,
  Problem,
  RingDevices,
  ServerFrame,
  ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import { PatchbayError } from '@patchbay/sdk';
import { Call } from './call.ts';
import { type Diagnosis, diagnose } from './doctor.ts';
import { fromProblem, toPatchbayError } from './from-problem.ts';
import { type AcceptOptions, IncomingCall } from './incoming-call.ts';
import { LocalMedia, type MediaOptions } from './local-media.ts';
import type { CreatePeerTransport } from './peer-transport.ts';
import { after, createSignalConnection, type SignalConnection } from './signal-connection.ts';
import { createSimplePeer } from './simple-peer-transport.ts';
import type { TokenSource } from './token-source.ts';

export interface ConnectOptions {
  readonly token: TokenSource;
  /** What its user calls this device: a call may be for it alone. At most 64 characters. */
  readonly deviceName?: string;
  /** Another transport than simple-peer. */
  readonly transport?: CreatePeerTransport;
}

export interface CallOptions extends MediaOptions {
  /** `auto` (default): direct where that works, else through a relay. `relay`: never direct. */
  readonly mode?: 'auto' | 'relay';
  /** Which devices of whoever is called ring, and when. Default: all at once. */
  readonly devices?: RingDevices;
  /** Gives up waiting for devices and for the platform's answer. */
  readonly signal?: AbortSignal;
  /** How long to wait for the platform, 30,000 by default: then the call throws `client.timeout`. */
  readonly timeoutMs?: number;
}

export interface ClientEvents {
  /** Signaling is connected for the first time. */
  connected: { readonly identity: string };
  reconnecting: { readonly reason: 'connection_lost' };
  reconnected: { readonly isResumed: boolean };
  incoming: IncomingCall;
  /** A line of text by the word of a called endpoint’s logic; `callId` where it is about that call. */
  messageReceived: { readonly text: string; readonly callId?: string };
  /** For good: the platform refuses this client, or it was closed. */
  disconnected: PatchbayError;
}

interface PendingCall {
  readonly resolve: (frame: ServerMessageOf<'ringing'>) => void;
  readonly reject: (error: PatchbayError) => void;
}

/** One identity, connected. Made by `connect`. */
export class PatchbayClient extends Emitter<ClientEvents> {
  readonly #connection: SignalConnection;
  readonly #createTransport: CreatePeerTransport;
  readonly #channels: Channels<PatchbayError>;
  readonly #presences: Presences<PatchbayError>;
  readonly #calls = new Map<string, Call>();
  readonly #incoming = new Map<string, IncomingCall>();
  readonly #pending = new Map<string, PendingCall>();
  readonly #onPageHide = (event: PageTransitionEvent) => {
    if (!event.persisted) this.close();
  };

  /** @internal */
  constructor(options: ConnectOptions, agent: string) {
    super();
    this.#createTransport = options.transport ?? createSimplePeer;
    this.#connection = createSignalConnection(options.token, { agent, deviceName: options.deviceName });
    this.#channels = new Channels(this.#connection, { toFailure: toPatchbayError, after });
    this.#presences = new Presences(this.#connection);
    let isFirst = true;
    this.#connection.on('authenticated', ({ identity, resumed }) => {
      if (isFirst) this.emit('connected', { identity });
      else this.emit('reconnected', { isResumed: resumed });
      isFirst = false;
    });
    this.#connection.on('stateChanged', (state) => {
      if (state !== 'closed')
        for (const call of this.calls) call.signalingIs(state === 'connected' ? 'there' : 'away');
      if (state === 'reconnecting') this.emit('reconnecting', { reason: 'connection_lost' });
    });
    this.#connection.on('lost', (reason) => this.#forgetSessions(reason));
    this.#connection.on('frame', (frame) => this.#receive(frame));
    this.#connection.on('refused', (error) => this.#refused(error));
    globalThis.addEventListener?.('pagehide', this.#onPageHide);
    this.#connection.start();
  }

  /** Somebody of the account: told how they are at once, and whenever it changes, until it is closed. Up to 100 at once. */
  presence(identity: string): IdentityPresence {
    return this.#presences.watch(identity);
  }

  /** What others see of this client's identity, on all of its devices. Undefined takes it back. */
  setPresence(word: PresenceWord | undefined): void {
    this.#presences.set(word);
  }

  get state(): ConversationState {
    return this.#connection.state;
  }

  /** Who this client is, once connected. */
  get identity(): string | undefined {
    return this.#connection.welcome?.identity;
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  /**
   * Resolves once connected; throws `client.timeout` after `timeoutMs`, 30,000 by default, and goes on trying. `call`
   * and `doctor` wait for it by themselves.
   */
  ready({ timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#connection.ready(timeoutMs);
  }

  /**
   * Calls an endpoint such as `user:bob`. Resolves when it rings there; throws a PatchbayError when the devices are
   * denied or the platform refuses.
   */
  async call(to: string, options: CallOptions = {}): Promise<Call> {
    const { signal, mode = 'auto', devices, timeoutMs = ANSWER_MS_MAX } = options;
    const chosen = devices === undefined ? {} : { devices };
    signal?.throwIfAborted();
    const local = await LocalMedia.open(options);
    try {
      await abortable(this.#connection.ready(timeoutMs), signal);
      const requestId = crypto.randomUUID();
      const answer = new Promise<ServerMessageOf<'ringing'>>((resolve, reject) => {
        this.#pending.set(requestId, { resolve, reject });
        this.#connection.send({ type: 'call', requestId, to, media: local.media, mode, ...chosen });
      });
      const error = () => {
        this.#abandon(requestId);
        return this.#connection.timeout('The platform did not answer the call in time.');
      };
      const ringing = await abortable(within(answer, { timeoutMs, error }), signal, () =>
        this.#abandon(requestId),
      );
      const remoteMedia: Media = { audio: false, video: false, screen: false };
      return this.#addCall({
        sessionId: ringing.sessionId,
        peer: to.replace(/^user:/, ''),
        local,
        remoteMedia,
      });
    } catch (error) {
      local.stop();
      throw error;
    }
  }

  /** A channel such as `news`, for messages and presence. Nothing is asked before it is used. */
  channel(name: string): Channel {
    return this.#channels.of(name);
  }

  /**
   * What this client's endpoint is told while it is connected. Resolves once it is there; throws why it is refused. Each notice is said to
   * have come as soon as it is here.
   */
  async notices(options: NoticesOptions = {}): Promise<Notices> {
    await this.ready();
    const channel = this.channel(noticesChannelOf(this.identity ?? ''));
    return await new Notices(channel, { ...options, send: sendReceipt }).ready();
  }

  /**
   * What this client's endpoint and others of its account write to each other: held for whoever is away, and said to have come
   * and been read. Resolves once it is there; throws why it is refused.
   */
  async messages(options: MessagesOptions = {}): Promise<Messages> {
    await this.ready();
    const identity = this.identity ?? '';
    return await new Messages((name) => this.channel(name), { ...options, identity }).ready();
  }

  /** Checks whether this device and network can hold a call, and says in words what is in the way. */
  doctor(): Promise<Diagnosis> {
    return diagnose(this.#connection);
  }

  /** Hangs up every call and disconnects. */
  close(): void {
    globalThis.removeEventListener?.('pagehide', this.#onPageHide);
    for (const call of this.calls) call.hangUp();
    this.#connection.close();
  }

  /** @internal Loses the WebSocket as a failing network would. */
  dropSocket(): void {
    this.#connection.dropSocket();
  }

  /** The caller no longer waits: should the platform still ring, it is told to stop. */
  #abandon(requestId: string): void {
    this.#pending.set(requestId, {
      resolve: ({ sessionId }) => {
        this.#early.delete(sessionId);
        this.#connection.send({ type: 'hangup', sessionId });
      },
      reject: () => undefined,
    });
  }

  #addCall(setup: { sessionId: string; peer: string; local: LocalMedia; remoteMedia: Media }): Call {
    const call = new Call({
      ...setup,
      connection: this.#connection,
      createTransport: this.#createTransport,
    });
    this.#calls.set(call.id, call);
    call.once('disconnected', () => this.#calls.delete(call.id));
    for (const frame of this.#early.get(call.id) ?? []) call.receive(frame);
    this.#early.delete(call.id);
    return call;
  }

  /** Frames of a call that arrived between the platform's answer and the promise that carries it. */
  readonly #early = new Map<string, ServerFrame[]>();

  #receive(frame: ServerFrame): void {
    if (frame.type === 'incoming') this.#ring(frame);
    else if (frame.type === 'ringing') {
      this.#early.set(frame.sessionId, []);
      this.#settle(frame.requestId)?.resolve(frame);
    } else if (frame.type === 'refused') {
      this.#settle(frame.requestId)?.reject(fromProblem(frame.problem));
    } else if (frame.type === 'message') {
      const { text, sessionId } = frame;
      this.emit('messageReceived', { text, ...(sessionId === undefined ? {} : { callId: sessionId }) });
    } else if (frame.type === 'ended' && this.#incoming.has(frame.sessionId)) {
      this.#incoming.get(frame.sessionId)?.cancel(frame.reason);
      this.#incoming.delete(frame.sessionId);
    } else if ('sessionId' in frame && frame.sessionId !== undefined) this.#deliver(frame.sessionId, frame);
  }

  #deliver(sessionId: string, frame: ServerFrame): void {
    const call = this.#calls.get(sessionId);
    if (call !== undefined) call.receive(frame);
    else this.#early.get(sessionId)?.push(frame);
  }

  #settle(requestId: string): PendingCall | undefined {
    const pending = this.#pending.get(requestId);
    this.#pending.delete(requestId);
    return pending;
  }

  #ring(frame: ServerMessageOf<'incoming'>): void {
    const { sessionId, from, media } = frame;
    const incoming: IncomingCall = new IncomingCall({
      id: sessionId,
      from,
      media,
      accept: (options) => this.#accept(incoming, options),
      reject: (reason) => {
        this.#incoming.delete(sessionId);
        this.#connection.send({ type: 'reject', sessionId, ...(reason === undefined ? {} : { reason }) });
      },
    });
    this.#incoming.set(sessionId, incoming);
    this.emit('incoming', incoming);
  }

  async #accept(incoming: IncomingCall, options: AcceptOptions): Promise<Call> {
    let local: LocalMedia;
    try {
      local = await LocalMedia.open(options);
    } catch (error) {
      incoming.reject('devices');
      throw error;
    }
    if (!this.#incoming.delete(incoming.id)) {
      local.stop();
      throw new PatchbayError({
        code: 'signaling.session_unknown',
        message: 'The caller is no longer there.',
      });
    }
    const { mode = 'auto' } = options;
    const call = this.#addCall({
      sessionId: incoming.id,
      peer: incoming.from,
      local,
      remoteMedia: incoming.media,
    });
    this.#connection.send({ type: 'accept', sessionId: incoming.id, media: local.media, mode });
    return call;
  }

  #forgetSessions(reason: EndReason): void {
    this.#endAll(reason);
    this.#early.clear();
    const { code, helpUrl, detail: title } = reason;
    const problem: Problem = { type: helpUrl, code, title, status: 503 };
    for (const requestId of [...this.#pending.keys()]) this.#settle(requestId)?.reject(fromProblem(problem));
  }

  #endAll(reason: EndReason): void {
    for (const call of this.calls) call.end(reason);
    for (const incoming of this.#incoming.values()) incoming.cancel(reason);
    this.#incoming.clear();
  }

  #refused(error: PatchbayError): void {
    this.#endAll({ code: error.code, helpUrl: error.helpUrl, detail: error.message });
    for (const requestId of [...this.#pending.keys()]) this.#settle(requestId)?.reject(error);
    this.emit('disconnected', error);
  }
}

function abortable<Value>(
  work: Promise<Value>,
  signal: AbortSignal | undefined,
  onAbort?: () => void,
): Promise<Value> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => {
      onAbort?.();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
