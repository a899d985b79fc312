import { type Nano, nano, ZERO } from '../money.ts';
import { type Passing, type Share, sharesOf } from './shares.ts';

/** One account above another, in the order of a chain that goes up. */
export interface Link {
  readonly buyerId: string;
  readonly sellerId: string;
  readonly receivable: Nano;
  readonly cost: Nano;
}

/** The shares of an invoice whose money goes up one chain: the last of whose sellers collects. */
export function chainShares(asked: Nano, links: readonly Link[]): readonly Share[] {
  const passing = new Map<string, Passing>();
  const [first] = links;
  if (first !== undefined)
    passing.set(first.buyerId, {
      edges: [],
      bought: [{ sellerId: first.sellerId, charge: asked, through: ZERO }],
    });
  for (const [index, { sellerId, ...edge }] of links.entries()) {
    const above = links[index + 1];
    passing.set(sellerId, {
      edges: [edge],
      bought:
        above === undefined ? [] : [{ sellerId: above.sellerId, charge: ZERO, through: nano(edge.cost) }],
    });
  }
  return sharesOf(
    asked,
    { accountId: first?.buyerId ?? '', collectorId: links.at(-1)?.sellerId ?? '' },
    (id) => passing.get(id),
  );
}
