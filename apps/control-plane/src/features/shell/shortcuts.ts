'use client';

import { useEffect, useRef } from 'react';
import { type ShownPage, useShownPages } from './use-shown-pages.ts';

/** How long after g the letter may come. */
const CHORD_MS = 1_200;

interface Shortcuts {
  readonly onPalette: () => void;
  readonly onPage: (segment: string) => void;
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest('input,textarea,select') !== null);

/** ⌘K or Ctrl K opens the palette, g and a letter goes to a page, / goes to the page's filter. */
export function useShortcuts({ onPalette, onPage }: Shortcuts): void {
  // The keys stay listened to while it becomes known who looks: a chord is not cut in two.
  const shown = useRef<readonly ShownPage[]>([]);
  const shownNow = useShownPages();
  useEffect(() => {
    shown.current = shownNow;
  });
  useEffect(() => {
    let chordUntilMs = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        onPalette();
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      const isChord = event.timeStamp < chordUntilMs;
      chordUntilMs = event.key === 'g' && !isChord ? event.timeStamp + CHORD_MS : 0;
      const page = isChord ? shown.current.find(({ shortcut }) => shortcut === event.key) : undefined;
      if (page !== undefined) onPage(page.leadsTo);
      if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('[data-page-filter]');
        if (filter === null) return;
        event.preventDefault();
        filter.focus();
      }
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [onPalette, onPage]);
}
