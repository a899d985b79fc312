'use client';

import { useEffect, useSyncExternalStore } from 'react';
import type { PriceDraft, ProfilePrice } from './price-draft.ts';

/** What is typed of one service, and what of the profile it was begun from: as the API answers it. */
export interface EditedService {
  readonly drafts: readonly PriceDraft[];
  readonly seen: { readonly items: readonly ProfilePrice[] };
  /** The day from which it is to hold, as a date field has it. Absent: from now on. */
  readonly from?: string;
}

/** What is typed and not saved for one target, by service. */
export type EditedPrices = Readonly<Record<string, EditedService>>;

const none: EditedPrices = {};

/**
 * What is typed and not saved, by whose prices it is. It outlives the page: switching the target, the account or the page
 * and coming back finds it as it was. Only closing the tab would lose it, so that asks first.
 */
const drafts = new Map<string, EditedPrices>();
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function keepDrafts(target: string, edited: EditedPrices): void {
  if (Object.keys(edited).length === 0) drafts.delete(target);
  else drafts.set(target, edited);
  for (const listener of listeners) listener();
}

export const draftsFor = (target: string): EditedPrices => drafts.get(target) ?? none;

export function usePriceDrafts(target: string): EditedPrices {
  const edited = useSyncExternalStore(
    subscribe,
    () => draftsFor(target),
    () => none,
  );
  const isTyped = useSyncExternalStore(
    subscribe,
    () => drafts.size > 0,
    () => false,
  );
  useEffect(() => {
    if (!isTyped) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isTyped]);
  return edited;
}
