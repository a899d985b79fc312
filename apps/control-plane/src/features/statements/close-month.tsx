'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Select } from '@patchbay/ui/select';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showPeriod } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { problemOf } from '../problem/problem.ts';
import { isPlatform, useAccount, useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';

/** For whoever runs the platform: closes a month that is over, without waiting for late use (BIL-7). */
export function CloseMonth(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const isCloser = isPlatform(account) && account?.isTest !== true;
  const statements = useQuery(trpc.statements.list.queryOptions({ accountId }, { enabled: isCloser }));
  const closings = useQuery(trpc.closings.list.queryOptions({ accountId }, { enabled: isCloser }));
  if (statements.data === undefined || closings.data === undefined) return null;
  const asked = new Set(closings.data.items.map(({ period }) => period));
  const waiting = statements.data.items.filter(
    ({ state, period }) => state === 'settling' && !asked.has(period),
  );
  // Documents of a month name what is left of those before it: the oldest comes first.
  const [oldest] = waiting.toReversed();
  if (oldest === undefined) return null;
  const months = waiting.map(({ period }) => showPeriod(period)).toReversed();
  return (
    <div className="mb-6">
      <Callout
        title={`${new Intl.ListFormat('en').format(months)} ${months.length === 1 ? 'is' : 'are'} over`}
        action={<AskWhich months={waiting.map(({ period }) => period)} />}
      >
        {months.length === 1 ? 'It' : showPeriod(oldest.period)} closes by itself on{' '}
        {oldest.lateUsageUntil.slice(0, 10)} (UTC), when no late use can change it any more. Until then nobody
        is asked for its money.
      </Callout>
    </div>
  );
}

/** @param months The newest first. */
function AskWhich({ months }: { readonly months: readonly string[] }): ReactNode {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const accountId = useAccountId();
  const toast = useToast();
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(months.at(-1) ?? '');
  const month = months.includes(chosen) ? chosen : (months.at(-1) ?? '');
  const close = useMutation(
    trpc.closings.close.mutationOptions({
      onSuccess: ({ period }) => {
        setOpen(false);
        toast({
          tone: 'live',
          title: `${showPeriod(period)} closes.`,
          detail: 'Its documents come within a minute.',
        });
        void queries.invalidateQueries(trpc.closings.pathFilter());
      },
      onError: (error) => {
        const { title, detail } = problemOf(error);
        toast({ tone: 'fail', title, detail });
      },
    }),
  );
  return (
    <IfMay to="closings.close">
      <Button onClick={() => setOpen(true)}>Close a month …</Button>
      <ConfirmDialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title={`Close ${showPeriod(month)} for all accounts?`}
        verb="Close it"
        name={showPeriod(month)}
        isPending={close.isPending}
        onConfirm={() => close.mutate({ accountId, period: month })}
      >
        {months.length === 1 ? null : (
          <Select
            label="Month"
            isLabelled
            value={month}
            options={months.map((value) => ({ value, label: showPeriod(value) }))}
            onChange={setChosen}
          />
        )}
        <p>
          Every account’s statement is kept as it is now, and becomes its documents: invoices are sent, and
          payouts leave once they are paid. Use that comes later is on the documents of a later month.
        </p>
      </ConfirmDialog>
    </IfMay>
  );
}
