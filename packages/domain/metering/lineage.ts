/** For as long as it held, `buyerId` stood directly below `sellerId`. Half-open, on whole minutes. */
export interface Edge {
  readonly sellerId: string;
  readonly buyerId: string;
  readonly fromMs: number;
  /** Infinity while it holds. */
  readonly toMs: number;
}

/** Whether an edge, or a price, holds at a time. */
export const holdsAt = ({ fromMs, toMs }: { fromMs: number; toMs: number }, atMs: number): boolean =>
  fromMs <= atMs && atMs < toMs;

/** An account and all above it at a time, from itself up. Usage belongs to the ancestors of its own minute. */
export function lineageAt(edges: readonly Edge[], accountId: string, atMs: number): string[] {
  const lineage = [accountId];
  for (let below = accountId; ; ) {
    const edge = edges.find((candidate) => candidate.buyerId === below && holdsAt(candidate, atMs));
    if (edge === undefined) return lineage;
    if (lineage.includes(edge.sellerId)) throw new RangeError(`${edge.sellerId} stands above itself.`);
    lineage.push(edge.sellerId);
    below = edge.sellerId;
  }
}
