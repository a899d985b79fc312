'use client';

import { ScrollBox } from '@patchbay/ui/scroll-box';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { signOf } from '../../formats/money.ts';
import { pagePath } from '../shell/pages.ts';
import { ExactMoney } from './exact-money.tsx';
import { LineName, LinePrice, LineQuantity, lineKey } from './line-cells.tsx';
import { MarginText } from './margin-text.tsx';
import type { Statement } from './statement.ts';

type Child = Statement['children'][number];

const figure = 'pr-6 text-right whitespace-nowrap tabular-nums last:pr-1';

/** What each child owes, what its use costs, and the difference: margin, or subsidy (BIL-2). */
export function StatementChildren({ statement }: { readonly statement: Statement }): ReactNode {
  const { children, currency, receivable, margin, accountName } = statement;
  const active = children.filter(({ lines }) => lines.length > 0);
  if (active.length === 0) return null;
  const cost = active.reduce((sum, child) => sum + BigInt(child.cost), 0n);
  return (
    <section aria-labelledby="children">
      <h2 id="children" className="mb-1 font-semibold">
        Owed to {accountName} by its children
      </h2>
      <ScrollBox label="Children, table">
        <table className="w-full min-w-xl" aria-label="Children">
          <thead>
            <tr className="border-b text-right text-sm font-medium text-ink-faint">
              <th className="h-8 pr-6 text-left font-medium">Child and use</th>
              <th className="pr-6 font-medium">Quantity</th>
              <th className="pr-6 font-medium">It pays</th>
              <th className="pr-6 font-medium">Owed, {currency}</th>
              <th className="pr-6 font-medium">Cost</th>
              <th className="pr-1 font-medium">Margin</th>
            </tr>
          </thead>
          {active.map((child) => (
            <ChildBody key={child.accountId} child={child} period={statement.period} currency={currency} />
          ))}
          <tfoot>
            <tr className="font-semibold">
              <td colSpan={3} className="h-9">
                All children
              </td>
              <td className={figure}>
                <ExactMoney amount={receivable} />
              </td>
              <td className={figure}>
                <ExactMoney amount={cost} />
              </td>
              <td className={figure}>
                <MarginText margin={margin} currency={currency} isExact />
              </td>
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
  return (
    <tbody className="border-b">
      <tr className="font-medium">
        <td colSpan={3} className="h-9 min-w-56">
          <Link href={pagePath(child.accountId, `statements/${period}`)} className="hover:underline">
            {child.name}
          </Link>
        </td>
        <td className={figure}>
          <ExactMoney amount={child.receivable} />
        </td>
        <td className={figure}>
          <ExactMoney amount={child.cost} />
        </td>
        <td className={figure}>
          <MarginText margin={child.margin} currency={currency} isExact />
        </td>
      </tr>
      {child.lines.map((line) => (
        <tr key={lineKey(line)} className="text-ink-soft">
          <td className="h-7 min-w-56 pl-5">
            <LineName line={line} />
          </td>
          <td className={figure}>
            <LineQuantity line={line} quantity={line.quantity} />
          </td>
          <td className={figure}>
            <LinePrice line={line} />
          </td>
          <td className={figure}>
            <ExactMoney amount={line.amount} />
          </td>
          <td className={figure}>
            <ExactMoney amount={line.cost} />
          </td>
          <td className={figure}>
            {signOf(line.margin) === 0 ? (
              <ExactMoney amount={0n} />
            ) : (
              <MarginText margin={line.margin} currency={currency} isExact />
            )}
          </td>
        </tr>
      ))}
    </tbody>
  );
}
