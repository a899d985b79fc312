import type { CodecName, OpusSettings, RoomRateHz } from './codec.ts';
import type { LegStatistics } from './room.ts';
import type { RoomUsage } from './room-meter.ts';

/** An address that sound is sent to, or received at. */
export interface MediaAddress {
  readonly host: string;
  readonly port: number;
}

/** A room, as it begins. What is left out has the default that is named. */
export interface RoomSpec {
  /** The caller's name for it, which no other room of the pool has. */
  readonly roomId: string;
  /** Of its mix. Default 48000; 16000 saves a quarter where all legs are telephones. */
  readonly rateHz?: RoomRateHz | undefined;
  /** How many are heard at once; `all`: everybody, at the cost of an encoder for each who talks. Default 3. */
  readonly talkerCountMax?: number | 'all' | undefined;
  /** Default 200; at most 1000. */
  readonly legCountMax?: number | undefined;
  /** How Opus is made for those who speak it. */
  readonly opus?: Partial<OpusSettings> | undefined;
}

/** A participant whose sound comes and goes as plain RTP over UDP. */
export interface LegSpec {
  /** The caller's name for it, which no other leg of its room has. */
  readonly legId: string;
  readonly codec: CodecName;
  /** Of its packets, both ways: 0 to 127. */
  readonly payloadType: number;
  /**
   * Of the level in its packets (RFC 6464), 1 to 255 as negotiated. With it, who is silent costs no decoding. Default: it has none, and
   * its level is measured.
   */
  readonly levelExtensionId?: number | undefined;
  /** Where its sound comes from and goes to; packets from elsewhere are nobody's. */
  readonly remote: MediaAddress;
  /** Of an interface of this machine: where it is sent to. */
  readonly localHost: string;
  /** Default: a free one. */
  readonly localPort?: number | undefined;
}

/** What a leg may be changed in, at any time; what is left out stays as it is. Changes take effect within 20 ms, without a click. */
export interface LegControl {
  /** It is not heard, and hears on. */
  readonly isMuted?: boolean | undefined;
  /** It neither hears nor is heard: it gets silence, and the sounds that are played to group 0 do not reach it. */
  readonly isHeld?: boolean | undefined;
  /** What its sound is multiplied by: 0 to 4, default 1. */
  readonly gain?: number | undefined;
  /**
   * Who hears whom: one leg hears another where a group that it hears is one that the other speaks to. Both are group 0 by default, so
   * that all hear all. A whisper: the coach hears 0 and speaks to 1, whoever is coached hears 0 and 1. Groups are 0 to 30. A room has
   * eight ways of hearing at once at most, one for each different list of `hears`.
   */
  readonly speaksTo?: readonly number[] | undefined;
  readonly hears?: readonly number[] | undefined;
}

/** Sound of nobody in the room: of an entry, of an announcement. */
export interface RoomTone {
  /** Mono, at the rate of the room; what is longer than a minute is cut. */
  readonly samples: Int16Array;
  /** Groups that hear it. Default: group 0. */
  readonly groups?: readonly number[] | undefined;
}

export interface RoomStatistics {
  readonly usage: RoomUsage;
  readonly legs: Readonly<Record<string, LegStatistics>>;
}

/** Why a request was not carried out; nothing has changed then. */
export type MixerRefusalReason =
  /** There is no such room, or it has ended. */
  | 'room-unknown'
  | 'room-known'
  | 'leg-unknown'
  /** The room has a leg of this name, or as many as it may. */
  | 'leg-refused'
  /** More ways of hearing than a room may have. */
  | 'mixes-exceeded'
  /** A port, a group, a gain, a rate outside of its bounds. */
  | 'out-of-bounds'
  /** The address could not be bound or reached. */
  | 'address-refused'
  /** No process of the pool takes rooms now: all of them carry as much as they may, or are being started again. */
  | 'no-capacity'
  /** The process of the room died before it answered. */
  | 'mixer-lost';

export class MixerRefusal extends Error {
  readonly reason: MixerRefusalReason;

  constructor(reason: MixerRefusalReason, detail: string) {
    super(detail);
    this.name = 'MixerRefusal';
    this.reason = reason;
  }
}

/** What whoever drives the pool is told. None of it may throw. */
export interface MixerEvents {
  /** Who is heard in a room, the loudest first: told when it changes, and not more often than every 20 ms. */
  readonly onActiveSpeakers: (roomId: string, legIds: readonly string[]) => void;
  /** How far below full scale each leg is (RFC 6464): 0, the loudest, to 127; told five times a second while a room is open. */
  readonly onLevels: (
    roomId: string,
    levels: readonly { readonly legId: string; readonly minusDbov: number }[],
  ) => void;
  /** Whole milliseconds that mixing a room took since this was told last: once a second. */
  readonly onProcessed?: (roomId: string, processMs: number) => void;
  /**
   * A room is over: `asked`, by `endRoom` or `close`, with all that it used; or `mixer-lost`, when its process died, with what it had
   * used a second before at most. Its legs are over with it.
   */
  readonly onEnded: (
    roomId: string,
    end: { readonly reason: 'asked' | 'mixer-lost'; readonly detail: string; readonly usage: RoomUsage },
  ) => void;
}

/**
 * Audio rooms, each of them whole in one process of a fixed pool. Every request that is refused rejects with a `MixerRefusal`; a room
 * that ends while a request for it is under way rejects that with `mixer-lost`. All of it may be called at any time; requests for one
 * room are carried out in their order.
 */
export interface MixerPort {
  createRoom(room: RoomSpec): Promise<void>;
  /** Ends it for all of its legs, and says what it used. */
  endRoom(roomId: string): Promise<RoomUsage>;
  /** Answers where its sound is to be sent to. A room without legs stays open. */
  addLeg(roomId: string, leg: LegSpec): Promise<MediaAddress>;
  removeLeg(roomId: string, legId: string): Promise<LegStatistics>;
  changeLeg(roomId: string, legId: string, control: LegControl): Promise<void>;
  play(roomId: string, tone: RoomTone): Promise<void>;
  statistics(roomId: string): Promise<RoomStatistics>;
  /** Ends all rooms and all processes. */
  close(): Promise<void>;
}
