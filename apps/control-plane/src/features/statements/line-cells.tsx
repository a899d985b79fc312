import { Quantity } from '@patchbay/ui/stat';
import type { ReactNode } from 'react';
import { perLabel, writeHumanPrice } from '../../formats/price.ts';
import { showExact } from '../../formats/quantity.ts';
import { dimensionText, meterOf, serviceTitle, unitOf } from '../usage/meters.ts';
import type { Statement } from './statement.ts';

export type Line = Pick<
  Statement['lines'][number],
  'service' | 'meter' | 'dimensions' | 'quantity' | 'amountPerUnit' | 'amount'
>;

export const lineKey = ({ service, meter, dimensions, amountPerUnit }: Line): string =>
  [service, meter, dimensionText(dimensions), amountPerUnit.amount, amountPerUnit.per].join(' ');

export function LineName({ line }: { readonly line: Line }): ReactNode {
  const details = [serviceTitle(line.service), dimensionText(line.dimensions)]
    .filter((part) => part !== '')
    .join(', ');
  return (
    <span>
      {meterOf(`${line.service}.${line.meter}`)?.label ?? line.meter}{' '}
      <span className="text-sm text-ink-faint">{details}</span>
    </span>
  );
}

export function LineQuantity({
  line,
  quantity,
}: {
  readonly line: Line;
  readonly quantity: string;
}): ReactNode {
  return <Quantity {...showExact(quantity, unitOf(`${line.service}.${line.meter}`))} />;
}

export function LinePrice({ line }: { readonly line: Line }): ReactNode {
  const unit = unitOf(`${line.service}.${line.meter}`);
  return (
    <Quantity value={writeHumanPrice(line.amountPerUnit, unit)} unit={perLabel(line.amountPerUnit, unit)} />
  );
}
