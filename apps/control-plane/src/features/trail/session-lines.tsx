'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { ExactMoney } from '../statements/exact-money.tsx';
import { lineName } from '../statements/line-cells.tsx';
import { dimensionText } from '../usage/meters.ts';
import { trailPath } from './trail-path.ts';

export interface SessionLinesProps {
  readonly accountId: string;
  readonly sessionId: string;
}

/** On which lines of the account's statements a session is, and what of their amounts falls on it. */
export function SessionLines({ accountId, sessionId }: SessionLinesProps): ReactNode {
  const trpc = useTRPC();
  const query = useQuery(trpc.statements.listSessionLines.queryOptions({ accountId, sessionId }));
  const items = query.data?.items ?? [];
  if (query.error !== null) return <ProblemNote error={query.error} />;
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="session-lines">
      <h2 id="session-lines" className="mb-1 font-semibold">
        On statements
      </h2>
      <ul className="divide-y divide-line border-y">
        {items.map(({ period, key, day, amount, currency, ...line }) => (
          <li key={`${period} ${key} ${day}`} className="flex items-start justify-between gap-4 py-1.5">
            <span className="min-w-0">
              <Link
                href={trailPath({ accountId, period, key, day })}
                className="underline underline-offset-2"
              >
                {lineName(line)}
              </Link>
              <span className="block text-sm text-ink-faint">
                {[showPeriod(period), dimensionText(line.dimensions)].filter(Boolean).join(', ')}
              </span>
            </span>
            <span className="whitespace-nowrap">
              <ExactMoney amount={amount} /> <span className="text-ink-faint">{currency}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
