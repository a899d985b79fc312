'use client';

import { useSyncExternalStore } from 'react';

/** Below, a drawing is too small to read, and to draw in. */
const WIDE = '(min-width: 48rem)';

/** Whether there is room for a drawing. On the server there is none: it is fetched by whoever sees it. */
export function useWideScreen(): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const query = window.matchMedia(WIDE);
      query.addEventListener('change', onChange);
      return () => query.removeEventListener('change', onChange);
    },
    () => window.matchMedia(WIDE).matches,
    () => false,
  );
}
