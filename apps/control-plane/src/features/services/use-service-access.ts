'use client';

import { useQuery } from '@tanstack/react-query';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

export type ServiceAccess = Outputs['services']['list']['items'][number];

/** Whether a service is on for the account, and which level made it so. Of all services there is one request. */
export function useServiceAccess(service: string) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useQuery(trpc.services.list.queryOptions({ accountId }));
  return { ...list, data: list.data?.items.find((item) => item.service === service) };
}
