import { silenceMinusDbov } from '@patchbay/dsp/level';
import { gainMax } from '@patchbay/dsp/mix';
import { TalkerSelection } from '@patchbay/dsp/talker-selection';
import { frameLengthOf, type OpusSettings, type RoomRateHz } from './codec.ts';
import { EncoderPool } from './encoder-pool.ts';
import { type LegCounts, type LegSettings, MixLeg } from './leg.ts';
import { Mix, type RoomSound } from './mix.ts';
import { RoomMeter, type RoomUsage } from './room-meter.ts';

/** Ways of hearing a room at once: each has a sum and an encoder of its own. */
export const mixCountMax = 8;
/** Sounds that nobody in the room makes, at once; the oldest ends for a new one. */
const SOUND_COUNT_MAX = 8;
/** Of one such sound. */
const SOUND_SECONDS_MAX = 60;

export interface RoomSettings {
  readonly rateHz: RoomRateHz;
  readonly legCountMax: number;
  readonly talkerCountMax: number | 'all';
  readonly opus: OpusSettings;
}

/** What a leg may be changed in; what is left out stays. */
export interface LegChange {
  /** Is not heard. */
  readonly isMuted?: boolean | undefined;
  /** Neither hears nor is heard. */
  readonly isHeld?: boolean | undefined;
  /** 0 to 4. */
  readonly gain?: number | undefined;
  /** Groups, a bit each. */
  readonly speaksTo?: number | undefined;
  readonly hears?: number | undefined;
}

export interface LegStatistics {
  readonly counts: LegCounts;
  /** 0, the loudest, to 127, which is silence. */
  readonly minusDbov: number;
  readonly isTalking: boolean;
  readonly jitterMs: number;
  /** That its packets wait for those before them. */
  readonly delayMs: number;
}

interface Member {
  readonly id: string;
  readonly place: number;
  readonly leg: MixLeg;
  readonly wish: { isMuted: boolean; isHeld: boolean; speaksTo: number; hears: number };
  mix: Mix;
}

interface PlayingSound {
  readonly samples: Int16Array;
  readonly frame: Int32Array;
  readonly groups: number;
  at: number;
}

/**
 * A room of the mixer, without sockets and clock: datagrams and ticks come in, packets go out by what each leg was given. Everybody
 * hears those who talk, without the own voice.
 */
export class Room {
  readonly #settings: RoomSettings;
  readonly #members = new Map<string, Member>();
  readonly #byPlace: (Member | undefined)[] = [];
  readonly #selection: TalkerSelection;
  readonly #levels: Uint8Array;
  readonly #mixes = new Map<number, Mix>();
  readonly #pool: EncoderPool;
  readonly #meter: RoomMeter;
  readonly #talkers: MixLeg[] = [];
  readonly #wasTalking: Uint8Array;
  #sounds: PlayingSound[] = [];
  readonly #soundFrames: RoomSound[] = [];
  #tick = 0;
  #haveTalkersChanged = false;

  constructor(settings: RoomSettings, nowMs: number) {
    const { legCountMax, talkerCountMax, rateHz, opus } = settings;
    this.#settings = settings;
    this.#selection = new TalkerSelection(legCountMax, { talkerCountMax });
    this.#levels = new Uint8Array(legCountMax);
    this.#wasTalking = new Uint8Array(legCountMax);
    this.#pool = new EncoderPool(rateHz, opus);
    this.#meter = new RoomMeter(nowMs);
  }

  get legCount(): number {
    return this.#members.size;
  }

