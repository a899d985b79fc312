'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { CodePanel } from '@patchbay/ui/code-panel';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Menu, MenuItem } from '@patchbay/ui/menu';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Ban, CircleCheck, Clock, Ellipsis, FlaskConical, KeyRound } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showAgo, showDay } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { AccountTabs } from '../account/account-tabs.tsx';
import { exampleOf } from '../as-code/code-example.ts';
import { ChangesItems } from '../audit/changes-link.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { useMay } from '../shell/use-may.ts';
import { CreateKey } from './create-key.tsx';
import { RenameKey } from './rename-key.tsx';
import { RotateKey } from './rotate-key.tsx';

type Key = Outputs['keys']['list']['items'][number];

/** The keys of an account: what each may do, when it was last used, and the end of it. */
export function KeysPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const [asked, setAsked] = useState<Key>();
  const [rotated, setRotated] = useState<Key>();
  const [renamed, setRenamed] = useState<Key>();
  const refusal = useRefusalToast();
  const mayCreate = useMay('keys.create');
  const mayRename = useMay('keys.update');
  const mayRotate = useMay('keys.rotate');
  const mayRevoke = useMay('keys.revoke');
  const mayAudit = useMay('audit.list');
  const list = useInfiniteQuery(
    trpc.keys.list.infiniteQueryOptions(listRequest(accountId), {
      getNextPageParam: ({ nextCursor }) => nextCursor,
    }),
  );
  const revoke = useMutation(
    trpc.keys.revoke.mutationOptions({ onSuccess: () => setAsked(undefined), onError: refusal }),
  );
  const keys = (list.data?.pages ?? []).flatMap(({ items }) => items);
  const create = exampleOf({
    operation: 'keys.create',
    input: { accountId, name: 'Production', scopes: ['network-discovery:*'] },
    cli: `key create --account ${accountId} --name Production --scope 'network-discovery:*'`,
  });
  const examples = [
    create,
    exampleOf({
      operation: 'keys.rotate',
      input: { accountId, keyId: keys[0]?.id ?? 'key_…' },
      cli: `key rotate ${keys[0]?.id ?? 'key_…'} --account ${accountId}`,
    }),
    exampleOf({
      operation: 'keys.update',
      input: { accountId, keyId: keys[0]?.id ?? 'key_…', name: 'Production' },
      cli: `key rename ${keys[0]?.id ?? 'key_…'} Production --account ${accountId}`,
    }),
    exampleOf({ operation: 'keys.list', input: { accountId }, cli: `key list --account ${accountId}` }),
  ];
  return (
    <>
      <PageHeader
        title="Keys and team"
        scope="Of this account alone."
        examples={examples}
        actions={<CreateKey />}
      />
      <AccountTabs />
      {list.error !== null ? <ProblemNote error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.isPending ? <TableSkeleton rows={4} /> : null}
      {list.isSuccess && keys.length === 0 ? (
        <EmptyState
          icon={<KeyRound />}
          title="No key yet"
          code={
            // Without an account above there is no key to make the first one with.
            (account?.ancestors.length ?? 0) === 0 || !mayCreate ? undefined : (
              <CodePanel title="By code, with a key of an account above" snippets={create.snippets} />
            )
          }
        >
          A key lets your server call the API, and mint short-lived credentials for browsers without asking
          us.{mayCreate ? ' Create one above; its secret is shown once.' : ''}
        </EmptyState>
      ) : null}
      {keys.length > 0 ? (
        <Table
          label="API keys"
          columns={columnsOf({
            ...(mayRevoke ? { onRevoke: setAsked } : {}),
            ...(mayRename ? { onRename: setRenamed } : {}),
            ...(mayRotate ? { onRotate: setRotated } : {}),
            ...(mayAudit ? { isAudited: true } : {}),
          })}
          rows={keys}
          rowKey={({ id }) => id}
        />
      ) : null}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {renamed === undefined ? null : <RenameKey renamed={renamed} onDone={() => setRenamed(undefined)} />}
      {rotated === undefined ? null : <RotateKey rotated={rotated} onDone={() => setRotated(undefined)} />}
      {asked === undefined ? null : (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setAsked(undefined)}
          title={`Revoke “${asked.name}”?`}
          verb="Revoke"
          name={asked.name}
          isPending={revoke.isPending}
          onConfirm={() => revoke.mutate({ accountId, keyId: asked.id })}
        >
          <p className="text-ink">
            Requests with it are refused at once. Every credential that was minted with it ends within 2
            seconds, and the calls that run on them.
          </p>
          <p>This cannot be undone. A key that is rotated goes on for a while beside the new one.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** Each is absent for whoever may not do it. */
interface Actions {
  readonly onRevoke?: (key: Key) => void;
  readonly onRotate?: (key: Key) => void;
  readonly onRename?: (key: Key) => void;
  /** Leads to the audit log, from a key that is gone too. */
  readonly isAudited?: true;
}

const columnsOf = (actions: Actions): readonly Column<Key>[] =>
  Object.keys(actions).length === 0 ? facts : [...facts, actionsColumn(actions)];

const facts: readonly Column<Key>[] = [
  {
    key: 'name',
    header: 'Name',
    isTitle: true,
    cell: ({ name }) => <span className="font-medium">{name}</span>,
  },
  {
    key: 'display',
    header: 'Begins with',
    cell: ({ display }) => <code className="text-sm">{display}…</code>,
  },
  { key: 'state', header: 'State', cell: (key) => <KeyState keyOf={key} /> },
  {
    key: 'scopes',
    header: 'May do',
    isWide: true,
    cell: ({ scopes }) => (
      <code
        className="line-clamp-2 max-w-56 text-sm max-sm:max-w-none max-sm:line-clamp-none"
        title={scopes.join(' ')}
      >
        {scopes.includes('*') ? 'everything' : scopes.join(' ')}
      </code>
    ),
  },
  {
    key: 'used',
    header: 'Last used',
    cell: ({ lastUsedAt }) => (
      <span className="whitespace-nowrap text-ink-soft">
        {lastUsedAt === undefined ? 'never' : showAgo(lastUsedAt)}
      </span>
    ),
  },
  {
    key: 'created',
    header: 'Created',
    cell: ({ createdAt }) => <span className="whitespace-nowrap text-ink-soft">{showDay(createdAt)}</span>,
  },
];

const actionsColumn = ({ onRevoke, onRotate, onRename, isAudited }: Actions): Column<Key> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (key) => (
    <span className="whitespace-nowrap">
      {onRotate === undefined ||
      key.revokedAt !== undefined ||
      key.replacedBy !== undefined ||
      isOver(key) ? null : (
        <Button size="small" variant="ghost" onClick={() => onRotate(key)} aria-label={`Rotate ${key.name}`}>
          Rotate
        </Button>
      )}
      {onRevoke === undefined || key.revokedAt !== undefined ? null : (
        <Button size="small" variant="ghost" onClick={() => onRevoke(key)} aria-label={`Revoke ${key.name}`}>
          Revoke
        </Button>
      )}
      {(onRename ?? isAudited) === undefined ? null : (
        <Menu
          trigger={
            <Button size="small" variant="ghost" aria-label={`More of ${key.name}`}>
              <Ellipsis aria-hidden />
            </Button>
          }
        >
          {onRename === undefined ? null : <MenuItem onSelect={() => onRename(key)}>Rename…</MenuItem>}
          {isAudited === undefined ? null : <ChangesItems id={key.id} />}
        </Menu>
      )}
    </span>
  ),
});

const isOver = ({ expiresAt }: { readonly expiresAt?: string | undefined }) =>
  expiresAt !== undefined && Date.parse(expiresAt) <= Date.now();

function KeyState({ keyOf: { mode, revokedAt, expiresAt, replacedBy } }: { readonly keyOf: Key }): ReactNode {
  if (revokedAt !== undefined) return <Badge icon={<Ban aria-hidden />}>revoked</Badge>;
  if (isOver({ expiresAt })) {
    return (
      <Badge tone="fail" icon={<Clock aria-hidden />}>
        expired
      </Badge>
    );
  }
  return (
    <span className="flex items-center gap-x-1.5 max-sm:flex-wrap">
      <Badge
        tone={mode === 'live' ? 'live' : 'info'}
        {...(mode === 'live' ? {} : { title: 'Calls the API; what it mints, relays and signaling refuse' })}
        icon={mode === 'live' ? <CircleCheck aria-hidden /> : <FlaskConical aria-hidden />}
      >
        {mode}
      </Badge>
      {expiresAt === undefined ? null : (
        <span className="text-sm whitespace-nowrap text-ink-faint">
          {replacedBy === undefined ? 'until' : 'rotated, until'} {showDay(expiresAt)}
        </span>
      )}
    </span>
  );
}
