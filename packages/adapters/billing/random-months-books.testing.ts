/** What holds of all books, whatever happened in the months behind them. */
import type { Collection } from '@patchbay/domain/billing/collection/collection-store';
import {
  goneCreditOf,
  goneOf,
  type InvoiceCollection,
  sumsOf,
} from '@patchbay/domain/billing/collection/invoice-collection';
import type { MemoryRail } from '@patchbay/domain/billing/collection/memory-rail.testing';
import {
  earnedOf,
  type PayoutCollection,
  sentOf,
  setOffOf,
} from '@patchbay/domain/billing/collection/payout-collection';
import { partsOf } from '@patchbay/domain/billing/collection/postings';
import { heldTaxOf, taxWithin } from '@patchbay/domain/billing/collection/tax-held';
import { soldOf } from '@patchbay/domain/billing/documents/document';
import { nextPeriod, periodOf } from '@patchbay/domain/billing/period';
import { expect } from 'vitest';
import { inAccountScope } from '../metering/account-scope.ts';
import { bookVerifier } from './book-verifier.ts';
import { collectionFromRow, documentFromRow } from './document-rows.ts';
import { CENT, FLOAT_CENTS, type RandomWorld } from './random-months.testing.ts';

const add = (sums: Map<string, bigint>, key: string, amount: bigint) =>
  sums.set(key, (sums.get(key) ?? 0n) + amount);
const nonZero = (sums: ReadonlyMap<string, bigint>) =>
  Object.fromEntries(
    [...sums].filter(([, amount]) => amount !== 0n).sort(([left], [right]) => (left < right ? -1 : 1)),
  );

/** In nano units, by account and book, of those who are asked and paid out by somebody above them. */
async function entriesOf({ rows }: RandomWorld) {
  return (
    await rows<{ account_id: string; book: string; collector_id: string; amount: string }>(
      `SELECT e.account_id, e.book, e.counterparty_id AS collector_id, sum(e.amount)::text AS amount FROM ledger_entry e
       WHERE ledger_is_collecting(e.book) AND EXISTS (SELECT 1 FROM account_closure c
         WHERE c.descendant_id = e.account_id AND c.ancestor_id = e.counterparty_id AND c.depth > 0)
       GROUP BY 1, 2, 3`,
    )
  ).map((row) => ({ ...row, amount: BigInt(row.amount) }));
}
type Entries = Awaited<ReturnType<typeof entriesOf>>;

async function collectionsOf({ rows }: RandomWorld): Promise<readonly Collection[]> {
  return (await rows<{ state: unknown }>('SELECT state FROM collection')).map(({ state }) =>
    collectionFromRow(state),
  );
}
const invoicesOf = (all: readonly Collection[]) =>
  all.filter((each): each is InvoiceCollection => each.kind === 'invoice');
const payoutsOf = (all: readonly Collection[]) =>
  all.filter((each): each is PayoutCollection => each.kind === 'payout');

/** Everything that holds whenever nothing is left to do. */
export async function expectSound(world: RandomWorld): Promise<void> {
  expect(world.faults).toEqual([]);
  expect(
    await world.rows('SELECT transaction_id FROM ledger_entry GROUP BY 1 HAVING sum(amount) <> 0'),
  ).toEqual([]);
  expect(await world.billing.countMismatches()).toBe(0);
  const entries = await entriesOf(world);
  const all = await collectionsOf(world);
  expectAtRail(entries, { collectorId: 'platform', rail: world.rail });
  for (const [collectorId, rail] of world.ownRails) {
    expectAtRail(entries, { collectorId, rail });
  }
  expectSent(world, all);
  expectShared(all);
  expectEarned(all);
  await expectBooks(world, { entries, all });
}

