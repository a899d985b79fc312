'use client';

import { Chart } from '@patchbay/ui/chart';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useQuery } from '@tanstack/react-query';
import { Footprints } from 'lucide-react';
import Link from 'next/link';
import { useParams, useSearchParams } from 'next/navigation';
import type { ReactNode } from 'react';
import { showExactMoney } from '../../formats/money.ts';
import { showMetered, textOf } from '../../formats/quantity.ts';
import { showPeriod } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { ExactMoney } from '../statements/exact-money.tsx';
import { LineQuantity, lineName } from '../statements/line-cells.tsx';
import { dimensionText, unitOf } from '../usage/meters.ts';
import { DaySessions, type LineDays } from './day-sessions.tsx';
import { trailPath } from './trail-path.ts';

type Day = LineDays['items'][number];

const HEIGHT_PIXELS = 140;
const DAY_SECONDS = 86_400;
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1_000;

/** One line of a statement, down to the days, sessions and records that it was made of. */
export function TrailPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { period } = useParams<{ period: string }>();
  const search = useSearchParams();
  const [key, childId, day] = ['key', 'childId', 'day'].map((name) => search.get(name) ?? undefined);
  const asked = { accountId, period, key: key ?? '-', ...(childId === undefined ? {} : { childId }) };
  const query = useQuery(trpc.statements.listLineDays.queryOptions(asked, { enabled: key !== undefined }));
  const line = query.data;
  return (
    <>
      <p className="mb-1">
        <Link
          href={pagePath(accountId, `statements/${period}`)}
          className="text-ink-soft hover:text-ink hover:underline"
        >
          {/^\d{4}-\d{2}$/.test(period) ? showPeriod(period) : period}
        </Link>
      </p>
      <PageHeader
        title={line === undefined ? 'Line of a statement' : lineName(line)}
        scope={
          line === undefined ? undefined : (
            <span>
              {dimensionText(line.dimensions) || 'all dimensions'}, by day, session and record. The parts sum
              to the line, to the last fraction.
            </span>
          )
        }
        examples={[
          exampleOf({ operation: 'statements.listLineDays', input: asked }),
          exampleOf({
            operation: 'statements.listLineSessions',
            input: { ...asked, day: day ?? `${period}-01` },
          }),
        ]}
      />
      {query.error === null ? null : <ProblemNote error={query.error} onRetry={() => void query.refetch()} />}
      {key === undefined ? (
        <EmptyState icon={<Footprints />} title="No line is named">
          Open a line of the statement: it leads here, to the days, sessions and records behind it.
        </EmptyState>
      ) : null}
      {query.isLoading ? <TableSkeleton rows={6} /> : null}
      {line !== undefined && line.items.length === 0 ? (
        <EmptyState icon={<Footprints />} title="Nothing was used for it">
          The line is owed for the month itself, such as a fee: no session is behind it.
        </EmptyState>
      ) : null}
      {line === undefined || line.items.length === 0 ? null : (
        <div className="grid grid-cols-1 gap-8">
          <Chart
            label="Use by day"
            kind="bars"
            heightPixels={HEIGHT_PIXELS}
            timeZone="UTC"
            times={daysAcross(line.items).map(startOf)}
            range={[
              startOf(daysAcross(line.items)[0] ?? ''),
              startOf(daysAcross(line.items).at(-1) ?? '') + DAY_SECONDS,
            ]}
            series={[{ label: lineName(line), colour: '--series-1', values: valuesOf(line) }]}
            format={(value) =>
              textOf(showMetered(BigInt(Math.round(value)), unitOf(`${line.service}.${line.meter}`)))
            }
          />
          <Table
            label="Days"
            columns={columnsOf(line, (of) =>
              trailPath({ accountId, period, key: asked.key, childId, day: of }),
            )}
            rows={line.items}
            rowKey={(each) => each.day}
            rowClassName={(each) => (each.day === day ? 'bg-surface' : undefined)}
            foot={
              <tr className="font-semibold max-sm:flex max-sm:justify-between max-sm:py-2">
                <td className="h-9">All of it</td>
                <td className="pr-6 text-right max-sm:hidden">
                  <LineQuantity line={line} quantity={line.quantity} />
                </td>
                <td className="pr-1 text-right tabular-nums">
                  <ExactMoney amount={line.amount} />
                </td>
              </tr>
            }
          />
          {day === undefined ? null : <DaySessions asked={{ ...asked, day }} line={line} />}
        </div>
      )}
    </>
  );
}

/** Every day from the first to the last, with those between on which nothing was used. */
function daysAcross(items: readonly Day[]): readonly string[] {
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) return [];
  const count = Math.round((startOf(last.day) - startOf(first.day)) / DAY_SECONDS) + 1;
  // One bar alone has no width: the day before stands beside it.
  const from = count === 1 ? startOf(first.day) - DAY_SECONDS : startOf(first.day);
  return Array.from({ length: Math.max(count, 2) }, (_, index) =>
    new Date((from + index * DAY_SECONDS) * 1_000).toISOString().slice(0, 10),
  );
}

function valuesOf({ items }: LineDays): readonly number[] {
  const byDay = new Map(items.map(({ day, quantity }) => [day, Number(quantity)]));
  return daysAcross(items).map((day) => byDay.get(day) ?? 0);
}

const columnsOf = (line: LineDays, pathOf: (day: string) => string): readonly Column<Day>[] => [
  {
    key: 'day',
    header: 'Day (UTC)',
    isTitle: true,
    cell: ({ day }) => (
      <Link href={pathOf(day)} scroll={false} className="font-medium tabular-nums hover:underline">
        {day}
      </Link>
    ),
  },
  {
    key: 'quantity',
    header: 'Quantity',
    isNumber: true,
    cell: ({ quantity }) => <LineQuantity line={line} quantity={quantity} />,
  },
  {
    key: 'amount',
    header: 'Amount',
    isNumber: true,
    cell: ({ amount }) => <ExactMoney amount={amount} />,
  },
];
