'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { type Column, Table } from '@patchbay/ui/table';
import type { Tone } from '@patchbay/ui/tone';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Check, Clock, Download, Hourglass, LoaderCircle, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showBytes, textOf } from '../../formats/quantity.ts';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { useMay } from '../shell/use-may.ts';
import { personRequest } from './person-request.ts';
import type { AccountExport } from './privacy-words.ts';

/** How far one has come is looked at so often. */
const LOOK_MS = 2_000;

const states: Readonly<Record<AccountExport['state'], { readonly tone: Tone; readonly icon: ReactNode }>> = {
  pending: { tone: 'wait', icon: <Clock aria-hidden /> },
  running: { tone: 'wait', icon: <LoaderCircle aria-hidden /> },
  ready: { tone: 'live', icon: <Check aria-hidden /> },
  failed: { tone: 'fail', icon: <X aria-hidden /> },
  expired: { tone: 'neutral', icon: <Hourglass aria-hidden /> },
};

/** Copies of everything that an account owns, with how far each has come. */
export function Exports(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const refusal = useRefusalToast();
  const mayLoad = useMay('exports.createLink');
  const mayRemove = useMay('exports.remove');
  const [isOpen, setOpen] = useState(false);
  const list = useInfiniteQuery(
    trpc.exports.list.infiniteQueryOptions(listRequest(accountId), { ...paged, refetchInterval: LOOK_MS }),
  );
  const link = useMutation(
    trpc.exports.createLink.mutationOptions({
      // The answer is a file, which the browser keeps: the page stays.
      onSuccess: ({ path }) => window.location.assign(path),
      onError: refusal,
    }),
  );
  const remove = useMutation(trpc.exports.remove.mutationOptions({ onError: refusal }));
  const exports = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="exports">
      <div className="mb-2 flex items-center justify-between gap-4">
        <h2 id="exports" className="font-semibold">
          Exports
        </h2>
        <IfMay to="exports.create">
          <Button onClick={() => setOpen(true)}>
            <Download aria-hidden />
            New export
          </Button>
        </IfMay>
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && exports.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          None yet. An export has everything that this account and those below it own, a row a line, and no
          secret.
        </p>
      ) : null}
      {exports.length === 0 ? null : (
        <Table
          label="Exports"
          columns={columnsOf({
            ...(mayLoad ? { onLoad: (exportId: string) => link.mutate({ accountId, exportId }) } : {}),
            ...(mayRemove ? { onRemove: (exportId: string) => remove.mutate({ accountId, exportId }) } : {}),
          })}
          rows={exports}
          rowKey={({ id }) => id}
        />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {isOpen ? <NewExport onDone={() => setOpen(false)} /> : null}
    </section>
  );
}

/** Each is absent for whoever may not do it. */
interface Actions {
  readonly onLoad?: (exportId: string) => void;
  readonly onRemove?: (exportId: string) => void;
}

const columnsOf = (actions: Actions): readonly Column<AccountExport>[] =>
  Object.keys(actions).length === 0 ? facts : [...facts, actionsColumn(actions)];

const facts: readonly Column<AccountExport>[] = [
  {
    key: 'asked',
    header: 'Asked for',
    isTitle: true,
    cell: ({ createdAt, scope }) => (
      <span className="font-medium">
        {scope === 'person' ? 'One person' : 'The account'}
        <span className="ml-2 font-normal text-ink-soft">{showMoment(createdAt)}</span>
      </span>
    ),
  },
  {
    key: 'state',
    header: 'State',
    cell: ({ state, failedCount, nextAttemptAt }) => (
      <span className="flex flex-wrap items-center gap-x-2">
        <Badge tone={states[state].tone} icon={states[state].icon}>
          {nextAttemptAt === undefined ? state : 'tried again'}
        </Badge>
        {nextAttemptAt === undefined ? null : (
          <span className="text-ink-soft">
            failed {failedCount === 1 ? 'once' : `${failedCount} times`}, again {showMoment(nextAttemptAt)}
          </span>
        )}
        {state === 'failed' ? (
          <span className="text-ink-soft">Nothing of it is kept. Ask for a new one.</span>
        ) : null}
      </span>
    ),
  },
  { key: 'files', header: 'Files', isNumber: true, cell: ({ fileCount }) => fileCount },
  { key: 'rows', header: 'Rows', isNumber: true, cell: ({ rowCount }) => rowCount.toLocaleString('en') },
  { key: 'size', header: 'Size', isNumber: true, cell: ({ sizeBytes }) => textOf(showBytes(sizeBytes)) },
  {
    key: 'until',
    header: 'Kept until',
    cell: ({ expiresAt }) => (expiresAt === undefined ? '–' : showMoment(expiresAt)),
  },
];

const actionsColumn = ({ onLoad, onRemove }: Actions): Column<AccountExport> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: ({ id, state }) => (
    <span className="flex justify-end gap-1">
      {state === 'ready' && onLoad !== undefined ? (
        <Button size="small" variant="ghost" onClick={() => onLoad(id)}>
          Download
        </Button>
      ) : null}
      {onRemove === undefined ? null : (
        <Button size="small" variant="ghost" onClick={() => onRemove(id)}>
          Remove
        </Button>
      )}
    </span>
  ),
});

function NewExport({ onDone }: { readonly onDone: () => void }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const create = useMutation(trpc.exports.create.mutationOptions({ onSuccess: onDone }));
  const form = useForm({
    schema: personRequest.partial(),
    read: (text) => (text('person').trim() === '' ? {} : { person: text('person').trim() }),
    onValid: ({ person }) => create.mutate({ accountId, ...(person === undefined ? {} : { person }) }),
    refusal: create.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="New export"
      description="It is made in the background, and kept for seven days."
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Of one person alone"
          name="person"
          autoFocus
          placeholder="user:bob"
          hint="Empty: everything that this account and those below it own."
          error={form.errorOf('person')}
        />
        {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
        <DialogActions>
          <Button variant="ghost" onClick={onDone}>
            Leave it
          </Button>
          <Button variant="primary" type="submit" isPending={create.isPending}>
            Make it
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