/** Money in is money out and what is there. */
function expectAtRail(
  entries: Entries,
  { collectorId, rail }: { readonly collectorId: string; readonly rail: MemoryRail },
) {
  const books = ['clearing', 'disputed', 'written-off'];
  const ofCustomers = entries.filter(
    (each) => each.collector_id === collectorId && books.includes(each.book),
  );
  const there = ofCustomers.reduce((total, { amount }) => total - amount, 0n);
  expect({ collectorId, there: there / CENT }).toEqual({ collectorId, there: rail.balance - FLOAT_CENTS });
}

/** What the rails sent is what is noted, of each payout. */
function expectSent({ rail, ownRails }: RandomWorld, all: readonly Collection[]) {
  const atRail = new Map<string, bigint>();
  for (const each of [rail, ...ownRails.values()])
    for (const { documentId, minorUnits, reversedMinorUnits } of each.transfers.values())
      add(atRail, documentId, minorUnits - reversedMinorUnits);
  const noted = new Map(payoutsOf(all).map((note) => [note.documentId, sentOf(note)]));
  expect(nonZero(noted)).toEqual(nonZero(atRail));
}

/** Nobody is paid out of another's money: of each payment the shares and the tax come to no more than is there of it. */
function expectShared(all: readonly Collection[]) {
  for (const invoice of invoicesOf(all)) {
    const sums = sumsOf(invoice);
    const kept = sums.paid - sums.refunded - sums.disputed - sums.lost;
    const shared = invoice.shares.reduce(
      (total, { weight }) => total + partsOf(invoice, weight, sums).paid,
      heldTaxOf(invoice, sums) * CENT,
    );
    expect(shared).toBeLessThanOrEqual((kept > 0n ? kept : 0n) * CENT);
    expect(heldTaxOf(invoice, sums)).toBeGreaterThanOrEqual(0n);
  }
}

/** No account has been sent more than it has earned by now of what was paid and kept, at one collector. */
function expectEarned(all: readonly Collection[]) {
  const earned = new Map<string, bigint>();
  const sent = new Map<string, bigint>();
  const dust = new Map<string, bigint>();
  for (const invoice of invoicesOf(all)) {
    const sums = sumsOf(invoice);
    for (const { accountId, weight } of invoice.shares) {
      const key = `${accountId} ${invoice.collectorId ?? ''}`;
      add(earned, key, partsOf(invoice, weight, sums).paid);
    }
    if (invoice.taxSellerId !== undefined)
      add(earned, `tax ${invoice.taxSellerId} ${invoice.collectorId ?? ''}`, heldTaxOf(invoice, sums) * CENT);
  }
  for (const note of payoutsOf(all)) {
    const key = `${note.purpose === 'tax' ? 'tax ' : ''}${note.accountId} ${note.collectorId ?? ''}`;
    // Below zero, what had been kept before and was not used in the end.
    const keptBefore = setOffOf(note) < 0n ? setOffOf(note) : 0n;
    add(sent, key, (sentOf(note) + keptBefore) * CENT);
    if (note.purpose === undefined) add(dust, key, CENT);
  }
  for (const [key, amount] of sent)
    expect({ key, isMore: amount > (earned.get(key) ?? 0n) + (dust.get(key) ?? 0n) }).toEqual({
      key,
      isMore: false,
    });
}

