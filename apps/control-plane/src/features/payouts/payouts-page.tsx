'use client';

import { minorUnitOf } from '@patchbay/domain/billing/money';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { Stat } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { CircleCheck, HandCoins } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMoney } from '../../formats/money.ts';
import { showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { type DocumentHead, DocumentState } from '../documents/document-state.tsx';
import { showMinorUnits } from '../documents/printed-document.ts';
import { MoneyTabs } from '../money/money-tabs.tsx';
import { MonthChart } from '../money/month-chart.tsx';
import { sumsByMonth } from '../money/sums-by-month.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { CollectedTaxes } from './collected-taxes.tsx';
import { OwnStripe } from './own-stripe.tsx';

type Payee = Outputs['payouts']['get'];

const REFRESH_MS = 10_000;
const PAYEE_MS = 2_000;
const CLOCK_MS = 60_000;

const figuresOf = ({ totalMinorUnits, standing }: DocumentHead) => {
  const [earned, sent] = [BigInt(totalMinorUnits), BigInt(standing?.paidMinorUnits ?? '0')];
  const [funded, lost] = [
    BigInt(standing?.fundedMinorUnits ?? '0'),
    BigInt(standing?.refundedMinorUnits ?? '0'),
  ];
  const kept = BigInt(standing?.setOffMinorUnits ?? '0');
  const ready = funded - kept - sent;
  const waits = earned - lost - funded;
  return { earned, sent, funded, kept, lost, ready: ready > 0n ? ready : 0n, waits };
};

/** So many figures beside each other. */
const widths: Readonly<Record<number, string>> = {
  3: 'sm:grid-cols-3',
  4: 'sm:grid-cols-2 lg:grid-cols-4',
  5: 'sm:grid-cols-3 lg:grid-cols-5',
};

/** What the account earned, for whom it waits, and what was sent (BIL-4, BIL-6). */
export function PayoutsPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const nowMs = useNow(CLOCK_MS);
  const payee = useQuery(
    trpc.payouts.get.queryOptions(
      { accountId },
      // Whoever comes back from Stripe is here before Stripe has told of it.
      { refetchInterval: ({ state: { data } }) => (data?.state === 'incomplete' ? PAYEE_MS : false) },
    ),
  );
  const seller = useQuery(trpc.sellers.get.queryOptions({ accountId }));
  const list = useInfiniteQuery(
    trpc.documents.list.infiniteQueryOptions(
      { ...listRequest(accountId), of: 'own', kind: 'payout-note' },
      { ...paged, refetchInterval: REFRESH_MS },
    ),
  );
  const notes = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const has = (of: 'lost' | 'kept') => notes.some((note) => figuresOf(note)[of] !== 0n);
  const error = list.error ?? payee.error ?? seller.error;
  return (
    <>
      <PageHeader
        title="Statements"
        scope="What this account earned on those below it. A payout leaves when those have paid that it was earned of."
        examples={[
          exampleOf({ operation: 'documents.list', input: { accountId, kind: 'payout-note' } }),
          exampleOf({ operation: 'payouts.setUp', input: { accountId } }),
        ]}
      />
      <MoneyTabs />
      {error === null ? null : <ProblemNote error={error} onRetry={() => void list.refetch()} />}
      {list.isPending && error === null ? <TableSkeleton rows={5} /> : null}
      <div className="grid grid-cols-1 gap-6">
        {payee.data === undefined || seller.data === undefined ? null : (
          <PayeeNote payee={payee.data} isCollecting={seller.data.isCollecting} />
        )}
        {list.isSuccess && notes.length === 0 ? (
          <EmptyState icon={<HandCoins />} title="Nothing was earned yet">
            What your customers pay above what their use costs you is yours. Set their prices, and at the end
            of a month it stands here.
          </EmptyState>
        ) : null}
        {[...Map.groupBy(notes, ({ currency }) => currency)].map(([currency, ofCurrency]) => (
          <Earned key={currency} currency={currency} notes={ofCurrency} />
        ))}
        {notes.length === 0 ? null : (
          <Table
            label="Payouts"
            columns={columnsOf(accountId, nowMs).filter(
              ({ key }) => (key !== 'lost' && key !== 'kept') || has(key),
            )}
            rows={notes}
            rowKey={({ id }) => id}
          />
        )}
        <CollectedTaxes />
        <OwnStripe />
      </div>
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </>
  );
}

