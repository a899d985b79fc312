import { inherited } from '@patchbay/testing/env';
import type { StripeFault } from '@patchbay/testing/stripe/fake-stripe';
import { copyTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Books, booksOf } from './closing-books.testing.ts';
import {
  type ClosingWorld,
  closing,
  collecting,
  giveBack,
  live,
  payAll,
  type Step,
  sendingAgain,
  usedMonth,
  type Worker,
  worldOf,
} from './closing-world.testing.ts';
import { endingAroundEachEffect, endsAt, type OutsideCall } from './mortal-process.testing.ts';

/**
 * With it every call of a run is one at which a process ends, each in a run of its own: it takes many minutes. It says with which
 * death, of those of all parts in turn, to begin: 1 is all of them, and one that was broken off goes on with the next.
 */
const firstDeath = Number(inherited.EVERY_CALL ?? 0);
const isEvery = firstDeath > 0;
/** Else so many of each part, and of requests in both ways. */
const SAMPLE_COUNT = 1;
/** Some hundred and fifty processes one after the other. */
const CHAIN_MS_MAX = 180_000;
/** Two hours of a Stripe of which each third request fails. */
const ROUND_COUNT_MAX = 40;

/** A month before it is closed, and after: nothing disturbed it. */
let used: TestDatabase;
let closed: TestDatabase;
let closedBooks: Books;
let endBooks: Books;
let againBooks: Books;
let closingCalls: readonly OutsideCall[];
let collectingCalls: readonly OutsideCall[];
let againCalls: readonly OutsideCall[];

beforeAll(async () => {
  used = await usedMonth();
  const calm = await worldOf(used);
  closingCalls = await callsOf(calm, closing);
  closedBooks = await booksOf(calm);
  await calm.rest();
  closed = await copyTestDatabase(calm.database);
  collectingCalls = await callsOf(calm, collecting);
  endBooks = await booksOf(calm);
  againCalls = await callsOf(calm, sendingAgain);
  againBooks = await booksOf(calm);
  await calm.drop();
});
afterAll(async () => {
  await used.drop();
  await closed.drop();
});

const callsOf = async (world: ClosingWorld, steps: readonly Step[]) =>
  (await live(world, steps)).flatMap(({ calls }) => calls);

test('a month has every kind of money in it, and its books are whole: what the others are compared with', () => {
  // What was taken back was sent again, and once.
  expect(againBooks).toMatchObject({ unequal: [], toldOfPayouts: endBooks.toldOfPayouts });
  expect(againBooks.stripe).toMatchObject({ sent: endBooks.stripe.sent });
  expect(againBooks).not.toEqual(endBooks);
  expect(endBooks.unequal).toEqual([]);
  expect(endBooks.sequences).toEqual([
    'maker credit-note 1',
    'maker invoice 2',
    'platform payout-note 1',
    'shop invoice 1',
    'top invoice 2',
    'top payout-note 1',
  ]);
  expect(endBooks.stripe).toMatchObject({ refunds: ['[1200,"succeeded"]'] });
  // Each account is told once of each of its documents, and of what became of it.
  const told = Map.groupBy(endBooks.told, (text) => text.split(' ')[0]);
  const toldTo = (type: string) => told.get(type)?.map((text) => text.split(' ')[1]);
  // The maker is asked for what the saver used of its credit beyond what it earned.
  const buyers = ['buyer', 'guest', 'maker', 'saver', 'shop'];
  // The second of the buyer is its credit note.
  expect(toldTo('billing.document.issued')).toEqual(['buyer', ...buyers, 'maker', 'top'].sort());
  // A balance paid the saver's as it was issued.
  expect(toldTo('billing.invoice.open')).toEqual(buyers.filter((buyer) => buyer !== 'saver'));
  expect(toldTo('billing.invoice.paid')).toEqual(buyers);
  expect(toldTo('billing.invoice.paid-back')).toEqual(['buyer']);
  expect(endBooks.toldOfPayouts).toEqual(['top payout-note platform D-P00001 698']);
  // Of 3.81 and 1.90 that were paid in its name, 1.91 went back with 12.00.
  expect(endBooks.toldOfTaxes).toEqual(['maker 380']);
  const said = endBooks.entries.map((entry) => entry.split(/[:/]/)[0]);
  expect(new Set(said)).toEqual(
    new Set(['accrual', 'credit', 'drawn', 'issued', 'paid', 'payout', 'refund', 'set-off', 'tax']),
  );
});

