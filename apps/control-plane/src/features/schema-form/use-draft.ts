'use client';

import { useState } from 'react';
import { type Draft, draftOf } from './schema-fields.ts';

/** What stands in the fields of a form, beginning with the values that are there. */
export function useDraft(values: Readonly<Record<string, unknown>>) {
  const [typed, setTyped] = useState<Draft>({});
  const known = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, draftOf(value)]));
  return {
    /** What was typed stands above what is there. */
    draft: { ...known, ...typed },
    isChanged: Object.entries(typed).some(([name, text]) => text.trim() !== (known[name] ?? '')),
    set: (name: string, text: string) => setTyped((before) => ({ ...before, [name]: text })),
    /** Forgets what was typed: after it was saved, or to begin anew. */
    clear: () => setTyped({}),
  };
}
