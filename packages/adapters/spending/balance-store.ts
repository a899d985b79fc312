import { type InvoiceCollection, toppedUpOf } from '@patchbay/domain/billing/collection/invoice-collection';
import { nano, sum } from '@patchbay/domain/billing/money';
import { periodAt } from '@patchbay/domain/billing/period';
import { balanceOf } from '@patchbay/domain/spending/balance';
import { isCovered, type StandingCreditLine } from '@patchbay/domain/spending/credit-line';
import type { BalanceStore, CreditGift, CreditRecord, TopUpRecord } from '@patchbay/domain/spending/ports';
import { saidBy, termsOfWords, wordsAfter } from '@patchbay/domain/spending/prepaid-word';
import type { Pool, PoolClient } from 'pg';
import { type AheadOf, neverAhead } from '../billing/account-books.ts';
import { fromExactJson } from '../billing/exact-json.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import { HOLD_PLACES } from '../postgres/places.ts';
import {
  askTopUp,
  type BalanceFrame,
  currencyOf,
  giveCredit,
  readTerms,
  refundBought,
  sincePeriod,
  takeBackCredit,
  undraw,
} from './balance-changes.ts';
import { lockBalance, readBalance, readHolds } from './balance-rows.ts';
import { lockCreditLine, readCreditLine } from './credit-line-rows.ts';
import { readPrepaidWords, writePrepaidWords } from './prepaid-word-rows.ts';

export interface BalanceStoreOptions {
  readonly pool: Pool;
  /** Whose the other side of every posting of an account is. */
  readonly platformAccount: (ofAccountId: string) => Promise<string>;
  readonly nowMs: () => number;
  readonly aheadMsOf?: AheadOf;
}

/** Balances that are prepaid, for the API. What use makes of them is in `spending-store.ts`. */
export function balanceStore({
  pool,
  platformAccount,
  nowMs,
  aheadMsOf = neverAhead,
}: BalanceStoreOptions): BalanceStore {
  const inBooks = async <Result>(accountId: string, work: (frame: BalanceFrame) => Promise<Result>) => {
    const platformId = await platformAccount(accountId);
    const atMs = nowMs() + (await aheadMsOf(accountId));
    return await inAccountScope(pool, platformId, (client) =>
      work({ client, accountId, platformId, nowMs: atMs }),
    );
  };
  return {
    standing: async (accountId) => {
      const atMs = nowMs() + (await aheadMsOf(accountId));
      return await inAccountScope(pool, accountId, async (client) => {
        // Sessions run, and hold money, by the time that it is.
        const holds = await readHolds(client, accountId, nowMs());
        return {
          currency: await currencyOf(client, accountId),
          terms: await readTerms(client, accountId),
          balance: balanceOf(await readBalance(client, accountId, sincePeriod(atMs))),
          held: sum(holds.map(({ amount }) => amount)),
          holds: holds.map(({ id, ...hold }) => ({ ...hold, holdId: id })),
        };
      });
    },

    setTerms: (accountId, said) =>
      inBooks(accountId, async (frame) => {
        const { client } = frame;
        await client.query(HOLD_PLACES);
        await lockBalance(client, accountId);
        const standing = await readPrepaidWords(client, accountId);
        const words = wordsAfter(standing, said);
        if (words === 'prepaid_above') return words;
        const before = await readTerms(client, accountId);
        await writePrepaidWords(client, accountId, words);
        const { isPrepaid, overdraft } = termsOfWords(words);
        await client.query(
          `INSERT INTO prepaid_account AS p (account_id, is_prepaid, since_period, overdraft, changed_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (account_id) DO UPDATE SET is_prepaid = excluded.is_prepaid, overdraft = excluded.overdraft,
             since_period = CASE WHEN p.is_prepaid THEN p.since_period ELSE excluded.since_period END,
             changed_at = excluded.changed_at`,
          [accountId, isPrepaid, periodAt(frame.nowMs).name, overdraft.toString(), new Date(frame.nowMs)],
        );
        if (before.isPrepaid && !isPrepaid) await undraw(frame);
        const saidBefore = saidBy(standing, said.byId);
        return { before, saidBefore, after: await readTerms(client, accountId) };
      }),

    setTopUp: (accountId, topUp) =>
      inAccountScope(pool, accountId, async (client) => {
        await lockBalance(client, accountId);
        const before = await readTerms(client, accountId);
        await client.query(
          'UPDATE prepaid_account SET top_up_below = $2, top_up_minor_units = $3, changed_at = $4 WHERE account_id = $1',
          [
            accountId,
            topUp?.below.toString() ?? null,
            topUp?.minorUnits.toString() ?? null,
            new Date(nowMs()),
          ],
        );
        return before;
      }),

    credits: (accountId, { cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<CreditRow>(
          `SELECT ${creditColumns} FROM credit WHERE account_id = $1 AND ($2::text IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3`,
          [accountId, cursor ?? null, limit + 1],
        );
        return pageOf(rows, limit, creditFromRow);
      }),

    give: (gift) =>
      inBooks(gift.accountId, async (frame) => {
        const uncovered = await uncoveredBy(frame, gift);
        if (uncovered !== undefined) return { uncovered };
        const id = await giveCredit(frame, gift);
        return await findCredit(frame.client, gift.accountId, id);
      }),

    takeBack: ({ accountId, givenById, creditId }) =>
      inBooks(accountId, async (frame) => {
        await lockBalance(frame.client, accountId);
        const before = await readCredit(frame.client, accountId, creditId);
        if (before === undefined || !(await takeBackCredit(frame, { creditId, givenById }))) return undefined;
        return { before, after: await findCredit(frame.client, accountId, creditId) };
      }),

    topUps: (accountId, { cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<TopUpRow>(
          `${topUpsSql} WHERE t.account_id = $1 AND ($2::text IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3`,
          [accountId, cursor ?? null, limit + 1],
        );
        return pageOf(rows, limit, topUpFromRow);
      }),

    askTopUp: ({ accountId, minorUnits, isAutomatic }) =>
      inBooks(accountId, async (frame) => {
        const id = await askTopUp(frame, { minorUnits, isAutomatic });
        const { rows } = await frame.client.query<TopUpRow>(
          `${topUpsSql} WHERE t.account_id = $1 AND t.id = $2`,
          [accountId, id],
        );
        const [row] = rows;
        if (row === undefined) throw new Error(`The top-up ${id} is not there.`);
        return topUpFromRow(row);
      }),

    refundBought: (accountId) => inBooks(accountId, (frame) => refundBought(frame)),
  };
}

