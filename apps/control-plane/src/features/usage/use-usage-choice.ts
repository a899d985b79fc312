'use client';

import {
  type DimensionFilter,
  dimensionFilterText,
  readDimensionFilter,
} from '@patchbay/kit/dimension-filter';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { zoneOf } from '../time-zone/zone-options.tsx';
import { closedDimensions } from './dimension-choices.tsx';
import { meters, relayedBytes } from './meters.ts';
import { type Bucket, groupsOf, type Range, ranges } from './usage-query.ts';

export interface UsageChoice {
  readonly meter: string;
  /** '' for none. */
  readonly groupBy: string;
  readonly range: Range;
  readonly bucket: Bucket;
  readonly scope: 'own' | 'descendants';
  /** Whose hours, days and months the buckets are. */
  readonly timeZone: string;
  /** Dimensions of the meter, each with the value that is looked at. */
  readonly filter: DimensionFilter;
  /** Of one thing alone; '' for all. */
  readonly entities: Readonly<Record<EntityFilter, string>>;
  /** The time before is shown beside it. */
  readonly isCompared: boolean;
}

/** What use can be narrowed to besides dimensions, by what names it. */
export const entityFilters = ['application', 'endpoint', 'credential', 'session'] as const;
export type EntityFilter = (typeof entityFilters)[number];
type Parameter =
  | 'meter'
  | 'group'
  | 'range'
  | 'bucket'
  | 'scope'
  | 'zone'
  | 'where'
  | 'compare'
  | EntityFilter;

/** What is asked of usage. It stands in the address, so that a figure can be sent to somebody. */
export function useUsageChoice() {
  const router = useRouter();
  const pathname = usePathname();
  const parameters = useSearchParams();
  const asked = parameters.get('meter');
  const meter = meters.find(({ name }) => name === asked)?.name ?? relayedBytes;
  const range = ranges.find(({ value }) => value === parameters.get('range')) ?? ranges[1];
  const bucket = range.buckets.find((one) => one === parameters.get('bucket')) ?? range.buckets[0];
  const groupBy = groupsOf(meter).find((one) => one === parameters.get('group')) ?? '';
  const scope = parameters.get('scope') === 'own' ? 'own' : 'descendants';
  const timeZone = zoneOf(parameters.get('zone') ?? '') ?? 'UTC';
  const entityIn = (name: EntityFilter) => parameters.get(name) ?? '';
  const entities = {
    application: entityIn('application'),
    endpoint: entityIn('endpoint'),
    credential: entityIn('credential'),
    session: entityIn('session'),
  };
  const isCompared = parameters.get('compare') === 'before';
  const filter = filterIn(parameters.get('where') ?? '', meter);
  const set = (name: Parameter, value: string) => {
    const next = new URLSearchParams(parameters);
    if (value === '') next.delete(name);
    else next.set(name, value);
    router.replace(`${pathname}?${next}`, { scroll: false });
  };
  const choice: UsageChoice = {
    ...{ meter, groupBy, range, bucket, scope, timeZone, filter },
    ...{ entities, isCompared },
  };
  return { choice, set, setFilter: (next: DimensionFilter) => set('where', dimensionFilterText(next)) };
}

/** What of an address the meter knows: it may have been written for another one. */
function filterIn(text: string, meter: string): DimensionFilter {
  const read = readDimensionFilter(text);
  if (typeof read === 'string') return {};
  const known = new Map(closedDimensions(meter));
  return Object.fromEntries(
    Object.entries(read).filter(([name, value]) => name === 'region' || known.get(name)?.includes(value)),
  );
}
