import { type ClosedEdge, type Share, sharesOf } from '@patchbay/domain/billing/collection/shares';
import type { DocumentDraft } from '@patchbay/domain/billing/documents/document';
import { type Nano, ZERO } from '@patchbay/domain/billing/money';
import type { Period } from '@patchbay/domain/billing/period';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import type { AccountAccrual } from './billing-store.ts';
import { fromExactJson } from './exact-json.ts';

/** What is kept of a statement: all that documents are made of, and nothing that is read again from anywhere else. */
export interface ClosedContent {
  readonly charge: Nano;
  readonly payout: Nano;
  readonly edges: readonly { readonly buyerId: string; readonly receivable: Nano; readonly cost: Nano }[];
  readonly drafts: readonly DocumentDraft[];
  /** The seller that collects it by a payment account of its own. Absent: the top of the tree collects. */
  readonly collectorId?: string;
  /** It is asked for nothing of it: its documents compare. */
  readonly isComparison?: true;
}

/** What account content says, by account. */
export type ClosedTree = (accountId: string) => Promise<ClosedRow | undefined>;

export interface ClosedRow {
  readonly accountId: string;
  readonly sellerId: string;
  readonly content: ClosedContent;
}

/** Closed statements of a month as they are asked for. Of those that sold nothing, nobody asks twice. */
export function closedTree(pool: Pool, platformId: string, period: Period): ClosedTree {
  const sellers = new Map<string, ClosedRow>();
  return async (accountId) => {
    const known = sellers.get(accountId);
    if (known !== undefined) return known;
    const { rows } = await inAccountScope(pool, platformId, (client) =>
      client.query<{ seller_id: string; content: unknown }>(
        'SELECT seller_id, content FROM closed_statement WHERE account_id = $1 AND period = $2',
        [accountId, period.name],
      ),
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const content = fromExactJson(row.content) as ClosedContent;
    const read = { accountId, sellerId: row.seller_id, content };
    if (content.edges.length > 0) sellers.set(accountId, read);
    return read;
  };
}

/** Who earns of what an invoice asks for late, month by month: as the edges of that month are by now. */
export async function sharesOfLate(
  { content: { drafts } }: ClosedRow,
  edgesOf: (period: string) => Promise<readonly ClosedEdge[]>,
): Promise<readonly Share[]> {
  const invoice = drafts.find(({ kind }) => kind === 'invoice');
  const shares: Share[] = [];
  for (const line of invoice?.lines ?? [])
    if (line.kind === 'adjustment' && line.amount > 0n)
      shares.push(...sharesOf(line.amount, await edgesOf(line.period)));
  return shares;
}

/** The edges of a month as they are by now, with what came after it was closed. */
export function treeOfNow(accrual: AccountAccrual, period: Period): ClosedTree {
  const known = new Map<string, ClosedRow>();
  return async (accountId) => {
    const before = known.get(accountId);
    if (before !== undefined) return before;
    const { statement } = await accrual.accrue(accountId, period);
    const edges = statement.children
      .filter(({ currency }) => currency === statement.currency)
      .map(({ accountId: buyerId, receivable, cost }) => ({ buyerId, receivable, cost }));
    const row = {
      accountId,
      sellerId: statement.sellers.at(-1)?.sellerId ?? accountId,
      content: { charge: statement.charge.amount, payout: statement.payout.amount, edges, drafts: [] },
    };
    known.set(accountId, row);
    return row;
  };
}

/**
 * From the account up to the platform. It ends early where somebody above has no statement of this month. The top of the test
 * trees closes none, for each has a month of its own: it keeps what arrives there, and nothing else is asked about it.
 */
export async function edgesAbove(
  tree: ClosedTree,
  { accountId, sellerId, content: { collectorId } }: ClosedRow,
  testTopId?: string,
): Promise<readonly ClosedEdge[]> {
  const edges: ClosedEdge[] = [];
  for (let [buyerId, above] = [accountId, sellerId]; ; ) {
    if (above === testTopId) return [...edges, { buyerId, sellerId: above, receivable: ZERO, cost: ZERO }];
    const seller = await tree(above);
    const edge = seller?.content.edges.find((each) => each.buyerId === buyerId);
    if (seller === undefined || edge === undefined) return edges;
    edges.push({ ...edge, sellerId: above });
    if (seller.sellerId === above || above === collectorId) return edges;
    [buyerId, above] = [above, seller.sellerId];
  }
}
