'use client';

import { Button } from '@patchbay/ui/button';
import { classNames } from '@patchbay/ui/class-names';
import { ScrollBox } from '@patchbay/ui/scroll-box';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { signOf } from '../../formats/money.ts';
import type { Outputs } from '../../trpc/client.ts';
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
import { lineCountOf, refreshMsOf, type Statement } from './statement.ts';
import { useLines } from './use-lines.ts';
import { useOpenRows } from './use-open-rows.ts';

type MeterLine = Statement['lines'][number];

/** What the account owes: a row for each meter and price, each with its lines, each with the part of every account below. */
export function StatementLines({ statement }: { readonly statement: Statement }): ReactNode {
  const { lines, ownUse, passedThrough, payable, currency } = statement;
  const lineCount = lineCountOf(statement);
  const rows = useOpenRows();
  return (
    <section aria-labelledby="lines">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="lines" className="font-semibold">
          Use <span className="font-normal text-ink-faint tabular-nums">{lineCount} lines</span>
        </h2>
        {lines.length === 0 ? null : (
          <Button
            size="small"
            variant="ghost"
            className="print:hidden"
            onClick={() => rows.setAll(rows.hasOpen ? [] : lines.map(meterKey))}
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
            {lines.map((row) => (
              <MeterBody
                key={meterKey(row)}
                row={row}
                statement={statement}
                isOpen={rows.isOpen(meterKey(row))}
                onToggle={() => rows.toggle(meterKey(row))}
              />
            ))}
            <tfoot>
              {signOf(passedThrough) === 0 ? null : (
                <>
                  <FootRow name="Own use" amount={ownUse} />
                  <FootRow name="Use of children, passed through" amount={passedThrough} />
                </>
              )}
              <FootRow name={`All use at the prices of ${statement.sellerName}`} amount={payable} isSum />
            </tfoot>
          </table>
        </ScrollBox>
      )}
    </section>
  );
}

interface FootRowProps {
  readonly name: string;
  readonly amount: string;
  readonly isSum?: boolean;
}

function FootRow({ name, amount, isSum = false }: FootRowProps): ReactNode {
  return (
    <tr className={isSum ? 'font-semibold' : 'text-ink-soft'}>
      <td className="h-8">{name}</td>
      <td className={wideOnly} />
      <td className={wideOnly} />
      <td className={figure}>
        <ExactMoney amount={amount} />
      </td>
    </tr>
  );
}

interface MeterBodyProps {
  readonly row: MeterLine;
  readonly statement: Statement;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function MeterBody({ row, statement, isOpen, onToggle }: MeterBodyProps): ReactNode {
  const { period } = statement;
  const query = useLines({ period, row, isOpen, refreshMs: refreshMsOf(statement) });
  const { lines = [] } = query;
  return (
    <tbody className="border-b">
      <tr>
        <td className="h-9 py-1 pr-6 sm:min-w-56 print:h-7 print:min-w-0 print:py-0">
          <span className="flex items-center gap-1">
            <Opener
              label={`${row.lineCount} lines of ${lineName(row)}`}
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
        <td className={`${figure} font-medium`}>
          {row.amountPerUnit.amount === '0' ? <NoMoney /> : <ExactMoney amount={row.amount} />}
        </td>
      </tr>
      {isOpen ? lines.map((line) => <LineRows key={lineKey(line)} line={line} />) : null}
      {isOpen ? <LinesEnd query={query} columnCount={4} ofCount={row.lineCount} /> : null}
    </tbody>
  );
}

/** A line by its dimensions, and below it who used it, where it was not one account alone. */
function LineRows({
  line,
}: {
  readonly line: Outputs['statements']['listLines']['items'][number];
}): ReactNode {
  const { parts = [], amount, quantity, dimensions } = line;
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
