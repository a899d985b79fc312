import { keptOf } from '@patchbay/domain/billing/closed-statement';
import { type InvoiceCollection, notAskedYet } from '@patchbay/domain/billing/collection/invoice-collection';
import type { PayoutCollection } from '@patchbay/domain/billing/collection/payout-collection';
import { compared, issued } from '@patchbay/domain/billing/collection/postings';
import { noBacking, passingOf, type Share } from '@patchbay/domain/billing/collection/shares';
import { draftsOf, type Outstanding } from '@patchbay/domain/billing/documents/closing';
import { collectedLines } from '@patchbay/domain/billing/documents/collected-lines';
import {
  type BillingDocument,
  comparisonOf,
  givenCreditOf,
} from '@patchbay/domain/billing/documents/document';
import { minorUnitOf, nano } from '@patchbay/domain/billing/money';
import { type Period, periodOf, stateAt } from '@patchbay/domain/billing/period';
import type { Statement } from '@patchbay/domain/billing/statement';
import { dueMonths } from '@patchbay/domain/test-books/due-months';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { payInvoice, paysFor, readTerms } from '../spending/balance-changes.ts';
import { coverInvoices } from '../spending/balance-cover.ts';
import type { AccountAccrual } from './billing-store.ts';
import { type ClosedContent, type ClosedRow, closedRows, isBelowLate } from './closed-rows.ts';
import { insertCollection, issueDocument, postTransactions } from './document-rows.ts';
import { closedPassing, earnedShares } from './earned-shares.ts';
import { toExactJson } from './exact-json.ts';
import { type ClosingFault, LateAccounts } from './late-accounts.ts';
import { accrueLateUse, keptAccounts, lateAccounts, monthAfterClosed } from './late-use.ts';
import { insertPayout, notesToSetOff, setOffNote, weighNotes, writeNote } from './payout-notes.ts';
import { owingGivers, usedCreditOf } from './used-credit.ts';

/** What closes together: all that is live, or the test accounts of one customer (PRD-1). */
interface ClosingTree {
  /** Empty for all that is live. */
  readonly id: string;
  /** Who collects in it. */
  readonly topId: string;
  /** By how much its clock is ahead. Undefined: it has none, and its months close by the time that it is. */
  readonly aheadMs?: number;
}

export interface ClosingOptions {
  readonly pool: Pool;
  readonly accrual: AccountAccrual;
  readonly platformAccount: () => Promise<string>;
  readonly nowMs: () => number;
  /**
   * Whether anything asks for money now. A month that closes while nothing does is not asked for later: nobody finds a year
   * of invoices in the mail on the day on which a key is set.
   */
  readonly isCollecting: boolean;
  /** The same of what is on the books of tests (PRD-1). Left out: nothing does. */
  readonly isCollectingTests?: boolean;
  /** Asked between two accounts: what is left is closed the next time. */
  readonly isStopped?: () => boolean;
}

export interface ClosedMonth {
  /** Of a customer's test accounts: the one at their top. */
  readonly treeId?: string;
  readonly period: string;
  readonly accountCount: number;
  readonly documentCount: number;
}

interface ClosingRound {
  readonly tree: ClosingTree;
  readonly late: LateAccounts;
}

/**
 * Closes every month whose time has come, the oldest first: first each account's statement is kept as it is then, and once
 * all are, each gets its documents, those above before those below, and then whoever gave credit pays for what was used of it, as
 * far as it earned something: what is beyond stands on its invoice.
 * Each account is one transaction in each part, and what is there is left as it is: so a process may die anywhere, and the next
 * goes on (BIL-7). What is wrong with one account holds up those below it, and no other: it is thrown once all are done.
 */
export async function closeMonths(options: ClosingOptions): Promise<readonly ClosedMonth[]> {
  const trees = await testTrees(options.pool);
  const live = { id: '', topId: await options.platformAccount() };
  return await closeTrees(options, [live, ...trees.filter(({ aheadMs }) => aheadMs === undefined)]);
}

/** The same for test accounts with a clock of their own: a month closes as soon as the clock is past its end. */
export async function closeClockedMonths(options: ClosingOptions): Promise<readonly ClosedMonth[]> {
  const trees = await testTrees(options.pool);
  return await closeTrees(
    options,
    trees.filter(({ aheadMs }) => aheadMs !== undefined),
  );
}

