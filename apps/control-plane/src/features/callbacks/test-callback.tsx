'use client';

import { Dialog } from '@patchbay/ui/dialog';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { DeliveryDialog } from '../webhooks/delivery-dialog.tsx';

const LOOK_MS = 500;
const testType = 'hooks.webhook.tested';

export interface TestCallbackProps {
  readonly webhookId: string;
  /** The newest delivery before the test was asked for. */
  readonly lastDeliveryId: string | undefined;
  readonly onDone: () => void;
}

/** Waits for the test to go out, and shows what was sent and what was answered. */
export function TestCallback({ webhookId, lastDeliveryId, onDone }: TestCallbackProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useQuery({
    ...trpc.deliveries.list.queryOptions({ accountId, webhookId, limit: 20 }),
    refetchInterval: LOOK_MS,
  });
  // Ids grow with time: one that is larger came later.
  const test = list.data?.items.find(
    ({ id, eventType, attempts, status, error }) =>
      eventType === testType &&
      id > (lastDeliveryId ?? '') &&
      attempts > 0 &&
      (status !== undefined || error !== undefined),
  );
  if (test !== undefined) return <DeliveryDialog delivery={test} onDone={onDone} />;
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      placement="side"
      title="A test is on its way"
      description="It goes out signed, as events do. What your server answers is shown here."
    >
      {list.error === null ? (
        <Skeleton className="h-40" />
      ) : (
        <ProblemNote error={list.error} onRetry={() => void list.refetch()} />
      )}
    </Dialog>
  );
}
