'use client';

import { choosePrice } from '@patchbay/domain/billing/price';
import {
  exactPrice,
  humanUnitOf,
  perLabel,
  priceDifference,
  termsText,
  writeHumanPrice,
} from '@patchbay/domain/billing/price-text';
import { tariffFromWire, termsKey, type WireTariff } from '@patchbay/domain/billing/wire-tariff';
import { universalDimensions } from '@patchbay/domain/metering/meter-catalogue';
import type { DimensionValues } from '@patchbay/kit/definition';
import { IconButton } from '@patchbay/ui/button';
import { classNames } from '@patchbay/ui/class-names';
import { useIsDisabled } from '@patchbay/ui/field-set';
import { Input } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { Layers, Split } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import { dimensionLabel, dimensionText, meterOf } from '../usage/meters.ts';
import {
  type EffectivePrice,
  type PriceDraft,
  type ProfilePrice,
  problemOfDraft,
  tariffOf,
} from './price-draft.ts';
import { noTerms } from './terms-draft.ts';
import { TermsForm } from './terms-form.tsx';

export interface PriceRowProps {
  readonly service: string;
  readonly draft: PriceDraft;
  readonly paid: readonly EffectivePrice[];
  /** What holds where nothing is typed, before it is passed through. */
  readonly fallback: readonly ProfilePrice[];
  readonly isForOne: boolean;
  readonly currency: string;
  readonly onChange: (draft: PriceDraft) => void;
  /** Adds a price for some dimensions of the same meter. */
  readonly onAdd: (where: Readonly<Record<string, string>>) => void;
}

export function PriceRow(props: PriceRowProps): ReactNode {
  const { service, draft, paid, fallback, isForOne, currency, onChange, onAdd } = props;
  const [isSplitting, setSplitting] = useState(false);
  const [isWithTerms, setWithTerms] = useState(false);
  const problemId = useId();
  const isOnlyRead = useIsDisabled();
  const meter = meterOf(`${service}.${draft.meter}`);
  if (meter === undefined) return null;
  const isBase = Object.keys(draft.where).length === 0;
  const tariff = tariffOf(service, draft);
  const own = bestOf(paid, service, draft);
  const units = [
    { value: 'unit', label: `per ${humanUnitOf(meter.unit).label}` },
    { value: 'flat', label: 'a month, flat' },
    { value: 'fee', label: 'a month, used or not' },
  ] as const;
  const problem = problemOfDraft(service, draft);
  const exact = tariff === undefined ? undefined : exactPrice(tariff, meter.unit);
  const terms = tariff === undefined ? '' : termsText(tariff, meter.unit);
  return (
    <div className="border-b py-1.5">
      <div className="grid grid-cols-1 items-center gap-x-6 gap-y-1 md:grid-cols-[minmax(0,1fr)_25rem_8rem_12rem]">
        <span className={classNames('min-w-0', !isBase && 'pl-5')}>
          {isBase ? meter.label : dimensionText(draft.where)}
          {isBase ? <span className="block text-sm text-pretty text-ink-faint">{meter.summary}</span> : null}
        </span>
        <span className="flex min-w-0 items-center gap-2">
          <Input
            aria-label={`Price of ${meter.label} ${dimensionText(draft.where)}`}
            aria-invalid={problem !== undefined}
            aria-describedby={problem === undefined ? undefined : problemId}
            inputMode="decimal"
            title={exact}
            className="w-32 shrink-0 text-right tabular-nums max-sm:w-24"
            placeholder={placeholderOf(fallback, service, draft) ?? (isForOne ? 'as for all' : 'as you pay')}
            value={draft.text}
            onChange={(event) => onChange({ ...draft, text: event.target.value })}
          />
          <span className="text-ink-faint">{currency}</span>
          <Select
            label="Unit of the price"
            className="w-44 shrink-0 max-sm:w-auto max-sm:min-w-0 max-sm:flex-1"
            value={draft.isFlat ? (draft.isFee === true ? 'fee' : 'flat') : 'unit'}
            options={units}
            onChange={(value) => onChange({ ...draft, isFlat: value !== 'unit', isFee: value === 'fee' })}
          />
          {draft.isFlat || isOnlyRead ? null : (
            <IconButton
              label={`Tiers and allowance of ${meter.label} ${dimensionText(draft.where)}`.trimEnd()}
              aria-expanded={isWithTerms}
              onClick={() => setWithTerms(!isWithTerms)}
            >
              <Layers aria-hidden />
            </IconButton>
          )}
          {isBase && !isOnlyRead ? (
            <IconButton
              label={`Another price for some of ${meter.label}`}
              onClick={() => setSplitting(!isSplitting)}
            >
              <Split aria-hidden />
            </IconButton>
          ) : null}
        </span>
        <span className="text-ink-faint tabular-nums">
          {own === undefined ? (
            <span className="max-md:hidden">you pay nothing</span>
          ) : (
            <span title={termsText(own, meter.unit)}>
              you pay {writeHumanPrice(own, meter.unit)} {own.per === '0' ? 'a month' : ''}
              {termsText(own, meter.unit) === '' ? '' : ', in tiers'}
            </span>
          )}
        </span>
        <span className="tabular-nums">
          {tariff === undefined || !isPlain(tariff) || (own !== undefined && !isPlain(own)) ? null : (
            <MarginPerUnit
              difference={priceDifference(tariff, own ?? { amount: '0', per: '1' })}
              service={service}
              meter={draft.meter}
            />
          )}
        </span>
        {exact === undefined ? null : (
          <span className="text-sm text-ink-faint tabular-nums md:col-start-2">{exact}</span>
        )}
        {terms === '' ? null : <span className="text-sm text-ink-faint md:col-start-2">{terms}</span>}
        {problem === undefined ? null : (
          <span id={problemId} role="alert" className="text-sm text-fail md:col-start-2">
            {problem}
          </span>
        )}
      </div>
      {isWithTerms && !draft.isFlat ? (
        <TermsForm
          meter={meter}
          currency={currency}
          terms={draft.terms ?? noTerms}
          onChange={(changed) => onChange({ ...draft, terms: changed })}
        />
      ) : null}
      {isSplitting ? (
        <DimensionForm
          dimensions={{ ...meter.dimensions, ...universalDimensions }}
          onAdd={(where) => {
            setSplitting(false);
            onAdd(where);
          }}
        />
      ) : null}
    </div>
  );
}

