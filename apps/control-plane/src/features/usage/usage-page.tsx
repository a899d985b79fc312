'use client';

import { dimensionFilterText } from '@patchbay/kit/dimension-filter';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Chart } from '@patchbay/ui/chart';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Skeleton } from '@patchbay/ui/skeleton';
import { Quantity } from '@patchbay/ui/stat';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChartColumn, Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { showExact, showMetered, textOf } from '../../formats/quantity.ts';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { downloadText } from '../download/download.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { useNow } from '../shell/use-now.ts';
import { ChangeNote } from './change-note.tsx';
import { meterOf, unitOf } from './meters.ts';
import { RefusedUsage } from './refused-usage.tsx';
import { UsageFilters } from './usage-filters.tsx';
import {
  allRows,
  countOf,
  csvOf,
  foldRest,
  groupRows,
  groupText,
  spanBefore,
  spanOf,
} from './usage-query.ts';
import { UsageTable } from './usage-table.tsx';
import { useGroupNames } from './use-group-names.ts';
import { useUsageChoice } from './use-usage-choice.ts';

const REFRESH_MS = 5_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ROWS_MAX = 10_000;
const SERIES_MAX = 6;

/** Any meter, by any dimension, over any range: as chart, table and CSV (MET-5). */
export function UsagePage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const control = useUsageChoice();
  const { meter, groupBy, range, bucket, scope, timeZone, filter, entities, isCompared } = control.choice;
  const { session, ...named } = entities;
  const nowMs = useNow(bucket === 'minute' ? MINUTE_MS : HOUR_MS);
  const buckets = { bucket, count: countOf(range, bucket), timeZone };
  const span = spanOf(buckets, nowMs);
  const earlier = spanBefore(buckets, nowMs);
  const where = dimensionFilterText(filter);
  const input = {
    accountId,
    from: new Date(span.fromMs).toISOString(),
    to: new Date(span.toMs).toISOString(),
    bucket,
    meter,
    timeZone,
    scope,
    ...(where === '' ? {} : { where }),
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== '')),
    ...(session === '' ? {} : { sessionId: session }),
    ...(groupBy === '' ? {} : { groupBy }),
  };
  const usage = useQuery(
    trpc.usage.query.queryOptions(
      { ...input, limit: ROWS_MAX },
      { refetchInterval: REFRESH_MS, placeholderData: keepPreviousData },
    ),
  );
  const { groupBy: _ungrouped, ...together } = input;
  const before = useQuery(
    trpc.usage.query.queryOptions(
      {
        ...together,
        from: new Date(earlier.fromMs).toISOString(),
        to: new Date(earlier.toMs).toISOString(),
        limit: ROWS_MAX,
      },
      { enabled: isCompared, placeholderData: keepPreviousData },
    ),
  );
  const [seriesBefore] = isCompared ? groupRows(before.data?.rows ?? [], earlier) : [];
  const valuesBefore = seriesBefore?.values ?? span.startsMs.map(() => 0n);
  const client = useQueryClient();
  const exported = useMutation({
    // Of what is shown, all: also where the answer on the page was cut off.
    mutationFn: () =>
      allRows((after) =>
        client.fetchQuery(
          trpc.usage.query.queryOptions({
            ...input,
            limit: ROWS_MAX,
            ...(after === undefined ? {} : { after }),
          }),
        ),
      ),
    onSuccess: (all) => downloadText(`usage-${meter}-${input.from.slice(0, 10)}.csv`, csvOf(all, unit)),
  });
  const names = useGroupNames({ accountId, groupBy, scope, from: input.from, to: input.to });
  const rows = usage.data?.rows ?? [];
  const series = groupRows(rows, span);
  const total = series.reduce((sum, one) => sum + one.total, 0n);
  const unit = unitOf(meter);
  const exact = showExact(total.toString(), unit);
  return (
    <>
      <PageHeader
        title="Usage"
        scope={meterOf(meter)?.summary}
        examples={[
          exampleOf({
            operation: 'usage.query',
            input,
            cli: [
              `usage --account ${accountId} --from ${input.from} --to ${input.to} --bucket ${input.bucket}`,
              ` --scope ${input.scope} --meter ${meter}`,
              ` --time-zone ${timeZone}`,
              ...Object.entries(entities).flatMap(([name, value]) =>
                value === '' ? [] : [` --${name} ${value}`],
              ),
              where === '' ? '' : ` --where ${where}`,
              groupBy === '' ? '' : ` --group-by ${groupBy}`,
            ].join(''),
          }),
        ]}
        actions={
          <Button
            disabled={rows.length === 0}
            isPending={exported.isPending}
            onClick={() => exported.mutate()}
          >
            <Download aria-hidden />
            CSV
          </Button>
        }
      />
      <UsageFilters {...control} />
      {usage.error !== null ? <ProblemNote error={usage.error} onRetry={() => void usage.refetch()} /> : null}
      {exported.error !== null ? <ProblemNote error={exported.error} /> : null}
      {usage.isPending && usage.error === null ? <Skeleton className="h-72" /> : null}
      {usage.isSuccess && rows.length === 0 ? (
        <EmptyState icon={<ChartColumn />} title="Nothing was used in this range">
          Use shows here within 5 seconds of happening. Make a call from the sample page, or choose a longer
          range or less to look at.
        </EmptyState>
      ) : null}
      {usage.data?.completeFrom === undefined ? null : (
        <Callout tone="wait" title={`Complete from ${showMoment(usage.data.completeFrom)} on`}>
          This is read from single records, and some of before are past the time for which they are kept.
          Without this grouping and narrowing, totals show all that was used.
        </Callout>
      )}
      {rows.length > 0 ? (
        <div className="grid grid-cols-1 gap-6">
          <p title={`${exact.value} ${exact.unit}`}>
            <span className="text-lg font-semibold tracking-tight">
              <Quantity {...showMetered(total, unit)} />
            </span>
            <span className="ml-3 text-ink-faint tabular-nums">
              exactly {exact.value} {exact.unit}
              {usage.data?.isTruncated === true ? ', and more: the answer was cut off' : ''}
            </span>
            {isCompared && before.isSuccess ? (
              <ChangeNote total={total} before={seriesBefore?.total ?? 0n} />
            ) : null}
          </p>
          <Chart
            label={`${meterOf(meter)?.label ?? meter} per ${bucket}`}
            kind="bars"
            heightPixels={240}
            times={span.startsMs.map((startMs) => startMs / 1_000)}
            timeZone={timeZone}
            range={[span.fromMs / 1_000, span.toMs / 1_000]}
            {...(isCompared ? { before: valuesBefore.map(Number) } : {})}
            series={foldRest(series, SERIES_MAX).map(({ group, values }, index) => ({
              label: names.get(group) ?? groupText(group, groupBy),
              colour: `--series-${index + 1}`,
              values: values.map(Number),
            }))}
            format={(value) => textOf(showMetered(BigInt(Math.round(value)), unit))}
          />
          <UsageTable series={series} total={total} unit={unit} groupBy={groupBy} names={names} />
        </div>
      ) : null}
      <RefusedUsage />
    </>
  );
}
