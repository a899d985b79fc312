import { EventEmitter } from 'node:events';
import { ANSWER_MS_MAX, within } from '@patchbay/protocol/client/deadline';
import { type IdentityPresence, Presences, type PresenceWord } from '@patchbay/protocol/client/presences';
import type {
  CallMode,
  EndReason,
  Media,
  RingDevices,
  ServerFrame,
  ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import type { PatchbayError } from '@patchbay/sdk';
import type { TokenAnswer } from '../token-answer.ts';
import { type MediaTrack, mediaOf, PhoneCall } from './phone-call.ts';
import { createSignalLine, fromProblem, type SignalLine } from './signal-line.ts';
import { loadWrtc, type Wrtc } from './wrtc.ts';

export interface PhoneCallOptions {
  /** What is sent. Default: nothing, only received. The tracks stay yours: stop them yourself. */
  readonly tracks?: readonly MediaTrack[];
  /** `auto` (default): direct where that works, else through a relay. `relay`: never direct. */
  readonly mode?: CallMode;
  /** Of a call: which devices of whoever is called ring, and when. Default: all at once. */
  readonly devices?: RingDevices;
  /** How long to wait for the platform, 30,000 by default: then the call throws `client.timeout`. */
  readonly timeoutMs?: number;
}

export interface PhoneOptions {
  /** How long to wait for the platform, 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** What this device is called: a call may be for it alone. At most 64 characters. */
  readonly deviceName?: string | undefined;
}

/** Somebody calls this identity. */
export interface IncomingPhoneCall {
  readonly id: string;
  /** Identity of the caller. */
  readonly from: string;
  /** What the caller sends. */
  readonly media: Media;
  readonly accept: (options?: PhoneCallOptions) => PhoneCall;
  readonly reject: (reason?: string) => void;
}

export interface PhoneEvents {
  incoming: [IncomingPhoneCall];
  /** For good: the platform refuses this phone, or it was closed. */
  disconnected: [PatchbayError];
}

interface Asked {
  readonly to: string;
  readonly options: PhoneCallOptions;
  readonly resolve: (call: PhoneCall) => void;
  readonly reject: (error: PatchbayError) => void;
}

/** One identity, connected from a server: it places and takes calls. Made by `pb.connect`. */
export class Phone extends EventEmitter<PhoneEvents> {
  readonly #wrtc: Wrtc;
  readonly #line: SignalLine;
  readonly #presences: Presences<PatchbayError>;
  readonly #calls = new Map<string, PhoneCall>();
  readonly #asked = new Map<string, Asked>();
  #requestCount = 0;

  private constructor(wrtc: Wrtc, mintToken: () => TokenAnswer, deviceName?: string) {
    super();
    this.#wrtc = wrtc;
    this.#line = createSignalLine(mintToken, deviceName);
    this.#presences = new Presences(this.#line);
    this.#line.on('frame', (frame) => this.#receive(frame));
    this.#line.on('stateChanged', (state) => {
      if (state === 'closed') return;
      for (const call of this.#calls.values()) call.signalingIs(state === 'connected' ? 'there' : 'away');
    });
    this.#line.on('lost', (reason) => this.#forget(reason));
    this.#line.on('refused', (error) => this.#closed(error));
    this.#line.start();
  }

  /** Resolves once connected; throws a PatchbayError when the platform refuses, or WebRTC is not installed. */
  static async connect(
    mintToken: () => TokenAnswer,
    { timeoutMs = ANSWER_MS_MAX, deviceName }: PhoneOptions = {},
  ): Promise<Phone> {
    const phone = new Phone(await loadWrtc(), mintToken, deviceName);
    try {
      await phone.#line.ready(timeoutMs);
    } catch (error) {
      phone.close();
      throw error;
    }
    return phone;
  }

  /** Calls an endpoint such as `user:bob`. Resolves when it rings there; throws a PatchbayError when it is refused. */
  async call(to: string, options: PhoneCallOptions = {}): Promise<PhoneCall> {
    const { tracks = [], mode = 'auto', devices, timeoutMs = ANSWER_MS_MAX } = options;
    const ringing = devices === undefined ? {} : { devices };
    await this.#line.ready(timeoutMs);
    const requestId = `call_${++this.#requestCount}`;
    const answer = new Promise<PhoneCall>((resolve, reject) => {
      this.#asked.set(requestId, { to, options, resolve, reject });
      this.#line.send({ type: 'call', requestId, to, media: mediaOf(tracks), mode, ...ringing });
    });
    const error = () => {
      this.#abandon(requestId);
      return this.#line.timeout('The platform did not answer the call in time.');
    };
    return await within(answer, { timeoutMs, error });
  }

  /** Somebody of the account: told how they are at once, and whenever it changes, until it is closed. Up to 100 at once. */
  presence(identity: string): IdentityPresence {
    return this.#presences.watch(identity);
  }

  /** What others see of this identity, on all of its devices. Undefined takes it back. */
  setPresence(word: PresenceWord | undefined): void {
    this.#presences.set(word);
  }

  /** Hangs up every call and disconnects. A process that has used WebRTC is ended with `process.exit()`. */
  close(): void {
    for (const call of this.#calls.values()) call.hangUp();
    this.#line.close();
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'incoming') this.#ring(frame);
    else if (frame.type === 'ringing') {
      const asked = this.#answered(frame.requestId);
      asked?.resolve(this.#addCall(frame.sessionId, asked.to.replace(/^user:/, ''), asked.options));
    } else if (frame.type === 'refused') this.#answered(frame.requestId)?.reject(fromProblem(frame.problem));
    else if ('sessionId' in frame && frame.sessionId !== undefined)
      this.#calls.get(frame.sessionId)?.receive(frame);
  }

  /** Nobody waits any more: should it still ring, it is told to stop. */
  #abandon(requestId: string): void {
    const asked = this.#asked.get(requestId);
    if (asked === undefined) return;
    this.#asked.set(requestId, { ...asked, resolve: (call) => call.hangUp(), reject: () => undefined });
  }

  #answered(requestId: string): Asked | undefined {
    const asked = this.#asked.get(requestId);
    this.#asked.delete(requestId);
    return asked;
  }

  #addCall(sessionId: string, peer: string, { tracks = [] }: PhoneCallOptions): PhoneCall {
    const send = this.#line.send.bind(this.#line);
    const helpUrlOf = this.#line.helpUrlOf.bind(this.#line);
    const call = new PhoneCall({ sessionId, peer, tracks, wrtc: this.#wrtc, send, helpUrlOf });
    this.#calls.set(sessionId, call);
    call.once('disconnected', () => this.#calls.delete(sessionId));
    return call;
  }

  #ring({ sessionId, from, media }: ServerMessageOf<'incoming'>): void {
    const accept = (options: PhoneCallOptions = {}) => {
      const call = this.#addCall(sessionId, from, options);
      const { tracks = [], mode = 'auto' } = options;
      this.#line.send({ type: 'accept', sessionId, media: mediaOf(tracks), mode });
      return call;
    };
    const reject = (reason?: string) => {
      this.#line.send({ type: 'reject', sessionId, ...(reason === undefined ? {} : { reason }) });
    };
    this.emit('incoming', { id: sessionId, from, media, accept, reject });
  }

  /** The platform knows nothing of what was said before: no answer to it will come. */
  #forget(reason: EndReason): void {
    for (const call of this.#calls.values()) call.end(reason);
    const { code, helpUrl, detail: title } = reason;
    const error = fromProblem({ code, type: helpUrl, title, status: 503 });
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }

  #closed(error: PatchbayError): void {
    const reason = { code: error.code, helpUrl: error.helpUrl, detail: error.message };
    for (const call of this.#calls.values()) call.end(reason);
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
    this.emit('disconnected', error);
  }
}
