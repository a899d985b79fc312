'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

/** All that an account can have: five are built in, and 50 may be its own. */
const ROLES_AT_ONCE = 100;

/** The roles that can be given at the account at hand. */
export function useRoles() {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const query = useQuery(trpc.roles.list.queryOptions({ accountId, limit: ROLES_AT_ONCE }));
  return { ...query, roles: query.data?.items ?? [] };
}
