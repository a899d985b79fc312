'use client';

import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { meters, relayedBytes } from './meters.ts';
import { type Bucket, groupsOf, type Range, ranges } from './usage-query.ts';

export interface UsageChoice {
  readonly meter: string;
  /** '' for none. */
  readonly groupBy: string;
  readonly range: Range;
  readonly bucket: Bucket;
  readonly scope: 'own' | 'inclusive';
}

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
  const scope = parameters.get('scope') === 'own' ? 'own' : 'inclusive';
  const set = (name: 'meter' | 'group' | 'range' | 'bucket' | 'scope', value: string) => {
    const next = new URLSearchParams(parameters);
    next.set(name, value);
    router.replace(`${pathname}?${next}`, { scroll: false });
  };
  const choice: UsageChoice = { meter, groupBy, range, bucket, scope };
  return { choice, set };
}