async function testTrees(pool: Pool): Promise<readonly ClosingTree[]> {
  const { rows } = await pool.query<{ account_id: string; top_id: string; ahead_ms: string | null }>(
    'SELECT * FROM test_trees()',
  );
  return rows.map(({ account_id: id, top_id: topId, ahead_ms: aheadMs }) => ({
    id,
    topId,
    ...(aheadMs === null ? {} : { aheadMs: Number(aheadMs) }),
  }));
}

async function closeTrees(
  options: ClosingOptions,
  trees: readonly ClosingTree[],
): Promise<readonly ClosedMonth[]> {
  const { isStopped = () => false } = options;
  const closed: ClosedMonth[] = [];
  const faults: ClosingFault[] = [];
  for (const tree of trees) {
    const late = new LateAccounts();
    for (const period of await monthsToClose(options, tree)) {
      await accrueLateUse(options, tree, { period, late });
      if (isStopped()) return closed;
      const accountCount = await keepStatements(options, { tree, late }, period);
      if (isStopped()) return closed;
      const documentCount = await issueDocuments(options, { tree, late }, period);
      if (isStopped()) return closed;
      const ofTree = tree.id === '' ? {} : { treeId: tree.id };
      closed.push({ ...ofTree, period: period.name, accountCount, documentCount });
    }
    faults.push(...late.faults);
  }
  // Once all others are closed: whoever runs the platform sees that the task failed, and of which accounts.
  if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join(' '));
  return closed;
}

/** Those that were asked for, and those that no late use can change any more; by a clock of its own, those that are over. */
async function monthsToClose(
  { pool, nowMs }: Pick<ClosingOptions, 'pool' | 'nowMs'>,
  tree: ClosingTree,
): Promise<readonly Period[]> {
  if (tree.aheadMs !== undefined) return await monthsBehind(pool, tree, nowMs() + tree.aheadMs);
  return await inAccountScope(pool, tree.topId, async (client) => {
    const { rows } = await client.query<{ period: string; asked: boolean }>(
      tree.id === '' ? monthsSql : monthsOfTreeSql,
      tree.id === '' ? [] : [tree.id],
    );
    const months = rows.map(({ period, asked }) => ({ asked, period: periodOf(period) }));
    const after = await monthAfterClosed(client, { treeId: tree.id, nowMs: nowMs() });
    if (after !== undefined && !months.some(({ period }) => period.name === after.name))
      months.push({ asked: false, period: after });
    return months
      .filter(({ asked, period }) => {
        const state = stateAt(period, nowMs());
        return state === 'closed' || (asked && state === 'settling');
      })
      .map(({ period }) => period);
  });
}

async function monthsBehind(
  pool: Pool,
  { id, topId }: ClosingTree,
  clockMs: number,
): Promise<readonly Period[]> {
  const { rows } = await inAccountScope(pool, topId, (client) =>
    client.query<{ since: Date; issued: string[] }>(
      `SELECT a.created_at AS since, ARRAY(SELECT c.period FROM billing_closing c
         WHERE c.tree_id = a.id AND c.issued_at IS NOT NULL) AS issued
       FROM account a WHERE a.id = $1`,
      [id],
    ),
  );
  return rows.flatMap(({ since, issued: closed }) =>
    dueMonths({ sinceMs: since.getTime(), clockMs, closed }),
  );
}

/** From month to month by the key of positions, and not over all of them. Those of tests are no reason to close what is live. */
const monthsSql = `
  WITH RECURSIVE month AS (
    SELECT (SELECT min(p.period) FROM ledger_position p) AS period
    UNION ALL
    SELECT (SELECT min(p.period) FROM ledger_position p WHERE p.period > m.period) FROM month m WHERE m.period IS NOT NULL)
  SELECT m.period, c.period IS NOT NULL AS asked
  FROM (SELECT period FROM month UNION SELECT period FROM billing_closing WHERE tree_id = '') m
    LEFT JOIN billing_closing c ON c.period = m.period AND c.tree_id = ''
  WHERE m.period IS NOT NULL AND c.issued_at IS NULL ORDER BY 1`;

const monthsOfTreeSql = `
  SELECT m.period, c.period IS NOT NULL AS asked
  FROM (SELECT DISTINCT e.period FROM account_closure a JOIN ledger_entry e ON e.account_id = a.descendant_id
    WHERE a.ancestor_id = $1) m
    LEFT JOIN billing_closing c ON c.period = m.period AND c.tree_id = $1
  WHERE c.issued_at IS NULL ORDER BY 1`;

/** Accounts between two words of how far it is. */
const TOLD_EVERY = 20;

