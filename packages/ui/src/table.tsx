import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { classNames } from './class-names.tsx';

export interface Column<Row> {
  readonly key: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Figures stand to the right. */
  readonly isNumber?: boolean;
  /** The one by which a row is known: it heads the card on a phone. */
  readonly isTitle?: boolean;
  /** Takes the whole width of the card on a phone: for what may be long. */
  readonly isWide?: boolean;
  /** Holds buttons: its header is for screen readers alone, and on a phone they stand beside the title. */
  readonly isAction?: boolean;
  readonly className?: string;
  /** A class for the width of the column, so that tables above each other stand in line. */
  readonly width?: string;
}

export interface TableProps<Row> {
  /** What the table holds, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Opens a row: on a click, and on Enter. */
  readonly onOpen?: (row: Row) => void;
  /** Marks a row, as one that has just changed. */
  readonly rowClassName?: (row: Row) => string | undefined;
  readonly foot?: ReactNode;
}

/** Rows of 36 px between hairlines; on a phone each row is a card. Arrow keys move, Enter opens. */
export function Table<Row>(props: TableProps<Row>): ReactNode {
  const { label, columns, rows, rowKey, onOpen, rowClassName, foot } = props;
  return (
    <div className="min-w-0 overflow-x-auto max-sm:overflow-visible">
      <table aria-label={label} className="w-full border-collapse max-sm:block">
        <thead className="max-sm:sr-only">
          <tr className="border-b border-line">
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={classNames(
                  'h-8 whitespace-nowrap pr-6 text-left text-sm font-medium text-ink-faint last:pr-1',
                  column.isNumber === true && 'text-right',
                  column.width,
                )}
              >
                {column.isAction === true ? <span className="sr-only">{column.header}</span> : column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="max-sm:block">
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              {...(onOpen === undefined ? {} : openable(() => onOpen(row)))}
              className={classNames(
                'relative border-b border-line max-sm:grid max-sm:grid-cols-2 max-sm:gap-x-6 max-sm:gap-y-2 max-sm:py-3',
                onOpen !== undefined && 'cursor-pointer hover:bg-surface focus-visible:bg-surface',
                rowClassName?.(row),
              )}
            >
              {columns.map((column) => (
                <td
                  key={column.key}
                  data-label={column.isAction === true ? '' : column.header}
                  className={classNames(
                    'h-9 pr-6 align-middle last:pr-1',
                    'max-sm:block max-sm:h-auto max-sm:min-w-0 max-sm:overflow-hidden max-sm:pr-0 max-sm:text-left max-sm:last:pr-0',
                    cardPlace(column),
                    column.isNumber === true && 'text-right tabular-nums',
                    column.className,
                  )}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {foot === undefined ? null : <tfoot className="max-sm:block">{foot}</tfoot>}
      </table>
    </div>
  );
}

/** Where a cell stands in the card of a phone: the title above, the buttons beside it, each figure below its name. */
function cardPlace<Row>({ isTitle, isAction, isWide }: Column<Row>): string {
  if (isAction === true) return 'max-sm:absolute max-sm:top-2 max-sm:right-0';
  if (isTitle === true) return 'max-sm:col-span-2 max-sm:pr-28 max-sm:font-medium';
  const labelled =
    'max-sm:before:block max-sm:before:text-sm max-sm:before:text-ink-faint max-sm:before:content-[attr(data-label)]';
  return isWide === true ? `max-sm:col-span-2 ${labelled}` : labelled;
}

const isControl = (target: EventTarget, row: EventTarget): boolean =>
  target instanceof Element && target !== row && target.closest('a,button,input,[role=menuitem]') !== null;

function openable(open: () => void) {
  return {
    tabIndex: 0,
    onClick: (event: MouseEvent<HTMLTableRowElement>) => {
      if (!isControl(event.target, event.currentTarget)) open();
    },
    onKeyDown: (event: KeyboardEvent<HTMLTableRowElement>) => {
      if (event.target !== event.currentTarget) return;
      if (event.key === 'Enter') open();
      const next = stepFrom(event.currentTarget, event.key);
      if (next instanceof HTMLElement) {
        event.preventDefault();
        next.focus();
      }
    },
  };
}

function stepFrom(row: HTMLTableRowElement, key: string): Element | null {
  if (key === 'ArrowDown' || key === 'j') return row.nextElementSibling;
  if (key === 'ArrowUp' || key === 'k') return row.previousElementSibling;
  return null;
}