  /** Frames that were encoded in it since it began: what it costs. */
  get encodedCount(): number {
    let count = this.#pool.encodedCount;
    for (const mix of this.#mixes.values()) count += mix.encodedCount;
    return count;
  }

  usage(nowMs: number): RoomUsage {
    return this.#meter.usage(nowMs);
  }

  /** Gives what its datagrams are told to; undefined where it is full, or has a leg of this id. */
  add(id: string, settings: Omit<LegSettings, 'rateHz'>, nowMs: number): MixLeg | undefined {
    if (this.#members.has(id) || this.legCount >= this.#settings.legCountMax) return undefined;
    const free = this.#byPlace.indexOf(undefined);
    const place = free < 0 ? this.#byPlace.length : free;
    const leg = new MixLeg({ ...settings, rateHz: this.#settings.rateHz });
    const wish = { isMuted: false, isHeld: false, speaksTo: 1, hears: 1 };
    const mix = this.#mixOf(wish.hears);
    if (mix === undefined) return undefined;
    const member: Member = { id, place, leg, wish, mix };
    mix.add(leg);
    this.#members.set(id, member);
    this.#byPlace[place] = member;
    this.#meter.changed(this.legCount, nowMs);
    return leg;
  }

  /** Nobody hears it from the next tick on. */
  remove(id: string, nowMs: number): boolean {
    const member = this.#members.get(id);
    if (member === undefined) return false;
    this.#members.delete(id);
    this.#byPlace[member.place] = undefined;
    this.#selection.forget(member.place);
    if (this.#wasTalking[member.place] === 1) this.#haveTalkersChanged = true;
    this.#wasTalking[member.place] = 0;
    this.#leave(member);
    this.#meter.changed(this.legCount, nowMs);
    return true;
  }

  /** Whether it could be: no such leg, and more ways of hearing than there may be, are refused and change nothing. */
  change(
    id: string,
    { isMuted, isHeld, gain, speaksTo, hears }: LegChange,
  ): 'done' | 'unknown' | 'mixes-exceeded' {
    const member = this.#members.get(id);
    if (member === undefined) return 'unknown';
    const { wish, leg } = member;
    const next = {
      isMuted: isMuted ?? wish.isMuted,
      isHeld: isHeld ?? wish.isHeld,
      speaksTo: speaksTo ?? wish.speaksTo,
      hears: hears ?? wish.hears,
    };
    const heard = next.isHeld ? 0 : next.hears;
    if (heard !== member.mix.hears) {
      const mix = this.#mixOf(heard, member.mix.listenerCount === 1 ? member.mix : undefined);
      if (mix === undefined) return 'mixes-exceeded';
      this.#leave(member);
      member.mix = mix;
      mix.add(leg);
    }
    Object.assign(wish, next);
    leg.hears = heard;
    leg.speaksTo = next.speaksTo;
    leg.gain = Math.max(0, Math.min(gainMax, gain ?? leg.gain));
    return 'done';
  }

  /** A sound of nobody: of an entry, of an announcement. At the room's rate; what is longer than a minute is cut. */
  play(samples: Int16Array, groups = 1): void {
    const { rateHz } = this.#settings;
    const frame = new Int32Array(frameLengthOf(rateHz));
    const sound = { samples: samples.subarray(0, SOUND_SECONDS_MAX * rateHz), frame, groups, at: 0 };
    this.#sounds = [...this.#sounds.slice(-(SOUND_COUNT_MAX - 1)), sound];
  }

  /** 20 ms of all of it. */
  tick(): void {
    this.#tick += 1;
    this.#listen();
    this.#selection.select(this.#levels, this.#byPlace.length);
    this.#talkers.length = 0;
    for (const member of this.#byPlace) if (member !== undefined) this.#contribute(member);
    this.#readSounds();
    for (const mix of this.#mixes.values()) mix.tick(this.#talkers, this.#soundFrames, this.#tick);
  }

  /** Ticks that were dropped: those who hear are told by the timestamps of what follows. */
  skip(tickCount: number): void {
    for (const { leg } of this.#members.values()) leg.skip(tickCount);
  }

  /** Who is heard now, the loudest first; undefined where it is who was told last. */
  takeTalkers(): readonly string[] | undefined {
    if (!this.#haveTalkersChanged) return undefined;
    this.#haveTalkersChanged = false;
    return this.#byPlace
      .filter((member) => member !== undefined)
      .filter(({ place }) => this.#wasTalking[place] === 1)
      .toSorted((one, other) => one.leg.minusDbov - other.leg.minusDbov)
      .map(({ id }) => id);
  }

  /** How far below full scale each is. */
  levels(): readonly { readonly legId: string; readonly minusDbov: number }[] {
    return [...this.#members.values()].map(({ id, leg }) => ({ legId: id, minusDbov: leg.minusDbov }));
  }

  statistics(id: string): LegStatistics | undefined {
    const member = this.#members.get(id);
    if (member === undefined) return undefined;
    const { leg, place } = member;
    const { counts, minusDbov, jitterMs, delayMs } = leg;
    return { counts, minusDbov, isTalking: this.#wasTalking[place] === 1, jitterMs, delayMs };
  }

  legIds(): readonly string[] {
    return [...this.#members.keys()];
  }

  #listen(): void {
    for (let place = 0; place < this.#byPlace.length; place++) {
      const member = this.#byPlace[place];
      if (member === undefined) {
        this.#levels[place] = silenceMinusDbov;
        continue;
      }
      const { leg, wish } = member;
      leg.pull();
      // Without a word of the sender, only decoding tells how loud it is; that is done here, once.
      if (!leg.saysLevel) leg.decode();
      this.#levels[place] = wish.isMuted || wish.isHeld ? silenceMinusDbov : leg.minusDbov;
    }
  }

  #contribute({ leg, place, wish }: Member): void {
    const isTalking = this.#selection.isTalking(place);
    const isHeard = isTalking && !wish.isMuted && !wish.isHeld;
    // One that is heard no more is decoded once more, to fade.
    if (leg.saysLevel) {
      if (isHeard || leg.isFading) leg.decode();
      else leg.pass();
    }
    leg.contribute(isHeard);
    if (leg.isIn) this.#talkers.push(leg);
    if ((this.#wasTalking[place] === 1) !== isHeard) {
      this.#wasTalking[place] = isHeard ? 1 : 0;
      this.#haveTalkersChanged = true;
    }
  }

  #readSounds(): void {
    this.#soundFrames.length = 0;
    if (this.#sounds.length === 0) return;
    for (const sound of this.#sounds) {
      const { samples, frame } = sound;
      for (let index = 0; index < frame.length; index++) frame[index] = samples[sound.at + index] ?? 0;
      sound.at += frame.length;
      this.#soundFrames.push({ samples: frame, groups: sound.groups });
    }
    this.#sounds = this.#sounds.filter(({ at, samples }) => at < samples.length);
  }

  /** The mix of some groups; another one where there may be one more, or in place of one that ends. */
  #mixOf(hears: number, ending?: Mix): Mix | undefined {
    const known = this.#mixes.get(hears);
    if (known !== undefined) return known;
    if (this.#mixes.size - (ending === undefined ? 0 : 1) >= mixCountMax) return undefined;
    const mix = new Mix(hears, { pool: this.#pool, frameLength: frameLengthOf(this.#settings.rateHz) });
    this.#mixes.set(hears, mix);
    return mix;
  }

  #leave({ leg, mix }: Member): void {
    mix.remove(leg);
    if (mix.listenerCount > 0) return;
    mix.close();
    this.#mixes.delete(mix.hears);
  }
}
