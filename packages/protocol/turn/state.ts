import type { AddressFamily } from './address-family.ts';
import type { Allocation } from './allocation.ts';
import type { ChallengeLimit } from './challenge-limit.ts';
import type { ClientUses } from './client-uses.ts';
import type { TurnCoreBounds, TurnCoreOptions } from './core-options.ts';
import type { CredentialCache } from './credential-cache.ts';
import type { NonceMint } from './nonce.ts';
import type { ResponseCache } from './response-cache.ts';
import type { TimeCounters } from './time-counters.ts';

/** A port kept beside an even one (RFC 8656 §7.2). */
export interface Reservation {
  readonly token: Uint8Array;
  readonly family: AddressFamily;
  /** Only the user who asked may come for it. */
  readonly username: string;
  readonly untilMs: number;
}

/** Everything the core remembers. Its parts are changed by the steps of each method and by nothing else. */
export interface TurnState {
  readonly options: TurnCoreOptions;
  readonly bounds: TurnCoreBounds;
  readonly nonces: NonceMint;
  readonly challenges: ChallengeLimit;
  readonly discoveries: ChallengeLimit;
  /** Questions to the platform, by whether it has to look the answer up. */
  readonly questions: { readonly strange: ChallengeLimit; readonly familiar: ChallengeLimit };
  readonly credentials: CredentialCache;
  readonly responses: ResponseCache;
  readonly times: TimeCounters;
  readonly uses: ClientUses;
  readonly byId: Map<string, Allocation>;
  readonly byClient: Map<string, Allocation>;
  /** How many allocations each username has; those that failed or ended are not among them (T9). */
  readonly countByHolder: Map<string, number>;
  /** Relayed addresses in use, which peers of this relay may send to. */
  readonly relayed: Set<string>;
  /** Ports that are kept for whoever brings the token, by token. */
  readonly reservations: Map<string, Reservation>;
  /** Byte counters that have reached a limit, and until when that is remembered. */
  readonly reachedCounters: Map<string, number>;
  /** Why the last allocation of a client ended, so that its next request can be told. */
  readonly endings: Map<string, { readonly phrase: string; readonly untilMs: number }>;
  isDraining: boolean;
  nextDeadlineMs: number;
}

/** The core must be advanced by then. */
export function wakeBy(state: TurnState, deadlineMs: number): void {
  if (deadlineMs < state.nextDeadlineMs) state.nextDeadlineMs = deadlineMs;
}
