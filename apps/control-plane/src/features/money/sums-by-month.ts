/** Sums by month of what a list says. */
export function sumsByMonth<Item>(
  items: readonly Item[],
  read: (item: Item) => { readonly period: string; readonly amount: bigint },
): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const item of items) {
    const { period, amount } = read(item);
    if (amount !== 0n) sums.set(period, (sums.get(period) ?? 0n) + amount);
  }
  return sums;
}
