import type { LegSpec, MediaAddress, MixerRefusalReason, RoomStatistics } from './mixer-port.ts';
import type { LegChange, LegStatistics, RoomSettings } from './room.ts';
import type { RoomUsage } from './room-meter.ts';

/** What a pool asks one of its processes. */
export type MixerRequest =
  | { readonly type: 'create-room'; readonly roomId: string; readonly settings: RoomSettings }
  | { readonly type: 'end-room'; readonly roomId: string }
  | { readonly type: 'add-leg'; readonly roomId: string; readonly leg: LegSpec }
  | { readonly type: 'remove-leg'; readonly roomId: string; readonly legId: string }
  | {
      readonly type: 'change-leg';
      readonly roomId: string;
      readonly legId: string;
      readonly change: LegChange;
    }
  | { readonly type: 'play'; readonly roomId: string; readonly samples: Int16Array; readonly groups: number }
  | { readonly type: 'statistics'; readonly roomId: string };

export interface MixerWord {
  /** The answer has the same. */
  readonly number: number;
  readonly request: MixerRequest;
}

/** Of each of these, what its request asks for. */
export interface MixerAnswer {
  readonly address?: MediaAddress;
  readonly usage?: RoomUsage;
  readonly leg?: LegStatistics;
  readonly room?: RoomStatistics;
}

export interface RoomLevels {
  readonly roomId: string;
  readonly levels: readonly { readonly legId: string; readonly minusDbov: number }[];
}

/** What a pool hears from its processes, beside `ready`. */
export type MixerReport =
  | { readonly type: 'answer'; readonly number: number; readonly answer: MixerAnswer }
  | {
      readonly type: 'refused';
      readonly number: number;
      readonly reason: MixerRefusalReason;
      readonly detail: string;
    }
  | { readonly type: 'speakers'; readonly roomId: string; readonly legIds: readonly string[] }
  | { readonly type: 'levels'; readonly rooms: readonly RoomLevels[] }
  | {
      readonly type: 'used';
      /** `processMs`: of the room since the report before. */
      readonly rooms: readonly {
        readonly roomId: string;
        readonly usage: RoomUsage;
        readonly processMs: number;
      }[];
    }
  /** A room that met an error of ours: it is over, and the others go on. */
  | {
      readonly type: 'room-failed';
      readonly roomId: string;
      readonly detail: string;
      readonly usage: RoomUsage;
    };
