/**
 * Keeps all accounts where they stand until the transaction is over: a move waits for it, or comes before. It is taken before any
 * row that a move changes as well, or the two would wait for each other.
 */
export const HOLD_PLACES =
  "SELECT pg_advisory_xact_lock_shared(hashtextextended('patchbay.account_move', 0))::text";
