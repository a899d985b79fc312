import type { WireTariff } from '@patchbay/domain/billing/wire-tariff';
import { Quantity } from '@patchbay/ui/stat';
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { exactPrice, perLabel, writeHumanPrice } from '../../formats/price.ts';
import { showExact, showMetered, textOf } from '../../formats/quantity.ts';
import { dimensionText, meterOf, serviceTitle, unitOf } from '../usage/meters.ts';
import type { Statement } from './statement.ts';

export type Line = Pick<
  Statement['lines'][number],
  'service' | 'meter' | 'dimensions' | 'quantity' | 'amountPerUnit' | 'amount'
>;
type Metered = Pick<Line, 'service' | 'meter'>;

export const lineKey = ({ service, meter, dimensions, amountPerUnit }: Line): string =>
  [service, meter, dimensionText(dimensions), amountPerUnit.amount, amountPerUnit.per].join(' ');

/** A row of all lines of one meter at one price. */
export const meterKey = ({ service, meter, amountPerUnit }: Omit<Line, 'dimensions'>): string =>
  [service, meter, amountPerUnit.amount, amountPerUnit.per].join(' ');

export const lineName = ({ service, meter }: Metered): string =>
  meterOf(`${service}.${meter}`)?.label ?? meter;

export interface OpenerProps {
  readonly label: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** Shows and hides what a row is made of. */
export function Opener({ label, isOpen, onToggle }: OpenerProps): ReactNode {
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <button
      type="button"
      onClick={onToggle}
      aria-expanded={isOpen}
      aria-label={label}
      className="-ml-1 inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-faint hover:bg-hover hover:text-ink print:hidden"
    >
      <Chevron className="size-4" aria-hidden />
    </button>
  );
}

/** A meter with the service that counts it. */
export function MeterName({ metered }: { readonly metered: Metered }): ReactNode {
  return (
    <span>
      {lineName(metered)}{' '}
      <span className="text-sm text-ink-faint print:hidden">{serviceTitle(metered.service)}</span>
    </span>
  );
}

/** To the last unit; in units that a person reads where the pointer rests. */
export function LineQuantity({
  line,
  quantity,
}: {
  readonly line: Metered;
  readonly quantity: string;
}): ReactNode {
  const unit = unitOf(`${line.service}.${line.meter}`);
  return (
    <span title={textOf(showMetered(quantity, unit))}>
      <Quantity {...showExact(quantity, unit)} />
    </span>
  );
}

export function LinePrice({
  line,
}: {
  readonly line: Metered & { readonly amountPerUnit: WireTariff };
}): ReactNode {
  const unit = unitOf(`${line.service}.${line.meter}`);
  const { amountPerUnit } = line;
  if (amountPerUnit.amount === '0') return <span className="text-ink-faint">no price</span>;
  return (
    <span title={exactPrice(amountPerUnit, unit)}>
      <Quantity value={writeHumanPrice(amountPerUnit, unit)} unit={perLabel(amountPerUnit, unit)} />
    </span>
  );
}

/** Where no price was set. It stands where the whole units of a column of exact amounts stand. */
export function NoMoney(): ReactNode {
  return (
    <span className="text-ink-faint">
      –
      <span aria-hidden className="invisible select-none">
        .000000000
      </span>
    </span>
  );
}
