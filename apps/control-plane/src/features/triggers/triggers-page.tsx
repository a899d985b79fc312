'use client';

import { CodePanel } from '@patchbay/ui/code-panel';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { EmptyState } from '@patchbay/ui/empty-state';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { BellRing } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useDescendants } from '../accounts/use-accounts.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { CreateTrigger } from './create-trigger.tsx';
import { EditTrigger } from './edit-trigger.tsx';
import { FiringsTable } from './firings-table.tsx';
import { MeasuresTable } from './measures-table.tsx';
import { TriggerTable } from './trigger-table.tsx';
import type { Trigger } from './trigger-words.ts';

/** Counters move while somebody looks. */
const LOOK_MS = 2_000;

/** The triggers of an account with their counters, and when they fired. */
export function TriggersPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const { accounts: below } = useDescendants(accountId);
  const [removed, setRemoved] = useState<Trigger>();
  const [edited, setEdited] = useState<Trigger>();
  const refusal = useRefusalToast();
  const mayCreate = useMay('triggers.create');
  const mayUpdate = useMay('triggers.update');
  const mayReset = useMay('triggers.reset');
  const mayRemove = useMay('triggers.remove');
  const mayAudit = useMay('audit.list');
  const request = listRequest(accountId);
  const live = { ...paged, refetchInterval: LOOK_MS };
  const list = useInfiniteQuery(trpc.triggers.list.infiniteQueryOptions(request, live));
  const fired = useInfiniteQuery(trpc.triggers.listFirings.infiniteQueryOptions(request, live));
  const remove = useMutation(
    trpc.triggers.remove.mutationOptions({ onSuccess: () => setRemoved(undefined), onError: refusal }),
  );
  const turn = useMutation(trpc.triggers.update.mutationOptions({ onError: refusal }));
  const reset = useMutation(trpc.triggers.reset.mutationOptions({ onError: refusal }));
  const triggers = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const firings = (fired.data?.pages ?? []).flatMap(({ items }) => items);
  const targets = [
    { value: accountId, label: account?.name ?? 'This account' },
    ...below.map(({ id, name }) => ({ value: id, label: name })),
  ];
  const accountNames = new Map([
    [accountId, account?.name ?? accountId],
    ...below.map(({ id, name }) => [id, name] as const),
  ]);
  const create = exampleOf({
    operation: 'triggers.create',
    input: {
      accountId,
      name: 'Monthly allowance',
      counter: { meter: 'network-discovery.bytes' },
      condition: { kind: 'recurring', limit: 100_000_000_000, per: 'month' },
      action: { kind: 'throttle', bitsPerSecondMax: 256_000 },
    },
    cli: `trigger create 'Monthly allowance' --account ${accountId} --meter network-discovery.bytes --limit 100000000000 --per month --action throttle --kbps 256`,
  });
  const examples = [
    create,
    exampleOf({
      operation: 'triggers.list',
      input: { accountId },
      cli: `trigger list --account ${accountId}`,
    }),
    exampleOf({
      operation: 'triggers.listFirings',
      input: { accountId },
      cli: `trigger firings --account ${accountId}`,
    }),
  ];
  return (
    <>
      <PageHeader
        title="Triggers"
        scope="Set by this account, for itself and for those below it."
        examples={examples}
        actions={
          <IfMay to="triggers.create">
            <CreateTrigger accounts={targets} />
          </IfMay>
        }
      />
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={4} /> : null}
      {list.isSuccess && triggers.length === 0 ? (
        <EmptyState
          icon={<BellRing />}
          title="No trigger yet"
          code={mayCreate ? <CodePanel title="By code" snippets={create.snippets} /> : undefined}
        >
          A trigger counts what an account uses, or events such as calls that failed, and acts once when a
          limit is reached: it tells your server, holds the bit rate, ends sessions, or suspends.
          {mayCreate ? ' Create one above for this account or any below it.' : ''}
        </EmptyState>
      ) : null}
      {triggers.length > 0 ? (
        <TriggerTable
          triggers={triggers}
          accountNames={accountNames}
          actions={{
            ...(mayUpdate && {
              onEdit: setEdited,
              onTurn: ({ id, isEnabled }) => turn.mutate({ accountId, triggerId: id, isEnabled: !isEnabled }),
            }),
            ...(mayReset && { onReset: ({ id }) => reset.mutate({ accountId, triggerId: id }) }),
            ...(mayRemove && { onRemove: setRemoved }),
            ...(mayAudit && { isAudited: true }),
          }}
        />
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {firings.length > 0 ? (
        <section className="mt-8">
          <h2 className="mb-2 text-base font-semibold">Firings</h2>
          <FiringsTable
            firings={firings}
            triggers={new Map(triggers.map((trigger) => [trigger.id, trigger]))}
            accountNames={accountNames}
          />
          <LoadMore
            hasMore={fired.hasNextPage}
            isPending={fired.isFetchingNextPage}
            onMore={() => void fired.fetchNextPage()}
          />
        </section>
      ) : null}
      <MeasuresTable />
      {edited === undefined ? null : (
        <EditTrigger trigger={edited} accounts={targets} onDone={() => setEdited(undefined)} />
      )}
      {removed === undefined ? null : (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setRemoved(undefined)}
          title={`Remove “${removed.name}”?`}
          verb="Remove"
          name={removed.name}
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ accountId, triggerId: removed.id })}
        >
          <p className="text-ink">
            It counts no more, and what it holds its account to is lifted. An account that it suspended stays
            suspended. When it fired can still be read.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
