import { describe, expect, it } from 'vitest';
import { type Nano, nano } from '../money.ts';
import { type ClosedEdge, sharesOf } from './shares.ts';

describe('the share of those above', () => {
  const edge = (sellerId: string, receivable: bigint, cost: bigint): ClosedEdge => ({
    buyerId: 'x',
    sellerId,
    receivable: nano(receivable),
    cost: nano(cost),
  });
  const weights = (charge: bigint, ...edges: ClosedEdge[]): [string, Nano][] =>
    sharesOf(nano(charge), edges).map(({ accountId, weight }) => [accountId, weight]);

  it('is the margin of each edge on the way up; what arrives at the top is nobody’s payout', () => {
    expect(weights(2000n, edge('a', 2000n, 1250n), edge('b', 1250n, 1000n), edge('top', 1000n, 0n))).toEqual([
      ['a', 750n],
      ['b', 250n],
    ]);
  });

  it('does not grow where somebody sells below cost: the rest is that one’s own invoice', () => {
    expect(weights(500n, edge('a', 500n, 1000n), edge('b', 1000n, 600n), edge('top', 600n, 0n))).toEqual([
      ['b', 200n],
    ]);
  });
});
