import { EventEmitter } from 'node:events';
import { endings } from '@patchbay/protocol/signaling/codes';
import type {
  ClientMessage,
  EndReason,
  Media,
  MediaPath,
  MediaTransport,
  ServerFrame,
  ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import type { PatchbayErrorCode } from '@patchbay/sdk';
import { PeerConnection, type ReachedPath } from './peer-connection.ts';
import type { Wrtc } from './wrtc.ts';

/** A track of @roamhq/wrtc: from an RTCAudioSource or RTCVideoSource, or for an RTCAudioSink or RTCVideoSink. */
export interface MediaTrack {
  readonly kind: string;
  enabled: boolean;
  stop(): void;
}

export interface PhoneCallEvents {
  /** Media flows: for the first time, and again after each recovery. */
  connected: [{ readonly path: MediaPath; readonly transport: MediaTransport }];
  /** Media is interrupted, or the platform is away while media flows on: the call waits for both. */
  reconnecting: [{ readonly reason: string }];
  reconnected: [{ readonly path: MediaPath; readonly transport: MediaTransport }];
  /** The track of the newest connection. After a recovery there is a new one, which takes the place of the last. */
  trackSubscribed: [MediaTrack];
  /** What the other party sends. */
  mediaChanged: [Media];
  limitReached: [{ readonly limit: string; readonly outcome: string }];
  /** The last event of a call. `helpUrl` is the page about `code`. */
  disconnected: [EndReason];
}

export interface PhoneCallSetup {
  readonly sessionId: string;
  readonly peer: string;
  readonly tracks: readonly MediaTrack[];
  readonly wrtc: Wrtc;
  readonly send: (message: ClientMessage) => void;
  /** The page of a code. */
  readonly helpUrlOf: (code: PatchbayErrorCode) => string;
}

type Trouble = 'interrupted' | 'failed' | 'signaling_away';

interface Generation {
  readonly number: number;
  readonly peer: PeerConnection;
  isConnected: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** How long a direct attempt may take before a relay is asked for, and a relayed one before the next (QUE-5). */
const DIRECT_MS_MAX = 4_000;
const RELAYED_MS_MAX = 8_000;
/** ICE itself would take 15 seconds to give up: it is not waited for (LIV-3). */
const INTERRUPTION_MS_MAX = 1_500;
/** The connection before is kept this long, for what is still on its way. */
const OVERLAP_MS = 500;

/** One call with one other party, on @roamhq/wrtc. */
export class PhoneCall extends EventEmitter<PhoneCallEvents> {
  readonly id: string;
  /** Identity of the other party. */
  readonly peer: string;
  readonly #setup: PhoneCallSetup;
  readonly #generations = new Map<number, Generation>();
  #newest = -1;
  #isEnded = false;
  /** Why the call waits, if it does. */
  readonly #troubles = new Set<Trouble>();
  #reached: ReachedPath | undefined;

  constructor(setup: PhoneCallSetup) {
    super();
    this.#setup = setup;
    this.id = setup.sessionId;
    this.peer = setup.peer;
  }

  hangUp(): void {
    if (this.#isEnded) return;
    this.#setup.send({ type: 'hangup', sessionId: this.id });
    const code = 'signaling.hung_up';
    this.end({ code, helpUrl: this.#setup.helpUrlOf(code), detail: 'This party hung up.' });
  }

  /** @internal A frame of the platform about this call. */
  receive(frame: ServerFrame): void {
    if (this.#isEnded) return;
    if (frame.type === 'started' || frame.type === 'recover') this.#open(frame);
    else if (frame.type === 'signal') this.#generations.get(frame.generation)?.peer.signal(frame.data);
    else if (frame.type === 'ended') this.end(frame.reason);
    else if (frame.type === 'limitReached')
      this.emit('limitReached', { limit: frame.limit, outcome: frame.outcome });
    else if (frame.type === 'media') {
      const { audio, video, screen } = frame;
      this.emit('mediaChanged', { audio, video, screen });
    }
  }

  /** @internal A call that flows goes on without signaling, for as long as both may last. */
  signalingIs(what: 'there' | 'away'): void {
    if (what === 'away') this.#meet('signaling_away');
    else this.#overcome('signaling_away');
  }

  #meet(trouble: Trouble): void {
    if (this.#isEnded) return;
    const isFirst = this.#troubles.size === 0;
    this.#troubles.add(trouble);
    if (isFirst && this.#reached !== undefined) this.emit('reconnecting', { reason: trouble });
  }

  #overcome(...troubles: readonly Trouble[]): void {
    const hadSome = this.#troubles.size > 0;
    for (const trouble of troubles) this.#troubles.delete(trouble);
    if (hadSome && this.#troubles.size === 0 && this.#reached !== undefined && !this.#isEnded)
      this.emit('reconnected', this.#reached);
  }

  /** Nothing is left of it, and nobody is there to begin anew with. */
  #giveUp(): void {
    this.#setup.send({ type: 'hangup', sessionId: this.id, reason: 'media_failed' });
    const code = 'signaling.media_failed';
    this.end({ code, helpUrl: this.#setup.helpUrlOf(code), detail: endings[code] });
  }

  /** @internal */
  end(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const generation of this.#generations.values()) this.#drop(generation);
    this.emit('disconnected', reason);
  }

  /** Makes the peer connection of a generation. The one before goes on until this one is connected. */
  #open({
    generation: number,
    iceServers,
    initiator,
    mode,
  }: ServerMessageOf<'started'> | ServerMessageOf<'recover'>): void {
    if (number <= this.#newest) return;
    for (const former of this.#generations.values()) if (!former.isConnected) this.#drop(former);
    this.#newest = number;
    const peer = new PeerConnection({
      wrtc: this.#setup.wrtc,
      initiator,
      iceServers,
      isRelayOnly: mode === 'relay',
      tracks: this.#setup.tracks as readonly MediaStreamTrack[],
      onSignal: (data) => this.#setup.send({ type: 'signal', sessionId: this.id, generation: number, data }),
      onTrack: (track) => {
        if (number === this.#newest) this.emit('trackSubscribed', track);
      },
      onState: (state) => this.#changed(number, state),
    });
    const attemptMs = number === 0 && mode === 'auto' ? DIRECT_MS_MAX : RELAYED_MS_MAX;
    const timer = setTimeout(() => this.#askForNext(number, 'timeout'), attemptMs);
    this.#generations.set(number, { number, peer, isConnected: false, timer });
  }

  #changed(number: number, state: 'connected' | 'interrupted' | 'failed'): void {
    const generation = this.#generations.get(number);
    if (generation === undefined || number !== this.#newest) return;
    if (state === 'connected') this.#connected(generation);
    else if (state === 'failed') {
      if (generation.isConnected && this.#troubles.has('signaling_away')) {
        this.#giveUp();
        return;
      }
      this.#meet('failed');
      this.#askForNext(number, 'failed');
    } else if (generation.isConnected) {
      this.#meet('interrupted');
      clearTimeout(generation.timer);
      generation.timer = setTimeout(() => this.#askForNext(number, 'interrupted'), INTERRUPTION_MS_MAX);
    }
  }

  #connected(generation: Generation): void {
    clearTimeout(generation.timer);
    if (generation.isConnected) {
      this.#overcome('interrupted', 'failed');
      return;
    }
    generation.isConnected = true;
    const former = [...this.#generations.values()].filter(({ number }) => number < generation.number);
    setTimeout(() => {
      for (const each of former) this.#drop(each);
    }, OVERLAP_MS);
    void this.#report(generation);
  }

  async #report({ number, peer }: Generation): Promise<void> {
    const reached = await peer.path().catch(() => ({ path: 'direct', transport: 'unknown' }) as const);
    if (this.#isEnded || number !== this.#newest) return;
    this.#setup.send({ type: 'connected', sessionId: this.id, generation: number, ...reached });
    const isFirst = this.#reached === undefined;
    // The first time there is nothing to come back from.
    if (!isFirst) this.#reached = reached;
    this.emit('connected', reached);
    this.#overcome('interrupted', 'failed');
    this.#reached = reached;
    if (isFirst && this.#troubles.has('signaling_away'))
      this.emit('reconnecting', { reason: 'signaling_away' });
  }

  /** The platform answers with `recover`: a new generation, with a relay where there is one. */
  #askForNext(generation: number, reason: string): void {
    if (generation !== this.#newest || this.#isEnded) return;
    this.#setup.send({ type: 'relayNeeded', sessionId: this.id, generation, reason });
  }

  #drop(generation: Generation): void {
    clearTimeout(generation.timer);
    this.#generations.delete(generation.number);
    generation.peer.close();
  }
}

/** What a party sends, as it is announced. */
export function mediaOf(tracks: readonly MediaTrack[]): Media {
  const has = (kind: string) => tracks.some((track) => track.kind === kind);
  return { audio: has('audio'), video: has('video'), screen: false };
}
