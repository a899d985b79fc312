import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sum } from '../billing/money.ts';
import { catalogue, period, worlds } from '../billing/random-worlds.testing.ts';
import { statementOf } from '../billing/statement.ts';
import { rollUp } from '../metering/roll-up.ts';
import { spendByMeter } from './account-spend.ts';

const DAY_MS = 86_400_000;

test('meter by meter, what is spent is what the statement says, own use apart; and a day is what it adds (BIL-5)', () => {
  fc.assert(
    fc.property(worlds, fc.integer({ min: 0, max: 29 }), (world, day) => {
      const book = { ...world, catalogue };
      const { cells } = rollUp(world.records, world.edges);
      const meters = new Set(catalogue.keys());
      for (const accountId of world.accounts) {
        const currency = world.currencyOf(accountId);
        const statement = statementOf({ accountId, period, currency, cells, book });
        const of = { accountId, period, meters, book, dayStartMs: period.fromMs + day * DAY_MS };
        const own = cells.filter((cell) => cell.accountId === accountId);
        const spends = spendByMeter({ ...of, cells: own, sessions: [] });
        expect(sum(spends.map(({ amount }) => amount))).toBe(statement.payable);
        // Parts of several children are cut off each for itself: a nano unit a line at most.
        const difference = sum(spends.map((spend) => spend.own)) - statement.ownUse;
        expect(difference < 0n ? -difference : difference).toBeLessThanOrEqual(
          BigInt(statement.lines.length),
        );
        const isEarlier = ({ atMs }: { readonly atMs: number }) => atMs < of.dayStartMs;
        const before = spendByMeter({ ...of, cells: own.filter(isEarlier), sessions: [] });
        if (day > 0)
          expect(sum(spends.map(({ beforeDay }) => beforeDay))).toBe(sum(before.map(({ amount }) => amount)));
      }
    }),
    { numRuns: 100 },
  );
});
