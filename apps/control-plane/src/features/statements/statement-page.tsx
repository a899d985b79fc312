'use client';

import { Button } from '@patchbay/ui/button';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import { Printer } from 'lucide-react';
import Link from 'next/link';
import { useParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { useBrand } from '../brand/brand-context.tsx';
import { BrandMark } from '../brand/brand-mark.tsx';
import { ExportMenu } from '../money/export-menu.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { LedgerEntries } from './ledger-entries.tsx';
import { LedgerMark } from './ledger-mark.tsx';
import { refreshMsOf, sellersText } from './statement.ts';
import { StatementChildren } from './statement-children.tsx';
import { StatementCorrections } from './statement-corrections.tsx';
import { StatementLines } from './statement-lines.tsx';
import { StatementTotals } from './statement-totals.tsx';
import { StatementState } from './statements-page.tsx';

/** One period, to the last fraction of a cent: lines, children, and the ledger behind them (BIL-4). */
export function StatementPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { period } = useParams<{ period: string }>();
  const query = useQuery(
    trpc.statements.get.queryOptions(
      { accountId, period, detail: 'meters' },
      { refetchInterval: ({ state: { data } }) => refreshMsOf(data) },
    ),
  );
  const brand = useBrand();
  const statement = query.data;
  return (
    <article>
      <p className="mb-1 print:hidden">
        <Link
          href={pagePath(accountId, 'statements')}
          className="text-ink-soft hover:text-ink hover:underline"
        >
          Statements
        </Link>
      </p>
      <p className="mb-3 hidden items-center gap-2 font-semibold print:flex">
        <BrandMark brand={brand} />
        {brand.name}
      </p>
      {statement === undefined ? null : (
        <p className="mb-1 hidden justify-between text-ink-soft print:flex">
          <span>
            Statement of {statement.accountName} <code className="text-sm">{accountId}</code>
          </span>
          <span>
            printed {new Date(query.dataUpdatedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC
          </span>
        </p>
      )}
      <PageHeader
        title={/^\d{4}-\d{2}$/.test(period) ? showPeriod(period) : period}
        scope={
          statement === undefined ? undefined : (
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <StatementState {...statement} />
              <LedgerMark statement={statement} />
              <span>
                {statement.accountName}, at the prices of {sellersText(statement)}, in {statement.currency}
              </span>
            </span>
          )
        }
        examples={examplesOf(accountId, period)}
        actions={
          <>
            <ExportMenu what="statements" from={period} to={period} />
            <Button onClick={() => window.print()}>
              <Printer aria-hidden />
              Print
            </Button>
          </>
        }
      />
      {query.error !== null && statement === undefined ? (
        <ProblemNote error={query.error} onRetry={() => void query.refetch()} />
      ) : null}
      {query.isPending && query.error === null ? (
        <div className="grid gap-6">
          <Skeleton className="h-20" />
          <TableSkeleton rows={6} />
        </div>
      ) : null}
      {statement === undefined ? null : (
        <div className="grid grid-cols-1 gap-10 print:gap-6">
          <StatementTotals statement={statement} />
          <StatementCorrections statement={statement} />
          <StatementLines statement={statement} />
          <StatementChildren statement={statement} />
          <LedgerEntries statement={statement} />
        </div>
      )}
    </article>
  );
}

const examplesOf = (accountId: string, period: string) => [
  exampleOf({
    operation: 'statements.get',
    input: { accountId, period },
    cli: `statement show ${period} --account ${accountId}`,
  }),
  exampleOf({ operation: 'statements.listEntries', input: { accountId, period } }),
  exampleOf({
    operation: 'statements.export',
    input: { accountId, from: period },
    cli: `billing export statements --from ${period} --account ${accountId}`,
  }),
];
