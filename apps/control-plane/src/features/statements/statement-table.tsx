'use client';

import { classNames } from '@patchbay/ui/class-names';
import { ScrollBox } from '@patchbay/ui/scroll-box';
import { createContext, type ReactNode, useContext } from 'react';
import { Opener } from './line-cells.tsx';
import { LinesEnd } from './lines-end.tsx';
import type { useLines } from './use-lines.ts';

/** The heads of the figures; on a phone each figure has its own above it. */
const Figures = createContext<readonly string[]>([]);

export interface StatementTableProps {
  readonly label: string;
  /** Of the first column, which names what a row is of. */
  readonly nameHead: string;
  readonly figureHeads: readonly string[];
  readonly children: ReactNode;
  /** Rows of sums. */
  readonly foot: ReactNode;
}

/** Sums and what they are made of, row below row, on paper too; on a phone each row is a card. */
export function StatementTable(props: StatementTableProps): ReactNode {
  const { label, nameHead, figureHeads, children, foot } = props;
  return (
    <ScrollBox label={`${label}, table`}>
      <table className="w-full max-sm:block" aria-label={label}>
        <thead className="max-sm:sr-only">
          <tr className="border-b">
            <th className="h-8 pr-6 text-left text-sm font-medium text-ink-faint">{nameHead}</th>
            {figureHeads.map((head) => (
              <th
                key={head}
                className="h-8 pr-6 text-right text-sm font-medium text-ink-faint last:pr-1 print:pr-1.5 print:last:pr-0"
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <Figures value={figureHeads}>
          {children}
          <tfoot className="max-sm:block">{foot}</tfoot>
        </Figures>
      </table>
    </ScrollBox>
  );
}

/** Rows that belong together: a page is not broken within them where that can be helped. */
export function RowGroup({ children }: { readonly children: ReactNode }): ReactNode {
  return <tbody className="border-b max-sm:block print:break-inside-avoid">{children}</tbody>;
}

/** What a row is, from the widest down. */
const looks = {
  sum: { row: 'font-semibold', name: 'h-9' },
  part: { row: 'text-ink-soft', name: 'h-8' },
  group: { row: 'font-medium', name: 'h-9 sm:min-w-56 print:min-w-24' },
  meter: { row: '', name: 'h-9 py-1 sm:min-w-56 print:h-7 print:min-w-0 print:py-0' },
  groupMeter: { row: 'text-ink-soft', name: 'h-8 py-1 pl-5 print:h-6 print:py-0 print:pl-2 print:text-sm' },
  line: { row: 'text-ink-soft', name: 'h-7 pl-6' },
  groupLine: { row: 'text-sm text-ink-faint', name: 'h-7 pl-11' },
  linePart: { row: 'text-sm text-ink-faint', name: 'h-6 pl-11' },
} as const;

export interface FigureRowProps {
  readonly look: keyof typeof looks;
  readonly name: ReactNode;
  /** In the order of the heads; undefined where a row has none. */
  readonly figures: readonly (ReactNode | undefined)[];
  /** Marks what the statement lists one by one, for whoever counts them. */
  readonly isLine?: boolean;
}

export function FigureRow({ look, name, figures, isLine = false }: FigureRowProps): ReactNode {
  const heads = useContext(Figures);
  // One figure needs no name of its own on a phone: it stands opposite that of its row.
  const isSingle = figures.filter((figure) => figure !== undefined).length === 1;
  return (
    <tr
      className={classNames(
        'max-sm:grid max-sm:gap-x-4 max-sm:gap-y-1.5 max-sm:py-2',
        isSingle ? 'max-sm:grid-cols-[minmax(0,1fr)_auto] max-sm:items-center' : 'max-sm:grid-cols-2',
        looks[look].row,
      )}
      data-line={isLine ? '' : undefined}
    >
      <td
        className={classNames(
          'pr-6 max-sm:h-auto max-sm:p-0',
          isSingle ? undefined : 'max-sm:col-span-2',
          looks[look].name,
        )}
      >
        {name}
      </td>
      {heads.map((head, index) => (
        <td
          key={head}
          data-label={head}
          className={classNames(
            'pr-6 text-right whitespace-nowrap tabular-nums last:pr-1 print:pr-1.5 print:text-sm print:last:pr-0',
            'max-sm:block max-sm:p-0',
            isSingle ? undefined : labelled,
            figures[index] === undefined && 'max-sm:hidden',
          )}
        >
          {figures[index]}
        </td>
      ))}
    </tr>
  );
}

const labelled =
  'max-sm:text-left max-sm:before:block max-sm:before:text-sm max-sm:before:font-normal max-sm:before:text-ink-faint max-sm:before:content-[attr(data-label)]';

export interface OpenableRowProps extends Omit<FigureRowProps, 'isLine'> {
  /** What it is made of, for screen readers. */
  readonly openLabel: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly query: ReturnType<typeof useLines>;
  /** Lines in all, whether fetched or not. */
  readonly lineCount: number;
  /** The rows of the lines that were fetched. */
  readonly children: ReactNode;
}

/** A row that shows what it is made of when it is opened. */
export function OpenableRow(props: OpenableRowProps): ReactNode {
  const { openLabel, isOpen, onToggle, query, lineCount, children, name, ...row } = props;
  const { length: figureCount } = useContext(Figures);
  return (
    <>
      <FigureRow
        {...row}
        name={
          <span className="flex items-center gap-1">
            <Opener label={`${lineCount} lines of ${openLabel}`} isOpen={isOpen} onToggle={onToggle} />
            {name}
          </span>
        }
      />
      {isOpen ? children : null}
      {isOpen ? <LinesEnd query={query} columnCount={1 + figureCount} ofCount={lineCount} /> : null}
    </>
  );
}
