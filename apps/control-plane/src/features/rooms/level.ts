/** Below this nothing is heard in a room. */
const QUIET_MINUS_DBOV = 60;

/** How long a bar of a level is: 0 of silence, 1 of the loudest. @param minusDbov 0 to 127 below full scale. */
export const levelShare = (minusDbov: number): number =>
  Math.max(0, Math.min(1, (QUIET_MINUS_DBOV - minusDbov) / (QUIET_MINUS_DBOV - 10)));
