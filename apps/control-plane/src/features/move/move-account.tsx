'use client';

import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery } from '@tanstack/react-query';
import { MoveRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showClock } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { useDescendants } from '../accounts/use-accounts.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useMay } from '../shell/use-may.ts';
import { MoveEffects } from './move-effects.tsx';
import { type MoveTarget, moveTargets } from './move-targets.ts';

type Account = Outputs['accounts']['get'];

/** Moves an account below another, after showing what that changes. Only who reaches an account above it sees it. */
export function MoveAccount({ account }: { readonly account: Account }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const mayMove = useMay('accounts.move');
  const [top] = account.ancestors;
  if (top === undefined || !mayMove || account.id === account.topAccountId) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)} className="justify-self-start">
        <MoveRight aria-hidden />
        Move…
      </Button>
      {isOpen ? <MoveDialog account={account} top={top} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

interface MoveDialogProps {
  readonly account: Account;
  /** The highest account that the reader sees. */
  readonly top: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}

function MoveDialog({ account, top, onClose }: MoveDialogProps): ReactNode {
  const trpc = useTRPC();
  const toast = useToast();
  const { accounts, error, isPending } = useDescendants(top.id);
  const [parentId, setParentId] = useState<string>();
  const [typed, setTyped] = useState('');
  const preview = useQuery(
    trpc.accounts.previewMove.queryOptions(
      { accountId: account.id, parentId: parentId ?? '' },
      { enabled: parentId !== undefined, staleTime: 0 },
    ),
  );
  const move = useMutation(
    trpc.accounts.move.mutationOptions({
      onSuccess: ({ name, startsAt }) => {
        onClose();
        const detail = `What it uses counts there from ${showClock(startsAt)} on.`;
        toast({ tone: 'live', title: `${name} has moved.`, detail });
      },
    }),
  );
  const mayMove = preview.data?.heldAbove === false;
  const isReady = mayMove && typed.trim() === account.name;
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      placement="side"
      title={`Move ${account.name}`}
      description="With all accounts below it, under another account of its tree."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && parentId !== undefined) move.mutate({ accountId: account.id, parentId });
        }}
      >
        {error === null ? null : <ProblemNote error={error} />}
        {isPending ? <Skeleton className="h-8" /> : null}
        {isPending ? null : (
          <Targets
            targets={moveTargets(top, accounts, account)}
            parentId={parentId}
            onChange={(id) => {
              setParentId(id);
              move.reset();
            }}
          />
        )}
        {preview.error === null ? null : <ProblemNote error={preview.error} />}
        {parentId !== undefined && preview.isPending ? <Skeleton className="h-40" /> : null}
        {preview.data === undefined ? null : <MoveEffects preview={preview.data} />}
        {move.error === null ? null : <ProblemNote error={move.error} />}
        {mayMove ? (
          <Field
            label={`Type “${account.name}” to go on`}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
          />
        ) : null}
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            Leave it
          </Button>
          <Button variant="danger" type="submit" disabled={!isReady} isPending={move.isPending}>
            Move
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface TargetsProps {
  readonly targets: readonly MoveTarget[];
  readonly parentId: string | undefined;
  readonly onChange: (parentId: string) => void;
}

function Targets({ targets, parentId, onChange }: TargetsProps): ReactNode {
  if (targets.length === 0)
    return <p className="text-ink-soft">There is no other account of its tree within your reach.</p>;
  const options = [{ value: '', label: 'Choose an account' }, ...targets];
  return (
    <Labelled label="Below">
      <Select
        label="Below"
        value={parentId ?? ''}
        options={parentId === undefined ? options : targets}
        onChange={onChange}
      />
    </Labelled>
  );
}
