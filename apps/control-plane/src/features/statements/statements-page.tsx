'use client';

import { minorUnitOf, nano } from '@patchbay/domain/billing/money';
import { Badge } from '@patchbay/ui/badge';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleDashed, ReceiptText } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { showMoney, signOf } from '../../formats/money.ts';
import { showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ExportMenu } from '../money/export-menu.tsx';
import { MoneyTabs } from '../money/money-tabs.tsx';
import { MonthChart } from '../money/month-chart.tsx';
import { sumsByMonth } from '../money/sums-by-month.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { CloseMonth } from './close-month.tsx';
import { MarginText } from './margin-text.tsx';
import { askedSum, sellersText } from './statement.ts';
import { VerificationNote } from './verification-note.tsx';

type Head = Outputs['statements']['list']['items'][number];

/** Every period is rated anew for it. */
const REFRESH_MS = 10_000;

const hasChanging = (items: readonly Head[] | undefined): boolean =>
  items?.some(({ state }) => state !== 'closed') ?? true;

/** The periods of an account, newest first: what it pays, what it earned, what it is paid out. */
export function StatementsPage(): ReactNode {
  const trpc = useTRPC();
  const router = useRouter();
  const accountId = useAccountId();
  const list = useQuery(
    trpc.statements.list.queryOptions(
      { accountId },
      { refetchInterval: ({ state: { data } }) => (hasChanging(data?.items) ? REFRESH_MS : false) },
    ),
  );
  const items = list.data?.items ?? [];
  const [last, first] = [items[0]?.period, items.at(-1)?.period];
  const open = (period: string) => pagePath(accountId, `statements/${period}`);
  return (
    <>
      <PageHeader
        title="Statements"
        scope="One a UTC month. Figures include all accounts below."
        examples={[
          exampleOf({
            operation: 'statements.list',
            input: { accountId },
            cli: `statement list --account ${accountId}`,
          }),
        ]}
        actions={
          first === undefined || last === undefined ? undefined : (
            <ExportMenu what="statements" from={first} to={last} />
          )
        }
      />
      <MoneyTabs />
      <CloseMonth />
      <VerificationNote />
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={4} /> : null}
      {list.isSuccess && items.length === 0 ? (
        <EmptyState icon={<ReceiptText />} title="No statement yet">
          The first use begins one. It grows as use accrues, line by line, until the month is over and late
          use has come in.
        </EmptyState>
      ) : null}
      {items.length > 0 ? <PaidAndEarned items={items} /> : null}
      {items.length > 0 ? (
        <Table
          label="Statements"
          columns={columnsOf(open)}
          rows={items}
          rowKey={({ period }) => period}
          onOpen={({ period }) => router.push(open(period))}
        />
      ) : null}
    </>
  );
}

/** What the account pays and earns, month by month. The platform's own is what it keeps. */
function PaidAndEarned({ items }: { readonly items: readonly Head[] }): ReactNode {
  const currency = items[0]?.currency ?? '';
  const unit = currency === '' ? 1n : minorUnitOf(currency);
  const by = (read: (head: Head) => bigint) =>
    sumsByMonth(items, (head) => ({ period: head.period, amount: read(head) }));
  const asked = (head: Head, side: 'charge' | 'payout') => (askedSum(head, side)?.minorUnits ?? 0n) * unit;
  const isAbove = (amount: bigint) => (amount < 0n ? 0n : amount);
  return (
    <div className="mb-6">
      <MonthChart
        label={`To be paid and earned by month in ${currency}`}
        currency={currency}
        series={[
          {
            label: 'to be paid',
            colour: '--series-1',
            amounts: by((head) => isAbove(asked(head, 'charge'))),
          },
          {
            label: 'earned',
            colour: '--money',
            amounts: by((head) =>
              isAbove(head.payout === undefined ? BigInt(head.margin) : asked(head, 'payout')),
            ),
          },
        ]}
      />
    </div>
  );
}

const columnsOf = (pathOf: (period: string) => string): readonly Column<Head>[] => [
  {
    key: 'period',
    header: 'Period',
    isTitle: true,
    cell: ({ period }) => (
      <Link href={pathOf(period)} className="font-medium">
        {showPeriod(period)}
      </Link>
    ),
  },
  {
    key: 'state',
    header: 'State',
    cell: ({ state, lateUsageUntil }) => <StatementState state={state} lateUsageUntil={lateUsageUntil} />,
  },
  { key: 'seller', header: 'Prices of', cell: sellersText },
  {
    key: 'margin',
    header: 'Margin',
    isNumber: true,
    cell: ({ margin, currency }) =>
      signOf(margin) === 0 ? (
        <span className="text-ink-faint">–</span>
      ) : (
        <MarginText margin={margin} currency={currency} />
      ),
  },
  {
    key: 'charge',
    header: 'To be paid',
    isNumber: true,
    cell: (head) => <Asked head={head} side="charge" />,
  },
  {
    key: 'payout',
    header: 'To be paid out',
    isNumber: true,
    cell: (head) => <Asked head={head} side="payout" />,
  },
];

interface AskedProps {
  readonly head: Head;
  readonly side: 'charge' | 'payout';
}

/** What is really paid, and by which document. Of the platform nothing is asked, and it is paid nothing. */
function Asked({ head, side }: AskedProps): ReactNode {
  const { currency } = head;
  const asked = askedSum(head, side);
  if (asked === undefined) return <span className="text-ink-faint">–</span>;
  return (
    <span className="whitespace-nowrap" title={asked.document?.documentNumber}>
      {showMoney(nano(asked.minorUnits * minorUnitOf(currency)), currency)}{' '}
      <span className="text-ink-faint">{currency}</span>
    </span>
  );
}

/** Open: it still grows. Settling: the month is over, late use may come. Closed: nothing in it changes any more (BIL-7). */
export function StatementState({ state, lateUsageUntil }: Pick<Head, 'state' | 'lateUsageUntil'>): ReactNode {
  if (state === 'settling') {
    const until = new Date(lateUsageUntil).toISOString().slice(0, 10);
    return (
      <Badge
        tone="info"
        icon={<CircleDashed aria-hidden />}
        title={`Late use is taken until ${until} (UTC).`}
      >
        settling until {until}
      </Badge>
    );
  }
  return state === 'open' ? (
    <Badge tone="info" icon={<CircleDashed aria-hidden />}>
      open
    </Badge>
  ) : (
    <Badge icon={<CircleCheck aria-hidden />}>closed</Badge>
  );
}