async function keepStatements(
  { pool, accrual, isStopped = () => false }: ClosingOptions,
  { tree: { id: treeId, topId }, late }: ClosingRound,
  period: Period,
): Promise<number> {
  const active = await accrual.activeAccounts(period, treeId);
  const corrected = await inAccountScope(pool, topId, (client) => lateAccounts(client, treeId, period));
  const owing = await inAccountScope(pool, topId, (client) =>
    owingGivers(client, { treeId, topId, byEndOf: period.name }),
  );
  const accounts = [...new Set([...active, ...corrected, ...owing])];
  // What a process before kept is not rated again: it stays as it is, and what came since is for a later document.
  const kept = await keptAccounts(pool, topId, period);
  const left = accounts.filter((accountId) => !kept.has(accountId));
  const doneCount = accounts.length - left.length;
  await pool.query(
    `INSERT INTO billing_closing (tree_id, period, account_count, kept_count) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tree_id, period)
       DO UPDATE SET account_count = excluded.account_count, kept_count = excluded.kept_count`,
    [treeId, period.name, accounts.length, doneCount],
  );
  for (const [index, accountId] of left.entries()) {
    if (isStopped()) break;
    if (late.has(accountId)) continue;
    await late.holding(accountId, period, () =>
      accrual.accrue(accountId, period, (client, statement) => keepStatement(client, statement)),
    );
    if (isTold(index + 1, left.length))
      await pool.query('UPDATE billing_closing SET kept_count = $3 WHERE tree_id = $1 AND period = $2', [
        treeId,
        period.name,
        doneCount + index + 1,
      ]);
  }
  return accounts.length;
}

const isTold = (count: number, of: number): boolean => count % TOLD_EVERY === 0 || count === of;