/** Whether payouts have somewhere to go, and the way to say where. */
function PayeeNote({
  payee,
  isCollecting,
}: {
  readonly payee: Payee;
  readonly isCollecting: boolean;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const setUp = useMutation(
    trpc.payouts.setUp.mutationOptions({ onSuccess: ({ url }) => window.location.assign(url) }),
  );
  if (!isCollecting)
    return (
      <Callout title="This platform asks nobody for money">
        Whoever runs it has set no key of Stripe. What was earned is on record all the same.
      </Callout>
    );
  if (payee.state === 'payable')
    return (
      <p>
        <Badge tone="live" icon={<CircleCheck aria-hidden />}>
          Payouts go to your account at Stripe
        </Badge>
      </p>
    );
  return (
    <>
      <Callout
        tone="wait"
        title={payee.state === 'none' ? 'Payouts have nowhere to go yet' : 'Stripe still asks for something'}
        action={
          <IfMay to="payouts.setUp">
            <Button variant="primary" isPending={setUp.isPending} onClick={() => setUp.mutate({ accountId })}>
              {payee.state === 'none' ? 'Set up at Stripe' : 'Go on at Stripe'}
            </Button>
          </IfMay>
        }
      >
        Stripe asks who you are and where the money goes. It waits for you until then.
      </Callout>
      {setUp.error === null ? null : <ProblemNote error={setUp.error} />}
    </>
  );
}

function Earned({
  currency,
  notes,
}: {
  readonly currency: string;
  readonly notes: readonly DocumentHead[];
}): ReactNode {
  const unit = minorUnitOf(currency);
  const total = (read: (figures: ReturnType<typeof figuresOf>) => bigint) =>
    notes.reduce((sum, note) => sum + read(figuresOf(note)), 0n) * unit;
  const byMonth = (read: (figures: ReturnType<typeof figuresOf>) => bigint) =>
    sumsByMonth(notes, (note) => ({ period: note.period, amount: read(figuresOf(note)) * unit }));
  const figures = [
    ['Earned', total(({ earned }) => earned), 'in the months below'],
    ['Sent', total(({ sent }) => sent), 'to your account at Stripe'],
    ['Waits for its payers', total(({ waits }) => waits), 'their invoices are open'],
    ['Lost', total(({ lost }) => lost), 'given back, disputed or given up'],
    ['Kept', total(({ kept }) => kept), 'for credit that you gave and others used'],
  ] as const;
  const shown = figures.filter(([label, amount]) => amount !== 0n || (label !== 'Lost' && label !== 'Kept'));
  const keptSeries =
    total(({ kept }) => kept) === 0n
      ? []
      : [
          {
            label: 'kept for credit given',
            colour: '--ink-faint',
            amounts: byMonth(({ kept }) => (kept > 0n ? kept : 0n)),
          } as const,
        ];
  return (
    <section aria-label={`Earned in ${currency}`} className="grid grid-cols-1 gap-5">
      <div className={`grid gap-x-10 gap-y-4 border-y py-3 ${widths[shown.length] ?? ''}`}>
        {shown.map(([label, amount, note]) => (
          <Stat key={label} label={label} value={showMoney(amount, currency)} unit={currency} note={note} />
        ))}
      </div>
      <MonthChart
        label={`Earned by month in ${currency}: sent, ready and waiting`}
        currency={currency}
        series={[
          { label: 'sent', colour: '--money', amounts: byMonth(({ sent }) => sent) },
          ...keptSeries,
          { label: 'ready to be sent', colour: '--live', amounts: byMonth(({ ready }) => ready) },
          { label: 'waits for its payers', colour: '--wait', amounts: byMonth(({ waits }) => waits) },
        ]}
      />
    </section>
  );
}

const columnsOf = (accountId: string, nowMs: number): readonly Column<DocumentHead>[] => [
  {
    key: 'number',
    header: 'Number',
    isTitle: true,
    cell: ({ id, number }) => (
      <Link href={pagePath(accountId, `documents/${id}`)} className="font-medium tabular-nums">
        {number}
      </Link>
    ),
  },
  { key: 'period', header: 'Month', cell: ({ period }) => showPeriod(period) },
  { key: 'state', header: 'State', cell: (note) => <DocumentState document={note} nowMs={nowMs} /> },
  { key: 'earned', header: 'Earned', isNumber: true, cell: (note) => figure(note, figuresOf(note).earned) },
  {
    key: 'funded',
    header: 'Paid by its payers',
    isNumber: true,
    cell: (note) => figure(note, figuresOf(note).funded),
  },
  // Only where there is any: most get nothing back, and give nobody credit.
  { key: 'lost', header: 'Lost', isNumber: true, cell: (note) => figure(note, figuresOf(note).lost) },
  {
    key: 'kept',
    header: 'Kept for credit given',
    isNumber: true,
    cell: (note) => figure(note, figuresOf(note).kept),
  },
  { key: 'sent', header: 'Sent', isNumber: true, cell: (note) => figure(note, figuresOf(note).sent) },
];

const figure = ({ currency }: DocumentHead, minorUnits: bigint): ReactNode => (
  <span className="whitespace-nowrap">
    {showMinorUnits(minorUnits.toString(), currency)} <span className="text-ink-faint">{currency}</span>
  </span>
);
