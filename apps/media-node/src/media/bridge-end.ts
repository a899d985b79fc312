import {
  type ClientMessage,
  decodeServerFrame,
  encodeClientFrame,
  type ServerMessageOf,
} from '@patchbay/protocol/signaling/messages';
import { LegPeer } from './leg-peer.ts';
import type { ShardReport } from './shard-words.ts';
import type { Wrtc } from './wrtc.ts';

/** How long an answer waits for what the other party sends: without it, a second offer has to follow. */
const OTHER_OFFER_MS_MAX = 1_000;
/** One that carries media, one that is about to, and one in whose place that came. */
const GENERATIONS_MAX = 3;

const kinds = ['audio', 'video'] as const;
type Kind = (typeof kinds)[number];
type Control = Pick<ServerMessageOf<'control'>, 'held' | 'muted'>;

interface Generation {
  readonly number: number;
  readonly peer: LegPeer;
  readonly tracks: Map<string, MediaStreamTrack>;
  isConnected: boolean;
}

export interface BridgeEndOptions {
  readonly leg: string;
  readonly wrtc: Wrtc;
  readonly report: (report: ShardReport) => void;
}

/**
 * One end of a call that goes through this shard: the WebRTC peer of one of its two parties. What its party sends the other
 * end sends on to the other party (LIV-2). It outlives its peer connections, of which each has a generation.
 */
export class BridgeEnd {
  readonly #options: BridgeEndOptions;
  readonly #offered = Promise.withResolvers<void>();
  #other: BridgeEnd | undefined;
  /** The last one carries media, or is about to; those before it go when it does. */
  #generations: Generation[] = [];
  #sessionId = '';
  /** By the word of whoever controls the session (LIV-1): here it holds whatever an application does. */
  #control: Control = { held: false, muted: { audio: false, video: false, screen: false } };

  constructor(options: BridgeEndOptions) {
    this.#options = options;
  }

  /** Its party has said what it sends. */
  get offered(): Promise<void> {
    return this.#offered.promise;
  }

  joins(other: BridgeEnd): void {
    this.#other = other;
    other.#other = this;
  }

  hear(source: string): void {
    const decoded = decodeServerFrame(source);
    if (!decoded.ok) return;
    const { frame } = decoded;
    if (frame.type === 'recover') this.#begin(frame);
    else if (frame.type === 'control') {
      this.#control = { held: frame.held, muted: frame.muted };
      this.#other?.pass();
    } else if (frame.type === 'signal')
      this.#generations.find(({ number }) => number === frame.generation)?.peer.signal(frame.data);
  }

  /** What its party sends of a kind and may: the newest of what is connected. */
  given(kind: Kind): MediaStreamTrack | undefined {
    const { held, muted } = this.#control;
    // A camera and a screen take turns in one place, so both have to be muted here.
    if (held || (kind === 'audio' ? muted.audio : muted.video && muted.screen)) return undefined;
    const inUse = this.#generations.findLast(({ isConnected }) => isConnected) ?? this.#generations.at(-1);
    return inUse?.tracks.get(kind);
  }

  /** Sends its party what the other one gives. */
  pass(): void {
    for (const { peer } of this.#generations)
      for (const kind of kinds) peer.send(kind, this.#other?.given(kind));
  }

  close(): void {
    for (const { peer } of this.#generations) peer.close();
    this.#generations = [];
    const other = this.#other;
    this.#other = undefined;
    if (other === undefined || other.#other !== this) return;
    other.#other = undefined;
    other.pass();
  }

  #begin({ sessionId, generation, iceServers }: ServerMessageOf<'recover'>): void {
    if (this.#generations.some(({ number }) => number >= generation)) return;
    this.#sessionId = sessionId;
    const entry: Generation = {
      number: generation,
      tracks: new Map(),
      isConnected: false,
      peer: new LegPeer({
        wrtc: this.#options.wrtc,
        iceServers,
        onSignal: (data) => this.#say({ type: 'signal', sessionId: this.#sessionId, generation, data }),
        onTrack: (track) => {
          entry.tracks.set(track.kind, track);
          this.#other?.pass();
        },
        onState: (state) => {
          if (state === 'connected') this.#connected(entry);
        },
        takes: () => true,
        given: () => this.#fromOther(),
      }),
    };
    this.#generations.push(entry);
    for (const old of this.#generations.splice(0, this.#generations.length - GENERATIONS_MAX))
      old.peer.close();
  }

  /** What the other party sends, once it said so. */
  async #fromOther(): Promise<ReadonlyMap<Kind, MediaStreamTrack>> {
    this.#offered.resolve();
    const patience = new Promise((resolve) => setTimeout(resolve, OTHER_OFFER_MS_MAX));
    if (this.#other !== undefined) await Promise.race([this.#other.offered, patience]);
    // What the other party's description brings is known a turn after the description is.
    await new Promise((resolve) => setImmediate(resolve));
    return new Map(
      kinds.flatMap((kind) => {
        const track = this.#other?.given(kind);
        return track === undefined ? [] : [[kind, track]];
      }),
    );
  }

  #connected(entry: Generation): void {
    if (entry.isConnected) return;
    entry.isConnected = true;
    for (const old of this.#generations.filter(({ number }) => number < entry.number)) old.peer.close();
    this.#generations = this.#generations.filter(({ number }) => number >= entry.number);
    this.#other?.pass();
  }

  #say(message: ClientMessage): void {
    const { leg, report } = this.#options;
    report({ type: 'frame', leg, source: encodeClientFrame({ ...message, sequence: 0 }) });
  }
}
