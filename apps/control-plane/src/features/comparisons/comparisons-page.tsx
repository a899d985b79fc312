'use client';

import { periodAt } from '@patchbay/domain/billing/period';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Scale } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { showMinorUnits } from '../documents/printed-document.ts';
import { MoneyTabs } from '../money/money-tabs.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { asksItself, isTopCollector } from './asking-account.ts';
import { CompareCustomer } from './compare-customer.tsx';
import { ImportFigures } from './import-figures.tsx';
import { monthsAround } from './months.ts';

type Compared = Outputs['comparisons']['listAccounts']['items'][number];
type Comparison = Outputs['comparisons']['list']['items'][number];

const CLOCK_MS = 60_000;

/** Customers that another bills still: what we would have asked them for, beside what the other did (BIL-6). */
export function ComparisonsPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const current = periodAt(useNow(CLOCK_MS)).name;
  const months = monthsAround(current);
  const [period, setPeriod] = useState(months.past[0] ?? current);
  const accounts = useQuery(trpc.comparisons.listAccounts.queryOptions({ accountId }));
  const comparison = useQuery(trpc.comparisons.list.queryOptions({ accountId, period }));
  const asks = useAsksCustomers();
  const compared = accounts.data?.items ?? [];
  const error = accounts.error ?? comparison.error;
  const csv = 'account,period,total\ncrm_42,2026-11,120.00\n';
  return (
    <>
      <PageHeader
        title="Statements"
        scope="Customers that another bills still. They are rated here, and asked for nothing until you say from when."
        examples={[
          exampleOf({ operation: 'comparisons.list', input: { accountId, period } }),
          exampleOf({ operation: 'comparisons.importFigures', input: { accountId, csv } }),
        ]}
        actions={asks === true ? <ImportFigures /> : undefined}
      />
      <MoneyTabs />
      {error === null ? null : <ProblemNote error={error} onRetry={() => void accounts.refetch()} />}
      {accounts.isPending && error === null ? <TableSkeleton rows={3} /> : null}
      <div className="grid grid-cols-1 gap-8">
        {accounts.isSuccess && compared.length === 0 && asks !== undefined ? (
          <NobodyCompared asks={asks} />
        ) : null}
        {compared.length === 0 ? null : <ComparedAccounts items={compared} current={current} />}
        {asks === true ? <CompareCustomer current={current} comparedIds={idsOf(compared, current)} /> : null}
        {comparison.data === undefined || (asks === false && compared.length === 0) ? null : (
          <section aria-labelledby="month" className="grid gap-2">
            <div className="flex flex-wrap items-center gap-3">
              <h2 id="month" className="font-semibold">
                Month by month
              </h2>
              <Select
                label="Month"
                value={period}
                options={[current, ...months.past].map((value) => ({ value, label: showPeriod(value) }))}
                onChange={setPeriod}
              />
            </div>
            {comparison.data.items.length === 0 ? (
              <p className="text-ink-faint">Nobody was compared in this month.</p>
            ) : (
              <Table
                label="Comparison"
                columns={comparisonColumns(accountId)}
                rows={comparison.data.items}
                rowKey={({ childId }) => childId}
              />
            )}
          </section>
        )}
      </div>
    </>
  );
}

/** Whether this account asks its customers itself; who does not cannot say that one is asked later. */
function useAsksCustomers(): boolean | undefined {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const isTop = account === undefined ? undefined : isTopCollector(account);
  const own = useQuery(
    trpc.collecting.get.queryOptions(
      { accountId },
      { enabled: isTop === false && account?.isTest === false },
    ),
  );
  if (isTop !== false) return isTop;
  if (account?.isTest === true) return false;
  return own.data === undefined ? undefined : asksItself(own.data.state);
}

const NobodyCompared = ({ asks }: { readonly asks: boolean }): ReactNode =>
  asks ? (
    <EmptyState icon={<Scale />} title="Every customer is asked for money">
      Let one that moves over from another biller be rated alone first: its months close into documents that
      nobody owes, and you see here by how much the two differ.
    </EmptyState>
  ) : (
    <EmptyState icon={<Scale />} title="Another asks your customers">
      Who asks a customer for money can rate it beside another biller first. Your customers are asked by
      whoever is above you, until you connect a Stripe account of your own on the page of payouts.
    </EmptyState>
  );

