import type { MediaAddress } from '../mixer/mixer-port.ts';
import type { Clip, GatherRule, RunResult } from './sound-run.ts';

/** What a media node says to one of its shards, and hears from it. A leg is named by its line and its id. */
export type ShardWord =
  | { readonly type: 'frame'; readonly leg: string; readonly source: string; readonly isLast: boolean }
  | {
      readonly type: 'sound';
      readonly leg: string;
      readonly number: number;
      readonly clips: readonly Clip[];
      readonly gather?: GatherRule | undefined;
    }
  /** It goes into a room, and waits until that begins. Answered with `room-way`. */
  | {
      readonly type: 'room';
      readonly leg: string;
      readonly number: number;
      readonly wait: readonly Clip[];
      readonly leaveOn?: string | undefined;
    }
  /** The room of this order is mixed there; without an address, the leg waits again. */
  | {
      readonly type: 'room-mixed';
      readonly leg: string;
      readonly number: number;
      readonly address?: MediaAddress | undefined;
    }
  /** It is out of it. */
  | { readonly type: 'room-over'; readonly leg: string; readonly number: number }
  /** It is one end of a call that goes through here; the other one is in this shard too, or comes into it. */
  | { readonly type: 'bridge'; readonly leg: string; readonly other: string }
  /** Without another word: its line is gone, or its call goes another way. */
  | { readonly type: 'drop'; readonly leg: string };

export type ShardReport =
  | { readonly type: 'ready' }
  /** There is no WebRTC on this machine. */
  | { readonly type: 'unable'; readonly detail: string }
  | { readonly type: 'frame'; readonly leg: string; readonly source: string }
  | { readonly type: 'sounded'; readonly leg: string; readonly number: number; readonly result: RunResult }
  /** Where the mixer is to send the sound of its room to. */
  | { readonly type: 'room-way'; readonly leg: string; readonly number: number; readonly port: number }
  | { readonly type: 'lost'; readonly leg: string; readonly detail: string };
