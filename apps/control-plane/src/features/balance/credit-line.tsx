'use client';

import { Button } from '@patchbay/ui/button';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showMoney } from '../../formats/money.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { useMay } from '../shell/use-may.ts';
import { moneyText, readMoney } from './money-text.ts';

type Line = Outputs['creditLines']['get'];

/** How much credit the account may give to those below it, and for those above, where that is set. */
export function CreditLine(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: line, error, refetch } = useQuery(trpc.creditLines.get.queryOptions({ accountId }));
  if (error !== null) return <ProblemNote error={error} onRetry={() => void refetch()} />;
  if (line === undefined || line.left === undefined) return null;
  const said = line.set.find(({ from }) => from === line.speakerIds[0])?.amount;
  return (
    <section aria-labelledby="credit-line" className="grid gap-2">
      <h3 id="credit-line" className="font-medium">
        Credit to accounts below
      </h3>
      <p className="text-ink-soft">{sentenceOf(line)}</p>
      <IfMay to="creditLines.set">
        <LineForm key={said} said={said} currency={line.currency} />
      </IfMay>
    </section>
  );
}

function sentenceOf({ amount = '0', left = '0', unpaid, currency }: Line): string {
  const money = (nanoUnits: string) => `${showMoney(nanoUnits, currency)} ${currency}`;
  const given = BigInt(unpaid) === 0n ? '' : ` ${money(unpaid)} of what it gave is not paid for yet.`;
  return BigInt(amount) === 0n
    ? `This account may give none: no account above has set a credit line that holds.${given}`
    : `This account may give ${money(left)} more, of a credit line of ${money(amount)}.${given}`;
}

/** For those above the account. Each says it for itself, and the narrowest holds. */
function LineForm({
  said,
  currency,
}: {
  readonly said: string | undefined;
  readonly currency: string;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const show = useToast();
  const mayRemove = useMay('creditLines.remove');
  const [text, setText] = useState(said === undefined ? '' : moneyText(said));
  const onSuccess = async () => {
    show({ title: 'It holds from now on.', tone: 'live' });
    await queries.invalidateQueries({ queryKey: trpc.creditLines.pathKey() });
  };
  const set = useMutation(trpc.creditLines.set.mutationOptions({ onSuccess }));
  const remove = useMutation(trpc.creditLines.remove.mutationOptions({ onSuccess }));
  const amount = readMoney(text);
  const isEmpty = text.trim() === '';
  const isChanged = isEmpty ? said !== undefined && mayRemove : amount !== said;
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (isEmpty) remove.mutate({ accountId });
        else if (amount !== undefined) set.mutate({ accountId, amount });
      }}
    >
      <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
        <Field
          label="Credit line"
          className="w-44"
          inputMode="decimal"
          unit={currency}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {isChanged ? (
          <Button
            type="submit"
            variant="primary"
            disabled={!isEmpty && amount === undefined}
            isPending={set.isPending || remove.isPending}
          >
            Save
          </Button>
        ) : null}
      </div>
      <p className="text-ink-faint">
        Each account above says this for itself, and the narrowest holds. Without a line of whoever runs the
        platform there is none. Empty: nothing is said.
      </p>
      {set.error === null ? null : <ProblemNote error={set.error} />}
      {remove.error === null ? null : <ProblemNote error={remove.error} />}
    </form>
  );
}
