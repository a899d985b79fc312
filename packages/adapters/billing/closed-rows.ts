import type { Bought, ClosedEdge } from '@patchbay/domain/billing/collection/shares';
import type { DocumentDraft } from '@patchbay/domain/billing/documents/document';
import type { Nano } from '@patchbay/domain/billing/money';
import type { Period } from '@patchbay/domain/billing/period';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { fromExactJson } from './exact-json.ts';
import type { LateAccounts } from './late-accounts.ts';

/** What is kept of a statement: all that documents are made of, and nothing that is read again from anywhere else. */
export interface ClosedContent {
  readonly charge: Nano;
  readonly payout: Nano;
  readonly edges: readonly ClosedEdge[];
  /** Absent: it was closed when nothing told from whom its account bought. */
  readonly bought?: readonly Bought[];
  readonly drafts: readonly DocumentDraft[];
  /** The seller that collects it by a payment account of its own. Absent: the top of the tree collects. */
  readonly collectorId?: string;
  /** It is asked for nothing of it: its documents compare. */
  readonly isComparison?: true;
}

export interface ClosedRow {
  readonly accountId: string;
  readonly sellerId: string;
  readonly content: ClosedContent;
}

/** By account and month. */
export type ClosedRows = (accountId: string, period: string) => Promise<ClosedRow | undefined>;

/** Closed statements as they are asked for. Of those that sold nothing, nobody asks twice. */
export function closedRows(pool: Pool, platformId: string): ClosedRows {
  const sellers = new Map<string, ClosedRow>();
  return async (accountId, period) => {
    const key = `${period} ${accountId}`;
    const known = sellers.get(key);
    if (known !== undefined) return known;
    const { rows } = await inAccountScope(pool, platformId, (client) =>
      client.query<{ seller_id: string; content: unknown }>(
        'SELECT seller_id, content FROM closed_statement WHERE account_id = $1 AND period = $2',
        [accountId, period],
      ),
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const content = fromExactJson(row.content) as ClosedContent;
    const read = { accountId, sellerId: row.seller_id, content };
    if (content.edges.length > 0) sellers.set(key, read);
    return read;
  };
}

/** Without the statement of one above, nobody knows what it earns of an account below. */
export async function isBelowLate(
  { accountId, sellerId }: ClosedRow,
  { late, closedOf, period }: { late: LateAccounts; closedOf: ClosedRows; period: Period },
): Promise<boolean> {
  if (!late.isAny()) return false;
  for (let [below, above] = [accountId, sellerId]; above !== below; ) {
    if (late.has(above)) return true;
    [below, above] = [above, (await closedOf(above, period.name))?.sellerId ?? above];
  }
  return false;
}
