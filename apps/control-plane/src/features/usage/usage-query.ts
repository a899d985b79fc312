import { universalDimensions } from '@patchbay/domain/metering/meter-catalogue';
import { entityGroups } from '@patchbay/domain/metering/usage-store';
import { usageCsvHead, usageCsvLine } from '@patchbay/kit/csv';
import { firstInstantOf, shownAsUtcMs } from '@patchbay/kit/zone-clock';
import type { Inputs, Outputs } from '../../trpc/client.ts';
import { dimensionLabel, meterOf } from './meters.ts';

export type UsageRow = Outputs['usage']['query']['rows'][number];
export type Bucket = Exclude<NonNullable<Inputs['usage']['query']['bucket']>, 'all'>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const ranges = [
  { value: 'hour', label: 'last hour', buckets: ['minute'], count: { minute: 60 } },
  { value: 'day', label: 'last 24 hours', buckets: ['hour', 'minute'], count: { hour: 24, minute: 1_440 } },
  { value: 'week', label: 'last 7 days', buckets: ['hour', 'day'], count: { hour: 168, day: 7 } },
  { value: 'month', label: 'last 30 days', buckets: ['day', 'hour'], count: { day: 30, hour: 720 } },
  { value: 'quarter', label: 'last 90 days', buckets: ['day'], count: { day: 90 } },
  { value: 'year', label: 'last 12 months', buckets: ['month'], count: { month: 12 } },
] as const satisfies readonly {
  readonly value: string;
  readonly label: string;
  /** The first is the one to begin with. */
  readonly buckets: readonly [Bucket, ...Bucket[]];
  /** Buckets in the range. */
  readonly count: Readonly<Partial<Record<Bucket, number>>>;
}[];
export type Range = (typeof ranges)[number];

/** Whole buckets, one behind the other. */
export interface Span {
  readonly startsMs: readonly number[];
  readonly fromMs: number;
  /** Where the last one ends. */
  readonly toMs: number;
}

/** How many buckets of a kind a range has; it has some of each that it names. */
export const countOf = ({ count }: Range, bucket: Bucket): number =>
  Object.entries(count).find(([name]) => name === bucket)?.[1] ?? 0;

/**
 * The last so many buckets, up to and with the one that runs now, by the clocks of a zone: a day has 23 or 25 hours where
 * they are changed.
 */
export function spanOf(
  { bucket, count, timeZone }: { readonly bucket: Bucket; readonly count: number; readonly timeZone: string },
  nowMs: number,
): Span {
  const startOf = starts(bucket, timeZone, nowMs);
  const startsMs = Array.from({ length: count }, (_, index) => startOf(index + 1 - count));
  return { startsMs, fromMs: startOf(1 - count), toMs: startOf(1) };
}

/** The same number of buckets, right before those of a span: what it is compared with. */
export function spanBefore(
  { bucket, count, timeZone }: { readonly bucket: Bucket; readonly count: number; readonly timeZone: string },
  nowMs: number,
): Span {
  const startOf = starts(bucket, timeZone, nowMs);
  const startsMs = Array.from({ length: count }, (_, index) => startOf(index + 1 - 2 * count));
  return { startsMs, fromMs: startOf(1 - 2 * count), toMs: startOf(1 - count) };
}

/** '12.5 % more than in the time before'. The last bucket of a range still runs, which is said where it is shown. */
export function changeText(total: bigint, before: bigint): string {
  if (before === 0n) return total === 0n ? 'as much as in the time before' : 'nothing in the time before';
  const permille = ((total - before) * 1_000n) / before;
  if (permille === 0n) return 'as much as in the time before';
  const percent = Number(permille < 0n ? -permille : permille) / 10;
  return `${percent.toFixed(1)} % ${permille < 0n ? 'less' : 'more'} than in the time before`;
}

