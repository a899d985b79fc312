'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Identifier } from '@patchbay/ui/copy-button';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useParams } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showAgo, showDay, showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ChangesLink } from '../audit/changes-link.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useTriggerNames } from '../triggers/use-trigger-names.ts';
import { DeliveryList } from './delivery-list.tsx';
import { ReplaySection } from './replay-section.tsx';
import type { Webhook } from './webhook.ts';
import { WebhookState } from './webhook-badges.tsx';
import { type WebhookChange, WebhookDialog } from './webhook-dialog.tsx';

/** One webhook: where it leads, how it does, and what became of each event. */
export function WebhookPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { webhookId } = useParams<{ webhookId: string }>();
  const [dialog, setDialog] = useState<WebhookChange>();
  const toast = useToast();
  const onError = useRefusalToast();
  const found = useQuery(trpc.webhooks.get.queryOptions({ accountId, webhookId }));
  const webhook = found.data;
  const sendTest = useMutation(
    trpc.webhooks.sendTest.mutationOptions({
      onSuccess: () => toast({ tone: 'live', title: 'A test is on its way.' }),
      onError,
    }),
  );
  const update = useMutation(trpc.webhooks.update.mutationOptions({ onError }));
  const isActive = webhook?.state === 'active';
  return (
    <>
      <Link
        href={pagePath(accountId, 'webhooks')}
        className="mb-1 inline-block text-ink-faint hover:text-ink hover:underline"
      >
        Webhooks
      </Link>
      <PageHeader
        title={<span className="break-all">{webhook?.url ?? 'Webhook'}</span>}
        scope={webhook?.description || 'Where a server of this account is told of events.'}
        examples={examplesOf(accountId, webhookId)}
        actions={
          <>
            <ChangesLink target={webhookId} />
            <IfMay to="webhooks.sendTest">
              <Button
                onClick={() => sendTest.mutate({ accountId, webhookId })}
                isPending={sendTest.isPending}
                disabled={!isActive}
              >
                Send a test
              </Button>
            </IfMay>
            <IfMay to="webhooks.update">
              <Button onClick={() => setDialog('edit')} disabled={webhook === undefined}>
                Edit
              </Button>
            </IfMay>
          </>
        }
      />
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending ? <Skeleton className="h-24 max-w-xl" /> : null}
      {webhook === undefined ? null : (
        <div className="grid grid-cols-1 gap-8">
          {webhook.state === 'disabled' ? (
            <Disabled
              webhook={webhook}
              isPending={update.isPending}
              onEnable={() => update.mutate({ accountId, webhookId, state: 'active' })}
            />
          ) : null}
          <div className="grid gap-4">
            <Facts webhook={webhook} />
            <div className="flex flex-wrap gap-2 empty:hidden">
              <IfMay to="webhooks.rotateSecret">
                <Button onClick={() => setDialog('rotate')}>Rotate the secret …</Button>
              </IfMay>
              {isActive ? (
                <IfMay to="webhooks.update">
                  <Button onClick={() => setDialog('disable')}>Disable …</Button>
                </IfMay>
              ) : null}
              <IfMay to="webhooks.remove">
                <Button variant="danger" onClick={() => setDialog('remove')}>
                  Remove …
                </Button>
              </IfMay>
            </div>
          </div>
          <ReplaySection {...{ webhookId, isActive }} disabledAt={webhook.disabledAt} />
          <DeliveryList webhookId={webhookId} />
        </div>
      )}
      {webhook === undefined || dialog === undefined ? null : (
        <WebhookDialog dialog={dialog} webhook={webhook} onDone={() => setDialog(undefined)} />
      )}
    </>
  );
}

interface DisabledProps {
  readonly webhook: Webhook;
  readonly isPending: boolean;
  readonly onEnable: () => void;
}

const disabledBecause = {
  failing: 'It took nothing for five days.',
  gone: 'It answered 410: nobody is there any more.',
} as const;