/** Two such prices differ by the same for each unit. */
const isPlain = (tariff: WireTariff): boolean => tariff.per !== '0' && termsKey(tariff) === '';

interface MarginPerUnitProps {
  readonly difference: WireTariff;
  readonly service: string;
  readonly meter: string;
}

function MarginPerUnit({ difference, service, meter }: MarginPerUnitProps): ReactNode {
  const unit = meterOf(`${service}.${meter}`)?.unit ?? 'count';
  const isSubsidy = BigInt(difference.amount) < 0n;
  return (
    <span className={isSubsidy ? 'text-wait' : 'text-money'}>
      {isSubsidy ? 'subsidy' : 'margin'} {writeHumanPrice(difference, unit).replace('-', '')}{' '}
      <span className="text-sm text-ink-faint">{perLabel(difference, unit)}</span>
    </span>
  );
}

interface DimensionFormProps {
  readonly dimensions: Readonly<Record<string, DimensionValues>>;
  readonly onAdd: (where: Readonly<Record<string, string>>) => void;
}

function DimensionForm({ dimensions, onAdd }: DimensionFormProps): ReactNode {
  const names = Object.keys(dimensions);
  const [dimension, setDimension] = useState(names[0] ?? '');
  const [typed, setTyped] = useState('');
  const values = dimensions[dimension] ?? 'open';
  // A value that there is not would be a price that never holds.
  const value = values === 'open' || values.includes(typed) ? typed.trim() : (values[0] ?? '');
  const add = () => {
    if (value !== '') onAdd({ [dimension]: value });
  };
  return (
    <div className="mt-1.5 flex flex-wrap items-center gap-2 pl-5">
      <span className="text-ink-soft">Another price where</span>
      <Select
        label="Dimension"
        value={dimension}
        options={names.map((one) => ({ value: one, label: dimensionLabel(one).toLowerCase() }))}
        onChange={setDimension}
      />
      <span className="text-ink-soft">is</span>
      {values === 'open' ? (
        <Input
          aria-label="Value"
          className="w-28"
          value={typed}
          placeholder={`a ${dimensionLabel(dimension).toLowerCase()}`}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
        />
      ) : (
        <Select
          label="Value"
          value={value}
          options={values.map((one) => ({ value: one, label: one }))}
          onChange={setTyped}
        />
      )}
      <button
        type="button"
        onClick={add}
        className="h-8 rounded-md px-2 font-medium text-accent hover:bg-hover"
      >
        Add
      </button>
    </div>
  );
}

/** The price that would be paid for this use: the rule of the domain, on what is known here. */
function bestOf<Known extends EffectivePrice | ProfilePrice>(
  prices: readonly Known[],
  service: string,
  draft: PriceDraft,
): Known | undefined {
  const profile = prices.map((price, index) => ({
    id: String(index),
    // Who set it does not matter here, and is not always told.
    accountId: '',
    service: price.service,
    meter: price.meter,
    where: price.where,
    tariff: tariffFromWire(price),
    currency: price.currency,
    fromMs: 0,
    toMs: Number.POSITIVE_INFINITY,
  }));
  const found = choosePrice(profile, '', { service, meter: draft.meter, dimensions: draft.where, atMs: 0 });
  return found === undefined ? undefined : prices[Number(found.id)];
}

function placeholderOf(
  fallback: readonly ProfilePrice[],
  service: string,
  draft: PriceDraft,
): string | undefined {
  const found = bestOf(fallback, service, draft);
  return found === undefined
    ? undefined
    : writeHumanPrice(found, meterOf(`${service}.${draft.meter}`)?.unit ?? 'count');
}