/** Those that are compared now. */
const idsOf = (compared: readonly Compared[], current: string): readonly string[] =>
  compared.filter((item) => !isOver(item, current)).map(({ childId }) => childId);

const isOver = ({ toPeriod }: Compared, current: string): boolean =>
  toPeriod !== undefined && toPeriod < current;

function ComparedAccounts({
  items,
  current,
}: {
  readonly items: readonly Compared[];
  readonly current: string;
}): ReactNode {
  const columns: readonly Column<Compared>[] = [
    { key: 'name', header: 'Customer', isTitle: true, cell: ({ name }) => name },
    {
      key: 'state',
      header: 'State',
      cell: (item) => (
        <Badge tone={isOver(item, current) ? 'live' : 'wait'}>
          {isOver(item, current) ? 'Asked for money' : 'Compared alone'}
        </Badge>
      ),
    },
    { key: 'from', header: 'From', cell: ({ fromPeriod }) => showPeriod(fromPeriod) },
    {
      key: 'to',
      header: 'To',
      cell: ({ toPeriod }) => (toPeriod === undefined ? 'goes on' : showPeriod(toPeriod)),
    },
    {
      key: 'collect',
      header: 'Ask for money',
      isWide: true,
      cell: (item) => (isOver(item, current) ? null : <CollectFrom item={item} current={current} />),
    },
  ];
  return (
    <section aria-labelledby="customers">
      <h2 id="customers" className="mb-1 font-semibold">
        Customers
      </h2>
      <Table label="Compared customers" columns={columns} rows={items} rowKey={({ childId }) => childId} />
    </section>
  );
}

/** The switch: from which month on it is asked. */
function CollectFrom({ item, current }: { readonly item: Compared; readonly current: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const { coming } = monthsAround(current);
  const [collectFrom, setFrom] = useState(coming[0] ?? current);
  const collect = useMutation(
    trpc.comparisons.collect.mutationOptions({
      onSuccess: () => queries.invalidateQueries(trpc.comparisons.pathFilter()),
    }),
  );
  return (
    <IfMay to="comparisons.collect">
      <div className="flex flex-wrap items-center gap-2">
        <Select
          label="Ask from"
          isLabelled
          value={collectFrom}
          options={[current, ...coming].map((value) => ({ value, label: showPeriod(value) }))}
          onChange={setFrom}
        />
        <Button
          size="small"
          isPending={collect.isPending}
          onClick={() => collect.mutate({ accountId, childId: item.childId, collectFrom })}
        >
          Collect
        </Button>
      </div>
      {collect.error === null ? null : <ProblemNote error={collect.error} />}
    </IfMay>
  );
}

const comparisonColumns = (here: string): readonly Column<Comparison>[] => [
  { key: 'name', header: 'Customer', isTitle: true, cell: ({ name }) => name },
  {
    key: 'theirs',
    header: 'The other biller',
    isNumber: true,
    cell: ({ theirsMinorUnits, currency }) => money(theirsMinorUnits, currency),
  },
  {
    key: 'ours',
    header: 'Ours',
    isNumber: true,
    cell: ({ oursMinorUnits, currency, documentId }) =>
      documentId === undefined ? (
        money(oursMinorUnits, currency)
      ) : (
        <Link href={pagePath(here, `documents/${documentId}`)}>{money(oursMinorUnits, currency)}</Link>
      ),
  },
  {
    key: 'difference',
    header: 'Ours less theirs',
    isNumber: true,
    cell: ({ differenceMinorUnits, currency }) => money(differenceMinorUnits, currency),
  },
];

const money = (minorUnits: string | undefined, currency: string): ReactNode =>
  minorUnits === undefined ? (
    <span className="text-ink-faint">not known yet</span>
  ) : (
    <span className="whitespace-nowrap">
      {showMinorUnits(minorUnits, currency)} <span className="text-ink-faint">{currency}</span>
    </span>
  );
