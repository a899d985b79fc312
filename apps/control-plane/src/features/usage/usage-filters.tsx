'use client';

import { Select } from '@patchbay/ui/select';
import { type ReactNode, useId } from 'react';
import { ZoneOptions, zoneOf } from '../time-zone/zone-options.tsx';
import { DimensionChoices } from './dimension-choices.tsx';
import { dimensionLabel, meters, serviceTitle } from './meters.ts';
import { TextChoice } from './text-choice.tsx';
import { groupsOf, ranges } from './usage-query.ts';
import { entityFilters, type useUsageChoice } from './use-usage-choice.ts';

const meterOptions = meters.map(({ name, label, service }) => ({
  value: name,
  label: `${serviceTitle(service)}: ${label}`,
}));
const scopeOptions = [
  { value: 'descendants', label: 'this account and all below' },
  { value: 'own', label: 'this account alone' },
] as const;
const comparisons = [
  { value: 'none', label: 'nothing' },
  { value: 'before', label: 'the time before' },
] as const;
/** As each is named by whoever looks for it. */
const examples = {
  application: 'app_…',
  endpoint: 'user:bob',
  credential: 'crd_…',
  session: 'ses_…',
} as const;
/** The select cannot hold an empty value. */
const NO_GROUP = 'nothing';

/** Meter, grouping, range, bucket, scope and clocks in one row; what of the meter in a second. */
export function UsageFilters({ choice, set, setFilter }: ReturnType<typeof useUsageChoice>): ReactNode {
  const { meter, groupBy, range, bucket, scope, timeZone, filter, entities, isCompared } = choice;
  const zonesId = useId();
  const groups = [NO_GROUP, ...groupsOf(meter)].map((value) => ({
    value,
    label: dimensionLabel(value).toLowerCase(),
  }));
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
        <TextChoice
          label="Clocks of"
          value={timeZone}
          read={zoneOf}
          list={zonesId}
          onChange={(value) => set('zone', value)}
        />
        <ZoneOptions id={zonesId} />
        <Select
          label="Of"
          isLabelled
          value={scope}
          options={scopeOptions}
          onChange={(value) => set('scope', value)}
        />
        <Select
          label="Beside"
          isLabelled
          value={isCompared ? 'before' : 'none'}
          options={comparisons}
          onChange={(value) => set('compare', value === 'before' ? value : '')}
        />
      </div>
      <div className="flex flex-wrap gap-2">
        <DimensionChoices meter={meter} filter={filter} onChange={setFilter} />
        <TextChoice
          label="Region"
          value={filter.region ?? ''}
          placeholder="any"
          onChange={(region) => {
            const { region: _before, ...others } = filter;
            setFilter(region === '' ? others : { ...others, region });
          }}
        />
        {entityFilters.map((name) => (
          <TextChoice
            key={name}
            label={dimensionLabel(name)}
            value={entities[name]}
            placeholder={examples[name]}
            onChange={(value) => set(name, value)}
          />
        ))}
      </div>
    </div>
  );
}
