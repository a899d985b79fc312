'use client';

import type { MeterUnit } from '@patchbay/kit/definition';
import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import { showExactMoney } from '../../../formats/money.ts';
import { showMetered } from '../../../formats/quantity.ts';
import { estimate } from '../../spend/estimate.ts';
import type { useSpend } from '../../spend/use-spend.ts';
import { dimensionText, meterOf, serviceTitle } from '../../usage/meters.ts';
import type { Session } from '../session.ts';

type Spend = ReturnType<typeof useSpend>;

interface CostLine {
  readonly key: string;
  readonly service: string;
  readonly label: string;
  readonly dimensions: string;
  readonly quantity: string;
  readonly unit: MeterUnit;
  readonly isPriced: boolean;
  readonly amount: bigint;
}

export interface SessionCostProps {
  readonly session: Session;
  readonly spend: Spend;
  readonly currency: string;
}

/** What the session used and what its own account pays for it, at the prices of today. */
export function SessionCost({ session, spend, currency }: SessionCostProps): ReactNode {
  const lines = linesOf(spend);
  return (
    <section aria-labelledby="cost">
      <h2 id="cost" className="mb-1 font-semibold">
        Use and cost <span className="font-normal text-ink-faint">for {session.accountName}</span>
      </h2>
      {lines.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nothing was metered{session.mode === 'p2p' ? ': media went directly, past our relays' : ' yet'}.
        </p>
      ) : (
        <Table
          label="Use and cost of this session"
          columns={columnsFor(currency)}
          rows={lines}
          rowKey={({ key }) => key}
          foot={
            <tr>
              <td colSpan={2} className="h-9 font-medium">
                At today’s prices
              </td>
              <td className="pr-1 text-right font-medium text-money tabular-nums">
                {showExactMoney(spend.amount ?? 0n)}{' '}
                <span className="font-normal text-ink-faint">{currency}</span>
              </td>
            </tr>
          }
        />
      )}
    </section>
  );
}

function linesOf({ rows = [], prices }: Spend): readonly CostLine[] {
  return rows.flatMap((row) => {
    const meter = meterOf(row.meter);
    if (meter === undefined || row.quantity === '0') return [];
    const { label, unit, service, isPriced } = meter;
    const dimensions = dimensionText(row.group);
    const key = `${row.meter} ${dimensions}`;
    return [
      {
        key,
        service,
        label,
        dimensions,
        quantity: row.quantity,
        unit,
        isPriced,
        amount: estimate([row], prices),
      },
    ];
  });
}

const columnsFor = (currency: string): readonly Column<CostLine>[] => [
  {
    key: 'meter',
    header: 'Meter',
    isTitle: true,
    cell: ({ service, label, dimensions }) => (
      <span title={serviceTitle(service)}>
        {label} <span className="text-sm text-ink-faint">{dimensions}</span>
      </span>
    ),
  },
  {
    key: 'quantity',
    header: 'Quantity',
    isNumber: true,
    cell: ({ quantity, unit }) => <Quantity {...showMetered(quantity, unit)} />,
  },
  {
    key: 'amount',
    header: currency,
    isNumber: true,
    cell: ({ isPriced, amount }) =>
      isPriced ? showExactMoney(amount) : <span className="text-ink-faint">not priced</span>,
  },
];
