/**
 * Months at random, over the database: any tree, prices that change, moves, taxes, credits, prepaid and postpaid accounts, sellers
 * that collect themselves, late use, and whatever happens at the rails. After each month the books are whole, and in the end each
 * cent is where it belongs. `RANDOM_MONTHS=5000` tries so many, and `RANDOM_SEED` says where to begin.
 */
import { nextPeriod } from '@patchbay/domain/billing/period';
import { inherited } from '@patchbay/testing/env';
import fc from 'fast-check';
import { test } from 'vitest';
import { type RandomMonths, randomMonths, worldOf } from './random-months.testing.ts';
import {
  expectDocumented,
  expectSound,
  expectSquare,
  expectVerified,
} from './random-months-books.testing.ts';

const runCount = Number(inherited.RANDOM_MONTHS ?? 0);
const seed = Number(inherited.RANDOM_SEED ?? 20_261_201);
/** Each is a few seconds of database. */
const RUN_COUNT = 4;
let livedCount = 0;

async function live(program: RandomMonths): Promise<void> {
  if (runCount > 0) process.stderr.write(`world ${++livedCount} of seed ${seed}\n`);
  const world = await worldOf(program);
  try {
    let period = world.firstMonth;
    for (const month of program.months) {
      for (const deed of month.deeds.toSorted((left, right) => left.share - right.share)) {
        world.goTo(period, deed.share);
        await world.onDeed(deed);
      }
      await world.close(period, { isAsked: true });
      await expectSound(world);
      await expectVerified(world);
      for (const each of month.happened) await world.onHappening(each);
      await world.settle();
      await expectSound(world);
      period = nextPeriod(period);
    }
    // What came late in the last of them is asked for by the next, in which nobody does anything.
    await world.close(period, { isAsked: false });
    await expectSound(world);
    for (const accountId of world.accounts) await world.payee(accountId);
    await world.payAll();
    await world.sendAgain();
    await world.settle();
    await expectSound(world);
    await expectVerified(world);
    // Of a seller that collects itself late use of months before is on no document.
    const collectors = await world.rows('SELECT 1 FROM own_collecting');
    if (collectors.length > 0) return;
    const outstanding = await expectDocumented(world);
    if (program.isCalm) await expectSquare(world, outstanding);
  } finally {
    await world.drop();
  }
}

test(
  'any accounts, over months of any kind: the books are whole after each, and in the end each cent is where it belongs (BIL-3, BIL-4, BIL-6, BIL-7)',
  async () => {
    await fc.assert(fc.asyncProperty(randomMonths, live), {
      numRuns: runCount > 0 ? runCount : RUN_COUNT,
      seed,
      ...(inherited.RANDOM_PATH === undefined ? {} : { path: inherited.RANDOM_PATH }),
      endOnFailure: inherited.RANDOM_SHRINK === undefined,
    });
  },
  runCount > 0 ? 24 * 3_600_000 : 300_000,
);
