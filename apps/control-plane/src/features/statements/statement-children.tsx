'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import { signOf } from '../../formats/money.ts';
import { pagePath } from '../shell/pages.ts';
import { trailPath } from '../trail/trail-path.ts';
import { dimensionText } from '../usage/meters.ts';
import { ExactMoney } from './exact-money.tsx';
import { LinePrice, LineQuantity, lineKey, lineName, MeterName, meterKey, NoMoney } from './line-cells.tsx';
import { MarginText } from './margin-text.tsx';
import { refreshMsOf, type Statement } from './statement.ts';
import { FigureRow, OpenableRow, RowGroup, StatementTable } from './statement-table.tsx';
import { useLines } from './use-lines.ts';
import { useOpenRows } from './use-open-rows.ts';

type Child = Statement['children'][number];

/** What each child owes, what its use costs, and the difference: margin, or subsidy (BIL-2). One table a currency. */
export function StatementChildren({ statement }: { readonly statement: Statement }): ReactNode {
  return statement.totals.map((total) => (
    <ChildrenTable key={total.currency} statement={statement} total={total} />
  ));
}

interface ChildrenTableProps {
  readonly statement: Statement;
  readonly total: Statement['totals'][number];
}

function ChildrenTable({ statement, total }: ChildrenTableProps): ReactNode {
  const { children, accountName } = statement;
  const { currency, receivable, margin } = total;
  const active = children.filter((child) => child.currency === currency && child.lines.length > 0);
  if (active.length === 0) return null;
  const isOwn = currency === statement.currency;
  const cost = active.reduce((sum, child) => sum + BigInt(child.cost), 0n).toString();
  return (
    <section aria-labelledby={`children-${currency}`}>
      <h2 id={`children-${currency}`} className="mb-1 font-semibold">
        Children of {accountName}, at its prices{isOwn ? '' : `, in ${currency}`}
      </h2>
      <StatementTable
        label={isOwn ? 'Children' : `Children, ${currency}`}
        nameHead="Child and use"
        figureHeads={['Quantity', 'Price', `Pays, ${currency}`, 'Cost', 'Margin']}
        foot={
          <FigureRow
            look="sum"
            name="All children"
            figures={[undefined, undefined, ...moneyOf({ amount: receivable, cost, margin }, currency)]}
          />
        }
      >
        {active.map((child) => (
          <ChildRows key={child.accountId} child={child} statement={statement} currency={currency} />
        ))}
      </StatementTable>
    </section>
  );
}

interface ChildRowsProps {
  readonly child: Child;
  readonly statement: Statement;
  readonly currency: string;
}

function ChildRows({ child, statement, currency }: ChildRowsProps): ReactNode {
  const rows = useOpenRows();
  const { receivable: amount, cost, margin } = child;
  return (
    <RowGroup>
      <FigureRow
        look="group"
        name={
          <Link
            href={pagePath(child.accountId, `statements/${statement.period}`)}
            className="hover:underline"
          >
            {child.name}
          </Link>
        }
        figures={[undefined, undefined, ...moneyOf({ amount, cost, margin }, currency)]}
      />
      {child.lines.map((row) => (
        <MeterRows
          key={meterKey(row)}
          row={row}
          child={child}
          statement={statement}
          currency={currency}
          isOpen={rows.isOpen(meterKey(row))}
          onToggle={() => rows.toggle(meterKey(row))}
        />
      ))}
    </RowGroup>
  );
}

interface MeterRowsProps extends ChildRowsProps {
  readonly row: Child['lines'][number];
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function MeterRows({ row, child, statement, currency, isOpen, onToggle }: MeterRowsProps): ReactNode {
  const { period } = statement;
  const childId = child.accountId;
  const query = useLines({ period, row, childId, isOpen, refreshMs: refreshMsOf(statement) });
  return (
    <OpenableRow
      look="groupMeter"
      name={<MeterName metered={row} />}
      figures={[
        <LineQuantity key="quantity" line={row} quantity={row.quantity} />,
        <LinePrice key="price" line={row} />,
        ...moneyOf(row, currency),
      ]}
      openLabel={`${lineName(row)} of ${child.name}`}
      isOpen={isOpen}
      onToggle={onToggle}
      query={query}
      lineCount={row.lineCount}
    >
      {query.lines?.map((line) => (
        <FigureRow
          key={lineKey(line)}
          look="groupLine"
          name={
            <Link
              href={trailPath({
                accountId: statement.accountId,
                period: statement.period,
                key: line.key,
                childId: child.accountId,
              })}
              className="hover:underline"
            >
              {dimensionText(line.dimensions) || 'all of it'}
            </Link>
          }
          figures={[
            <LineQuantity key="quantity" line={line} quantity={line.quantity} />,
            undefined,
            ...moneyOf(line, currency),
          ]}
        />
      ))}
    </OpenableRow>
  );
}

interface Money {
  readonly amount: string;
  readonly cost?: string | undefined;
  readonly margin?: string | undefined;
}

/** The three figures of money that every row ends with. */
function moneyOf({ amount, cost = '0', margin = '0' }: Money, currency: string): readonly ReactNode[] {
  const exact = (key: string, value: string) =>
    signOf(value) === 0 ? <NoMoney key={key} /> : <ExactMoney key={key} amount={value} />;
  return [
    exact('amount', amount),
    exact('cost', cost),
    signOf(margin) === 0 ? (
      <NoMoney key="margin" />
    ) : (
      <MarginText key="margin" margin={margin} currency={currency} isExact />
    ),
  ];
}
