'use client';

import { Button } from '@patchbay/ui/button';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { signOf } from '../../formats/money.ts';
import type { Outputs } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { trailPath } from '../trail/trail-path.ts';
import { dimensionText } from '../usage/meters.ts';
import { ExactMoney } from './exact-money.tsx';
import {
  hasNoPrice,
  LinePrice,
  LineQuantity,
  lineKey,
  lineName,
  MeterName,
  meterKey,
  NoMoney,
} from './line-cells.tsx';
import { lineCountOf, refreshMsOf, type Statement, sellersText } from './statement.ts';
import { FigureRow, OpenableRow, RowGroup, StatementTable } from './statement-table.tsx';
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
          Use{' '}
          <span className="font-normal text-ink-faint tabular-nums">
            {lineCount} {lineCount === 1 ? 'line' : 'lines'}
          </span>
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
        <StatementTable
          label="Lines of the statement"
          nameHead="Meter and price"
          figureHeads={['Quantity', 'Price', currency]}
          foot={
            <>
              {signOf(passedThrough) === 0 ? null : (
                <>
                  <SumRow look="part" name="Own use" amount={ownUse} />
                  <SumRow look="part" name="Use of children, passed through" amount={passedThrough} />
                </>
              )}
              <SumRow
                look="sum"
                name={`All use at the prices of ${sellersText(statement)}`}
                amount={payable}
              />
            </>
          }
        >
          {lines.map((row) => (
            <MeterRows
              key={meterKey(row)}
              row={row}
              statement={statement}
              isOpen={rows.isOpen(meterKey(row))}
              onToggle={() => rows.toggle(meterKey(row))}
            />
          ))}
        </StatementTable>
      )}
    </section>
  );
}

interface SumRowProps {
  readonly look: 'sum' | 'part';
  readonly name: string;
  readonly amount: string;
}

const SumRow = ({ amount, ...row }: SumRowProps): ReactNode => (
  <FigureRow {...row} figures={[undefined, undefined, <ExactMoney key="amount" amount={amount} />]} />
);

interface MeterRowsProps {
  readonly row: MeterLine;
  readonly statement: Statement;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function MeterRows({ row, statement, isOpen, onToggle }: MeterRowsProps): ReactNode {
  const { period } = statement;
  const query = useLines({ period, row, isOpen, refreshMs: refreshMsOf(statement) });
  const isFree = hasNoPrice(row);
  return (
    <RowGroup>
      <OpenableRow
        look="meter"
        name={<MeterName metered={row} />}
        figures={[
          <LineQuantity key="quantity" line={row} quantity={row.quantity} />,
          <LinePrice key="price" line={row} />,
          <span key="amount" className="font-medium">
            {isFree ? <NoMoney /> : <ExactMoney amount={row.amount} />}
          </span>,
        ]}
        openLabel={lineName(row)}
        isOpen={isOpen}
        onToggle={onToggle}
        query={query}
        lineCount={row.lineCount}
      >
        {query.lines?.map((line) => (
          <LineRows key={lineKey(line)} line={line} period={period} />
        ))}
      </OpenableRow>
    </RowGroup>
  );
}

/** A line by its dimensions, and below it who used it, where it was not one account alone. */
function LineRows({
  line,
  period,
}: {
  readonly line: Outputs['statements']['listLines']['items'][number];
  readonly period: string;
}): ReactNode {
  const accountId = useAccountId();
  const { parts = [], amount, quantity, dimensions } = line;
  const [only] = parts;
  const figures = (of: string, money: string) => [
    <LineQuantity key="quantity" line={line} quantity={of} />,
    undefined,
    <ExactMoney key="amount" amount={money} />,
  ];
  return (
    <>
      <FigureRow
        look="line"
        isLine
        name={
          <>
            <Link href={trailPath({ accountId, period, key: line.key })} className="hover:underline">
              {dimensionText(dimensions) || 'all of it'}
            </Link>
            {parts.length === 1 && only !== undefined ? (
              <span className="text-ink-faint">, by {only.name}</span>
            ) : null}
          </>
        }
        figures={figures(quantity, amount)}
      />
      {parts.length > 1
        ? parts.map((part) => (
            <FigureRow
              key={part.accountId}
              look="linePart"
              name={
                <Link href={pagePath(part.accountId, 'statements')} className="hover:underline">
                  {part.name}
                </Link>
              }
              figures={figures(part.quantity, part.amount)}
            />
          ))
        : null}
    </>
  );
}
