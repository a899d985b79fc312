import type { InvoiceCollection } from '@patchbay/domain/billing/collection/invoice-collection';
import {
  type AskedInvoice,
  type DueReminder,
  defaultReminders,
  type KeptTerms,
  type OverdueAccount,
  type OverdueAction,
  type ReminderBook,
  type ReminderTerms,
  type SentReminder,
} from '@patchbay/domain/billing/reminders';
import type { PolicyWord } from '@patchbay/domain/policy/policy-level';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { HOLD_PLACES } from '../postgres/places.ts';
import { collectionFromRow, documentFromRow, readParty } from './document-rows.ts';

export interface ReminderBookOptions {
  readonly pool: Pool;
  readonly platformAccount: () => Promise<string>;
  readonly nowMs: () => number;
}

type OverdueInvoice = Pick<OverdueAccount, 'accountId' | 'documentId'>;

/** What sends reminders, besides what reads them. It works for the platform, which collects (decision 0006). */
export interface ReminderRounds {
  /** Invoices that somebody is asked for, in the order of their ids. */
  asked(page: {
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly AskedInvoice[]>;
  /** Keeps that a reminder is sent. False: it was, or the invoice was paid meanwhile. */
  note(invoice: AskedInvoice, reminder: DueReminder): Promise<boolean>;
  /**
   * `isNew`: it was not overdue with this invoice yet. With `word`, what it may not use; `isSuspended` where it was active until
   * now.
   */
  markOverdue(
    invoice: Pick<AskedInvoice, 'accountId' | 'documentId' | 'sellerId'>,
    held: { readonly action: OverdueAction; readonly word?: PolicyWord },
  ): Promise<{ readonly isNew: boolean; readonly isSuspended: boolean }>;
  /** Overdue invoices of which nothing is asked any more. */
  settled(): Promise<readonly OverdueInvoice[]>;
  /**
   * The account is not overdue with this invoice any more, and active again where nothing else keeps it suspended: neither
   * another invoice, of the same seller or of another, nor anybody's word.
   */
  release(
    invoice: OverdueInvoice,
  ): Promise<{ readonly isReleased: boolean; readonly isActiveAgain: boolean }>;
}

/** Reminders, and who is overdue, in PostgreSQL. */
export function reminderBook({
  pool,
  platformAccount,
  nowMs,
}: ReminderBookOptions): ReminderBook & ReminderRounds {
  const asPlatform = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> =>
    inAccountScope(pool, await platformAccount(), work);
  return {
    terms: (accountId) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<TermsRow>(
          'SELECT * FROM reminder_terms WHERE account_id = $1 ORDER BY child_id',
          [accountId],
        );
        return rows.map(keptFromRow);
      }),
    setTerms: (accountId, childId, terms) =>
      inAccountScope(pool, accountId, async (client) => {
        const key = [accountId, childId ?? ''];
        if (terms === undefined) {
          await client.query('DELETE FROM reminder_terms WHERE account_id = $1 AND child_id = $2', key);
          return;
        }
        await client.query(
          `INSERT INTO reminder_terms (account_id, child_id, before_days, after_days, last_action, changed_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (account_id, child_id) DO UPDATE SET before_days = excluded.before_days,
             after_days = excluded.after_days, last_action = excluded.last_action, changed_at = excluded.changed_at`,
          [...key, terms.beforeDays ?? null, [...terms.afterDays], terms.lastAction, new Date(nowMs())],
        );
      }),
    sent: (accountId, { cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const [documentId = null, offsetDays = null] = cursor?.split('.') ?? [];
        const { rows } = await client.query<SentRow>(sentSql, [documentId, offsetDays, limit + 1]);
        const items = rows.slice(0, limit).map(sentFromRow);
        const last = items.at(-1);
        return {
          items,
          ...(rows.length > limit && last !== undefined
            ? { nextCursor: `${last.documentId}.${last.offsetDays}` }
            : {}),
        };
      }),
    overdue: (accountId) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<OverdueRow>(
          `SELECT o.account_id, a.name, o.document_id, d.number, o.action, o.since FROM overdue_account o
           JOIN account a ON a.id = o.account_id JOIN document d ON d.id = o.document_id
           ORDER BY o.since, o.account_id, o.document_id LIMIT 1000`,
        );
        return rows.map(overdueFromRow);
      }),
    asked: ({ after = '', limit }) =>
      asPlatform(async (client) => {
        const { rows } = await client.query<AskedRow>(askedSql, [after, limit]);
        const invoices: AskedInvoice[] = [];
        for (const row of rows) {
          const { email } = (await readParty(client, row.account_id)) ?? {};
          invoices.push(askedFromRow(row, email));
        }
        return invoices;
      }),
    note: (invoice, { offsetDays, isLast }) =>
      asPlatform(async (client) => {
        // What follows on the last says something of the account: it waits for a move before it holds what a move waits for.
        if (isLast) await client.query(HOLD_PLACES);
        // Held until the mail is written: an invoice that is paid in this moment is paid before, or after.
        const { rows } = await client.query<{ state: string }>(
          `SELECT state ->> 'state' AS state FROM collection WHERE document_id = $1 FOR UPDATE`,
          [invoice.documentId],
        );
        if (rows[0]?.state !== 'open') return false;
        const { rowCount } = await client.query(
          `INSERT INTO reminder (document_id, offset_days, account_id, is_last, sent_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING`,
          [invoice.documentId, offsetDays, invoice.accountId, isLast, new Date(nowMs())],
        );
        return rowCount === 1;
      }),
    markOverdue: ({ accountId, documentId, sellerId }, { action, word }) =>
      asPlatform(async (client) => {
        await client.query(HOLD_PLACES);
        const known = await client.query(
          'SELECT 1 FROM overdue_account WHERE account_id = $1 AND document_id = $2 FOR UPDATE',
          [accountId, documentId],
        );
        if (known.rowCount !== 0) return { isNew: false, isSuspended: false };
        // Who was its seller and is above it no more has no word on what it may use.
        const above = await client.query(
          `SELECT 1 FROM account_closure WHERE ancestor_id = $1 AND descendant_id = $2 AND valid_to = 'infinity'`,
          [sellerId, accountId],
        );
        const isAbove = above.rowCount !== 0;
        const isSuspending = action === 'suspend' && isAbove;
        const isSuspended = isSuspending && (await suspend(client, accountId, sellerId));
        const { rowCount } = await client.query(
          `INSERT INTO overdue_account (account_id, document_id, set_by_id, action, word, is_suspended, since)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
          [
            ...[accountId, documentId, sellerId, isAbove ? action : 'mark'],
            word === undefined || !isAbove ? null : JSON.stringify(word),
            isSuspending,
            new Date(nowMs()),
          ],
        );
        return { isNew: rowCount === 1, isSuspended };
      }),
    settled: () =>
      asPlatform(async (client) => {
        const { rows } = await client.query<{ account_id: string; document_id: string }>(
          `SELECT o.account_id, o.document_id FROM overdue_account o JOIN collection c ON c.document_id = o.document_id
           WHERE c.state ->> 'state' IN ('paid', 'void') ORDER BY 1, 2`,
        );
        return rows.map((row) => ({ accountId: row.account_id, documentId: row.document_id }));
      }),
    release: ({ accountId, documentId }) =>
      asPlatform(async (client) => {
        await client.query(HOLD_PLACES);
        const before = await stateHeld(client, accountId);
        const { rowCount } = await client.query(
          'DELETE FROM overdue_account WHERE account_id = $1 AND document_id = $2',
          [accountId, documentId],
        );
        // Of each seller one suspension stands as long as any invoice of theirs is overdue.
        await client.query(
          `DELETE FROM account_suspension s WHERE s.account_id = $1 AND s.reason = 'overdue' AND NOT EXISTS (
             SELECT 1 FROM overdue_account o WHERE (o.account_id, o.set_by_id, o.action) = (s.account_id, s.by_id, 'suspend'))`,
          [accountId],
        );
        const isActive = (await stateHeld(client, accountId)) === 'active';
        return { isReleased: rowCount !== 0, isActiveAgain: before === 'suspended' && isActive };
      }),
  };
}

/** The state of an account, which stays until the transaction is over but for what it does itself. */
async function stateHeld(client: PoolClient, accountId: string): Promise<string | undefined> {
  const { rows } = await client.query<{ state: string }>(
    'SELECT state FROM account WHERE id = $1 FOR UPDATE',
    [accountId],
  );
  return rows[0]?.state;
}

/**
 * A suspension of its own, beside what anybody says of the account: paying takes away this one alone (ACC-2).
 * @returns whether the account was active until now.
 */
async function suspend(client: PoolClient, accountId: string, sellerId: string): Promise<boolean> {
  const before = await stateHeld(client, accountId);
  const { rowCount } = await client.query(
    `INSERT INTO account_suspension (account_id, by_id, reason) SELECT id, $2, 'overdue' FROM account
     WHERE id = $1 AND state <> 'closed' AND parent_id IS NOT NULL ON CONFLICT DO NOTHING`,
    [accountId, sellerId],
  );
  return rowCount === 1 && before === 'active';
}

interface TermsRow {
  readonly child_id: string;
  readonly before_days: number | null;
  readonly after_days: readonly number[];
  readonly last_action: OverdueAction;
}

const termsFromRow = ({
  before_days,
  after_days,
  last_action,
}: Omit<TermsRow, 'child_id'>): ReminderTerms => ({
  ...(before_days === null ? {} : { beforeDays: before_days }),
  afterDays: after_days,
  lastAction: last_action,
});

const keptFromRow = (row: TermsRow): KeptTerms => ({
  ...(row.child_id === '' ? {} : { childId: row.child_id }),
  ...termsFromRow(row),
});

/** Of those in sight: ids of documents rise with time. */
const sentSql = `
  SELECT r.document_id, r.offset_days, r.account_id, r.is_last, r.sent_at, d.number FROM reminder r
  JOIN document d ON d.id = r.document_id
  WHERE $1::text IS NULL OR (r.document_id, r.offset_days) < ($1, $2::int)
  ORDER BY r.document_id DESC, r.offset_days DESC LIMIT $3`;

interface SentRow {
  readonly document_id: string;
  readonly offset_days: number;
  readonly account_id: string;
  readonly is_last: boolean;
  readonly sent_at: Date;
  readonly number: string;
}

const sentFromRow = (row: SentRow): SentReminder => ({
  documentId: row.document_id,
  offsetDays: row.offset_days,
  accountId: row.account_id,
  isLast: row.is_last,
  sentAtMs: row.sent_at.getTime(),
  number: row.number,
});

interface OverdueRow {
  readonly account_id: string;
  readonly name: string;
  readonly document_id: string;
  readonly number: string;
  readonly action: OverdueAction;
  readonly since: Date;
}

const overdueFromRow = (row: OverdueRow): OverdueAccount => ({
  accountId: row.account_id,
  name: row.name,
  documentId: row.document_id,
  number: row.number,
  action: row.action,
  sinceMs: row.since.getTime(),
});

/** A top-up has no document: nobody owes it. What a balance pays is asked for by what the balance asks for. */
const askedSql = `
  SELECT c.document_id, c.account_id, c.state, d.content,
    (SELECT coalesce(array_agg(r.offset_days), '{}') FROM reminder r WHERE r.document_id = c.document_id) AS sent_days,
    t.before_days, t.after_days, t.last_action
  FROM collection c JOIN document d ON d.id = c.document_id
  LEFT JOIN LATERAL (SELECT * FROM reminder_terms t WHERE t.account_id = d.seller_id AND t.child_id IN (c.account_id, '')
    ORDER BY t.child_id DESC LIMIT 1) t ON true
  WHERE c.kind = 'invoice' AND c.state ->> 'state' = 'open' AND NOT c.state ? 'isPaidFromBalance' AND c.document_id > $1
  ORDER BY c.document_id LIMIT $2`;

interface AskedRow extends Partial<Omit<TermsRow, 'child_id'>> {
  readonly document_id: string;
  readonly account_id: string;
  readonly state: unknown;
  readonly content: unknown;
  readonly sent_days: readonly number[];
}

function askedFromRow(row: AskedRow, email: string | undefined): AskedInvoice {
  const document = documentFromRow(row.content);
  const { totalMinorUnits, paidMinorUnits, dueAtMs } = collectionFromRow(row.state) as InvoiceCollection;
  const { before_days = null, after_days, last_action } = row;
  return {
    documentId: row.document_id,
    accountId: row.account_id,
    sellerId: document.sellerId,
    sellerName: document.seller.legalName,
    number: document.number,
    period: document.period,
    currency: document.currency,
    leftMinorUnits: totalMinorUnits - paidMinorUnits,
    dueAtMs,
    email,
    sentDays: row.sent_days,
    terms:
      after_days == null || last_action == null
        ? defaultReminders
        : termsFromRow({ before_days, after_days, last_action }),
  };
}
