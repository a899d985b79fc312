'use client';

import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import { localTimeZone } from '../../formats/time.ts';
import { DimensionChoices } from './dimension-choices.tsx';
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

/** Meter, grouping, range, bucket, scope and clocks in one row; what of the meter in a second. */
export function UsageFilters({ choice, set, setFilter }: ReturnType<typeof useUsageChoice>): ReactNode {
  const { meter, groupBy, range, bucket, scope, timeZone, filter } = choice;
  const groups = [NO_GROUP, ...groupsOf(meter)].map((value) => ({
    value,
    label: dimensionLabel(value).toLowerCase(),
  }));
  const zones = [...new Set(['UTC', localTimeZone()])].map((value) => ({ value, label: value }));
  return (
    <div className="mb-6 grid gap-2 print:hidden">
      <div className="flex flex-wrap gap-2">
        <Select
          label="Meter"
          value={meter}
          options={meterOptions}
          onChange={(value) => set('meter', value)}
        />
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
        {zones.length > 1 ? (
          <Select
            label="Clocks of"
            isLabelled
            value={timeZone}
            options={zones}
            onChange={(value) => set('zone', value)}
          />
        ) : null}
        <Select
          label="Of"
          isLabelled
          value={scope}
          options={scopeOptions}
          onChange={(value) => set('scope', value)}
        />
      </div>
      <div className="flex flex-wrap gap-2">
        <DimensionChoices meter={meter} filter={filter} onChange={setFilter} />
      </div>
    </div>
  );
}
