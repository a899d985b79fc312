'use client';

import { Button } from '@patchbay/ui/button';
import { Identifier } from '@patchbay/ui/copy-button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { type Delivery, latencyText, outcomeText, waitingText } from './delivery.ts';
import { DeliveryBadge } from './webhook-badges.tsx';

export interface DeliveryDialogProps {
  readonly delivery: Delivery;
  readonly onDone: () => void;
}

type Attempt = Outputs['deliveries']['get']['log'][number];

/** What was sent, what was answered each time, and the way to send it again. */
export function DeliveryDialog({ delivery, onDone }: DeliveryDialogProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const toast = useToast();
  const onError = useRefusalToast();
  const request = { accountId, webhookId: delivery.webhookId, deliveryId: delivery.id };
  const found = useQuery(trpc.deliveries.get.queryOptions(request));
  const resend = useMutation(
    trpc.deliveries.resend.mutationOptions({
      onSuccess: () => {
        toast({ tone: 'live', title: 'It is sent again, with the same id.' });
        onDone();
      },
      onError,
    }),
  );
  const shown = found.data ?? delivery;
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      placement="side"
      title={delivery.eventType}
      description={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <DeliveryBadge delivery={shown} />
          <Identifier id={delivery.eventId} isShort />
          {shown.replayId === undefined ? null : <span>sent again by a replay</span>}
          <span>{waitingText(shown)}</span>
        </span>
      }
    >
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending ? <Skeleton className="h-40" /> : null}
      {found.data === undefined ? null : (
        <div className="grid gap-6">
          <section aria-labelledby="attempts">
            <h3 id="attempts" className="mb-1 font-semibold">
              Attempts
            </h3>
            {found.data.log.length === 0 ? (
              <p className="border-y py-2 text-ink-faint">
                None yet: it is its turn when the events before it in its session are through.
              </p>
            ) : (
              <ol className="divide-y divide-line border-y">
                {found.data.log.map((attempt) => (
                  <AttemptLine key={`${attempt.number} ${attempt.target}`} attempt={attempt} />
                ))}
              </ol>
            )}
          </section>
          {shown.batchId === undefined ? null : <BatchSection delivery={shown} batchId={shown.batchId} />}
          <section aria-labelledby="body">
            <h3 id="body" className="mb-1 font-semibold">
              Request
            </h3>
            <pre className="overflow-x-auto rounded-md border border-line bg-surface px-3 py-2.5 text-sm leading-5">
              <code>{JSON.stringify(JSON.parse(found.data.body), null, 2)}</code>
            </pre>
            <p className="mt-1 text-sm text-ink-faint">
              The body goes without the spaces; its headers stand with each attempt.
            </p>
          </section>
        </div>
      )}
      <DialogActions>
        <Button variant="ghost" onClick={onDone}>
          Close
        </Button>
        <IfMay to="deliveries.resend">
          <Button variant="primary" isPending={resend.isPending} onClick={() => resend.mutate(request)}>
            Send again
          </Button>
        </IfMay>
      </DialogActions>
    </Dialog>
  );
}

interface BatchSectionProps {
  readonly delivery: Delivery;
  readonly batchId: string;
}

/** The events that its last request carried, this one among them. */
function BatchSection({ delivery: { id, webhookId }, batchId }: BatchSectionProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const found = useQuery(
    trpc.deliveries.list.queryOptions({ accountId, webhookId, state: 'all', batchId, limit: 100 }),
  );
  return (
    <section aria-labelledby="batch">
      <h3 id="batch" className="mb-1 font-semibold">
        Batch
      </h3>
      <p className="mb-1 text-sm text-ink-faint">
        One request carried these as <code>{'{ "events": [ … ] }'}</code>; they are taken all or none.
      </p>
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      <ul className="max-h-60 divide-y divide-line overflow-auto border-y">
        {(found.data?.items ?? []).map((each) => (
          <li key={each.id} className="flex flex-wrap items-center justify-between gap-x-4 py-1.5">
            <span className={each.id === id ? 'font-medium' : ''}>{each.eventType}</span>
            <Identifier id={each.eventId} isShort />
          </li>
        ))}
      </ul>
    </section>
  );
}

function AttemptLine({ attempt }: { readonly attempt: Attempt }): ReactNode {
  const { number, target, startedAt, latencyMs, status, error, response, url } = attempt;
  const outcome = outcomeText(attempt);
  const isOver = status !== undefined || error !== undefined;
  return (
    <li className="grid gap-1 py-2">
      <div className="flex flex-wrap items-center gap-x-4">
        <span className="w-6 shrink-0 text-ink-faint tabular-nums">{number}</span>
        <time dateTime={startedAt} className="w-28 shrink-0 text-ink-faint tabular-nums">
          {showMoment(startedAt)}
        </time>
        <span className={error === undefined ? 'text-live' : 'text-fail'}>
          {isOver ? outcome : 'under way, or cut off'}
        </span>
        <span className="ml-auto text-ink-faint tabular-nums">
          {target === 'fallback' ? 'fallback ' : ''}
          {latencyText(latencyMs)}
        </span>
      </div>
      {url === undefined ? null : <p className="font-mono text-sm break-all text-ink-soft">POST {url}</p>}
      <Headers title="Headers sent" headers={attempt.requestHeaders} />
      <Headers title="Headers answered" headers={attempt.responseHeaders} />
      {response === undefined ? null : (
        <pre className="max-h-40 overflow-auto rounded-md bg-surface px-3 py-2 text-sm whitespace-pre-wrap">
          {response}
        </pre>
      )}
    </li>
  );
}

interface HeadersProps {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

function Headers({ title, headers = {} }: HeadersProps): ReactNode {
  const lines = Object.entries(headers);
  if (lines.length === 0) return null;
  return (
    <details className="text-sm">
      <summary className="cursor-pointer text-ink-faint">{title}</summary>
      <pre className="mt-1 max-h-40 overflow-auto rounded-md bg-surface px-3 py-2 break-all whitespace-pre-wrap">
        {lines.map(([name, value]) => `${name}: ${value}`).join('\n')}
      </pre>
    </details>
  );
}
