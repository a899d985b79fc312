/** How often somebody may be wrong when they sign in by password (C13). */

/** Within this time tries are counted. */
export const TRIES_WITHIN_MS = 15 * 60_000;
/** Of one user from one network. */
export const TRIES_OF_PAIR_MAX = 5;
/** From one network, for whichever user. */
export const TRIES_FROM_NETWORK_MAX = 50;
/** Of one user, from however many networks. */
export const TRIES_OF_USER_MAX = 30;

/** Tries within the time, the one that is judged among them. */
export interface Tries {
  readonly ofPair: number;
  readonly fromNetwork: number;
  readonly ofUser: number;
}

/**
 * - `admitted`: the password is looked at.
 * - `known_networks`: it is where this user signed in from there before. Strangers with many networks shut nobody out of
 *   their own; from any other place a passkey and a mailed link lead in.
 * - `refused`: whatever the password is.
 */
export type TriesVerdict = 'admitted' | 'known_networks' | 'refused';

export function judgeTries({ ofPair, fromNetwork, ofUser }: Tries): TriesVerdict {
  if (ofPair > TRIES_OF_PAIR_MAX || fromNetwork > TRIES_FROM_NETWORK_MAX) return 'refused';
  return ofUser > TRIES_OF_USER_MAX ? 'known_networks' : 'admitted';
}
