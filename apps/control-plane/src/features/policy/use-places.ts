'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

const APPLICATIONS_MAX = 100;

/** Where in the account something can be set: its applications, and the regions that have a node now. */
export function usePlaces() {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: list } = useQuery(
    trpc.applications.list.queryOptions({ accountId, limit: APPLICATIONS_MAX }),
  );
  const { data: addresses } = useQuery(trpc.platform.addresses.queryOptions({}));
  const regions = (addresses?.items ?? []).flatMap(({ region }) => region ?? []);
  return { applications: list?.items ?? [], regions: [...new Set(regions)].sort() };
}
