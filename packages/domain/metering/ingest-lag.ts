/** Below it nobody tells one lag from another; and what is later than a day is late, however late. */
const LAG_MS_MIN = 10;
const LAG_MS_MAX = 86_400_000;
/** From one bound to the next it is a fifth more: so wrong is what is read by them at most. */
const BOUNDS_PER_DOUBLING = 4;

/** Records by how long after their use they were counted: by the bound that they do not pass. */
export type LagCounts = Map<number, number>;

/** The least bound that a lag does not pass. A clock that is ahead of ours makes none below 0. */
export function lagBoundMs(lagMs: number): number {
  const doublings = Math.log2(Math.max(lagMs, LAG_MS_MIN) / LAG_MS_MIN);
  const bound = LAG_MS_MIN * 2 ** (Math.ceil(doublings * BOUNDS_PER_DOUBLING) / BOUNDS_PER_DOUBLING);
  return Math.min(Math.ceil(bound), LAG_MS_MAX);
}

export function addLags(
  counts: LagCounts,
  records: readonly { readonly toMs: number }[],
  nowMs: number,
): void {
  for (const { toMs } of records) {
    const bound = lagBoundMs(nowMs - toMs);
    counts.set(bound, (counts.get(bound) ?? 0) + 1);
  }
}