/** How the line of whoever gives stands, where it does not cover a credit. Nobody else gives of it meanwhile. */
async function uncoveredBy(
  { client, platformId: topId }: BalanceFrame,
  { givenById: accountId, amount }: CreditGift,
): Promise<StandingCreditLine | undefined> {
  if (accountId === topId) return undefined;
  await lockCreditLine(client, accountId);
  const standing = await readCreditLine(client, { accountId, topId });
  return isCovered(standing, amount) ? undefined : standing;
}

interface CreditRow {
  readonly id: string;
  readonly given_by_id: string | null;
  readonly amount: string;
  readonly left_amount: string;
  readonly priority: number;
  readonly services: readonly string[] | null;
  readonly reason: string;
  readonly expires_at: Date | null;
  readonly created_at: Date;
}

const creditColumns =
  'id, given_by_id, amount, left_amount, priority, services, reason, expires_at, created_at';

const creditFromRow = (row: CreditRow): CreditRecord => ({
  id: row.id,
  origin: row.given_by_id === null ? 'bought' : 'given',
  ...(row.given_by_id === null ? {} : { givenById: row.given_by_id }),
  amount: nano(BigInt(row.amount)),
  left: nano(BigInt(row.left_amount)),
  priority: row.priority,
  ...(row.services === null ? {} : { services: row.services }),
  reason: row.reason,
  ...(row.expires_at === null ? {} : { expiresAtMs: row.expires_at.getTime() }),
  createdAtMs: row.created_at.getTime(),
});

async function readCredit(
  client: PoolClient,
  accountId: string,
  creditId: string,
): Promise<CreditRecord | undefined> {
  const { rows } = await client.query<CreditRow>(
    `SELECT ${creditColumns} FROM credit WHERE account_id = $1 AND id = $2`,
    [accountId, creditId],
  );
  const [row] = rows;
  return row && creditFromRow(row);
}

async function findCredit(client: PoolClient, accountId: string, creditId: string): Promise<CreditRecord> {
  const record = await readCredit(client, accountId, creditId);
  if (record === undefined) throw new Error(`The credit ${creditId} is not there.`);
  return record;
}

interface TopUpRow {
  readonly id: string;
  readonly minor_units: string;
  readonly is_automatic: boolean;
  readonly asked_at: Date;
  readonly state: unknown;
  readonly failure: string | null;
}

const topUpsSql = `SELECT t.id, t.minor_units, t.is_automatic, t.asked_at, c.state, c.failure
  FROM top_up t JOIN collection c ON c.document_id = t.id`;

const shownStates = {
  new: 'asked',
  draft: 'asked',
  open: 'open',
  paid: 'paid',
  void: 'void',
  uncollectible: 'void',
} as const satisfies Readonly<Record<InvoiceCollection['state'], TopUpRecord['state']>>;

function topUpFromRow(row: TopUpRow): TopUpRecord {
  const collection = fromExactJson(row.state) as InvoiceCollection;
  return {
    id: row.id,
    minorUnits: BigInt(row.minor_units),
    isAutomatic: row.is_automatic,
    askedAtMs: row.asked_at.getTime(),
    state: shownStates[collection.state],
    ...(collection.payUrl === undefined ? {} : { payUrl: collection.payUrl }),
    ...(row.failure === null ? {} : { failure: row.failure }),
    keptMinorUnits: toppedUpOf(collection),
  };
}

/** Ids sort by time: the last one that is shown is where the next page goes on. */
function pageOf<Row extends { readonly id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
): { readonly items: readonly Item[]; readonly nextCursor?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(itemOf),
    ...(rows.length > limit && last !== undefined ? { nextCursor: last.id } : {}),
  };
}
