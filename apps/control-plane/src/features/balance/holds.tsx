import { type Column, Table } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import { showMoney } from '../../formats/money.ts';
import type { Balance } from './balance.ts';

type Hold = Balance['holds'][number];

/** What sessions that run may still need: nobody else can use it meanwhile. */
export function Holds({ balance: { holds, currency } }: { readonly balance: Balance }): ReactNode {
  if (holds.length === 0) return null;
  return (
    <div>
      <h3 className="mb-2 font-medium">Held for sessions that run</h3>
      <Table label="Holds" columns={columnsOf(currency)} rows={holds} rowKey={({ holdId }) => holdId} />
    </div>
  );
}

const columnsOf = (currency: string): readonly Column<Hold>[] => [
  {
    key: 'session',
    header: 'Session',
    isTitle: true,
    cell: ({ holdId }) => <span className="font-mono text-sm break-all">{holdId}</span>,
  },
  { key: 'services', header: 'Services', cell: ({ services }) => services.join(', ') },
  {
    key: 'amount',
    header: `Held, ${currency}`,
    isNumber: true,
    cell: ({ amount }) => showMoney(amount, currency),
  },
];
