'use client';

import { Button } from '@patchbay/ui/button';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import type { Balance } from './balance.ts';
import { moneyText, readMoney } from './money-text.ts';

const choices = [
  { value: 'after', label: 'after the month, by an invoice' },
  { value: 'before', label: 'before it uses anything' },
] as const;

/** For those above the account: whether it is prepaid. Each says it for itself, and the narrowest holds. */
export function PrepaidTerms({ balance }: { readonly balance: Balance }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const before = balance.isPrepaid ? 'before' : 'after';
  const [when, setWhen] = useState<'before' | 'after'>(before);
  const [overdraft, setOverdraft] = useState(moneyText(balance.overdraft));
  const set = useMutation(
    trpc.balances.setTerms.mutationOptions({
      onSuccess: async () => {
        show({ title: 'It holds from now on.', tone: 'live' });
        await queries.invalidateQueries({ queryKey: trpc.balances.pathKey() });
      },
    }),
  );
  const read = readMoney(overdraft);
  const isChanged = when !== before || read !== balance.overdraft;
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (read !== undefined) set.mutate({ accountId, isPrepaid: when === 'before', overdraft: read });
      }}
    >
      <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
        <Labelled label="This account pays">
          <Select label="This account pays" value={when} options={choices} onChange={setWhen} />
        </Labelled>
        {when === 'before' ? (
          <Field
            label="May go below zero by"
            className="w-44"
            inputMode="decimal"
            unit={balance.currency}
            value={overdraft}
            onChange={(event) => setOverdraft(event.target.value)}
          />
        ) : null}
        {isChanged ? (
          <Button type="submit" variant="primary" disabled={read === undefined} isPending={set.isPending}>
            Save
          </Button>
        ) : null}
      </div>
      {when === 'before' ? (
        <p className="text-ink-faint">
          Each account above says this for itself. The least that one of them allows is what holds.
        </p>
      ) : null}
      {set.error === null ? null : <ProblemNote error={set.error} />}
    </form>
  );
}
