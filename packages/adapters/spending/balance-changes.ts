import {
  type InvoiceCollection,
  notAskedYet,
  toppedUpOf,
} from '@patchbay/domain/billing/collection/invoice-collection';
import { taxRates } from '@patchbay/domain/billing/documents/tax';
import { minorUnitOf, type Nano, nano, sum, ZERO } from '@patchbay/domain/billing/money';
import { periodAt, unsettledPeriods } from '@patchbay/domain/billing/period';
import { withTax } from '@patchbay/domain/spending/account-spend';
import {
  addCredit,
  anyService,
  type Balance,
  balanceOf,
  changeCredit,
  draw,
  expiredAt,
} from '@patchbay/domain/spending/balance';
import { creditEnded, creditGiven, refundAsked, useDrawn } from '@patchbay/domain/spending/balance-postings';
import type { CreditGift, PrepaidTerms } from '@patchbay/domain/spending/ports';
import { createId } from '@patchbay/kit/ids';
import type { PoolClient } from 'pg';
import { insertCollection, readParty } from '../billing/document-rows.ts';
import { fromExactJson, toExactJson } from '../billing/exact-json.ts';
import { changesDebt, coverInvoices } from './balance-cover.ts';
import { lockBalance, post, readBalance, writeBalance } from './balance-rows.ts';
import { readOwnSpend } from './spend-rows.ts';

/** So often what was drawn goes to the ledger: not one transaction for each second of a session. */
const POST_MS = 60_000;
/** Top-ups that wait for their money at a time, of those that are asked for by themselves. */
const AUTOMATIC_WAITING_MAX = 1;

/** What all changes of a balance need: they are made in the scope of the platform, whose the other side is (decision 0006). */
export interface BalanceFrame {
  readonly client: PoolClient;
  readonly accountId: string;
  readonly platformId: string;
  readonly nowMs: number;
}

const noTerms: PrepaidTerms = { isPrepaid: false, overdraft: ZERO };

interface TermsRow {
  readonly is_prepaid: boolean;
  readonly since_period: string;
  readonly overdraft: string;
  readonly top_up_below: string | null;
  readonly top_up_minor_units: string | null;
}

export async function readTerms(client: PoolClient, accountId: string): Promise<PrepaidTerms> {
  const { rows } = await client.query<TermsRow>('SELECT * FROM prepaid_account WHERE account_id = $1', [
    accountId,
  ]);
  const [row] = rows;
  if (row === undefined) return noTerms;
  const { top_up_below: below, top_up_minor_units: minorUnits } = row;
  return {
    isPrepaid: row.is_prepaid,
    sincePeriod: row.since_period,
    overdraft: nano(BigInt(row.overdraft)),
    ...(below === null || minorUnits === null
      ? {}
      : { topUp: { below: nano(BigInt(below)), minorUnits: BigInt(minorUnits) } }),
  };
}

/** Of draws: before the first month. */
const everyPeriod = '';

/** Whether a month is one that the balance pays: those before the account became prepaid are asked for by invoices. */
export const paysFor = ({ isPrepaid, sincePeriod: since = '' }: PrepaidTerms, period: string): boolean =>
  isPrepaid && period >= since;

/** The oldest month of which use can still come. */
export const sincePeriod = (nowMs: number): string =>
  unsettledPeriods(nowMs).at(0)?.name ?? periodAt(nowMs).name;

export async function currencyOf(client: PoolClient, accountId: string): Promise<string> {
  const { rows } = await client.query<{ currency: string }>('SELECT currency FROM account WHERE id = $1', [
    accountId,
  ]);
  const currency = rows[0]?.currency;
  if (currency === undefined) throw new RangeError(`There is no account ${accountId} in this scope.`);
  return currency;
}

