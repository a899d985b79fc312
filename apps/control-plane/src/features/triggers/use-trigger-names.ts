'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

const TRIGGERS_MAX = 100;

/** Names of the triggers that the account sees, by id. */
export function useTriggerNames(): ReadonlyMap<string, string> {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data } = useQuery(trpc.triggers.list.queryOptions({ accountId, limit: TRIGGERS_MAX }));
  return new Map((data?.items ?? []).map(({ id, name }) => [id, name]));
}
