import type { ReactNode } from 'react';
import type { Outputs } from '../../trpc/client.ts';
import { type PrintedRow, type PrintedSum, printedDocument } from './printed-document.ts';

export type ShownDocument = Outputs['documents']['get'];

/** The paper itself: white in any theme, since that is what leaves the house. */
export function DocumentSheet({ document }: { readonly document: ShownDocument }): ReactNode {
  const printed = printedDocument(document);
  const { look } = document;
  const accent = look.accent ?? 'var(--ink)';
  const hasFigures = printed.rows.some(({ quantity }) => quantity !== undefined);
  return (
    <section
      data-theme="light"
      aria-label={`${printed.title} ${printed.number}`}
      className="relative min-w-0 overflow-hidden rounded-md border border-line bg-canvas p-8 text-ink max-sm:p-4 print:rounded-none print:border-0 print:p-0"
    >
      {printed.stamp === undefined ? null : (
        <p className="pointer-events-none absolute inset-0 grid -rotate-[35deg] place-items-center text-[6rem] font-bold text-ink-soft opacity-15 max-sm:text-[3.5rem]">
          {printed.stamp}
        </p>
      )}
      <header className="border-b-2 pb-3" style={{ borderColor: accent }}>
        {look.logo === undefined ? (
          <p className="text-lg font-semibold" style={{ color: accent }}>
            {look.name}
          </p>
        ) : (
          // biome-ignore lint/performance/noImgElement: it is at its final size, and at an address that never changes.
          <img src={look.logo.path} alt={look.name} className="h-8 w-auto max-w-48 object-contain" />
        )}
      </header>
      <h2 className="mt-6 mb-4 text-lg font-semibold tracking-tight">{printed.title}</h2>
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-[1fr_1fr_auto] print:grid-cols-[1fr_1fr_auto]">
        {printed.parties.map(({ role, lines: [name, ...lines] }) => (
          <address key={role} className="not-italic">
            <span className="block text-sm text-ink-faint">{role}</span>
            <span className="block font-medium">{name}</span>
            {lines.map((line) => (
              <span key={line} className="block text-ink-soft">
                {line}
              </span>
            ))}
          </address>
        ))}
        <dl className="grid grid-cols-[auto_auto] content-start gap-x-6 max-sm:justify-between">
          {printed.facts.map(([term, value]) => (
            <div key={term} className="col-span-2 grid grid-cols-subgrid">
              <dt className="text-ink-faint">{term}</dt>
              <dd className="text-right tabular-nums">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <table className="mt-8 w-full border-collapse" aria-label="Lines">
        <thead>
          <tr className="border-b text-sm text-ink-faint" style={{ borderColor: accent }}>
            <th scope="col" className="h-8 text-left font-medium">
              <span className="sr-only">Line</span>
            </th>
            {hasFigures ? (
              <>
                <th scope="col" className="h-8 pl-4 text-right font-medium max-sm:hidden">
                  Quantity
                </th>
                <th scope="col" className="h-8 pl-4 text-right font-medium max-sm:hidden">
                  Price
                </th>
              </>
            ) : null}
            <th scope="col" className="h-8 pl-4 text-right font-medium">
              {printed.amountHead}
            </th>
          </tr>
        </thead>
        <tbody>
          {printed.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a document never change, and two may say the same.
            <Row key={index} row={row} hasFigures={hasFigures} />
          ))}
        </tbody>
        <tfoot>
          {printed.sums.map((sum) => (
            <Sum key={sum.text} sum={sum} columnCount={hasFigures ? 4 : 2} accent={accent} />
          ))}
        </tfoot>
      </table>
      {printed.notes.map((note) => (
        <p key={note} className="mt-5 text-ink-soft [overflow-wrap:anywhere]">
          {note}
        </p>
      ))}
    </section>
  );
}

interface RowProps {
  readonly row: PrintedRow;
  readonly hasFigures: boolean;
}

function Row({ row, hasFigures }: RowProps): ReactNode {
  const { text, note, quantity, price, amount } = row;
  return (
    <tr className="border-b border-line align-top print:break-inside-avoid">
      <td className="py-1.5">
        {text}
        {note === undefined ? null : <span className="block text-sm text-ink-faint">{note}</span>}
        {quantity === undefined ? null : (
          <span className="block text-sm text-ink-soft tabular-nums sm:hidden print:hidden">
            {quantity} at {price}
          </span>
        )}
      </td>
      {hasFigures ? (
        <>
          <td className="py-1.5 pl-4 text-right whitespace-nowrap tabular-nums max-sm:hidden">{quantity}</td>
          <td className="py-1.5 pl-4 text-right tabular-nums max-sm:hidden">{price}</td>
        </>
      ) : null}
      <td className="py-1.5 pl-4 text-right whitespace-nowrap tabular-nums">{amount}</td>
    </tr>
  );
}

interface SumProps {
  readonly sum: PrintedSum;
  readonly columnCount: number;
  readonly accent: string;
}

function Sum({ sum: { text, amount, isTotal = false }, columnCount, accent }: SumProps): ReactNode {
  return (
    <tr className={isTotal ? 'font-semibold' : 'text-ink-soft'} style={isTotal ? { color: accent } : {}}>
      {/* On a phone the two columns between are not there; a cell may reach over none. */}
      <td colSpan={columnCount - 1} className="pt-2 text-right max-sm:hidden">
        {text}
      </td>
      <td className="pt-2 text-right sm:hidden">{text}</td>
      <td className="pt-2 pl-4 text-right whitespace-nowrap tabular-nums">{amount}</td>
    </tr>
  );
}
