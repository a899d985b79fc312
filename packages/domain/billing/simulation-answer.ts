import { platformError } from '@patchbay/kit/errors';
import { z } from 'zod';
import type { NameOf } from './answers.ts';
import type { EdgeCursor, EdgeSums, SellerSums, SimulationPage } from './simulation.ts';

/** Where a page of edges ended. */
const place = z.tuple([z.int().min(0), z.string(), z.string()]);

export function edgeCursorFrom(cursor: string | undefined): EdgeCursor | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [depth, id, buyerId] = place.parse(JSON.parse(cursor));
    return { depth, id, buyerId };
  } catch (cause) {
    throw platformError('request.invalid', '/cursor: It is none that a simulation gave.', cause);
  }
}

export const simulationAnswer = ({ own, edges, next }: SimulationPage, nameOf: NameOf) => ({
  ...(own === undefined
    ? {}
    : {
        own: {
          before: sellerAnswer(own.before),
          after: sellerAnswer(own.after),
          belowCostCount: own.belowCostCount,
        },
      }),
  items: edges.map(({ buyerId, sellerId, currency, before, after }) => ({
    buyerId,
    buyerName: nameOf(buyerId),
    sellerId,
    sellerName: nameOf(sellerId),
    currency,
    before: edgeAnswer(before),
    after: edgeAnswer(after),
    isBelowCost: after.margin < 0n,
  })),
  ...(next === undefined ? {} : { nextCursor: JSON.stringify([next.depth, next.id, next.buyerId]) }),
});

const sellerAnswer = ({ payable, receivable, margin }: SellerSums) => ({
  payable: payable.toString(),
  receivable: receivable.toString(),
  margin: margin.toString(),
});

const edgeAnswer = ({ amount, cost, margin }: EdgeSums) => ({
  amount: amount.toString(),
  cost: cost.toString(),
  margin: margin.toString(),
});
