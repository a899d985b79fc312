'use client';

import { Button } from '@patchbay/ui/button';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { Changeable } from '../shell/changeable.tsx';
import type { Balance } from './balance.ts';
import { minorText, moneyText, readMinorUnits, readMoney } from './money-text.ts';

/** Money that is asked for by itself, before there is none left. */
export function AutomaticTopUp({ balance }: { readonly balance: Balance }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const { currency, automaticTopUp: known } = balance;
  const [below, setBelow] = useState(known === undefined ? '' : moneyText(known.below));
  const [amount, setAmount] = useState(known === undefined ? '' : minorText(known.minorUnits, currency));
  const set = useMutation(
    trpc.balances.setAutomaticTopUp.mutationOptions({
      onSuccess: async () => {
        show({ title: 'It is saved.', tone: 'live' });
        await queries.invalidateQueries({ queryKey: trpc.balances.pathKey() });
      },
    }),
  );
  const read = { below: readMoney(below), minorUnits: readMinorUnits(amount, currency) };
  const isWhole = read.below !== undefined && read.minorUnits !== undefined;
  const save = () => {
    if (read.below === undefined || read.minorUnits === undefined) return;
    set.mutate({ accountId, automaticTopUp: { below: read.below, minorUnits: read.minorUnits } });
  };
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <h3 className="font-medium">Ask for money by itself</h3>
      <Changeable
        by="balances.setAutomaticTopUp"
        isNoted
        end={
          <div className="flex flex-wrap gap-2">
            <Button type="submit" disabled={!isWhole} isPending={set.isPending}>
              Save
            </Button>
            {known === undefined ? null : (
              <Button variant="ghost" onClick={() => set.mutate({ accountId })}>
                Never ask by itself
              </Button>
            )}
          </div>
        }
      >
        <div className="flex flex-wrap gap-x-4 gap-y-3">
          <Field
            label="When less is left than"
            className="w-44"
            inputMode="decimal"
            placeholder="10"
            unit={currency}
            value={below}
            onChange={(event) => setBelow(event.target.value)}
          />
          <Field
            label="ask for"
            className="w-44"
            inputMode="decimal"
            placeholder="50"
            unit={currency}
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
          />
        </div>
      </Changeable>
      {set.error === null ? null : <ProblemNote error={set.error} />}
    </form>
  );
}
