'use client';

import { dataClassOf, isDataClassName } from '@patchbay/domain/privacy/data-classes';
import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { type Column, Table } from '@patchbay/ui/table';
import type { Tone } from '@patchbay/ui/tone';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Check, CircleSlash, Clock, Eraser, LoaderCircle, Search } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { useMay } from '../shell/use-may.ts';
import { personRequest } from './person-request.ts';
import { type Erasure, rowCountOf } from './privacy-words.ts';

const LOOK_MS = 2_000;

const states: Readonly<Record<Erasure['state'], { readonly tone: Tone; readonly icon: ReactNode }>> = {
  counting: { tone: 'wait', icon: <Search aria-hidden /> },
  counted: { tone: 'wait', icon: <Clock aria-hidden /> },
  running: { tone: 'wait', icon: <LoaderCircle aria-hidden /> },
  done: { tone: 'live', icon: <Check aria-hidden /> },
  cancelled: { tone: 'neutral', icon: <CircleSlash aria-hidden /> },
};

const waitTexts: Readonly<Record<NonNullable<Erasure['waitsFor']>, string>> = {
  end_of_sessions: 'until their sessions are over',
  another_owner: 'until somebody else owns what they alone own',
};

/** Persons who are to be forgotten; of those who are, the receipts. */
export function Erasures(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const mayErase = useMay('erasures.create');
  const mayDecide = useMay('erasures.update');
  const [isOpen, setOpen] = useState(false);
  const [confirmed, setConfirmed] = useState<Erasure>();
  const list = useInfiniteQuery(
    trpc.erasures.list.infiniteQueryOptions(listRequest(accountId), { ...paged, refetchInterval: LOOK_MS }),
  );
  const confirm = useMutation(
    trpc.erasures.update.mutationOptions({ onSuccess: () => setConfirmed(undefined) }),
  );
  const cancel = useMutation(trpc.erasures.update.mutationOptions({ onError: useRefusalToast() }));
  const ask = (erasure?: Erasure) => {
    confirm.reset();
    setConfirmed(erasure);
  };
  const erasures = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="erasures">
      <div className="mb-2 flex items-center justify-between gap-4">
        <h2 id="erasures" className="font-semibold">
          Erasures
        </h2>
        {mayErase ? (
          <Button onClick={() => setOpen(true)}>
            <Eraser aria-hidden />
            Erase a person
          </Button>
        ) : null}
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && erasures.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          None yet. An erasure first counts what there is of a person, and waits for a yes. Sums and
          statements stay.
        </p>
      ) : null}
      {erasures.length === 0 ? null : (
        <Table
          label="Erasures"
          columns={columnsOf({
            mayDecide,
            onConfirm: ask,
            onCancel: (erasureId) => cancel.mutate({ accountId, erasureId, state: 'cancelled' }),
          })}
          rows={erasures}
          rowKey={({ id }) => id}
        />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      {isOpen ? <NewErasure onDone={() => setOpen(false)} /> : null}
      {confirmed?.person === undefined ? null : (
        <ConfirmDialog
          isOpen
          onOpenChange={() => ask()}
          title={`Erase ${confirmed.person}?`}
          verb="Erase"
          name={confirmed.person}
          isPending={confirm.isPending}
          onConfirm={() => confirm.mutate({ accountId, erasureId: confirmed.id, state: 'running' })}
        >
          <ul className="grid gap-0.5">
            {Object.entries(confirmed.found).map(([dataClass, count]) => (
              <li key={dataClass} className="flex justify-between gap-4">
                {titleOf(dataClass)}
                <span className="tabular-nums">{count.toLocaleString('en')}</span>
              </li>
            ))}
          </ul>
          <p className="text-ink">
            What is erased does not come back. Sums, ledger and statements do not change.
            {confirmed.liveCount > 0
              ? ` They are in ${confirmed.liveCount} sessions now, which go on; it is done when these are over.`
              : ''}
            {confirmed.wordsAboveCount > 0
              ? ' What accounts above say about this endpoint stays, under its name.'
              : ''}
          </p>
          {confirm.error === null ? null : (
            <>
              <ProblemNote error={confirm.error} />
              <p className="text-ink">
                Nothing was erased. What you typed stays: do what it says, and press Erase again.
              </p>
            </>
          )}
        </ConfirmDialog>
      )}
    </section>
  );
}

const titleOf = (dataClass: string): string =>
  isDataClassName(dataClass) ? dataClassOf(dataClass).title : dataClass;

interface ColumnsRequest {
  readonly mayDecide: boolean;
  readonly onConfirm: (erasure: Erasure) => void;
  readonly onCancel: (erasureId: string) => void;
}

const columnsOf = (request: ColumnsRequest): readonly Column<Erasure>[] =>
  request.mayDecide ? [...facts, actionsColumn(request)] : facts;

const facts: readonly Column<Erasure>[] = [
  {
    key: 'person',
    header: 'Who',
    isTitle: true,
    cell: ({ person, createdAt }) => (
      <span className="font-medium">
        {person ?? <span className="text-ink-soft">somebody</span>}
        <span className="ml-2 font-normal text-ink-soft">{showMoment(createdAt)}</span>
      </span>
    ),
  },
  {
    key: 'state',
    header: 'State',
    cell: ({ state, waitsFor }) => (
      <span className="grid justify-items-start gap-0.5">
        <Badge tone={states[state].tone} icon={states[state].icon}>
          {state}
        </Badge>
        {waitsFor === undefined ? null : <span className="text-ink-soft">{waitTexts[waitsFor]}</span>}
      </span>
    ),
  },
  {
    key: 'found',
    header: 'Rows found',
    isNumber: true,
    cell: ({ found }) => rowCountOf(found).toLocaleString('en'),
  },
  {
    key: 'erased',
    header: 'Erased',
    isNumber: true,
    cell: ({ erased }) => rowCountOf(erased).toLocaleString('en'),
  },
  {
    key: 'done',
    header: 'Done',
    cell: ({ doneAt }) => (doneAt === undefined ? '–' : showMoment(doneAt)),
  },
];

const actionsColumn = ({ onConfirm, onCancel }: ColumnsRequest): Column<Erasure> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (erasure) =>
    erasure.state === 'counted' || erasure.state === 'counting' ? (
      <span className="flex justify-end gap-1">
        {erasure.state === 'counted' ? (
          <Button size="small" variant="ghost" onClick={() => onConfirm(erasure)}>
            Erase…
          </Button>
        ) : null}
        <Button size="small" variant="ghost" onClick={() => onCancel(erasure.id)}>
          Cancel
        </Button>
      </span>
    ) : null,
});

function NewErasure({ onDone }: { readonly onDone: () => void }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const create = useMutation(trpc.erasures.create.mutationOptions({ onSuccess: onDone }));
  const form = useForm({
    schema: personRequest,
    read: (text) => ({ person: text('person').trim() }),
    onValid: ({ person }) => create.mutate({ accountId, person }),
    refusal: create.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="Erase a person"
      description="First it is counted what there is of them, in this account and below. Nothing is erased before you say so."
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Who"
          name="person"
          autoFocus
          placeholder="user:bob"
          hint="An identity of this account, or the id of somebody in its team."
          error={form.errorOf('person')}
        />
        {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
        <DialogActions>
          <Button variant="ghost" onClick={onDone}>
            Leave it
          </Button>
          <Button variant="primary" type="submit" isPending={create.isPending}>
            Count
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
