'use client';

import { useQueries } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { useMay } from '../shell/use-may.ts';
import type { Trigger } from './trigger-words.ts';

const NAMES_MAX = 100;
const STALE_MS = 30_000;
/** Accounts whose applications are asked for: a list of applications is of one account alone. */
const OWNERS_MAX = 10;

/** What the applications are called that triggers count, by id. Asked for only where a trigger is of one. Undefined: not known yet. */
export function useApplicationNames(triggers: readonly Trigger[]): ReadonlyMap<string, string> | undefined {
  const trpc = useTRPC();
  const mayList = useMay('applications.list');
  const ownerIds = new Set(
    triggers.flatMap(({ target }) => (target.applicationId === undefined ? [] : [target.accountId])),
  );
  const lists = useQueries({
    queries: [...ownerIds]
      .slice(0, OWNERS_MAX)
      .map((accountId) =>
        trpc.applications.list.queryOptions(
          { accountId, limit: NAMES_MAX },
          { enabled: mayList, staleTime: STALE_MS },
        ),
      ),
  });
  if (lists.some(({ isLoading }) => isLoading)) return undefined;
  return new Map(lists.flatMap(({ data }) => (data?.items ?? []).map(({ id, name }) => [id, name] as const)));
}
