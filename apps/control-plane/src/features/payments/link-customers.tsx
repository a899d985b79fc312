'use client';

import { Button } from '@patchbay/ui/button';
import { Callout } from '@patchbay/ui/callout';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { type Column, Table } from '@patchbay/ui/table';
import { TextArea } from '@patchbay/ui/text-area';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { isPlatform, useAccount, useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';

type Checked = Outputs['customers']['check'];

/** For whoever runs the platform: accounts whose customer is at Stripe already, before they are asked for anything. */
export function LinkCustomers(): ReactNode {
  const { data: account } = useAccount();
  const [isOpen, setOpen] = useState(false);
  if (!isPlatform(account)) return null;
  return (
    <IfMay to="customers.check">
      <Button onClick={() => setOpen(true)}>Link customers</Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="Customers that are at Stripe already"
        description="A line for each: the account, by its id or its name in your system, and its customer. Each is looked up at Stripe before anything is linked."
      >
        <LinkForm onDone={() => setOpen(false)} />
      </Dialog>
    </IfMay>
  );
}

function LinkForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const show = useToast();
  const [csv, setCsv] = useState('account,customer\n');
  const check = useMutation(trpc.customers.check.mutationOptions());
  const link = useMutation(
    trpc.customers.link.mutationOptions({
      onSuccess: ({ linkCount }) => {
        show({
          tone: 'live',
          title: `${linkCount} ${linkCount === 1 ? 'account is' : 'accounts are'} linked.`,
        });
        onDone();
      },
    }),
  );
  const checked = check.data;
  const isRight = checked !== undefined && checked.problems.length === 0 && checked.linkCount > 0;
  const error = link.error ?? check.error;
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) link.mutate({ accountId, csv });
        else check.mutate({ accountId, csv });
      }}
    >
      <TextArea
        label="CSV"
        hint="The first line names the columns."
        rows={8}
        error={undefined}
        value={csv}
        onChange={(text) => {
          setCsv(text);
          check.reset();
        }}
      />
      {checked === undefined ? null : <Found checked={checked} />}
      {error === null ? null : <ProblemNote error={error} />}
      <DialogActions>
        <IfMay to="customers.link">
          <Button type="submit" variant="primary" isPending={check.isPending || link.isPending}>
            {isRight ? 'Link' : 'Check'}
          </Button>
        </IfMay>
      </DialogActions>
    </form>
  );
}

function Found({
  checked: { problems, linkCount, unchangedCount },
}: {
  readonly checked: Checked;
}): ReactNode {
  if (problems.length > 0)
    return (
      <Table label="Problems" columns={problemColumns} rows={problems} rowKey={({ line }) => String(line)} />
    );
  const already = unchangedCount === 0 ? '' : ` ${unchangedCount} are linked so already.`;
  return (
    <Callout title={linkCount === 0 ? 'There is nothing to link.' : `${linkCount} would be linked.`}>
      {already === '' ? undefined : already}
    </Callout>
  );
}

const problemColumns: readonly Column<Checked['problems'][number]>[] = [
  { key: 'line', header: 'Line', isNumber: true, cell: ({ line }) => line },
  { key: 'detail', header: 'What is wrong', isTitle: true, cell: ({ detail }) => detail },
];