/** Reads a balance, changes it and writes what differs. Nobody else changes it meanwhile. */
async function change(
  frame: BalanceFrame,
  work: (balance: Balance) => Balance,
  since = sincePeriod(frame.nowMs),
): Promise<Balance> {
  const { client, accountId } = frame;
  await lockBalance(client, accountId);
  const before = await readBalance(client, accountId, since);
  const after = work(before);
  await writeBalance(client, accountId, { before, after });
  if (changesDebt(before, after)) await coverInvoices(frame);
  return after;
}

const postingOf = async ({ client, accountId, platformId, nowMs }: BalanceFrame, sourceRef: string) => ({
  accountId,
  platformId,
  sourceRef,
  period: periodAt(nowMs).name,
  currency: await currencyOf(client, accountId),
});

/** In the transaction that pays for it, and so without a key of its own: what was paid before is in what it is paid by. */
const onceOnly = (what: string, nowMs: number) => `${what}/${createId('txn', nowMs)}`;

/** Pays for a month's own use as it stands now, out of what is prepaid; ends what has expired. Returns what is left. */
export async function payForUse(
  frame: BalanceFrame,
  { period, isForced }: { readonly period: string; readonly isForced: boolean },
): Promise<Balance> {
  const { client, accountId, nowMs } = frame;
  await endExpired(frame);
  const own = await readOwnSpend(client, accountId, period);
  const basisPoints = await taxOf(client, accountId);
  const after = await change(frame, (before) => {
    let balance = before;
    for (const [service, spend] of own) {
      const drawn = balance.draws
        .filter((each) => each.period === period && each.service === service)
        .reduce((total, { amount }) => total + amount, 0n);
      const amount = nano(withTax(spend, basisPoints) - drawn);
      if (amount !== 0n) balance = draw(balance, { period, service, amount, atMs: nowMs });
    }
    return balance;
  });
  await postDrawn(frame, { period, isForced });
  return after;
}

/** Brings the ledger to what was drawn of a month, in one transaction for all that came since the last. */
export async function postDrawn(
  frame: BalanceFrame,
  { period, isForced }: { readonly period: string; readonly isForced: boolean },
): Promise<void> {
  const { client, accountId, nowMs } = frame;
  const { rows } = await client.query<{ drawn: string; posted: string; posted_at: Date | null }>(
    `SELECT coalesce((SELECT sum(amount) FROM prepaid_draw WHERE account_id = $1 AND period = $2), 0) AS drawn,
       coalesce(max(posted), 0) AS posted, max(posted_at) AS posted_at
     FROM prepaid_month WHERE account_id = $1 AND period = $2`,
    [accountId, period],
  );
  const [row] = rows;
  if (row === undefined) return;
  const amount = nano(BigInt(row.drawn) - BigInt(row.posted));
  const isDue = isForced || row.posted_at === null || nowMs - row.posted_at.getTime() >= POST_MS;
  if (amount === 0n || !isDue) return;
  await client.query(
    `INSERT INTO prepaid_month (account_id, period, posted, posted_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account_id, period) DO UPDATE SET posted = excluded.posted, posted_at = excluded.posted_at`,
    [accountId, period, row.drawn, new Date(nowMs)],
  );
  const posting = { ...(await postingOf(frame, onceOnly('drawn', nowMs))), period };
  await post(client, useDrawn({ ...posting, amount }), frame);
}

/** What the seller adds to an invoice: a balance has to be enough for that too. */
export async function taxOf(client: PoolClient, accountId: string): Promise<number> {
  const { rows } = await client.query<{ parent_id: string | null }>(
    'SELECT parent_id FROM account WHERE id = $1',
    [accountId],
  );
  const sellerId = rows[0]?.parent_id;
  const seller = sellerId == null ? undefined : await readParty(client, sellerId);
  if (seller === undefined) return 0;
  const rates = taxRates(seller, (await readParty(client, accountId)) ?? {});
  return rates.reduce((sum, { basisPoints }) => sum + basisPoints, 0);
}

async function endExpired(frame: BalanceFrame): Promise<void> {
  const { client, accountId, nowMs } = frame;
  await lockBalance(client, accountId);
  const balance = await readBalance(client, accountId, sincePeriod(nowMs));
  for (const { creditId, amount } of expiredAt(balance, nowMs)) await endCredit(frame, creditId, amount);
}

