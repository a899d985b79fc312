/**
 * The longest that a credential may live. Verifiers keep no list of what they admitted, so this is also how far ahead of
 * any use its end may lie, and how long a revocation has to be remembered.
 */
export const LIFETIME_SECONDS_MAX = 172_800;
/** Of one that is minted without a word of it, where it may be so long. */
export const LIFETIME_SECONDS_DEFAULT = 3_600;
/** By how much the clock of a minter may be ahead. */
export const LIFETIME_SKEW_MS_MAX = 60_000;
