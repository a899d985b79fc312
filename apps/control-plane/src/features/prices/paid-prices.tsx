'use client';

import { exactPrice, perLabel, termsText, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import { Badge } from '@patchbay/ui/badge';
import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import { showDay } from '../../formats/time.ts';
import { dimensionText, meterOf, serviceTitle, unitOf } from '../usage/meters.ts';
import { draftKey, type EffectivePrice } from './price-draft.ts';

const origins = {
  child: 'for this account alone',
  default: 'for all children',
  inherited: 'passed through',
} as const;

/** The prices that hold for an account, each with the level that set it and how. */
export function PaidPrices({ prices }: { readonly prices: readonly EffectivePrice[] }): ReactNode {
  if (prices.length === 0) {
    return (
      <p className="border-y py-2 text-ink-faint">
        Nothing: no level above has set a price, so use is metered and costs nothing.
      </p>
    );
  }
  const columns: readonly Column<EffectivePrice>[] = [
    {
      key: 'meter',
      header: 'Meter',
      isTitle: true,
      cell: ({ service, meter, where }) => (
        <span>
          <span className="font-medium">{meterOf(`${service}.${meter}`)?.label ?? meter}</span>{' '}
          <span className="text-sm text-ink-faint">
            {serviceTitle(service)}
            {Object.keys(where).length === 0 ? '' : `, ${dimensionText(where)}`}
          </span>
        </span>
      ),
    },
    {
      key: 'price',
      header: 'Price',
      isNumber: true,
      className: 'max-sm:col-span-2',
      cell: (price) => {
        const unit = unitOf(`${price.service}.${price.meter}`);
        return (
          <span className="grid">
            <Quantity
              value={writeHumanPrice(price, unit)}
              unit={`${price.currency} ${perLabel(price, unit)}`}
            />
            <span className="text-sm text-ink-faint empty:hidden">{exactPrice(price, unit)}</span>
            <span className="text-sm text-ink-faint empty:hidden">{termsText(price, unit)}</span>
          </span>
        );
      },
    },
    {
      key: 'by',
      header: 'Set by',
      className: 'max-sm:col-span-2',
      cell: ({ setByName, origin }) => (
        <span className="flex flex-wrap items-center gap-1.5">
          {setByName}
          <Badge tone={origin === 'child' ? 'accent' : 'neutral'}>{origins[origin]}</Badge>
        </span>
      ),
    },
    {
      key: 'since',
      header: 'Since',
      isNumber: true,
      className: 'max-sm:col-span-2',
      cell: ({ effectiveFrom }) => (
        <span className="whitespace-nowrap text-ink-soft">{showDay(effectiveFrom)}</span>
      ),
    },
  ];
  return (
    <Table
      label="Prices that this account pays"
      columns={columns}
      rows={prices}
      rowKey={(price) => `${price.service} ${draftKey(price)}`}
    />
  );
}