/** Each book, by what it is of, which is reckoned without it. */
async function expectBooks(
  world: RandomWorld,
  { entries, all }: { readonly entries: Entries; readonly all: readonly Collection[] },
) {
  const booked = new Map<string, bigint>();
  for (const { account_id, book, amount } of entries) add(booked, `${account_id} ${book}`, amount / CENT);
  const wanted = new Map<string, bigint>();
  for (const invoice of invoicesOf(all)) {
    const { accountId, totalMinorUnits, isPaidFromBalance = false } = invoice;
    const { paid, givenUp, refunded, disputed, lost } = sumsOf(invoice);
    if (invoice.purpose !== 'top-up') add(wanted, `${accountId} invoiced`, paid + givenUp - totalMinorUnits);
    const taxBack = taxWithin(invoice, goneOf(sumsOf(invoice)));
    if (invoice.purpose !== 'top-up') add(wanted, `${accountId} tax`, invoice.taxMinorUnits - taxBack);
    const { givenCreditMinorUnits = 0n } = invoice;
    add(wanted, `${accountId} granted`, givenCreditMinorUnits - goneCreditOf(invoice, sumsOf(invoice)));
    if (!isPaidFromBalance) add(wanted, `${accountId} money`, refunded + lost + disputed - paid);
  }
  for (const note of payoutsOf(all)) {
    const { accountId, purpose, totalMinorUnits } = note;
    add(wanted, `${accountId} money`, sentOf(note));
    add(wanted, `${accountId} granted`, setOffOf(note));
    if (purpose === 'tax') {
      add(wanted, `${accountId} tax`, -totalMinorUnits);
      add(wanted, `${accountId} tax-held`, earnedOf(note) - sentOf(note));
    } else add(wanted, `${accountId} owed`, earnedOf(note) - sentOf(note));
  }
  for (const { id, amount } of await world.rows<{ id: string; amount: string }>(
    `SELECT given_by_id AS id, trunc(sum(left_amount + coalesce(d.used, 0)) / ${CENT})::text AS amount FROM credit c
       LEFT JOIN (SELECT credit_id, sum(amount) AS used FROM prepaid_draw GROUP BY 1) d ON d.credit_id = c.id
     WHERE given_by_id <> 'platform' GROUP BY 1`,
  ))
    add(wanted, `${id} granted`, -BigInt(amount));
  for (const accountId of world.accounts) {
    const { balance } = await world.balances.standing(accountId);
    add(wanted, `${accountId} balance`, balance / CENT);
  }
  const seen = new Map<string, bigint>();
  for (const [key, amount] of booked) {
    const [accountId, book = ''] = key.split(' ');
    if (['clearing', 'disputed', 'written-off'].includes(book)) add(seen, `${accountId} money`, amount);
    else if (['invoiced', 'owed', 'tax', 'tax-held', 'balance', 'granted'].includes(book))
      add(seen, key, amount);
  }
  expect(nonZero(seen)).toEqual(nonZero(wanted));
}

/** Statements, ledger and residue are what the records say. */
export async function expectVerified(world: RandomWorld): Promise<void> {
  const verifier = bookVerifier(world.over);
  // Those before were verified before, and nothing comes late of them any more but by a posting, which is in the sums.
  for (const period of world.months.slice(-2))
    for (const accountId of ['platform', ...world.accounts]) {
      const { outcome, lines } = await verifier.verify(accountId, period);
      expect({
        accountId,
        period: period.name,
        outcome,
        lines: lines.filter(({ state }) => state === 'disagrees'),
      }).toEqual({ accountId, period: period.name, outcome: 'agrees', lines: [] });
    }
}

interface Outstanding {
  readonly charge: bigint;
  readonly payout: bigint;
}

/** In minor units, what the ledger says of closed months and no document yet: it waits for the next, as what is below zero does. */
async function outstandingOf({ over, months }: RandomWorld, accountId: string): Promise<Outstanding> {
  const before = nextPeriod(months.at(-1) ?? firstPeriod).name;
  const { rows } = await inAccountScope(over.pool, accountId, (client) =>
    client.query<{ charge: string; payout: string }>(
      `SELECT trunc(coalesce(sum(charge), 0))::text AS charge, trunc(coalesce(sum(payout), 0))::text AS payout
       FROM billing_outstanding($1, $2, $3)`,
      [accountId, before, CENT.toString()],
    ),
  );
  const [row] = rows;
  return { charge: BigInt(row?.charge ?? '0'), payout: BigInt(row?.payout ?? '0') };
}
const firstPeriod = periodOf('2000-01');

