'use client';

import { Button } from '@patchbay/ui/button';
import { Quantity } from '@patchbay/ui/stat';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showDuration, showExact, showMetered, textOf } from '../../../formats/quantity.ts';
import { showClock } from '../../../formats/time.ts';
import { type Outputs, useTRPC } from '../../../trpc/client.ts';
import { ProblemNote } from '../../problem/problem-note.tsx';
import { meterOf, serviceTitle, unitOf } from '../../usage/meters.ts';
import { isOpen, type Session } from '../session.ts';

export interface SessionAccountingProps {
  readonly session: Session;
  /** Nothing is asked for before anything was counted. */
  readonly hasUse: boolean;
  readonly isGrowing: boolean;
}

type Accounting = Outputs['usage']['getSession'];
type Segment = Accounting['segmented'][number];

const REFRESH_MS = 3_000;
/** What is seen at once: a stream that changes its codec often has hundreds. */
const SHOWN_COUNT = 12;

/** What the session used in both ways of accounting: part by part, and as a whole (MET-3). */
export function SessionAccounting({ session, hasUse, isGrowing }: SessionAccountingProps): ReactNode {
  const trpc = useTRPC();
  const { id: sessionId, accountId } = session;
  const query = useQuery(
    trpc.usage.getSession.queryOptions(
      { accountId, sessionId },
      {
        enabled: hasUse,
        placeholderData: keepPreviousData,
        refetchInterval: isGrowing ? REFRESH_MS : false,
      },
    ),
  );
  if (query.error !== null && query.data === undefined) return <ProblemNote error={query.error} />;
  if (query.data === undefined) return null;
  const { binary, segmented } = query.data;
  return (
    <section aria-labelledby="accounting" className="min-w-0">
      <h2 id="accounting" className="mb-1 font-semibold">
        Services over time
      </h2>
      <p className="mb-2 text-ink-faint">
        As a whole, a service counts for all of the session, however short its own part of it was. Part by
        part, it counts for as long as it was used.
      </p>
      <h3 className="mb-1 text-sm font-medium text-ink-soft">
        As a whole{isOpen(session) ? ', until now' : ''}
      </h3>
      <ul className="mb-4 divide-y divide-line border-y">
        {binary.map(({ service, modalities, lastedMs }) => (
          <li key={service} className="flex items-baseline justify-between gap-4 py-1.5">
            <span className="min-w-0">
              {serviceTitle(service)}
              <KindText kinds={modalities} />
            </span>
            <span className="whitespace-nowrap">{showDuration(lastedMs)}</span>
          </li>
        ))}
      </ul>
      <Segments segments={segmented} />
    </section>
  );
}

function Segments({ segments }: { readonly segments: readonly Segment[] }): ReactNode {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? segments : segments.slice(0, SHOWN_COUNT);
  return (
    <>
      <h3 className="mb-1 text-sm font-medium text-ink-soft">Part by part</h3>
      <ul className="divide-y divide-line border-y">
        {shown.map(({ segment, modality, meter, from, to, quantity }) => (
          <li
            key={`${segment} ${modality} ${meter} ${from}`}
            className="flex items-baseline justify-between gap-4 py-1.5"
          >
            <span className="min-w-0">
              {meterOf(meter)?.label ?? meter}
              <KindText kinds={[modality]} />
              <span className="block text-sm text-ink-faint tabular-nums">
                {showClock(from)} – {showClock(to)}
              </span>
            </span>
            <span className="whitespace-nowrap" title={textOf(showExact(quantity, unitOf(meter)))}>
              <Quantity {...showMetered(quantity, unitOf(meter))} />
            </span>
          </li>
        ))}
      </ul>
      {shown.length === segments.length ? null : (
        <Button size="small" variant="ghost" className="mt-1" onClick={() => setWhole(true)}>
          Show all {segments.length}
        </Button>
      )}
    </>
  );
}

/** `none`: nothing is known of what the packets carried. */
function KindText({ kinds }: { readonly kinds: readonly string[] }): ReactNode {
  const known = kinds.filter((kind) => kind !== 'none');
  return known.length === 0 ? null : <span className="text-ink-faint"> {known.join(', ')}</span>;
}