async function endCredit(frame: BalanceFrame, creditId: string, amount: Nano): Promise<void> {
  const { client, accountId, nowMs } = frame;
  const { rows } = await client.query<{ given_by_id: string | null }>(
    'UPDATE credit SET left_amount = left_amount - $3 WHERE account_id = $1 AND id = $2 RETURNING given_by_id',
    [accountId, creditId, amount.toString()],
  );
  const givenById = rows[0]?.given_by_id;
  if (givenById == null) return;
  const posting = await postingOf(frame, onceOnly('credit-ended', nowMs));
  await post(client, creditEnded({ ...posting, givenById, amount }), frame);
}

/** A credit that an account above gives. */
export async function giveCredit(frame: BalanceFrame, gift: CreditGift): Promise<string> {
  const { client, accountId, nowMs } = frame;
  const { amount, givenById, priority, services, reason, expiresAtMs } = gift;
  const id = createId('cdt', nowMs);
  await client.query(
    `INSERT INTO credit (id, account_id, given_by_id, amount, left_amount, priority, services, reason, expires_at, created_at)
     VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)`,
    [
      ...[id, accountId, givenById, amount.toString(), priority, services ?? null, reason],
      ...[expiresAtMs === undefined ? null : new Date(expiresAtMs), new Date(nowMs)],
    ],
  );
  await insertedCredit(frame, id);
  const posting = await postingOf(frame, `credit/${id}`);
  await post(client, creditGiven({ ...posting, givenById, amount }), frame);
  return id;
}

/** What is owed is paid by it first. */
async function insertedCredit(frame: BalanceFrame, creditId: string): Promise<void> {
  await change(frame, (balance) => {
    const credit = balance.credits.find(({ id }) => id === creditId);
    if (credit === undefined) return balance;
    return addCredit({ ...balance, credits: balance.credits.filter(({ id }) => id !== creditId) }, credit);
  });
}

/** Takes back what is left of a credit. Undefined: whoever asks gave no such one. */
export async function takeBackCredit(
  frame: BalanceFrame,
  { creditId, givenById }: { readonly creditId: string; readonly givenById: string },
): Promise<boolean> {
  const { client, accountId } = frame;
  await lockBalance(client, accountId);
  const { rows } = await client.query<{ left_amount: string }>(
    'SELECT left_amount FROM credit WHERE account_id = $1 AND id = $2 AND given_by_id = $3',
    [accountId, creditId, givenById],
  );
  const [row] = rows;
  if (row === undefined) return false;
  await endCredit(frame, creditId, nano(BigInt(row.left_amount)));
  return true;
}

/** Asks for money by the rail: an invoice there, and no document here before it was used. */
export async function askTopUp(
  frame: BalanceFrame,
  { minorUnits, isAutomatic }: { readonly minorUnits: bigint; readonly isAutomatic: boolean },
): Promise<string> {
  const { client, accountId, nowMs } = frame;
  const id = createId('tup', nowMs);
  await client.query(
    'INSERT INTO top_up (id, account_id, minor_units, is_automatic, asked_at) VALUES ($1, $2, $3, $4, $5)',
    [id, accountId, minorUnits.toString(), isAutomatic, new Date(nowMs)],
  );
  const { rows } = await client.query<{ name: string }>(
    'SELECT s.name FROM account a JOIN account s ON s.id = a.parent_id WHERE a.id = $1',
    [accountId],
  );
  const collection: InvoiceCollection = {
    kind: 'invoice',
    purpose: 'top-up',
    documentId: id,
    accountId,
    period: periodAt(nowMs).name,
    currency: await currencyOf(client, accountId),
    number: id.slice(-12).toUpperCase(),
    sellerName: rows[0]?.name ?? '',
    dueAtMs: nowMs,
    taxMinorUnits: 0n,
    totalMinorUnits: minorUnits,
    lines: [{ key: id, text: 'Prepaid balance', minorUnits }],
    shares: [],
    ...notAskedYet,
  };
  await insertCollection(client, collection);
  await client.query('UPDATE collection SET next_at = $2 WHERE document_id = $1', [id, new Date(nowMs)]);
  return id;
}

