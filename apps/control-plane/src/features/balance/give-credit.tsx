'use client';

import { services } from '@patchbay/services/registry.generated';
import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useAccountId } from '../shell/account.ts';
import { readMoney } from './money-text.ts';

const everyService = 'all';
const scopes = [
  { value: everyService, label: 'all services' },
  ...Object.values(services).map(({ name, title }) => ({ value: name as string, label: title as string })),
];

/** Gives an account below money to use. */
export function GiveCredit({ currency }: { readonly currency: string }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Give a credit</Button>
      <Dialog
        title="Give a credit"
        description="You bear what is used of it, within your credit line. What is left when it ends is yours again."
        isOpen={isOpen}
        onOpenChange={setOpen}
      >
        <CreditForm currency={currency} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function CreditForm({
  currency,
  onDone,
}: {
  readonly currency: string;
  readonly onDone: () => void;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const [draft, setDraft] = useState({ amount: '', reason: '', scope: everyService, until: '' });
  const change = (changed: Partial<typeof draft>) => setDraft({ ...draft, ...changed });
  const give = useMutation(
    trpc.credits.give.mutationOptions({
      onSuccess: async () => {
        show({ title: 'The credit can be used from now on.', tone: 'live' });
        onDone();
        await queries.invalidateQueries({ queryKey: trpc.credits.pathKey() });
        await queries.invalidateQueries({ queryKey: trpc.balances.pathKey() });
        await queries.invalidateQueries({ queryKey: trpc.creditLines.pathKey() });
      },
    }),
  );
  const amount = readMoney(draft.amount);
  const isBad = draft.amount !== '' && amount === undefined;
  const send = () => {
    if (amount === undefined || draft.reason.trim() === '') return;
    give.mutate({
      accountId,
      amount,
      reason: draft.reason.trim(),
      ...(draft.scope === everyService ? {} : { services: [draft.scope] }),
      ...(draft.until === '' ? {} : { expiresAt: `${draft.until}T23:59:59Z` }),
    });
  };
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Field
        label="Amount"
        required
        inputMode="decimal"
        unit={currency}
        value={draft.amount}
        error={isBad ? 'Write an amount such as 25 or 12.50.' : undefined}
        onChange={(event) => change({ amount: event.target.value })}
      />
      <Field
        label="What for"
        required
        maxLength={200}
        hint="The account reads it."
        value={draft.reason}
        onChange={(event) => change({ reason: event.target.value })}
      />
      <Labelled label="To be used for">
        <Select
          label="To be used for"
          value={draft.scope}
          options={scopes}
          onChange={(scope) => change({ scope })}
        />
      </Labelled>
      <Field
        label="Until"
        type="date"
        hint="Empty: until it is used."
        value={draft.until}
        onChange={(event) => change({ until: event.target.value })}
      />
      <FormEnd refusal={give.error ?? undefined} verb="Give it" isPending={give.isPending} onLeave={onDone} />
    </form>
  );
}