/** When the bucket begins that is so many behind the one that runs now. */
function starts(bucket: Bucket, timeZone: string, nowMs: number): (behind: number) => number {
  const shownMs = shownAsUtcMs(timeZone, nowMs);
  switch (bucket) {
    case 'minute':
    case 'hour': {
      const stepMs = bucket === 'minute' ? MINUTE_MS : HOUR_MS;
      const firstMs = nowMs - (shownMs % stepMs);
      return (behind) => firstMs + behind * stepMs;
    }
    case 'day': {
      const today = Math.floor(shownMs / DAY_MS);
      return (behind) => firstInstantOf(timeZone, (today + behind) * DAY_MS);
    }
    case 'month': {
      const shown = new Date(shownMs);
      return (behind) =>
        firstInstantOf(timeZone, Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + behind));
    }
  }
}

/** The bucket that a time is in; -1 for a time outside. */
function placeOf(atMs: number, { startsMs, toMs }: Span): number {
  return atMs >= toMs ? -1 : startsMs.findLastIndex((startMs) => startMs <= atMs);
}

/** What a meter can be grouped by: whose use it is, and its dimensions. */
export const groupsOf = (meter: string): readonly string[] => [
  ...entityGroups,
  ...Object.keys(universalDimensions),
  ...Object.keys(meterOf(meter)?.dimensions ?? {}),
];

/** What a group is called that has no name of its own: all use, where nothing is grouped by, or that of nothing. */
export const groupText = (group: string, groupBy: string): string => {
  if (group !== '') return group;
  return groupBy === '' ? 'all together' : `no ${dimensionLabel(groupBy).toLowerCase()}`;
};

export interface GroupedSeries {
  readonly group: string;
  readonly total: bigint;
  readonly recordCount: number;
  /** One for each bucket of the span. */
  readonly values: readonly bigint[];
}

/** Rows as one series for each group, the largest first. */
export function groupRows(rows: readonly UsageRow[], span: Span): readonly GroupedSeries[] {
  const groups = new Map<string, { total: bigint; recordCount: number; values: bigint[] }>();
  for (const { at, group, quantity, recordCount } of rows) {
    const name = Object.values(group).join(' · ');
    const found = groups.get(name) ?? {
      total: 0n,
      recordCount: 0,
      values: span.startsMs.map(() => 0n),
    };
    const place = placeOf(Date.parse(at), span);
    const value = BigInt(quantity);
    found.total += value;
    found.recordCount += recordCount;
    if (place >= 0) found.values[place] = (found.values[place] ?? 0n) + value;
    groups.set(name, found);
  }
  return [...groups]
    .map(([group, found]) => ({ group, ...found }))
    .sort((left, right) => (right.total > left.total ? 1 : right.total < left.total ? -1 : 0));
}

/** The largest groups by themselves and the rest as one, so that a chart stays legible. */
export function foldRest(series: readonly GroupedSeries[], shownMax: number): readonly GroupedSeries[] {
  if (series.length <= shownMax) return series;
  const shown = series.slice(0, shownMax - 1);
  const rest = series.slice(shownMax - 1);
  return [
    ...shown,
    {
      group: `${rest.length} others`,
      total: rest.reduce((sum, { total }) => sum + total, 0n),
      recordCount: rest.reduce((sum, { recordCount }) => sum + recordCount, 0),
      values: (rest[0]?.values ?? []).map((_, index) =>
        rest.reduce((sum, { values }) => sum + (values[index] ?? 0n), 0n),
      ),
    },
  ];
}

/** Rows as CSV: exact integers in the unit of the meter. */
export function csvOf(rows: readonly UsageRow[], unit: string): string {
  const groupNames = [...new Set(rows.flatMap(({ group }) => Object.keys(group)))];
  return usageCsvHead(groupNames) + rows.map((row) => usageCsvLine(row, { groupNames, unit })).join('');
}

/** What an export takes at most: a file of about a gigabyte, which a browser still holds. */
export const EXPORT_PAGES_MAX = 1_000;

/** All rows behind a first answer, page by page. */
export async function allRows(
  ask: (after: string | undefined) => Promise<Outputs['usage']['query']>,
): Promise<readonly UsageRow[]> {
  const rows: UsageRow[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < EXPORT_PAGES_MAX; pages++) {
    const page = await ask(after);
    rows.push(...page.rows);
    after = page.nextAfter;
    if (after === undefined) return rows;
  }
  throw new Error(`An export has at most ${EXPORT_PAGES_MAX} pages: take a shorter range.`);
}
