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
  /** Without another word: its line is gone. */
  | { readonly type: 'drop'; readonly leg: string };

export type ShardReport =
  | { readonly type: 'ready' }
  /** There is no WebRTC on this machine. */
  | { readonly type: 'unable'; readonly detail: string }
  | { readonly type: 'frame'; readonly leg: string; readonly source: string }
  | { readonly type: 'sounded'; readonly leg: string; readonly number: number; readonly result: RunResult }
  | { readonly type: 'lost'; readonly leg: string; readonly detail: string };