test(
  'it ends the same when process after process dies just before and just after each thing that lasts (BIL-3, BIL-6)',
  async () => {
    const world = await worldOf(used);
    const ofClosing = await live(world, closing, endingAroundEachEffect(world.print));
    expect(await booksOf(world)).toEqual(closedBooks);
    const ofCollecting = await live(world, collecting, endingAroundEachEffect(world.print));
    expect(await booksOf(world)).toEqual(endBooks);
    // Seven statements and seven documents, and each step of each at Stripe.
    expect(ofClosing.length).toBeGreaterThan(20);
    expect(ofCollecting.length).toBeGreaterThan(80);
    await world.drop();
  },
  CHAIN_MS_MAX,
);

test('a payout that was taken back at Stripe is sent again once, when process after process dies around each thing that lasts', async () => {
  const world = await worldOf(closed);
  await live(world, collecting);
  const lived = await live(world, sendingAgain, endingAroundEachEffect(world.print));
  expect(await booksOf(world)).toEqual(againBooks);
  expect(lived.length).toBeGreaterThan(5);
  await world.drop();
});

/** All, or some that lie evenly between the first and the last. */
const someOf = <Item>(items: readonly Item[], count: number): readonly Item[] =>
  isEvery
    ? items
    : Array.from(
        { length: count },
        (_, place) => items[Math.floor(((place + 1) * items.length) / (count + 1))],
      ).filter((item) => item !== undefined);

/** Of each part: from where, what went before it calmly, its steps, and what was called and stands there where nobody dies. */
const parts = {
  closing: () => ({ from: used, before: [], steps: closing, calls: closingCalls, books: closedBooks }),
  collecting: () => ({
    from: closed,
    before: [],
    steps: collecting,
    calls: collectingCalls,
    books: endBooks,
  }),
  'sending again': () => ({
    ...{ from: closed, before: collecting, steps: sendingAgain },
    ...{ calls: againCalls, books: againBooks },
  }),
};

/** Of the parts before. */
let deathCount = 0;

test.each(['closing', 'collecting', 'sending again'] as const)(
  'it ends the same when one process dies at its n-th statement or request: %s',
  async (part) => {
    const { from, before, steps, calls, books } = parts[part]();
    const requests = calls.filter(({ to }) => to === 'stripe');
    const fates = [
      ...(part === 'sending again' && !isEvery ? [] : someOf(calls, SAMPLE_COUNT)).map(({ ordinal }) =>
        endsAt(ordinal),
      ),
      ...(part === 'closing'
        ? []
        : someOf(requests, SAMPLE_COUNT).map(({ ordinal }) => endsAt(ordinal, true))),
    ];
    const passedCount = deathCount;
    deathCount += fates.length;
    for (const [index, fate] of fates.entries()) {
      const death = passedCount + index + 1;
      if (death < firstDeath) continue;
      if (isEvery) process.stderr.write(`death ${death}, ${index + 1} of ${fates.length} of ${part}\n`);
      const world = await worldOf(from);
      await live(world, before);
      const [died] = await live(world, steps, [fate]);
      expect(died?.isDead).toBe(true);
      expect(await booksOf(world), `death ${death}, ${index + 1} of ${fates.length}`).toEqual(books);
      await world.drop();
    }
  },
  isEvery ? 4 * 3_600_000 : undefined,
);

/** Stripe is slow and busy, and breaks off before and after a request had its effect: each third request, in turn. */
const faultKinds: readonly StripeFault['kind'][] = ['rate-limited', 'failed', 'unreached', 'lost', 'silent'];
function ailing({ stripe }: ClosingWorld): void {
  const before = stripe.onRequest;
  let count = 0;
  stripe.onRequest = async (request) => {
    await before?.(request);
    const kind = count++ % 3 === 0 ? faultKinds[((count / 3) % faultKinds.length) | 0] : undefined;
    if (kind !== undefined) stripe.faults.push({ path: /./, kind });
  };
}

test('it ends the same when Stripe refuses, fails and is silent, and tells everything late, twice and in any order', async () => {
  const world = await worldOf(closed);
  world.timeoutMs = 200;
  const settle = async (worker: Worker) => {
    for (let round = 0; round < ROUND_COUNT_MAX; round++) {
      await worker.collect();
      if (await world.isSettled()) return;
    }
    throw new Error('There is still something to do.');
  };
  await live(world, [
    async (worker) => {
      ailing(world);
      await settle(worker);
      payAll(world);
      giveBack(world);
      // Nothing was told yet: the newest first, and each twice.
      const events = world.stripe.state.events.toReversed();
      await worker.hear([...events, ...events]);
      await settle(worker);
      await worker.hear(world.stripe.state.events.slice(0, 5));
      await settle(worker);
    },
  ]);
  expect(await booksOf(world)).toEqual(endBooks);
  await world.drop();
});
