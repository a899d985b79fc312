'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { services } from '@patchbay/services/registry.generated';
import { Chart } from '@patchbay/ui/chart';
import { Select } from '@patchbay/ui/select';
import { Skeleton } from '@patchbay/ui/skeleton';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showMetered, textOf } from '../../formats/quantity.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { type Meter, meters } from '../usage/meters.ts';
import { groupRows, spanOf } from '../usage/usage-query.ts';

const DAYS = 30;
const HOUR_MS = 3_600_000;
const HEIGHT_PIXELS = 160;

/** One meter of a service, day by day. What carries data is shown first: it is what most is asked about. */
export function ServiceChart({ service }: { readonly service: ServiceKey }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const own = meters.filter((meter) => meter.service === services[service].name);
  const [chosen, setChosen] = useState(() => (own.find(({ unit }) => unit === 'byte') ?? own[0])?.name ?? '');
  const meter = own.find(({ name }) => name === chosen);
  const span = spanOf({ bucket: 'day', count: DAYS, timeZone: 'UTC' }, useNow(HOUR_MS));
  const usage = useQuery(
    trpc.usage.query.queryOptions(
      {
        accountId,
        from: new Date(span.fromMs).toISOString(),
        to: new Date(span.toMs).toISOString(),
        bucket: 'day',
        meter: chosen,
      },
      { enabled: meter !== undefined, placeholderData: keepPreviousData },
    ),
  );
  if (meter === undefined) return null;
  return (
    <section aria-labelledby="use">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-3">
        <h2 id="use" className="font-semibold">
          Use, last 30 days
        </h2>
        <div className="flex flex-wrap items-center gap-3">
          <Select
            label="Meter"
            value={chosen}
            options={own.map(({ name, label }) => ({ value: name, label }))}
            onChange={setChosen}
          />
          <Link
            href={pagePath(accountId, `usage?meter=${chosen}&range=month`)}
            className="text-ink-soft hover:text-ink hover:underline"
          >
            Explore
          </Link>
        </div>
      </div>
      {usage.error === null ? null : <ProblemNote error={usage.error} onRetry={() => void usage.refetch()} />}
      {usage.data === undefined ? (
        usage.error === null ? (
          <Skeleton className="h-[160px]" />
        ) : null
      ) : (
        <Days meter={meter} rows={usage.data.rows} span={span} />
      )}
    </section>
  );
}

interface DaysProps {
  readonly meter: Meter;
  readonly rows: Parameters<typeof groupRows>[0];
  readonly span: ReturnType<typeof spanOf>;
}

function Days({ meter, rows, span }: DaysProps): ReactNode {
  const [series] = groupRows(rows, span);
  if (series === undefined)
    return (
      <p className="border-y py-2 text-ink-faint">
        Nothing was counted here in 30 days. Use shows within 5 seconds of happening.
      </p>
    );
  return (
    <Chart
      label={`${meter.label} per day`}
      kind="bars"
      heightPixels={HEIGHT_PIXELS}
      times={span.startsMs.map((startMs) => startMs / 1_000)}
      timeZone="UTC"
      range={[span.fromMs / 1_000, span.toMs / 1_000]}
      series={[{ label: meter.label, colour: '--series-1', values: series.values.map(Number) }]}
      format={(value) => textOf(showMetered(BigInt(Math.round(value)), meter.unit))}
    />
  );
}