function Disabled({
  webhook: { disabledReason, disabledAt },
  isPending,
  onEnable,
}: DisabledProps): ReactNode {
  const reason = disabledReason === undefined ? 'It was disabled here.' : disabledBecause[disabledReason];
  return (
    <Callout
      tone={disabledReason === undefined ? 'wait' : 'fail'}
      title="Nothing is sent to this webhook."
      action={
        <IfMay to="webhooks.update">
          <Button size="small" onClick={onEnable} isPending={isPending}>
            Enable
          </Button>
        </IfMay>
      }
    >
      {reason} What waited before is sent when it is enabled. Events{' '}
      {disabledAt === undefined ? 'since then' : `since ${showMoment(disabledAt)}`} are sent by a replay.
    </Callout>
  );
}

function Facts({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const {
    id,
    fallbackUrl,
    eventTypes,
    scope,
    failingSince,
    fallbackSince,
    succeededAt,
    previousSecretEndsAt,
    triggerId,
  } = webhook;
  const accountId = useAccountId();
  const triggerName = useTriggerNames().get(triggerId ?? '');
  return (
    <dl className="grid max-w-2xl divide-y divide-line border-y">
      <Fact term="State">
        <span className="flex flex-wrap items-center justify-end gap-2">
          {fallbackSince === undefined ? null : (
            <span className="text-ink-faint">
              its address takes nothing since {showMoment(fallbackSince)}
            </span>
          )}
          {failingSince === undefined ? null : (
            <span className="text-ink-faint">takes nothing since {showMoment(failingSince)}</span>
          )}
          <WebhookState webhook={webhook} />
        </span>
      </Fact>
      <Fact term="Events">
        <span className="flex flex-wrap justify-end gap-1">
          {eventTypes.map((type) => (
            <Badge key={type}>{type === '*' ? 'all' : type}</Badge>
          ))}
        </span>
      </Fact>
      {triggerId === undefined ? null : (
        <Fact term="Called by">
          <span className="inline-flex min-w-0 flex-wrap items-center justify-end gap-x-2">
            <Link href={pagePath(accountId, 'triggers')} className="wrap-anywhere hover:underline">
              the trigger{triggerName === undefined ? '' : ` “${triggerName}”`}
            </Link>
            <Identifier id={triggerId} isShort />
          </span>
        </Fact>
      )}
      <Fact term="Of">{scope === 'own' ? 'this account' : 'this account and those below'}</Fact>
      <Fact term="In one request">
        {webhook.batchEventsMax === 1
          ? 'one event'
          : `up to ${webhook.batchEventsMax} events, or those of ${webhook.batchWaitMs.toLocaleString('en')} ms`}
      </Fact>
      {fallbackUrl === undefined ? null : (
        <Fact term="Fallback">
          <span className="break-all">{fallbackUrl}</span>
        </Fact>
      )}
      {previousSecretEndsAt === undefined ? null : (
        <Fact term="Old secret">signs until {showMoment(previousSecretEndsAt)}</Fact>
      )}
      <Fact term="Last taken">{succeededAt === undefined ? 'never' : showAgo(succeededAt)}</Fact>
      <Fact term="Created">{showDay(webhook.createdAt)}</Fact>
      <Fact term="Webhook id">
        <Identifier id={id} isShort />
      </Fact>
    </dl>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex min-h-9 items-center justify-between gap-4 py-1">
      <dt className="shrink-0 text-ink-faint">{term}</dt>
      <dd className="min-w-0 text-right">{children}</dd>
    </div>
  );
}

const examplesOf = (accountId: string, webhookId: string) => [
  exampleOf({ operation: 'deliveries.list', input: { accountId, webhookId, state: 'failed' } }),
  exampleOf({ operation: 'webhooks.sendTest', input: { accountId, webhookId } }),
  exampleOf({
    operation: 'webhooks.rotateSecret',
    input: { accountId, webhookId, overlapSeconds: 86_400 },
  }),
  exampleOf({ operation: 'webhooks.update', input: { accountId, webhookId, state: 'disabled' } }),
  exampleOf({ operation: 'replays.start', input: { accountId, webhookId, since: '2026-11-29T10:00:00Z' } }),
  exampleOf({ operation: 'webhooks.remove', input: { accountId, webhookId } }),
];
