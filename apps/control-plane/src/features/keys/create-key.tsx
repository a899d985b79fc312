'use client';

import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { NewSecret } from './new-secret.tsx';
import { ScopeField } from './scope-field.tsx';

const modes = [
  { value: 'live', label: 'live' },
  { value: 'test', label: 'test' },
] as const;
const lifetimes = [
  { value: '0', label: 'never' },
  { value: '30', label: 'after 30 days' },
  { value: '90', label: 'after 90 days' },
  { value: '365', label: 'after a year' },
] as const;
const DAY_MS = 86_400_000;

/** Makes a key, and shows its secret once. */
export function CreateKey(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const [mode, setMode] = useState<'live' | 'test'>('live');
  const [days, setDays] = useState<(typeof lifetimes)[number]['value']>('0');
  const [scopes, setScopes] = useState<readonly string[]>(['*']);
  const create = useMutation(trpc.keys.create.mutationOptions());
  const change = (open: boolean) => {
    setOpen(open);
    if (!open) create.reset();
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name') ?? '');
    const lifetime = Number(days) * DAY_MS;
    const expiry = lifetime === 0 ? {} : { expiresAt: new Date(Date.now() + lifetime).toISOString() };
    create.mutate({ accountId, name, mode, scopes: [...scopes], ...expiry });
  };
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        <Plus aria-hidden />
        New key
      </Button>
      {create.data === undefined ? (
        <Dialog
          isOpen={isOpen}
          onOpenChange={change}
          title="New API key"
          description="Your server uses it to call the API and to mint credentials for browsers."
        >
          <form onSubmit={submit} className="grid gap-4">
            <Field
              label="Name"
              name="name"
              required
              maxLength={100}
              autoFocus
              placeholder="Production server"
            />
            <div className="flex flex-wrap gap-2">
              <Select label="Mode" isLabelled value={mode} options={modes} onChange={setMode} />
              <Select label="Expires" isLabelled value={days} options={lifetimes} onChange={setDays} />
            </div>
            <ScopeField scopes={scopes} onChange={setScopes} />
            {create.error === null ? null : <ProblemNote error={create.error} />}
            <DialogActions>
              <Button variant="ghost" onClick={() => change(false)}>
                Leave it
              </Button>
              <Button
                variant="primary"
                type="submit"
                isPending={create.isPending}
                disabled={scopes.length === 0}
              >
                Create
              </Button>
            </DialogActions>
          </form>
        </Dialog>
      ) : (
        <NewSecret
          name={create.data.name}
          secret={create.data.secret}
          accountId={accountId}
          onDone={() => change(false)}
        />
      )}
    </>
  );
}
