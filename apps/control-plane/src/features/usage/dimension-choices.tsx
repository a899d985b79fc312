'use client';

import { universalDimensions } from '@patchbay/domain/metering/meter-catalogue';
import type { DimensionFilter } from '@patchbay/kit/dimension-filter';
import { Select } from '@patchbay/ui/select';
import type { ReactNode } from 'react';
import { dimensionLabel, meterOf } from './meters.ts';

/** The select cannot hold an empty value. */
const ANY = 'any';

/** Dimensions of a meter whose values are known beforehand, in the order of its definition. */
export const closedDimensions = (meter: string): readonly (readonly [string, readonly string[]])[] =>
  Object.entries({ ...meterOf(meter)?.dimensions, ...universalDimensions }).flatMap(([name, values]) =>
    values === 'open' || values.length < 2 ? [] : [[name, values] as const],
  );

interface DimensionChoicesProps {
  readonly meter: string;
  readonly filter: DimensionFilter;
  readonly onChange: (filter: DimensionFilter) => void;
}

/** A choice for each dimension of a meter: one value, or any. */
export function DimensionChoices({ meter, filter, onChange }: DimensionChoicesProps): ReactNode {
  return closedDimensions(meter).map(([name, values]) => (
    <Select
      key={name}
      label={dimensionLabel(name)}
      isLabelled
      value={filter[name] ?? ANY}
      options={[ANY, ...values].map((value) => ({ value, label: value }))}
      onChange={(value) => {
        const { [name]: _before, ...others } = filter;
        onChange(value === ANY ? others : { ...others, [name]: value });
      }}
    />
  ));
}
