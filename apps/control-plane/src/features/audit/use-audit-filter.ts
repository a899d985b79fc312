'use client';

import { usePathname, useRouter, useSearchParams } from 'next/navigation';

/** By what the page is narrowed, in the words of the API. */
export const filterNames = ['actorId', 'action', 'target'] as const;
export type FilterName = (typeof filterNames)[number];

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** What is asked of the audit log. It stands in the address, so that it can be sent to somebody, or led to from a page. */
export function useAuditFilter() {
  const router = useRouter();
  const pathname = usePathname();
  const parameters = useSearchParams();
  const scope = parameters.get('scope') === 'descendants' ? 'descendants' : 'own';
  const words = Object.fromEntries(
    filterNames.flatMap((name) => {
      const word = parameters.get(name) ?? '';
      return word === '' ? [] : [[name, word]];
    }),
  ) as { readonly [Name in FilterName]?: string };
  const days = { from: dayIn(parameters.get('from')), until: dayIn(parameters.get('until')) };
  const set = (changes: { readonly [Name in FilterName | 'scope' | 'from' | 'until']?: string }) => {
    const next = new URLSearchParams(parameters);
    for (const [name, value] of Object.entries(changes))
      if (value === '') next.delete(name);
      else next.set(name, value);
    router.replace(`${pathname}?${next}`, { scroll: false });
  };
  const request = { scope, ...words, ...timesOf(days) } as const;
  const isNarrowed = Object.keys(words).length > 0 || days.from !== '' || days.until !== '';
  return { scope, words, days, request, isNarrowed, set, clear: () => router.replace(pathname) };
}

/** As a field for days has it, or nothing where the address says no day. */
const dayIn = (text: string | null): string =>
  text !== null && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : '';

/** Days of UTC, the last one included. */
export const timesOf = ({ from, until }: { readonly from: string; readonly until: string }) => ({
  ...(from === '' ? {} : { from: new Date(Date.parse(from)).toISOString() }),
  ...(until === '' ? {} : { to: new Date(Date.parse(until) + DAY_MS).toISOString() }),
});
