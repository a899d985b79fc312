'use client';

import { Button } from '@patchbay/ui/button';
import { classNames } from '@patchbay/ui/class-names';
import { ScrollBox } from '@patchbay/ui/scroll-box';
import Link from 'next/link';
import { type ReactNode, useMemo, useState } from 'react';
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
import { groupLines, type LineGroup } from './line-groups.ts';
import type { Statement } from './statement.ts';
import { useOpenRows } from './use-open-rows.ts';

type PayableLine = Statement['lines'][number];

/** Lines of one row that are drawn before more is asked for. */
const SHOWN_STEP = 100;

/** What the account owes: a row for each meter and price, each with its lines, each with the part of every account below. */
export function StatementLines({ statement }: { readonly statement: Statement }): ReactNode {
  const { lines, payable, currency } = statement;
  const groups = useMemo(() => groupLines(lines), [lines]);
  const rows = useOpenRows();
  return (
    <section aria-labelledby="lines">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="lines" className="font-semibold">
          Use <span className="font-normal text-ink-faint tabular-nums">{lines.length} lines</span>
        </h2>
        {lines.length === 0 ? null : (
          <Button
            size="small"
            variant="ghost"
            className="print:hidden"
            onClick={() => rows.setAll(rows.hasOpen ? [] : groups.map(({ key }) => key))}
          >
            {rows.hasOpen ? 'Close all' : 'Open all'}
          </Button>
        )}
      </div>
      {lines.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nothing was used in this period.</p>
      ) : (
        <ScrollBox label="Lines of the statement, table">
          <table className="w-full" aria-label="Lines of the statement">
            <thead>
              <tr className="border-b">
                <th className="h-8 pr-6 text-left text-sm font-medium text-ink-faint">Meter and price</th>
                <th className={classNames(figureHead, wideOnly)}>Quantity</th>
                <th className={classNames(figureHead, wideOnly)}>Price</th>
                <th className={figureHead}>{currency}</th>
              </tr>
            </thead>
            {groups.map((group) => (
              <GroupBody
                key={group.key}
                group={group}
                isOpen={rows.isOpen(group.key)}
                onToggle={() => rows.toggle(group.key)}
              />
            ))}
            <tfoot>
              <tr>
                <td className="h-9 font-semibold">Owed to {statement.sellerName}</td>
                <td className={wideOnly} />
                <td className={wideOnly} />
                <td className={`${figure} font-semibold`} data-payable={payable}>
                  <ExactMoney amount={payable} />
                </td>
              </tr>
            </tfoot>
          </table>
        </ScrollBox>
      )}
    </section>
  );
}

interface GroupBodyProps {
  readonly group: LineGroup<PayableLine>;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function GroupBody({ group, isOpen, onToggle }: GroupBodyProps): ReactNode {
  const [shown, setShown] = useState(SHOWN_STEP);
  const { lines } = group;
  return (
    <tbody className="border-b">
      <tr>
        <td className="h-9 py-1 pr-6 sm:min-w-56 print:h-7 print:min-w-0 print:py-0">
          <span className="flex items-center gap-1">
            <Opener
              label={`${lines.length} lines of ${lineName(group)}`}
              isOpen={isOpen}
              onToggle={onToggle}
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
        <td className={`${figure} font-medium`}>
          {group.amountPerUnit.amount === '0' ? <NoMoney /> : <ExactMoney amount={group.amount} />}
        </td>
      </tr>
      {isOpen ? lines.slice(0, shown).map((line) => <LineRows key={lineKey(line)} line={line} />) : null}
      {isOpen && lines.length > shown ? (
        <tr className="print:hidden">
          <td colSpan={4} className="h-10 pl-6">
            <Button size="small" onClick={() => setShown(shown + SHOWN_STEP)}>
              Show more of {lines.length}
            </Button>
          </td>
        </tr>
      ) : null}
    </tbody>
  );
}

/** A line by its dimensions, and below it who used it, where it was not one account alone. */
function LineRows({ line }: { readonly line: PayableLine }): ReactNode {
  const { parts, amount, quantity, dimensions } = line;
  const [only] = parts;
  return (
    <>
      <tr className="text-ink-soft" data-line>
        <td className="h-7 pr-6 pl-6">
          {dimensionText(dimensions) || 'all of it'}
          {parts.length === 1 && only !== undefined ? (
            <span className="text-sm text-ink-faint">, by {only.name}</span>
          ) : null}
        </td>
        <td className={classNames(figure, wideOnly)}>
          <LineQuantity line={line} quantity={quantity} />
        </td>
        <td className={wideOnly} />
        <td className={figure}>
          <ExactMoney amount={amount} />
        </td>
      </tr>
      {parts.length > 1
        ? parts.map((part) => (
            <tr key={part.accountId} className="text-sm text-ink-faint">
              <td className="h-6 pl-11">
                <Link href={pagePath(part.accountId, 'statements')} className="hover:underline">
                  {part.name}
                </Link>
              </td>
              <td className={classNames(figure, wideOnly)}>
                <LineQuantity line={line} quantity={part.quantity} />
              </td>
              <td className={wideOnly} />
              <td className={figure}>
                <ExactMoney amount={part.amount} />
              </td>
            </tr>
          ))
        : null}
    </>
  );
}
