'use client';

import { perLabel, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import { showExact, showMetered, textOf } from '../../../formats/quantity.ts';
import { ExactMoney } from '../../statements/exact-money.tsx';
import { hasNoPrice, lineKey, lineName } from '../../statements/line-cells.tsx';
import { serviceTitle, unitOf } from '../../usage/meters.ts';
import type { Session } from '../session.ts';
import type { SessionUse, UsedLine } from './use-session-use.ts';

export interface SessionCostProps {
  readonly session: Session;
  readonly use: SessionUse;
  readonly currency: string;
}

/** What the session used and what its own account pays for it, at the prices that held meanwhile. */
export function SessionCost({ session, use, currency }: SessionCostProps): ReactNode {
  const { lines, amount } = use;
  return (
    <section aria-labelledby="cost" className="min-w-0">
      <h2 id="cost" className="mb-1 font-semibold">
        Use and cost <span className="font-normal text-ink-faint">for {session.accountName}</span>
      </h2>
      {lines.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          Nothing was metered{session.mode === 'p2p' ? ': media went directly, past our relays' : ' yet'}.
        </p>
      ) : (
        <>
          <Table
            label="Use and cost of this session"
            columns={columnsFor(currency)}
            rows={lines}
            rowKey={keyOf}
          />
          <p className="flex h-9 items-center justify-between pr-1 font-medium">
            At the prices that held
            <span className="text-money" data-session-cost={amount}>
              <ExactMoney amount={amount ?? 0n} />
            </span>
          </p>
        </>
      )}
    </section>
  );
}

const keyOf = (line: UsedLine) => `${lineKey(line)} ${line.isPriced}`;

const columnsFor = (currency: string): readonly Column<UsedLine>[] => [
  {
    key: 'meter',
    header: 'Use',
    isTitle: true,
    cell: ({ service, meter, amountPerUnit, isPriced }) => {
      const unit = unitOf(`${service}.${meter}`);
      const hasPrice = isPriced && !hasNoPrice({ amountPerUnit });
      return (
        <span className="block py-1" title={serviceTitle(service)}>
          {lineName({ service, meter })}
          {hasPrice ? (
            <span className="block text-sm font-normal text-ink-faint">
              {writeHumanPrice(amountPerUnit, unit)} {perLabel(amountPerUnit, unit)}
            </span>
          ) : null}
        </span>
      );
    },
  },
  {
    key: 'quantity',
    header: 'Quantity',
    isNumber: true,
    cell: ({ service, meter, quantity }) => {
      const unit = unitOf(`${service}.${meter}`);
      return (
        <span title={textOf(showExact(quantity, unit))}>
          <Quantity {...showMetered(quantity, unit)} />
        </span>
      );
    },
  },
  {
    key: 'amount',
    header: currency,
    isNumber: true,
    cell: (line) => <Amount line={line} />,
  },
];

function Amount({ line }: { readonly line: UsedLine }): ReactNode {
  const { isPriced, amount, amountPerUnit } = line;
  if (!isPriced) return <span className="text-ink-faint">never priced</span>;
  if (hasNoPrice({ amountPerUnit })) return <span className="text-ink-faint">no price</span>;
  if (amountPerUnit.per === '0') return <span className="text-ink-faint">flat, by the month</span>;
  return <ExactMoney amount={amount} />;
}
