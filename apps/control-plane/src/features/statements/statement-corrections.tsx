import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { showMinorUnits } from '../documents/printed-document.ts';
import { pagePath } from '../shell/pages.ts';
import type { Statement } from './statement.ts';

/** What a closed month comes to more or less by now: none of it is in the figures, and each is in a document (BIL-7). */
export function StatementCorrections({ statement }: { readonly statement: Statement }): ReactNode {
  const { accountId, closedAt, corrections = [], currency } = statement;
  if (closedAt === undefined) return null;
  return (
    <section aria-labelledby="corrections">
      <h2 id="corrections" className="mb-1 font-semibold">
        Corrections since
      </h2>
      {corrections.length === 0 ? (
        <p className="border-y py-2 text-ink-soft">
          None. All of this is as it was closed, {showMoment(closedAt)}.
        </p>
      ) : (
        <>
          <p className="mb-2 max-w-prose text-ink-soft">
            All else on this page is as it was closed, {showMoment(closedAt)}. Use that came later is no part
            of it.
          </p>
          <ul className="border-b">
            {corrections.map(({ side, minorUnits, documentId, documentNumber }) => (
              <li
                key={`${side} ${documentId ?? ''}`}
                className="flex min-h-8 flex-wrap items-center justify-between gap-x-6 border-t"
              >
                <span>
                  {side === 'charge' ? 'To be paid' : 'To be paid out'},{' '}
                  {documentId === undefined ? (
                    <span className="text-ink-soft">in the next document</span>
                  ) : (
                    <Link
                      href={pagePath(accountId, `documents/${documentId}`)}
                      className="underline underline-offset-2 print:no-underline"
                    >
                      {documentNumber}
                    </Link>
                  )}
                </span>
                <span className="tabular-nums">
                  {showMinorUnits(minorUnits, currency)} {currency}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
