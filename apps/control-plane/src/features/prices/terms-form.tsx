'use client';

import { humanUnitOf } from '@patchbay/domain/billing/price-text';
import { Button, IconButton } from '@patchbay/ui/button';
import { Input } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { meterOf } from '../usage/meters.ts';
import type { TermsDraft } from './terms-draft.ts';

/** As many as the API takes. */
const TIER_ROWS_MAX = 20;

export interface TermsFormProps {
  readonly meter: NonNullable<ReturnType<typeof meterOf>>;
  readonly currency: string;
  readonly terms: TermsDraft;
  readonly onChange: (terms: TermsDraft) => void;
}

/** What a price counts over the month: what is free, where cheaper tiers begin, what it costs at least. */
export function TermsForm({ meter, currency, terms, onChange }: TermsFormProps): ReactNode {
  const { label, per } = humanUnitOf(meter.unit);
  const change = (changed: Partial<TermsDraft>) => onChange({ ...terms, ...changed });
  const step = per.toString();
  const roundings = [
    { value: '', label: 'as it was used' },
    { value: step, label: `by each ${label} begun` },
    ...(['', step].includes(terms.roundUpTo)
      ? []
      : [{ value: terms.roundUpTo, label: `by each ${terms.roundUpTo} ${meter.unit}s begun` }]),
  ];
  return (
    <div className="mt-1.5 grid gap-2 pl-5 text-ink-soft">
      {terms.tiers.map((tier, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: A tier has no name but its place, and is typed in place.
        <TierRow key={index} tier={tier} index={index} {...{ meter, currency, terms, onChange }} />
      ))}
      <div className="flex flex-wrap items-center gap-2">
        {terms.tiers.length < TIER_ROWS_MAX ? (
          <Button
            size="small"
            variant="ghost"
            onClick={() => change({ tiers: [...terms.tiers, { after: '', text: '' }] })}
          >
            Add a tier
          </Button>
        ) : null}
        {terms.tiers.length === 0 ? null : (
          <Select
            label="How tiers count"
            value={terms.isVolume ? 'volume' : 'graduated'}
            options={[
              { value: 'graduated', label: 'each unit costs what its own tier says' },
              { value: 'volume', label: 'all units cost what the month reaches' },
            ]}
            onChange={(value) => change({ isVolume: value === 'volume' })}
          />
        )}
        {terms.isVolume ? <span className="text-sm text-wait">A little more use can cost less.</span> : null}
      </div>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <Field label={`Free each month, in ${label}`} text={terms.free} onType={(free) => change({ free })}>
          free, <span className="text-ink-faint">× {label} a month</span>
        </Field>
        <Field label="At least, a month" text={terms.minimum} onType={(minimum) => change({ minimum })}>
          at least, <span className="text-ink-faint">{currency} a month with any use</span>
        </Field>
        {meter.unit === 'millisecond' ? (
          <span className="flex items-center gap-2">
            of a session
            <Select
              label="What of a session is billed"
              value={terms.isBinary ? 'binary' : 'segmented'}
              options={[
                { value: 'segmented', label: 'the time in which it was used' },
                { value: 'binary', label: 'all its time, if it was used at all' },
              ]}
              onChange={(value) => change({ isBinary: value === 'binary' })}
            />
          </span>
        ) : null}
        <span className="flex items-center gap-2">
          billed
          <Select
            label="Rounding"
            value={terms.roundUpTo}
            options={roundings}
            onChange={(roundUpTo) => change({ roundUpTo })}
          />
        </span>
      </div>
    </div>
  );
}

function TierRow({
  tier,
  index,
  meter,
  currency,
  terms,
  onChange,
}: TermsFormProps & { readonly tier: TermsDraft['tiers'][number]; readonly index: number }): ReactNode {
  const { label } = humanUnitOf(meter.unit);
  const set = (changed: Partial<typeof tier>) =>
    onChange({ ...terms, tiers: terms.tiers.with(index, { ...tier, ...changed }) });
  return (
    <span className="flex flex-wrap items-center gap-2">
      after
      <Input
        aria-label={`Tier ${index + 2} begins after, in ${label}`}
        inputMode="decimal"
        className="w-24 text-right tabular-nums"
        value={tier.after}
        onChange={(event) => set({ after: event.target.value })}
      />
      <span className="text-ink-faint">× {label}</span>
      <Input
        aria-label={`Price in tier ${index + 2}`}
        inputMode="decimal"
        className="w-28 text-right tabular-nums"
        value={tier.text}
        onChange={(event) => set({ text: event.target.value })}
      />
      <span className="text-ink-faint">
        {currency} per {label}
      </span>
      <IconButton
        label={`Remove tier ${index + 2}`}
        onClick={() => onChange({ ...terms, tiers: terms.tiers.toSpliced(index, 1) })}
      >
        <X aria-hidden />
      </IconButton>
    </span>
  );
}

interface FieldProps {
  readonly label: string;
  readonly text: string;
  readonly onType: (text: string) => void;
  readonly children: ReactNode;
}

function Field({ label, text, onType, children }: FieldProps): ReactNode {
  return (
    <span className="flex items-center gap-2">
      <Input
        aria-label={label}
        inputMode="decimal"
        className="w-24 text-right tabular-nums"
        value={text}
        onChange={(event) => onType(event.target.value)}
      />
      <span>{children}</span>
    </span>
  );
}
