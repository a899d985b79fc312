'use client';

import { Button } from '@patchbay/ui/button';
import { Field } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { type FilterName, filterNames, type useAuditFilter } from './use-audit-filter.ts';

const scopes = [
  { value: 'own', label: 'this account alone' },
  { value: 'descendants', label: 'this account and all below' },
] as const;

const labels: Readonly<Record<FilterName, string>> = { actorId: 'By', action: 'What', target: 'Of' };

export interface AuditFilterProps {
  readonly filter: ReturnType<typeof useAuditFilter>;
  /** What people are called whose id is asked for, where a line says it. */
  readonly nameOf: (actorId: string) => string;
}

/** Whose changes, of when, and by which words they are narrowed: each of these is taken off by itself. */
export function AuditFilter({ filter, nameOf }: AuditFilterProps): ReactNode {
  const { scope, words, days, isNarrowed, set, clear } = filter;
  return (
    <div className="mb-4 grid gap-3">
      <div className="flex flex-wrap items-end gap-3">
        <Select
          label="Where"
          isLabelled
          value={scope}
          options={scopes}
          onChange={(next) => set({ scope: next })}
        />
        <Field
          label="From"
          type="date"
          value={days.from}
          onChange={(event) => set({ from: event.target.value })}
          className="w-40"
        />
        <Field
          label="Until"
          type="date"
          value={days.until}
          onChange={(event) => set({ until: event.target.value })}
          className="w-40"
        />
      </div>
      {isNarrowed ? (
        <div className="flex flex-wrap items-center gap-2">
          {filterNames.map((name) => {
            const word = words[name];
            if (word === undefined) return null;
            const text = name === 'actorId' ? nameOf(word) : word;
            return (
              <Button
                key={name}
                size="small"
                className="max-w-full"
                aria-label={`Not only ${labels[name]} ${text}`}
                onClick={() => set({ [name]: '' })}
              >
                <span className="text-ink-faint">{labels[name]}</span>
                <span className="truncate">{text}</span>
                <X aria-hidden />
              </Button>
            );
          })}
          <Button size="small" variant="ghost" onClick={clear}>
            Show everything
          </Button>
        </div>
      ) : (
        <p className="text-sm text-ink-faint">Press a name, an action or an id to see only its changes.</p>
      )}
    </div>
  );
}