async function keepStatement(client: PoolClient, statement: Statement): Promise<void> {
  const { accountId, period, currency, collector } = statement;
  const sellerId = statement.sellers.at(-1)?.sellerId;
  const collectorId = collector?.isOwn === true ? collector.accountId : undefined;
  const isCompared = await readIsCompared(client, accountId, period.name);
  const request = { collectorId, isCompared };
  const drafts =
    sellerId === undefined
      ? []
      : draftsOf({
          ...{ statement, sellerId, outstanding: await outstandingOf(client, statement, request) },
          // It is owed to whoever holds the prepaid money, and to no seller that collects itself.
          usedCredit:
            collectorId === undefined && !isCompared
              ? await usedCreditOf(client, { accountId, currency, byEndOf: period.name })
              : 0n,
        });
  const content: ClosedContent = {
    charge: statement.charge.amount,
    payout: statement.payout.amount,
    ...passingOf(statement),
    drafts: isCompared ? drafts.map(comparisonOf) : drafts,
    ...(isCompared ? { isComparison: true } : {}),
    ...(collectorId === undefined ? {} : { collectorId }),
  };
  await client.query(
    `INSERT INTO closed_statement (account_id, period, seller_id, currency, content, statement)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [
      accountId,
      period.name,
      sellerId ?? accountId,
      currency,
      toExactJson(content),
      toExactJson(keptOf(statement)),
    ],
  );
}

async function readIsCompared(client: PoolClient, accountId: string, period: string): Promise<boolean> {
  const { rows } = await client.query<{ is: boolean }>('SELECT is_compared($1, $2) AS is', [
    accountId,
    period,
  ]);
  return rows[0]?.is === true;
}

/** Of months in which the same collected, or was compared as this one is: what another would have asked for is not asked for by this one (decision 0017). */
async function outstandingOf(
  client: PoolClient,
  { accountId, period, currency }: Statement,
  { collectorId, isCompared }: { readonly collectorId: string | undefined; readonly isCompared: boolean },
): Promise<readonly Outstanding[]> {
  const { rows } = await client.query<{ period: string; charge: string; payout: string }>(
    // What was earned of late use is paid out where those below are asked for it, and not where they are not.
    `SELECT o.period, trunc(o.charge)::text AS charge, CASE WHEN EXISTS (SELECT 1 FROM closed_statement s
         WHERE s.period = o.period AND s.account_id <> $1 AND (s.content ? 'isComparison'
           OR s.content ->> 'collectorId' IS DISTINCT FROM own_collector_of(s.account_id, $2)))
       THEN '0' ELSE trunc(o.payout)::text END AS payout
     FROM billing_outstanding($1, $2, $3) o LEFT JOIN closed_statement c ON c.account_id = $1 AND c.period = o.period
     WHERE CASE WHEN c.account_id IS NULL THEN own_collector_of($1, o.period) ELSE c.content ->> 'collectorId' END
       IS NOT DISTINCT FROM $4
       AND CASE WHEN c.account_id IS NULL THEN is_compared($1, o.period) ELSE c.content ? 'isComparison' END = $5`,
    [accountId, period.name, minorUnitOf(currency).toString(), collectorId ?? null, isCompared],
  );
  return rows.map((row) => ({ period: row.period, charge: BigInt(row.charge), payout: BigInt(row.payout) }));
}

async function issueDocuments(
  { pool, accrual, nowMs, isCollecting, isCollectingTests = false, isStopped = () => false }: ClosingOptions,
  { tree: { id: treeId, topId: platformId, aheadMs }, late }: ClosingRound,
  period: Period,
): Promise<number> {
  const closedOf = closedRows(pool, platformId);
  const sharesOf = earnedShares({
    accrual,
    closedOf: async (accountId, month) => {
      const row = await closedOf(accountId, month);
      return row && closedPassing(row);
    },
  });
  // By a clock that jumps over months each is issued when it ended.
  const issuedMs = () => (aheadMs === undefined ? nowMs() : period.toMs);
  const accountIds = await inAccountScope(pool, platformId, async (client) => {
    const { rows } = await client.query<{ account_id: string }>(
      `SELECT c.account_id FROM closed_statement c JOIN account a ON a.id = c.account_id
       WHERE c.period = $1 AND ($2 = '' OR a.root_id = $2) ORDER BY a.depth, a.id`,
      [period.name, treeId],
    );
    return rows.map((row) => row.account_id);
  });
  let documentCount = 0;
  for (const [index, accountId] of accountIds.entries()) {
    if (isStopped()) return documentCount;
    await late.holding(accountId, period, async () => {
      const row = await closedOf(accountId, period.name);
      if (row === undefined || row.content.drafts.length === 0) return;
      if (await isBelowLate(row, { late, closedOf, period })) return late.add(accountId);
      const asked = row.content.drafts.find(({ kind }) => kind === 'invoice' || kind === 'comparison');
      const shares = asked && (await sharesOf(asked, row.content.collectorId ?? platformId));
      documentCount += await inAccountScope(pool, platformId, (client) =>
        issueOne(client, row, { shares: shares ?? [], platformId, nowMs: issuedMs() }),
      );
    });
    if (isTold(index + 1, accountIds.length))
      await pool.query('UPDATE billing_closing SET issued_count = $3 WHERE tree_id = $1 AND period = $2', [
        treeId,
        period.name,
        index + 1,
      ]);
  }
  // What a clock has ahead is asked for at the time that it is.
  const isTest = treeId !== '';
  const isAsked = isTest ? isCollectingTests : isCollecting;
  const release = async (client: PoolClient, kinds: readonly string[]) => {
    if (isTest && !isAsked) return;
    await client.query(
      `UPDATE collection SET next_at = $2 WHERE period = $1 AND next_at = 'infinity' AND rail_id IS NULL
         AND ($3 OR collector_id IS NOT NULL) AND kind = ANY($4)`,
      [period.name, new Date(isTest ? nowMs() : issuedMs()), isAsked, kinds],
    );
  };
  // All others are asked; what is paid out waits until everything is known of the month.
  if (late.isAny()) {
    await inAccountScope(pool, platformId, (client) => release(client, ['invoice', 'tax']));
    return documentCount;
  }
  // Once every invoice is there: what its closing still drew of a balance counts as used.
  const notes = { period: period.name, accountIds };
  for (const documentId of await inAccountScope(pool, platformId, (client) => notesToSetOff(client, notes))) {
    if (isStopped()) return documentCount;
    await inAccountScope(pool, platformId, (client) =>
      setOffNote(client, documentId, { platformId, nowMs: issuedMs() }),
    );
  }
  await inAccountScope(pool, platformId, async (client) => {
    const at = new Date(issuedMs());
    await client.query(
      // Counted where they are: some may have been issued by a process that was killed then.
      `UPDATE billing_closing SET issued_at = $3, document_count = (SELECT count(*) FROM document d
         WHERE d.period = $2 AND d.account_id = ANY ($4) AND d.kind <> 'credit-note')
       WHERE tree_id = $1 AND period = $2`,
      [treeId, period.name, at, accountIds],
    );
    // Only now is everything known that a payout waits for.
    await release(client, ['invoice', 'tax', 'payout']);
  });
  return documentCount;
}

interface Around {
  /** Who earns of its invoice. */
  readonly shares: readonly Share[];
  /** The top of the tree. */
  readonly platformId: string;
  readonly nowMs: number;
}

/** All documents of one account: how many there were to issue. */
async function issueOne(client: PoolClient, row: ClosedRow, around: Around): Promise<number> {
  const { nowMs, platformId } = around;
  const { collectorId } = row.content;
  const ofCollector = collectorId === undefined ? {} : { collectorId };
  let count = 0;
  for (const draft of row.content.drafts) {
    const { rowCount } = await client.query(
      'SELECT 1 FROM document WHERE account_id = $1 AND period = $2 AND kind = $3',
      [draft.accountId, draft.period, draft.kind],
    );
    if (rowCount !== 0) continue;
    const document = await issueDocument(client, draft, { nowMs });
    count++;
    if (document.kind === 'comparison-payout') continue;
    const posted = { platformId: collectorId ?? platformId, nowMs };
    const asked = { ...around, ...ofCollector };
    if (document.kind === 'comparison') {
      const invoice = invoiceOf(document, asked);
      const notes = await weighNotes(client, invoice);
      const settled = compared(document, { invoice, notes, platformId: posted.platformId });
      for (const note of settled.notes) await writeNote(client, note);
      await postTransactions(client, settled.transactions, posted);
      continue;
    }
    if (document.kind === 'invoice') {
      const invoice = invoiceOf(document, asked);
      await insertCollection(client, invoice);
      await weighNotes(client, invoice);
      await postTransactions(client, issued(document, posted.platformId), posted);
      if (collectorId === undefined) await payFromBalance(client, document, { ...around, invoice });
      continue;
    }
    await insertPayout(client, { ...payoutOf(document), ...ofCollector });
    await postTransactions(client, issued(document, posted.platformId), posted);
  }
  return count;
}

function invoiceOf(
  document: BillingDocument,
  { shares, platformId, collectorId }: Around & { readonly collectorId?: string },
): InvoiceCollection {
  // Of a comparison nobody pays anything.
  const isTaxHeld =
    document.kind === 'invoice' &&
    document.sellerId !== (collectorId ?? platformId) &&
    document.totalMinorUnits > document.netMinorUnits;
  const { id: documentId, accountId, period, currency, number, seller } = document;
  const givenCreditMinorUnits = givenCreditOf(document);
  return {
    kind: 'invoice',
    ...(collectorId === undefined ? {} : { collectorId }),
    ...{ documentId, accountId, period, currency, number, shares },
    sellerName: seller.legalName,
    dueAtMs: document.dueAtMs ?? document.issuedAtMs,
    taxMinorUnits: document.totalMinorUnits - document.netMinorUnits,
    taxes: document.taxLines.map(({ minorUnits }) => minorUnits),
    ...(isTaxHeld ? { taxSellerId: document.sellerId } : {}),
    totalMinorUnits: document.totalMinorUnits,
    ...(givenCreditMinorUnits === 0n ? {} : { givenCreditMinorUnits }),
    lines: collectedLines(document),
    ...notAskedYet,
  };
}

/**
 * Of an account that is prepaid nobody is asked: its balance pays the invoice as it is issued, as far as money or credit is in
 * it. What an overdraft stands for is open until money comes in (BIL-5, decision 0014).
 */
async function payFromBalance(
  client: PoolClient,
  { accountId, period, currency, totalMinorUnits }: BillingDocument,
  { invoice, platformId, nowMs }: Around & { readonly invoice: InvoiceCollection },
): Promise<void> {
  if (!paysFor(await readTerms(client, accountId), period)) return;
  const total = nano(totalMinorUnits * minorUnitOf(currency));
  const frame = { client, accountId, platformId, nowMs };
  await payInvoice(frame, { period, total });
  const paying: InvoiceCollection = { ...invoice, isPaidFromBalance: true, state: 'open' };
  await client.query('UPDATE collection SET state = $2 WHERE document_id = $1', [
    invoice.documentId,
    toExactJson(paying),
  ]);
  await coverInvoices(frame);
}

const payoutOf = ({
  id,
  accountId,
  period,
  currency,
  totalMinorUnits,
  lines,
}: BillingDocument): PayoutCollection => {
  const returned = givenCreditOf({ lines });
  return {
    kind: 'payout',
    documentId: id,
    ...{ accountId, period, currency },
    totalMinorUnits: totalMinorUnits - returned,
    ...(returned === 0n ? {} : { setOffMinorUnits: -returned }),
    backing: noBacking,
    transfers: [],
  };
};
