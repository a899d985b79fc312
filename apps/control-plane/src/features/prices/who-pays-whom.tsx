'use client';

import { costOfPeriod } from '@patchbay/domain/billing/pool';
import { humanUnitOf, perLabel, termsText, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import { tariffFromWire } from '@patchbay/domain/billing/wire-tariff';
import { Badge } from '@patchbay/ui/badge';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Input } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { ArrowRight, HandCoins } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showExactMoney } from '../../formats/money.ts';
import { dimensionText, meterOf, relayedBytes, unitOf } from '../usage/meters.ts';
import type { Explained } from './preview.ts';
import { draftKey } from './price-draft.ts';

export interface WhoPaysWhomProps {
  readonly items: readonly Explained[];
  readonly currency: string;
  /** Some of it is typed and not saved. */
  readonly isPreview: boolean;
}

const QUANTITY_MAX = 9_999_999;

/** A quantity's way up the accounts: who pays whom how much, and what each keeps or gives. */
export function WhoPaysWhom({ items, currency, isPreview }: WhoPaysWhomProps): ReactNode {
  const [chosen, setChosen] = useState<string>();
  const [quantity, setQuantity] = useState('1000');
  const keyOf = (item: Explained) => `${item.service} ${draftKey(item)}`;
  const item = items.find((one) => keyOf(one) === chosen) ?? items.find(isRelayed) ?? items[0];
  return (
    <section aria-labelledby="flow">
      <h2 id="flow" className="mb-3 flex items-center gap-2 font-semibold">
        Who pays whom
        {isPreview ? <Badge tone="wait">with what is typed, not saved yet</Badge> : null}
      </h2>
      {item === undefined ? (
        <EmptyState icon={<HandCoins />} title="Nobody pays anybody yet">
          As soon as one level sets a price for the level below, the way of the money is drawn here.
        </EmptyState>
      ) : null}
      {item === undefined ? null : (
        <>
          <div className="mb-4 flex flex-wrap items-center gap-2">
            <span className="text-ink-soft">For</span>
            <Input
              aria-label="Quantity"
              inputMode="numeric"
              className="w-24 text-right tabular-nums"
              value={quantity}
              onChange={(event) =>
                setQuantity(event.target.value.replace(/\D/g, '').slice(0, String(QUANTITY_MAX).length))
              }
            />
            <span className="text-ink-faint">
              × {humanUnitOf(unitOf(`${item.service}.${item.meter}`)).label}
            </span>
            <span className="text-ink-soft">of one month’s</span>
            <Select
              label="Meter"
              value={keyOf(item)}
              options={items.map((one) => ({ value: keyOf(one), label: labelOf(one) }))}
              onChange={setChosen}
            />
          </div>
          <Flow item={item} quantity={BigInt(quantity || '0')} currency={currency} />
        </>
      )}
    </section>
  );
}

/** What most people ask about first. */
const isRelayed = ({ service, meter, where }: Explained): boolean =>
  `${service}.${meter}` === relayedBytes && Object.keys(where).length === 0;

const labelOf = ({ service, meter, where }: Explained): string =>
  [meterOf(`${service}.${meter}`)?.label ?? meter, dimensionText(where)]
    .filter((part) => part !== '')
    .join(', ');

interface FlowProps {
  readonly item: Explained;
  readonly quantity: bigint;
  readonly currency: string;
}

function Flow({ item, quantity, currency }: FlowProps): ReactNode {
  const unit = unitOf(`${item.service}.${item.meter}`);
  const steps = item.levels.map((level) => ({
    ...level,
    paid: costOfPeriod(tariffFromWire(level), quantity * humanUnitOf(unit).per),
  }));
  return (
    <ol className="flex flex-wrap items-stretch gap-y-2 max-md:flex-col">
      {steps.map((step, index) => (
        <li key={step.buyerId} className="flex items-center max-md:flex-col max-md:items-stretch">
          {index === 0 ? (
            <Party name={step.buyerName} label="pays" amount={step.paid} currency={currency} />
          ) : null}
          <span className="flex flex-col items-center px-3 py-1 text-center max-md:flex-row max-md:gap-2">
            <span className="font-medium tabular-nums">{showExactMoney(step.paid)}</span>
            <ArrowRight className="size-4 text-money max-md:rotate-90" aria-label="to" />
            <span className="text-sm text-ink-faint tabular-nums">
              {writeHumanPrice(step, unit)} {perLabel(step, unit)}
              {step.origin === 'inherited' ? ', passed through' : ''}
              <span className="block max-w-52 text-pretty empty:hidden">{termsText(step, unit)}</span>
            </span>
          </span>
          <Keeper
            name={step.sellerName}
            kept={step.paid - (steps[index + 1]?.paid ?? 0n)}
            currency={currency}
            isTop={index === steps.length - 1}
          />
        </li>
      ))}
    </ol>
  );
}

interface KeeperProps {
  readonly name: string;
  readonly kept: bigint;
  readonly currency: string;
  /** The last that can be seen: what it pays further up, if anything, is its own affair. */
  readonly isTop: boolean;
}

function Keeper({ name, kept, currency, isTop }: KeeperProps): ReactNode {
  const label = isTop ? 'receives' : kept < 0n ? 'gives, as subsidy' : 'keeps, as margin';
  return (
    <Party
      name={name}
      label={label}
      amount={kept < 0n ? -kept : kept}
      currency={currency}
      isGiving={kept < 0n}
    />
  );
}

interface PartyProps {
  readonly name: string;
  readonly label: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly isGiving?: boolean;
}

function Party({ name, label, amount, currency, isGiving = false }: PartyProps): ReactNode {
  return (
    <div className="min-w-40 rounded-md border border-line-strong px-3 py-2 md:max-w-72">
      <div className="font-medium wrap-anywhere">{name}</div>
      <div className="text-sm text-ink-faint">{label}</div>
      <div className={isGiving ? 'text-wait tabular-nums' : 'text-money tabular-nums'}>
        {showExactMoney(amount)} <span className="text-sm text-ink-faint">{currency}</span>
      </div>
    </div>
  );
}
