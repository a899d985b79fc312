'use client';

import { classNames } from '@patchbay/ui/class-names';
import { ScrollBox } from '@patchbay/ui/scroll-box';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { signOf } from '../../formats/money.ts';
import { pagePath } from '../shell/pages.ts';
import { dimensionText } from '../usage/meters.ts';
import { ExactMoney } from './exact-money.tsx';
import {
  figure,
  figureHead,
  LinePrice,
  LineQuantity,
  lineKey,
  lineName,
  MeterName,
  meterKey,
  NarrowUse,
  NoMoney,
  Opener,
  wideOnly,
} from './line-cells.tsx';
import { LinesEnd } from './lines-end.tsx';
import { MarginText } from './margin-text.tsx';
import { refreshMsOf, type Statement } from './statement.ts';
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
  return (
    <section aria-labelledby={`children-${currency}`}>
      <h2 id={`children-${currency}`} className="mb-1 font-semibold">
        Children of {accountName}, at its prices{isOwn ? '' : `, in ${currency}`}
      </h2>
      <ScrollBox label={isOwn ? 'Children, table' : `Children in ${currency}, table`}>
        <table className="w-full" aria-label={isOwn ? 'Children' : `Children, ${currency}`}>
          <thead>
            <tr className="border-b">
              <th className="h-8 pr-6 text-left text-sm font-medium text-ink-faint">Child and use</th>
              <th className={classNames(figureHead, wideOnly)}>Quantity</th>
              <th className={classNames(figureHead, wideOnly)}>Price</th>
              <th className={figureHead}>Pays, {currency}</th>
              <th className={classNames(figureHead, wideOnly)}>Cost</th>
              <th className={figureHead}>Margin</th>
            </tr>
          </thead>
          {active.map((child) => (
            <ChildBody key={child.accountId} child={child} statement={statement} currency={currency} />
          ))}
          <tfoot>
            <tr className="font-semibold">
              <td className="h-9">All children</td>
              <td className={wideOnly} />
              <td className={wideOnly} />
              <Money
                amount={receivable}
                cost={active.reduce((total, { cost }) => total + BigInt(cost), 0n)}
                margin={margin}
                currency={currency}
              />
            </tr>
          </tfoot>
        </table>
      </ScrollBox>
    </section>
  );
}

interface ChildBodyProps {
  readonly child: Child;
  readonly statement: Statement;
  readonly currency: string;
}

function ChildBody({ child, statement, currency }: ChildBodyProps): ReactNode {
  const rows = useOpenRows();
  return (
    <tbody className="border-b print:break-inside-avoid">
      <tr className="font-medium">
        <td className="h-9 pr-3 sm:min-w-56 print:min-w-24">
          <Link
            href={pagePath(child.accountId, `statements/${statement.period}`)}
            className="hover:underline"
          >
            {child.name}
          </Link>
        </td>
        <td className={wideOnly} />
        <td className={wideOnly} />
        <Money amount={child.receivable} cost={child.cost} margin={child.margin} currency={currency} />
      </tr>
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
    </tbody>
  );
}

interface MeterRowsProps extends ChildBodyProps {
  readonly row: Child['lines'][number];
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function MeterRows({ row, child, statement, currency, isOpen, onToggle }: MeterRowsProps): ReactNode {
  const { period } = statement;
  const childId = child.accountId;
  const query = useLines({ period, row, childId, isOpen, refreshMs: refreshMsOf(statement) });
  const { lines = [] } = query;
  return (
    <>
      <tr className="text-ink-soft">
        <td className="h-8 py-1 pl-5 max-sm:pl-1 print:h-6 print:py-0 print:pl-2 print:text-sm">
          <span className="flex items-center gap-1">
            <Opener
              label={`${row.lineCount} lines of ${lineName(row)} of ${child.name}`}
              isOpen={isOpen}
              onToggle={onToggle}
            />
            <span>
              <MeterName metered={row} />
              <NarrowUse line={row} />
            </span>
          </span>
        </td>
        <td className={classNames(figure, wideOnly)}>
          <LineQuantity line={row} quantity={row.quantity} />
        </td>
        <td className={classNames(figure, wideOnly)}>
          <LinePrice line={row} />
        </td>
        <Money amount={row.amount} cost={row.cost} margin={row.margin} currency={currency} />
      </tr>
      {isOpen
        ? lines.map((line) => (
            <tr key={lineKey(line)} className="text-sm text-ink-faint">
              <td className="h-7 pr-6 pl-11">{dimensionText(line.dimensions) || 'all of it'}</td>
              <td className={classNames(figure, wideOnly)}>
                <LineQuantity line={line} quantity={line.quantity} />
              </td>
              <td className={wideOnly} />
              <Money
                amount={line.amount}
                cost={line.cost ?? '0'}
                margin={line.margin ?? '0'}
                currency={currency}
              />
            </tr>
          ))
        : null}
      {isOpen ? <LinesEnd query={query} columnCount={6} ofCount={row.lineCount} /> : null}
    </>
  );
}

interface MoneyProps {
  readonly amount: string | bigint;
  readonly cost: string | bigint;
  readonly margin: string | bigint;
  readonly currency: string;
}

/** The three cells of money that every row ends with. */
function Money({ amount, cost, margin, currency }: MoneyProps): ReactNode {
  return (
    <>
      <td className={figure}>
        {signOf(amount.toString()) === 0 ? <NoMoney /> : <ExactMoney amount={amount} />}
      </td>
      <td className={classNames(figure, wideOnly)}>
        {signOf(cost.toString()) === 0 ? <NoMoney /> : <ExactMoney amount={cost} />}
      </td>
      <td className={figure}>
        {signOf(margin.toString()) === 0 ? (
          <NoMoney />
        ) : (
          <MarginText margin={margin.toString()} currency={currency} isExact />
        )}
      </td>
    </>
  );
}
