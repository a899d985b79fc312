'use client';

import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Plus, Webhook as WebhookIcon } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showAgo } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { useMay } from '../shell/use-may.ts';
import { handlerSnippets, listenCommand } from './handler-code.ts';
import type { Webhook } from './webhook.ts';
import { WebhookState } from './webhook-badges.tsx';
import { WebhookForm } from './webhook-form.tsx';

/** Where the servers of an account are told of events (HKS-2). */
export function WebhooksPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const [isNew, setNew] = useState(false);
  const mayCreate = useMay('webhooks.create');
  const list = useInfiniteQuery(trpc.webhooks.list.infiniteQueryOptions(listRequest(accountId), paged));
  const webhooks = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const pathOf = ({ id }: Webhook) => pagePath(accountId, `webhooks/${id}`);
  return (
    <>
      <PageHeader
        title="Webhooks"
        scope="Of this account alone; each says whether it hears of accounts below."
        examples={examplesOf(accountId)}
        actions={
          mayCreate ? (
            <Button variant="primary" onClick={() => setNew(true)}>
              <Plus aria-hidden />
              New webhook
            </Button>
          ) : null
        }
      />
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && webhooks.length === 0 ? (
        <EmptyState
          icon={<WebhookIcon />}
          title="Nobody is told of events yet"
          code={
            mayCreate ? (
              <div className="grid gap-3">
                <CodePanel title="Your server" snippets={handlerSnippets} />
                <CodePanel
                  title="While you develop"
                  snippets={[{ name: 'CLI', code: listenCommand(accountId) }]}
                />
              </div>
            ) : undefined
          }
        >
          A webhook is an address of your server. It is told when a call ends, a limit is reached or a key is
          revoked: signed, in order, and again for 24 hours until it answers.
          {mayCreate ? ' Create one above, or bring events to your own machine first.' : ''}
        </EmptyState>
      ) : null}
      {webhooks.length === 0 ? null : (
        <Table
          label="Webhooks"
          columns={columnsOf(pathOf)}
          rows={webhooks}
          rowKey={({ id }) => id}
          onOpen={(webhook) => router.push(pathOf(webhook))}
        />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {isNew ? <WebhookForm webhook={undefined} onDone={() => setNew(false)} /> : null}
    </>
  );
}

const columnsOf = (pathOf: (webhook: Webhook) => string): readonly Column<Webhook>[] => [
  {
    key: 'url',
    header: 'Address',
    isTitle: true,
    className: 'py-1.5',
    cell: (webhook) => (
      <Link href={pathOf(webhook)} className="block wrap-anywhere font-medium hover:underline">
        {webhook.url}
      </Link>
    ),
  },
  { key: 'state', header: 'State', cell: (webhook) => <WebhookState webhook={webhook} /> },
  {
    key: 'events',
    header: 'Events',
    isWide: true,
    cell: ({ eventTypes }) => (
      <code className="block wrap-anywhere text-sm">
        {eventTypes.includes('*') ? 'all' : eventTypes.join(' ')}
      </code>
    ),
  },
  {
    key: 'scope',
    header: 'Of',
    cell: ({ scope, endpointId, applicationId, triggerId }) => (
      <span className="whitespace-nowrap text-ink-soft">
        {triggerId !== undefined
          ? 'one trigger'
          : endpointId !== undefined
            ? 'one endpoint'
            : applicationId !== undefined
              ? 'one application'
              : scope === 'own'
                ? 'this account'
                : 'and those below'}
      </span>
    ),
  },
  {
    key: 'succeeded',
    header: 'Last taken',
    cell: ({ succeededAt }) => (
      <span className="whitespace-nowrap text-ink-soft">
        {succeededAt === undefined ? 'never' : showAgo(succeededAt)}
      </span>
    ),
  },
];

const examplesOf = (accountId: string) => [
  exampleOf({
    operation: 'webhooks.create',
    input: { accountId, url: 'https://api.example.com/hooks', eventTypes: ['signaling.*'] },
  }),
  exampleOf({ operation: 'webhooks.list', input: { accountId } }),
  exampleOf({
    operation: 'events.list',
    input: { accountId, cursor: '0', types: 'signaling.*' },
    title: 'Replay events from a cursor on',
    cli: `listen --to localhost:3000/hooks --from 0 --types 'signaling.*' --account ${accountId}`,
  }),
  { title: 'Take them on your server', snippets: handlerSnippets },
];
