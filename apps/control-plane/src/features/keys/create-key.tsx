'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { NewSecret } from './new-secret.tsx';
import { ScopeField } from './scope-field.tsx';
import { TestKeyNote } from './test-key-note.tsx';

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
const fieldsByCode = { 'tenancy.scope_too_wide': 'scopes' };
const schema = tenancy.resources.keys.operations.create.request;

/** The button for a new key, with its window. */
export function CreateKey(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <NewKeyButton onClick={() => setOpen(true)} />
      <CreateKeyWindow isOpen={isOpen} onOpenChange={setOpen} />
    </>
  );
}

export function NewKeyButton({ onClick }: { readonly onClick: () => void }): ReactNode {
  return (
    <IfMay to="keys.create">
      <Button variant="primary" onClick={onClick}>
        <Plus aria-hidden />
        New key
      </Button>
    </IfMay>
  );
}

export interface CreateKeyWindowProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/**
 * Makes a key, and shows its secret once. It has to stand where nothing takes it away: with it goes the secret, which
 * nobody can show again.
 */
export function CreateKeyWindow({ isOpen, onOpenChange }: CreateKeyWindowProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const [asked, setMode] = useState<'live' | 'test'>('live');
  // A test account has test keys only.
  const mode = account?.isTest === true ? 'test' : asked;
  const [days, setDays] = useState<(typeof lifetimes)[number]['value']>('0');
  const [scopes, setScopes] = useState<readonly string[]>(['*']);
  const create = useMutation(trpc.keys.create.mutationOptions());
  const change = (open: boolean) => {
    onOpenChange(open);
    if (!open) create.reset();
  };
  const form = useForm({
    schema,
    read: (text) => {
      const lifetime = Number(days) * DAY_MS;
      const expiry = lifetime === 0 ? {} : { expiresAt: new Date(Date.now() + lifetime).toISOString() };
      return { name: text('name'), mode, scopes, ...expiry };
    },
    onValid: (fields) => create.mutate({ accountId, ...fields }),
    refusal: create.error,
    fieldsByCode,
  });
  return create.data === undefined ? (
    <Dialog
      isOpen={isOpen}
      onOpenChange={change}
      title="New API key"
      description="Your server uses it to call the API and to mint credentials for browsers."
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Name"
          name="name"
          autoFocus
          placeholder="Production server"
          error={form.errorOf('name')}
        />
        <div className="grid grid-cols-2 gap-4">
          {account?.isTest === true ? null : (
            <Labelled label="Mode">
              <Select label="Mode" value={mode} options={modes} onChange={setMode} />
            </Labelled>
          )}
          <Labelled label="Expires">
            <Select label="Expires" value={days} options={lifetimes} onChange={setDays} />
          </Labelled>
        </div>
        {mode === 'test' ? <TestKeyNote /> : null}
        <ScopeField
          scopes={scopes}
          error={form.errorOf('scopes')}
          onChange={(chosen) => {
            setScopes(chosen);
            form.forget('scopes');
          }}
        />
        <FormEnd
          refusal={form.refusal}
          verb="Create"
          isPending={create.isPending}
          onLeave={() => change(false)}
        />
      </form>
    </Dialog>
  ) : (
    <NewSecret
      name={create.data.name}
      secret={create.data.secret}
      mode={create.data.mode}
      accountId={create.data.accountId}
      onDone={() => change(false)}
    />
  );
}
