'use client';

import { useState } from 'react';

/** Which rows of a statement show what they are made of. None, to begin with: a month is read from its sums down. */
export function useOpenRows() {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  return {
    isOpen: (key: string) => open.has(key),
    hasOpen: open.size > 0,
    toggle: (key: string) =>
      setOpen((before) => {
        const after = new Set(before);
        if (!after.delete(key)) after.add(key);
        return after;
      }),
    setAll: (keys: readonly string[]) => setOpen(new Set(keys)),
  };
}
