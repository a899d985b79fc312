'use client';

import { classNames } from '@patchbay/ui/class-names';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { showClock } from '../../../formats/time.ts';
import type { LogEntry, Session } from '../session.ts';
import { lineText, lineTitle } from './log-words.ts';
import { eventsOf, namelessOf } from './timeline.ts';

export interface SessionLogProps {
  readonly session: Session;
  readonly log: readonly LogEntry[];
  readonly selected: number | undefined;
  readonly onSelect: (sequence: number) => void;
}

const SHOWN_MAX = 500;

/** What happened, in order (MET-7). Samples of quality are left out unless asked for: the charts show them. */
export function SessionLog({ session, log, selected, onSelect }: SessionLogProps): ReactNode {
  const [hasSamples, setHasSamples] = useState(false);
  const current = useRef<HTMLLIElement>(null);
  const names = new Map(session.legs.map(({ id, identity }) => [id, identity ?? namelessOf(session)]));
  const entries = (hasSamples ? log : eventsOf(log)).slice(-SHOWN_MAX);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it scrolls when another entry is chosen, and only then.
  useEffect(() => current.current?.scrollIntoView({ block: 'nearest' }), [selected]);
  return (
    <section aria-labelledby="log" className="min-w-0">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="log" className="font-semibold">
          Log
        </h2>
        <label className="flex items-center gap-1.5 text-ink-soft">
          <input
            type="checkbox"
            className="accent-(--accent)"
            checked={hasSamples}
            onChange={(event) => setHasSamples(event.target.checked)}
          />
          with samples of quality
        </label>
      </div>
      <ol className="divide-y divide-line border-y">
        {entries.map((entry) => (
          <li
            key={entry.sequence}
            ref={entry.sequence === selected ? current : null}
            className={classNames(entry.sequence === selected && 'bg-accent/8')}
          >
            <button
              type="button"
              onClick={() => onSelect(entry.sequence)}
              className="flex min-h-8 w-full flex-wrap items-center gap-x-4 py-1 text-left hover:bg-surface"
            >
              <time dateTime={entry.at} className="w-16 shrink-0 text-ink-faint tabular-nums">
                {showClock(entry.at)}
              </time>
              <span className="w-40 shrink-0 max-sm:w-32" title={entry.kind}>
                {lineTitle(entry)}
              </span>
              <span className="w-28 shrink-0 truncate max-sm:w-24">
                {entry.legId === undefined ? '' : names.get(entry.legId)}
              </span>
              <span
                className="min-w-0 flex-1 truncate text-sm text-ink-faint max-sm:basis-full"
                title={JSON.stringify(entry.data)}
              >
                {lineText(entry)}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
