import { usageCsvHead, usageCsvLine } from '@patchbay/kit/csv';
import type { Inputs, Outputs } from '../../trpc/client.ts';
import { meterOf } from './meters.ts';

export type UsageRow = Outputs['usage']['query']['rows'][number];
export type Bucket = Exclude<NonNullable<Inputs['usage']['query']['bucket']>, 'all' | 'month'>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const bucketMs: Readonly<Record<Bucket, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };

export const ranges = [
  { value: 'hour', label: 'last hour', spanMs: HOUR_MS, buckets: ['minute'] },
  { value: 'day', label: 'last 24 hours', spanMs: DAY_MS, buckets: ['hour', 'minute'] },
  { value: 'week', label: 'last 7 days', spanMs: 7 * DAY_MS, buckets: ['hour', 'day'] },
  { value: 'month', label: 'last 30 days', spanMs: 30 * DAY_MS, buckets: ['day', 'hour'] },
  { value: 'quarter', label: 'last 90 days', spanMs: 90 * DAY_MS, buckets: ['day'] },
] as const satisfies readonly {
  readonly value: string;
  readonly label: string;
  readonly spanMs: number;
  /** The first is the one to begin with. */
  readonly buckets: readonly [Bucket, ...Bucket[]];
}[];
export type Range = (typeof ranges)[number];

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The range up to and with the bucket that runs now, on whole buckets. */
export function spanOf({ spanMs }: Pick<Range, 'spanMs'>, bucket: Bucket, nowMs: number): Span {
  const stepMs = bucketMs[bucket];
  const toMs = (Math.floor(nowMs / stepMs) + 1) * stepMs;
  return { fromMs: toMs - Math.ceil(spanMs / stepMs) * stepMs, toMs };
}

/** What every meter can be grouped by, besides its own dimensions. */
export const entityGroups = [
  'account',
  'application',
  'credential',
  'session',
  'region',
  'modality',
] as const;

export const groupsOf = (meter: string): readonly string[] => [
  ...entityGroups,
  ...Object.keys(meterOf(meter)?.dimensions ?? {}),
];

export interface GroupedSeries {
  readonly group: string;
  readonly total: bigint;
  readonly recordCount: number;
  /** One for each bucket of the span. */
  readonly values: readonly bigint[];
}

/** Rows as one series for each group, the largest first. */
export function groupRows(rows: readonly UsageRow[], span: Span, stepMs: number): readonly GroupedSeries[] {
  const count = Math.round((span.toMs - span.fromMs) / stepMs);
  const groups = new Map<string, { total: bigint; recordCount: number; values: bigint[] }>();
  for (const { at, group, quantity, recordCount } of rows) {
    const name = Object.values(group).join(' · ');
    const found = groups.get(name) ?? {
      total: 0n,
      recordCount: 0,
      values: Array.from({ length: count }, () => 0n),
    };
    const place = Math.floor((Date.parse(at) - span.fromMs) / stepMs);
    const value = BigInt(quantity);
    found.total += value;
    found.recordCount += recordCount;
    if (place >= 0 && place < count) found.values[place] = (found.values[place] ?? 0n) + value;
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
