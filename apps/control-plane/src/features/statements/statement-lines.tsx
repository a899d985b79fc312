'use client';

import { ScrollBox } from '@patchbay/ui/scroll-box';
import { ChevronDown, ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { pagePath } from '../shell/pages.ts';
import { ExactMoney } from './exact-money.tsx';
import { type Line, LineName, LinePrice, LineQuantity, lineKey } from './line-cells.tsx';
import type { Statement } from './statement.ts';

const head = 'h-8 pr-6 text-sm font-medium text-ink-faint last:pr-1';
const figure = 'pr-6 text-right whitespace-nowrap tabular-nums last:pr-1';

/** What the account owes, line by line, each with the part of every account below. */
export function StatementLines({ statement }: { readonly statement: Statement }): ReactNode {
  const { lines, payable, currency } = statement;
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const toggle = (key: string) =>
    setFolded((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });
  return (
    <section aria-labelledby="lines">
      <h2 id="lines" className="mb-1 font-semibold">
        Lines
      </h2>
      {lines.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nothing with a price was used in this period.</p>
      ) : (
        <ScrollBox label="Lines of the statement, table">
          <table className="w-full min-w-xl" aria-label="Lines of the statement">
            <thead>
              <tr className="border-b text-left">
                <th className={head}>Use</th>
                <th className={`${head} text-right`}>Quantity</th>
                <th className={`${head} text-right`}>Price</th>
                <th className={`${head} text-right`}>{currency}</th>
              </tr>
            </thead>
            {lines.map((line) => (
              <LineBody
                key={lineKey(line)}
                line={line}
                isOpen={!folded.has(lineKey(line))}
                onToggle={() => toggle(lineKey(line))}
              />
            ))}
            <tfoot>
              <tr>
                <td colSpan={3} className="h-9 font-semibold">
                  Owed to {statement.sellerName}
                </td>
                <td className={`${figure} font-semibold`}>
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

interface LineBodyProps {
  readonly line: Statement['lines'][number];
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function LineBody({ line, isOpen, onToggle }: LineBodyProps): ReactNode {
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  const hasParts = line.parts.length > 1;
  return (
    <tbody className="border-b">
      <tr>
        <td className="h-9 min-w-56 pr-6">
          <span className="flex items-center gap-1">
            {hasParts ? (
              <button
                type="button"
                onClick={onToggle}
                aria-expanded={isOpen}
                aria-label="Parts by account"
                className="-ml-1 inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-faint hover:bg-hover print:hidden"
              >
                <Chevron className="size-4" aria-hidden />
              </button>
            ) : (
              <span className="w-5 shrink-0 print:hidden" />
            )}
            <LineName line={line} />
          </span>
        </td>
        <td className={figure}>
          <LineQuantity line={line} quantity={line.quantity} />
        </td>
        <td className={figure}>
          <LinePrice line={line} />
        </td>
        <td className={`${figure} font-medium`}>
          <ExactMoney amount={line.amount} />
        </td>
      </tr>
      {hasParts && isOpen
        ? line.parts.map((part) => <PartRow key={part.accountId} line={line} part={part} />)
        : null}
    </tbody>
  );
}

interface PartRowProps {
  readonly line: Line;
  readonly part: Statement['lines'][number]['parts'][number];
}

function PartRow({ line, part }: PartRowProps): ReactNode {
  return (
    <tr className="text-ink-soft">
      <td className="h-7 pl-9">
        <Link href={pagePath(part.accountId, 'statements')} className="hover:underline">
          {part.name}
        </Link>
      </td>
      <td className={figure}>
        <LineQuantity line={line} quantity={part.quantity} />
      </td>
      <td />
      <td className={figure}>
        <ExactMoney amount={part.amount} />
      </td>
    </tr>
  );
}