/** Each account was asked for what its use costs, and is paid out what it earned: over all of its months to less than a cent. */
export async function expectDocumented(world: RandomWorld): Promise<Outstanding> {
  const documents = await world.rows<{ account_id: string; kind: string; content: unknown }>(
    "SELECT account_id, kind, content FROM document WHERE kind IN ('invoice', 'payout-note')",
  );
  let [allCharge, allPayout] = [0n, 0n];
  for (const accountId of world.accounts) {
    let [charge, payout] = [0n, 0n];
    for (const period of world.months) {
      const { statement } = await world.billing.read(accountId, period);
      charge += statement.charge.amount;
      payout += statement.payout.amount;
    }
    const outstanding = await outstandingOf(world, accountId);
    const said = (kind: string) =>
      documents
        .filter((each) => each.account_id === accountId && each.kind === kind)
        .reduce((total, { content }) => total + soldOf(documentFromRow(content)), 0n);
    const askedTooLittle = charge - (said('invoice') + outstanding.charge) * CENT;
    const paidTooLittle = payout - (said('payout-note') + outstanding.payout) * CENT;
    expect({ accountId, isRound: 2n * askedTooLittle <= CENT && -2n * askedTooLittle <= CENT }).toEqual({
      accountId,
      isRound: true,
    });
    expect({ accountId, isCutOff: paidTooLittle >= 0n && paidTooLittle < CENT }).toEqual({
      accountId,
      isCutOff: true,
    });
    allCharge += outstanding.charge;
    allPayout += outstanding.payout;
  }
  return { charge: allCharge, payout: allPayout };
}

/**
 * Once all is paid, the platform has its own price for all that was used, the tax of what it sells itself, what is left of money
 * that was paid in, and has borne the credits that it gave and that nobody has paid for: to a cent for each account and month.
 */
export async function expectSquare(world: RandomWorld, outstanding: Outstanding): Promise<void> {
  let wanted = (outstanding.payout - outstanding.charge) * CENT;
  for (const period of world.months) {
    const { statement } = await world.billing.read('platform', period);
    wanted += statement.receivable;
  }
  const all = await collectionsOf(world);
  for (const invoice of invoicesOf(all)) {
    if (invoice.purpose === 'top-up') continue;
    const { taxMinorUnits, totalMinorUnits, paidMinorUnits, givenCreditMinorUnits = 0n } = invoice;
    // What an overdraft stands for is not paid, and was asked for.
    wanted += (taxMinorUnits + givenCreditMinorUnits - (totalMinorUnits - paidMinorUnits)) * CENT;
  }
  for (const note of payoutsOf(all)) {
    // What a payout has behind it and is not sent, or is kept, is with the platform.
    wanted += (setOffOf(note) + earnedOf(note) - sentOf(note)) * CENT;
    if (note.purpose === 'tax') wanted -= note.totalMinorUnits * CENT;
  }
  // A credit that was used brought no money in; what was bought and is left is there, and what was drawn is on an invoice later.
  const [sums] = await world.rows<{ used: string; left: string; drawn: string }>(
    `SELECT (SELECT coalesce(sum(d.amount), 0) FROM prepaid_draw d JOIN credit c ON c.id = d.credit_id
         WHERE c.given_by_id IS NOT NULL)::text AS used,
       (SELECT coalesce(sum(left_amount), 0) FROM credit WHERE given_by_id IS NULL)::text AS left,
       (SELECT coalesce(sum(amount), 0) FROM ledger_entry WHERE book = 'drawn' AND account_id <> 'platform')::text AS drawn`,
  );
  const debt = await world.rows<{ debt: string }>(
    `SELECT coalesce(sum(d.amount), 0)::text AS debt FROM prepaid_draw d WHERE NOT EXISTS (SELECT 1 FROM credit c WHERE c.id = d.credit_id)`,
  );
  wanted +=
    BigInt(sums?.left ?? '0') -
    BigInt(sums?.used ?? '0') +
    BigInt(sums?.drawn ?? '0') -
    BigInt(debt[0]?.debt ?? '0');
  const difference = (world.rail.balance - FLOAT_CENTS) * CENT - wanted;
  const dust = BigInt(world.accounts.length * (world.months.length + 1)) * CENT;
  expect({ difference, isDust: difference <= dust && -difference <= dust }).toMatchObject({ isDust: true });
}
