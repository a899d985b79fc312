'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

const WEBHOOKS_MAX = 100;

/** Where the webhooks of the account lead, by id: the only name that a webhook has. */
export function useWebhookUrls(): ReadonlyMap<string, string> {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data } = useQuery(trpc.webhooks.list.queryOptions({ accountId, limit: WEBHOOKS_MAX }));
  return new Map((data?.items ?? []).map(({ id, url }) => [id, url]));
}
