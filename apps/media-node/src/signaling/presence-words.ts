import type { SeenPresence } from '@patchbay/protocol/signaling/presence-messages';

/** What a client asks of how others of its account are, or says of itself. */
export interface PresenceQuestion {
  readonly accountId: string;
  readonly identities: readonly string[];
  /** First said of this one by itself. */
  readonly says?: {
    readonly identity: string;
    readonly state?: 'available' | 'away' | 'busy' | 'dnd';
    readonly note?: string;
  };
  /** Whoever asks: what is shown may rest on it. */
  readonly viewer: string;
}

/** Absent where nobody could say: it is asked again. */
export type PresenceAnswer = readonly SeenPresence[] | undefined;
