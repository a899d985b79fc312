'use client';

import { classNames } from '@patchbay/ui/class-names';
import { ScrollBox } from '@patchbay/ui/scroll-box';
import Link from 'next/link';
import { Fragment, type ReactNode, useMemo } from 'react';
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
  NarrowUse,
  NoMoney,
  Opener,
  wideOnly,
} from './line-cells.tsx';
import { groupLines, sumOf } from './line-groups.ts';
import { MarginText } from './margin-text.tsx';
import type { Statement } from './statement.ts';
import { useOpenRows } from './use-open-rows.ts';

type Child = Statement['children'][number];

/** Lines of one row that are drawn: the child's own statement has them all. */
const SHOWN_MAX = 100;

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
        Owed to {accountName} by its children{isOwn ? '' : `, in ${currency}`}
      </h2>
      <ScrollBox label={isOwn ? 'Children, table' : `Children in ${currency}, table`}>
        <table className="w-full" aria-label={isOwn ? 'Children' : `Children, ${currency}`}>
          <thead>
            <tr className="border-b">
              <th className="h-8 pr-6 text-left text-sm font-medium text-ink-faint">Child and use</th>
              <th className={classNames(figureHead, wideOnly)}>Quantity</th>
              <th className={classNames(figureHead, wideOnly)}>It pays</th>
              <th className={figureHead}>Owed, {currency}</th>
              <th className={classNames(figureHead, wideOnly)}>Cost</th>
              <th className={figureHead}>Margin</th>
            </tr>
          </thead>
          {active.map((child) => (
            <ChildBody key={child.accountId} child={child} period={statement.period} currency={currency} />
          ))}
          <tfoot>
            <tr className="font-semibold">
              <td className="h-9">All children</td>
              <td className={wideOnly} />
              <td className={wideOnly} />
              <Money
                amount={receivable}
                cost={sumOf(active, ({ cost }) => cost)}
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
  readonly period: string;
  readonly currency: string;
}

function ChildBody({ child, period, currency }: ChildBodyProps): ReactNode {
  const rows = useOpenRows();
  const groups = useMemo(() => groupLines(child.lines), [child.lines]);
  return (
    <tbody className="border-b print:break-inside-avoid">
      <tr className="font-medium">
        <td className="h-9 pr-3 sm:min-w-56 print:min-w-24">
          <Link href={pagePath(child.accountId, `statements/${period}`)} className="hover:underline">
            {child.name}
          </Link>
        </td>
        <td className={wideOnly} />
        <td className={wideOnly} />
        <Money amount={child.receivable} cost={child.cost} margin={child.margin} currency={currency} />
      </tr>
      {groups.map((group) => (
        <Fragment key={group.key}>
          <tr className="text-ink-soft">
            <td className="h-8 py-1 pl-5 max-sm:pl-1 print:h-6 print:py-0 print:pl-2 print:text-sm">
              <span className="flex items-center gap-1">
                <Opener
                  label={`${group.lines.length} lines of ${lineName(group)} of ${child.name}`}
                  isOpen={rows.isOpen(group.key)}
                  onToggle={() => rows.toggle(group.key)}
                />
                <span>
                  <MeterName metered={group} />
                  <NarrowUse line={group} />
                </span>
              </span>
            </td>
            <td className={classNames(figure, wideOnly)}>
              <LineQuantity line={group} quantity={group.quantity} />
            </td>
            <td className={classNames(figure, wideOnly)}>
              <LinePrice line={group} />
            </td>
            <Money
              amount={group.amount}
              cost={sumOf(group.lines, ({ cost }) => cost)}
              margin={sumOf(group.lines, (line) => line.margin)}
              currency={currency}
            />
          </tr>
          {rows.isOpen(group.key)
            ? group.lines.slice(0, SHOWN_MAX).map((line) => (
                <tr key={lineKey(line)} className="text-sm text-ink-faint">
                  <td className="h-7 pr-6 pl-11">{dimensionText(line.dimensions) || 'all of it'}</td>
                  <td className={classNames(figure, wideOnly)}>
                    <LineQuantity line={line} quantity={line.quantity} />
                  </td>
                  <td className={wideOnly} />
                  <Money amount={line.amount} cost={line.cost} margin={line.margin} currency={currency} />
                </tr>
              ))
            : null}
          {rows.isOpen(group.key) && group.lines.length > SHOWN_MAX ? (
            <tr className="text-sm text-ink-faint">
              <td colSpan={6} className="h-7 pl-11">
                {group.lines.length - SHOWN_MAX} more in the statement of {child.name}
              </td>
            </tr>
          ) : null}
        </Fragment>
      ))}
    </tbody>
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
