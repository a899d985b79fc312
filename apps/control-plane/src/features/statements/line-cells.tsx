import { formatDecimal, nano } from '@patchbay/domain/billing/money';
import { exactPrice, perLabel, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import { termsKey } from '@patchbay/domain/billing/wire-tariff';
import type { MeterUnit } from '@patchbay/kit/definition';
import { Quantity } from '@patchbay/ui/stat';
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { showExact, showMetered, textOf } from '../../formats/quantity.ts';
import { dimensionText, meterOf, serviceTitle, unitOf } from '../usage/meters.ts';
import type { Statement } from './statement.ts';

export type Line = Pick<
  Statement['lines'][number],
  'service' | 'meter' | 'dimensions' | 'quantity' | 'amountPerUnit' | 'amount' | 'bands' | 'topUp' | 'terms'
>;
type Metered = Pick<Line, 'service' | 'meter'>;
type PricedLine = Pick<Line, 'service' | 'meter' | 'dimensions' | 'amountPerUnit' | 'terms'>;

export const lineKey = ({ service, meter, dimensions, amountPerUnit, terms = '' }: PricedLine): string =>
  [service, meter, dimensionText(dimensions), amountPerUnit.amount, amountPerUnit.per, terms].join(' ');

/** A row of all lines of one meter at one price. */
export const meterKey = (line: Omit<PricedLine, 'dimensions'>): string =>
  lineKey({ ...line, dimensions: {} });

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
  readonly line: Metered & Pick<Line, 'amountPerUnit' | 'bands' | 'topUp'>;
}): ReactNode {
  const unit = unitOf(`${line.service}.${line.meter}`);
  const { amountPerUnit } = line;
  const isFree = hasNoPrice(line);
  if (isFree) return <span className="text-ink-faint">no price</span>;
  return (
    <span className="grid" title={exactPrice(amountPerUnit, unit)}>
      <Quantity value={writeHumanPrice(amountPerUnit, unit)} unit={perLabel(amountPerUnit, unit)} />
      <span className="text-sm text-pretty text-ink-faint empty:hidden">{bandsText(line, unit)}</span>
    </span>
  );
}

/** A price whose first tier is free is a price. */
export const hasNoPrice = ({ amountPerUnit }: Pick<Line, 'amountPerUnit'>): boolean =>
  amountPerUnit.amount === '0' && termsKey(amountPerUnit) === '';

/** How the amount of a line with tiers came about: '100 free, 900 at 0.01, 200 at 0.008'. */
function bandsText({ bands = [], topUp }: Pick<Line, 'bands' | 'topUp'>, unit: MeterUnit): string {
  const steps = bands.map(({ quantity, amount, per }) => {
    const price = amount === '0' ? 'free' : `at ${writeHumanPrice({ amount, per }, unit)}`;
    return `${textOf(showMetered(quantity, unit))} ${price}`;
  });
  const raised =
    topUp === undefined ? [] : [`raised by ${formatDecimal(nano(BigInt(topUp)))} to the minimum`];
  return [...steps, ...raised].join(', ');
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
