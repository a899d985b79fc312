'use client';

import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import { dimensionLabel, meters, serviceTitle } from './meters.ts';
import { groupsOf, ranges } from './usage-query.ts';
import type { useUsageChoice } from './use-usage-choice.ts';

const meterOptions = meters.map(({ name, label, service }) => ({
  value: name,
  label: `${serviceTitle(service)}: ${label}`,
}));
const scopeOptions = [
  { value: 'inclusive', label: 'this account and all below' },
  { value: 'own', label: 'this account alone' },
] as const;
/** The select cannot hold an empty value. */
const NO_GROUP = 'nothing';

/** Meter, grouping, range, bucket and scope, in one row. */
export function UsageFilters({ choice, set }: ReturnType<typeof useUsageChoice>): ReactNode {
  const { meter, groupBy, range, bucket, scope } = choice;
  const groups = [NO_GROUP, ...groupsOf(meter)].map((value) => ({
    value,
    label: dimensionLabel(value).toLowerCase(),
  }));
  return (
    <div className="mb-6 flex flex-wrap gap-2 print:hidden">
      <Select label="Meter" value={meter} options={meterOptions} onChange={(value) => set('meter', value)} />
      <Select
        label="By"
        isLabelled
        value={groupBy === '' ? NO_GROUP : groupBy}
        options={groups}
        onChange={(value) => set('group', value)}
      />
      <Select
        label="Range"
        value={range.value}
        options={ranges.map(({ value, label }) => ({ value, label }))}
        onChange={(value) => set('range', value)}
      />
      <Select
        label="Per"
        isLabelled
        value={bucket}
        options={range.buckets.map((value) => ({ value, label: value }))}
        onChange={(value) => set('bucket', value)}
      />
      <Select
        label="Of"
        isLabelled
        value={scope}
        options={scopeOptions}
        onChange={(value) => set('scope', value)}
      />
    </div>
  );
}