/** Where the balance fell below what its account wants to have, money is asked for; once, as long as it is not paid. */
export async function askAutomatically(
  frame: BalanceFrame,
  { topUp }: Pick<PrepaidTerms, 'topUp'>,
  balance: Balance,
): Promise<boolean> {
  const { client, accountId } = frame;
  if (topUp === undefined || balanceOf(balance) >= topUp.below) return false;
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM top_up t JOIN collection c ON c.document_id = t.id
     WHERE t.account_id = $1 AND t.is_automatic AND c.state ->> 'state' IN ('new', 'draft', 'open')`,
    [accountId],
  );
  if ((rows[0]?.count ?? 0) >= AUTOMATIC_WAITING_MAX) return false;
  await askTopUp(frame, { minorUnits: topUp.minorUnits, isAutomatic: true });
  return true;
}

/** Makes a bought credit worth what of its top-up is there, in the transaction that the ledger hears of it. Whether it was not yet. */
export async function creditTopUp(
  frame: BalanceFrame,
  { topUpId, toppedUp }: { readonly topUpId: string; readonly toppedUp: Nano },
): Promise<boolean> {
  const { client, accountId, nowMs } = frame;
  await lockBalance(client, accountId);
  const { rows } = await client.query<{ id: string; amount: string }>(
    'SELECT id, amount FROM credit WHERE account_id = $1 AND top_up_id = $2',
    [accountId, topUpId],
  );
  const [known] = rows;
  if (known === undefined) {
    if (toppedUp <= 0n) return false;
    const id = createId('cdt', nowMs);
    await client.query(
      `INSERT INTO credit (id, account_id, top_up_id, amount, left_amount, priority, reason, created_at)
       VALUES ($1, $2, $3, $4, $4, $5, $6, $7)`,
      [id, accountId, topUpId, toppedUp.toString(), BOUGHT_PRIORITY, 'Paid in', new Date(nowMs)],
    );
    await insertedCredit(frame, id);
    return true;
  }
  const difference = nano(toppedUp - BigInt(known.amount));
  if (difference === 0n) return false;
  const setAmount = () =>
    client.query('UPDATE credit SET amount = $2 WHERE id = $1', [known.id, toppedUp.toString()]);
  if (difference > 0n) await setAmount();
  // One that was used up is not read with the balance: it has to be, to be worth more or less.
  await change(
    frame,
    (balance) => changeCredit(withCredit(balance, known.id, nowMs), known.id, difference),
    everyPeriod,
  );
  if (difference < 0n) await setAmount();
  return true;
}

const withCredit = (balance: Balance, id: string, nowMs: number): Balance =>
  balance.credits.some((credit) => credit.id === id)
    ? balance
    : {
        ...balance,
        credits: [...balance.credits, { id, left: ZERO, priority: BOUGHT_PRIORITY, createdAtMs: nowMs }],
      };

/** Money that was paid for goes behind what was given, which may expire. */
const BOUGHT_PRIORITY = 100;

/** Asks the rail to give back what was bought and is left, newest first. It is not to be used from now on. */
export async function refundBought(frame: BalanceFrame): Promise<bigint> {
  const { client, accountId, nowMs } = frame;
  // First what collecting holds while it changes a balance: whoever took them the other way round would wait for it for ever.
  await client.query(
    `SELECT 1 FROM collection WHERE account_id = $1 AND document_id IN (SELECT id FROM top_up WHERE account_id = $1)
     ORDER BY document_id FOR UPDATE`,
    [accountId],
  );
  await lockBalance(client, accountId);
  const unit = minorUnitOf(await currencyOf(client, accountId));
  const { rows } = await client.query<{ top_up_id: string; left_amount: string }>(
    `SELECT top_up_id, left_amount FROM credit WHERE account_id = $1 AND top_up_id IS NOT NULL AND left_amount > 0
     ORDER BY created_at DESC, id DESC`,
    [accountId],
  );
  let total = 0n;
  for (const { top_up_id: topUpId, left_amount: left } of rows) {
    const minorUnits = BigInt(left) / unit;
    if (minorUnits === 0n) continue;
    const held = await client.query<{ state: unknown }>(
      'SELECT state FROM collection WHERE document_id = $1',
      [topUpId],
    );
    const collection = fromExactJson(held.rows[0]?.state) as InvoiceCollection;
    const refundId = createId('tup', nowMs);
    const asked: InvoiceCollection = {
      ...collection,
      askedRefunds: [...collection.askedRefunds, { refundId, minorUnits }],
    };
    await client.query('UPDATE collection SET state = $2, next_at = $3 WHERE document_id = $1', [
      topUpId,
      toExactJson(asked),
      new Date(nowMs),
    ]);
    const posting = await postingOf(frame, `balance-refund/${refundId}`);
    await post(client, refundAsked({ ...posting, amount: nano(minorUnits * unit) }), frame);
    await creditTopUp(frame, { topUpId, toppedUp: nano(toppedUpOf(asked) * unit) });
    total += minorUnits;
  }
  return total;
}

/**
 * Draws what an invoice of a prepaid account asks for as it is issued: by what was drawn already, and what closing adds to it
 * (rounding, what its customers paid less than their use costs) is drawn now. What is missing is owed by the balance, and
 * `coverInvoices` says how much of the invoice is paid by that.
 */
export async function payInvoice(
  frame: BalanceFrame,
  { period, total }: { readonly period: string; readonly total: Nano },
): Promise<void> {
  const { client, accountId, nowMs } = frame;
  await lockBalance(client, accountId);
  const { rows } = await client.query<{ drawn: string; billed: string }>(
    `SELECT coalesce((SELECT sum(amount) FROM prepaid_draw WHERE account_id = $1 AND period <= $2), 0) AS drawn,
       coalesce((SELECT sum(billed) FROM prepaid_month WHERE account_id = $1), 0) AS billed`,
    [accountId, period],
  );
  const covered = BigInt(rows[0]?.drawn ?? '0') - BigInt(rows[0]?.billed ?? '0');
  await change(
    frame,
    (balance) => draw(balance, { period, service: anyService, amount: nano(total - covered), atMs: nowMs }),
    everyPeriod,
  );
  await postDrawn(frame, { period, isForced: true });
  await client.query(
    `INSERT INTO prepaid_month AS m (account_id, period, billed) VALUES ($1, $2, $3)
     ON CONFLICT (account_id, period) DO UPDATE SET billed = m.billed + excluded.billed`,
    [accountId, period, total.toString()],
  );
}

/** Gives back what was drawn of months that no invoice has yet: from now on they are asked for when they are over. */
export async function undraw(frame: BalanceFrame): Promise<void> {
  const { client, accountId, nowMs } = frame;
  const { rows } = await client.query<{ period: string }>(
    `SELECT DISTINCT d.period FROM prepaid_draw d LEFT JOIN prepaid_month m USING (account_id, period)
     WHERE d.account_id = $1 AND d.amount > 0 AND coalesce(m.billed, 0) = 0`,
    [accountId],
  );
  for (const { period } of rows) {
    await change(
      frame,
      (balance) => {
        let after = balance;
        for (const [service, draws] of Map.groupBy(
          balance.draws.filter((each) => each.period === period),
          (each) => each.service,
        )) {
          const amount = nano(-sum(draws.map((each) => each.amount)));
          after = draw(after, { period, service, amount, atMs: nowMs });
        }
        return after;
      },
      everyPeriod,
    );
    await postDrawn(frame, { period, isForced: true });
  }
}
