import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rollUp } from '../metering/roll-up.ts';
import { memoryBilling } from './memory-billing.testing.ts';
import { sum } from './money.ts';
import { anyTariff, catalogue, period, worlds } from './random-worlds.testing.ts';
import { type EdgeCursor, pricesAfter, type SimulatedEdge } from './simulation.ts';
import { statementOf } from './statement.ts';

test('pages of any size sum to what the statements would say, and nothing that is saved changes', async () => {
  const asked = fc.record({
    world: worlds,
    tariff: anyTariff,
    root: fc.nat(),
    limit: fc.integer({ min: 1, max: 4 }),
    forOne: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(asked, async ({ world, tariff, root, limit, forOne }) => {
      const { accounts, currencyOf, edges, prices, records } = world;
      const accountId = accounts[root % accounts.length] ?? 'a0';
      const child = edges.find((edge) => edge.sellerId === accountId)?.buyerId;
      const currency = child === undefined ? currencyOf(accountId) : currencyOf(child);
      const change = {
        accountId,
        ...(forOne && child !== undefined ? { childId: child } : {}),
        currency,
        services: { relay: [{ meter: 'bytes', where: {}, tariff }] },
      };
      const store = memoryBilling({
        edges,
        catalogue,
        currency: 'EUR',
        records: [...records],
        prices: [...prices],
        nowMs: () => period.toMs,
      });
      const found: SimulatedEdge[] = [];
      let cursor: EdgeCursor | undefined;
      do {
        const page = await store.simulate({ period, change, cursor, limit });
        expect(page.edges.length).toBeLessThanOrEqual(limit);
        found.push(...page.edges);
        cursor = page.next;
      } while (cursor !== undefined);
      expect(new Set(found.map(({ sellerId, buyerId }) => `${sellerId} ${buyerId}`)).size).toBe(found.length);
      const { cells } = rollUp(records, edges);
      for (const sellerId of new Set(found.map((edge) => edge.sellerId))) {
        const ofSeller = found.filter((edge) => edge.sellerId === sellerId);
        const statementWith = (of: typeof prices) =>
          statementOf({
            accountId: sellerId,
            period,
            currency: currencyOf(sellerId),
            cells,
            book: { edges, prices: of, catalogue },
          }).children.filter(({ accountId: id }) => ofSeller.some(({ buyerId }) => buyerId === id));
        const [was, is] = [statementWith(prices), statementWith(pricesAfter(prices, change))];
        expect(sum(ofSeller.map(({ before }) => before.amount))).toBe(
          sum(was.map(({ receivable }) => receivable)),
        );
        expect(sum(ofSeller.map(({ after }) => after.margin))).toBe(sum(is.map(({ margin }) => margin)));
      }
    }),
    { numRuns: 60 },
  );
});
