'use client';

import type { PatchFlow, PatchPlace } from '@patchbay/domain/hooks/patch-graph';
import { useQuery } from '@tanstack/react-query';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { useMemo } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import type { CallbackScope } from '../callbacks/callback-calls.ts';
import { useAccountId } from '../shell/account.ts';

const APPLICATIONS_MAX = 100;

export interface PlaceOption {
  readonly value: string;
  readonly label: string;
  readonly place: PatchPlace;
}

const placeKey = ({ applicationId = '', instanceType = '' }: PatchPlace): string =>
  instanceType === '' ? applicationId : `${applicationId}/${instanceType}`;

/** What of the account is looked at. It stands in the address, so that it can be sent to somebody. */
export function usePatchPlace() {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const pathname = usePathname();
  const asked = useSearchParams().get('of') ?? '';
  const { data } = useQuery(trpc.applications.list.queryOptions({ accountId, limit: APPLICATIONS_MAX }));
  const applications = data?.items ?? [];
  const places = applications.flatMap(({ id: applicationId, name, instanceTypes }) => [
    { label: name, place: { applicationId } },
    ...instanceTypes.map((instanceType) => ({
      label: `${name}, ${instanceType}`,
      place: { applicationId, instanceType },
    })),
  ]);
  const options: readonly PlaceOption[] = [{ label: 'Whole account', place: {} }, ...places].map((one) => ({
    ...one,
    value: placeKey(one.place) || 'account',
  }));
  const place = useMemo((): PatchPlace => {
    const [applicationId = '', instanceType] = asked.split('/');
    return applicationId === '' ? {} : { applicationId, instanceType };
  }, [asked]);
  return {
    options,
    place,
    value: placeKey(place) || 'account',
    choose: (value: string) =>
      router.replace(value === 'account' ? pathname : `${pathname}?of=${encodeURIComponent(value)}`, {
        scroll: false,
      }),
    nameOf: (id: string) => applications.find((one) => one.id === id)?.name ?? id,
  };
}

/** Where a cable is set that is drawn at a place. */
export function scopeOfPlace({ applicationId, instanceType }: PatchPlace): CallbackScope {
  if (applicationId === undefined) return { kind: 'account' };
  if (instanceType === undefined) return { kind: 'application', applicationId };
  return { kind: 'instanceType', applicationId, instanceType };
}

/** Where a cable is set that there is. */
export const scopeOfFlow = ({ endpointId, ...place }: PatchFlow): CallbackScope =>
  endpointId === undefined ? scopeOfPlace(place) : { kind: 'endpoint', endpointId };
