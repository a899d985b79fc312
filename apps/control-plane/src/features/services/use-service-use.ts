'use client';

import type { ServiceKey } from '@patchbay/faces/mounted';
import { serviceResources } from '@patchbay/kit/service-resources';
import { services } from '@patchbay/services/registry.generated';
import { useQuery } from '@tanstack/react-query';
import { useServiceClient } from '../../trpc/service-client.ts';
import { useAccountId } from '../shell/account.ts';
import { type Meter, meterOf } from '../usage/meters.ts';

const REFRESH_MS = 5_000;

export interface MeterUse {
  readonly meter: Meter;
  readonly quantity: bigint;
}

/** This month's use of a service, descendants included: every meter it has, the ones that were used first. */
export function useServiceUse(service: ServiceKey) {
  const accountId = useAccountId();
  const client = useServiceClient(service);
  const definition = services[service];
  const query = useQuery({
    queryKey: [service, 'use', accountId],
    queryFn: async ({ signal }) =>
      serviceResources(definition).getUse.response.parse(await client.read('getUse', { accountId }, signal)),
    refetchInterval: REFRESH_MS,
  });
  const uses = query.data?.meters.flatMap(({ meter, quantity }): MeterUse[] => {
    const known = meterOf(`${definition.name}.${meter}`);
    return known === undefined ? [] : [{ meter: known, quantity: BigInt(quantity) }];
  });
  return { uses, error: query.error, retry: () => void query.refetch() };
}
