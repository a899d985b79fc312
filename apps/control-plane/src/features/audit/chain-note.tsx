'use client';

import { Callout } from '@patchbay/ui/callout';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

/** A long log takes a while to recompute: an answer holds for as long as somebody reads on. */
const KEEP_MS = 5 * 60_000;

/** Whether an entry of the account's own log was removed or changed behind everybody's back (C53). */
export function ChainNote(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data } = useQuery(
    trpc.audit.verify.queryOptions({ accountId }, { staleTime: KEEP_MS, refetchOnWindowFocus: false }),
  );
  if (data === undefined || (data.state === 'whole' && data.entryCount === 0)) return null;
  if (data.state === 'broken')
    return (
      <Callout
        tone="fail"
        title={`Entry ${data.brokenAt} of this log is missing, or is not as it was written`}
      >
        Somebody with access to the database removed or changed it. What comes behind it cannot be relied on
        either. Looked at {showMoment(data.at)}.
      </Callout>
    );
  return (
    <p className="mb-4 text-ink-faint">
      No entry is missing, and none was changed: {data.entryCount} of this account, recomputed{' '}
      {showMoment(data.at)}.
    </p>
  );
}
