import type { Actor } from '@patchbay/kit/definition';
import type { Known } from './known.ts';

/** Refused requests of one account that are kept, the newest. */
export const REFUSED_PER_ACCOUNT_MAX = 10_000;

/** A request to the API that was refused, or that failed, with what was known then (PRD-8). */
export interface RefusedRequest {
  readonly requestId: string;
  readonly atMs: number;
  /** Whose request it was: who may ask why. */
  readonly accountId: string;
  readonly actorId: string;
  readonly actorName: string;
  /** As `keys.create`. */
  readonly operation: string;
  /** As the caller named it: there may be no such account. */
  readonly askedAccountId?: string | undefined;
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly rule?: string | undefined;
  readonly level?: string | undefined;
  readonly known: Known;
}

/** The chain of the account asked for, and where in it the caller holds something. */
export interface RefusedReach {
  readonly chain: readonly string[];
  readonly grantedIds: readonly string[];
}

/**
 * In whose log a refused request stands. It is the caller's: what an account above tried is not for those below it to
 * read, nor what a stranger asked about an account. A user's stands where they hold the role that is nearest; one who
 * reaches nothing of what they asked for has no account that it could stand in.
 */
export function ownerOfRefused(actor: Actor, reach: RefusedReach | undefined): string | undefined {
  switch (actor.kind) {
    case 'key':
    case 'credential':
    case 'callback':
      return actor.accountId;
    case 'user':
      return reach?.chain.findLast((accountId) => reach.grantedIds.includes(accountId));
    case 'platform':
    case 'stranger':
      return undefined;
  }
}
