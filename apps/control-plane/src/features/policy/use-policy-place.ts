'use client';

import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import type { Inputs } from '../../trpc/client.ts';

/** Which place of the account is looked at; nothing: all of it. */
export type Place = Pick<Inputs['policy']['get'], 'applicationId' | 'instanceType' | 'region' | 'endpoint'>;

export const placeNames = ['applicationId', 'instanceType', 'region', 'endpoint'] as const;

/** The place stands in the address, so that what holds there can be sent to somebody. */
export function usePolicyPlace(): readonly [Place, (place: Place) => void] {
  const router = useRouter();
  const pathname = usePathname();
  const parameters = useSearchParams();
  const place: Place = Object.fromEntries(
    placeNames.flatMap((name) => {
      const value = parameters.get(name);
      return value === null || value === '' ? [] : [[name, value]];
    }),
  );
  const go = (next: Place) => {
    const kept = new URLSearchParams(
      Object.entries(next).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    router.replace(kept.size === 0 ? pathname : `${pathname}?${kept}`, { scroll: false });
  };
  return [place, go];
}
