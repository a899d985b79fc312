'use client';

import { minorUnitOf } from '@patchbay/domain/billing/money';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import { FileText } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { MoneyTabs } from '../money/money-tabs.tsx';
import { MonthChart } from '../money/month-chart.tsx';
import { sumsByMonth } from '../money/sums-by-month.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { type DocumentHead, DocumentState } from './document-state.tsx';
import { kindTitles, showMinorUnits, showUtcDay } from './printed-document.ts';
import { SellerDetails } from './seller-details.tsx';

const scopes = [
  { value: 'own', label: 'To this account' },
  { value: 'issued', label: 'In its name' },
  { value: 'below', label: 'Of all below too' },
] as const;
type Scope = (typeof scopes)[number]['value'];

const kinds = [
  { value: 'all', label: 'All kinds' },
  { value: 'invoice', label: 'Invoices' },
  { value: 'credit-note', label: 'Credit notes' },
  { value: 'payout-note', label: 'Payout notes' },
  { value: 'comparison', label: 'Comparisons' },
  { value: 'comparison-payout', label: 'Comparisons of payouts' },
] as const;
type Kind = (typeof kinds)[number]['value'];

const REFRESH_MS = 10_000;
const CLOCK_MS = 60_000;

/** Invoices, credit notes and payout notes, newest first, and how each stands (BIL-4). */
export function DocumentsPage(): ReactNode {
  const trpc = useTRPC();
  const router = useRouter();
  const accountId = useAccountId();
  const nowMs = useNow(CLOCK_MS);
  const [scope, setScope] = useState<Scope>('own');
  const [kind, setKind] = useState<Kind>('all');
  const list = useInfiniteQuery(
    trpc.documents.list.infiniteQueryOptions(
      { ...listRequest(accountId), of: scope, ...(kind === 'all' ? {} : { kind }) },
      { ...paged, refetchInterval: REFRESH_MS },
    ),
  );
  const items = (list.data?.pages ?? []).flatMap((page) => page.items);
  const pathOf = ({ id }: DocumentHead) => pagePath(accountId, `documents/${id}`);
  return (
    <>
      <PageHeader
        title="Statements"
        scope="Documents of months that are closed. What they say never changes; a later one corrects it."
        examples={[exampleOf({ operation: 'documents.list', input: { accountId } })]}
        actions={<SellerDetails />}
      />
      <MoneyTabs />
      <div className="mb-4 flex flex-wrap gap-2">
        <Select label="Whose" value={scope} options={scopes} onChange={setScope} />
        <Select label="Kind" value={kind} options={kinds} onChange={setKind} />
      </div>
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending && list.error === null ? <TableSkeleton rows={5} /> : null}
      {list.isSuccess && items.length === 0 ? (
        <EmptyState icon={<FileText />} title="No document yet">
          A month becomes documents when it closes: an invoice for what was used, a payout note for what was
          earned. Until then its statement says what it comes to.
        </EmptyState>
      ) : null}
      {items.length > 0 ? (
        <div className="grid grid-cols-1 gap-6">
          <PaidAndOpen items={items} />
          <Table
            label="Documents"
            columns={columnsOf({ pathOf, nowMs, hasBuyer: scope !== 'own' })}
            rows={items}
            rowKey={({ id }) => id}
            onOpen={(document) => router.push(pathOf(document))}
          />
        </div>
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

/** What invoices asked for month by month: how much of it was paid, and how much is open. One picture a currency. */
function PaidAndOpen({ items }: { readonly items: readonly DocumentHead[] }): ReactNode {
  const invoices = items.filter(({ kind, standing }) => kind === 'invoice' && standing?.state !== 'void');
  return [...Map.groupBy(invoices, ({ currency }) => currency)].map(([currency, ofCurrency]) => {
    const unit = minorUnitOf(currency);
    const paid = ({ standing }: DocumentHead) =>
      BigInt(standing?.paidMinorUnits ?? '0') -
      BigInt(standing?.refundedMinorUnits ?? '0') -
      BigInt(standing?.disputedMinorUnits ?? '0');
    const open = ({ standing, totalMinorUnits }: DocumentHead) =>
      standing === undefined ? 0n : BigInt(totalMinorUnits) - BigInt(standing.paidMinorUnits);
    const by = (amountOf: (document: DocumentHead) => bigint) =>
      sumsByMonth(ofCurrency, (document) => ({
        period: document.period,
        amount: amountOf(document) * unit,
      }));
    return (
      <MonthChart
        key={currency}
        label={`Invoices by month in ${currency}: paid and open`}
        currency={currency}
        series={[
          { label: 'paid', colour: '--money', amounts: by(paid) },
          { label: 'open', colour: '--wait', amounts: by(open) },
        ]}
      />
    );
  });
}

const columnsOf = ({
  pathOf,
  nowMs,
  hasBuyer,
}: {
  readonly pathOf: (document: DocumentHead) => string;
  readonly nowMs: number;
  readonly hasBuyer: boolean;
}): readonly Column<DocumentHead>[] => [
  {
    key: 'number',
    header: 'Number',
    isTitle: true,
    cell: (document) => (
      <Link href={pathOf(document)} className="font-medium tabular-nums">
        {document.number}
      </Link>
    ),
  },
  { key: 'kind', header: 'Kind', cell: ({ kind }) => kindTitles[kind] },
  hasBuyer
    ? { key: 'buyer', header: 'To', cell: ({ accountName }) => accountName }
    : { key: 'seller', header: 'From', cell: ({ sellerName }) => sellerName },
  { key: 'period', header: 'Period', cell: ({ period }) => showPeriod(period) },
  { key: 'issued', header: 'Issued', cell: ({ issuedAt }) => showUtcDay(issuedAt) },
  {
    key: 'due',
    header: 'Due',
    cell: ({ dueAt }) =>
      dueAt === undefined ? <span className="text-ink-faint">–</span> : showUtcDay(dueAt),
  },
  {
    key: 'state',
    header: 'State',
    cell: (document) => <DocumentState document={document} nowMs={nowMs} />,
  },
  {
    key: 'total',
    header: 'Total',
    isNumber: true,
    cell: ({ totalMinorUnits, currency }) => (
      <span>
        {showMinorUnits(totalMinorUnits, currency)} <span className="text-ink-faint">{currency}</span>
      </span>
    ),
  },
];
