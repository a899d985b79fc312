'use client';

import { endpoints } from '@patchbay/domain/endpoints/definition';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useDescendants } from '../accounts/use-accounts.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import type { Endpoint } from './endpoint.ts';

const schema = endpoints.resources.endpoints.operations.transfer.request;
const fieldsByCode = { 'endpoints.recipient_unavailable': 'toAccountId' };
const ELSEWHERE = 'elsewhere';

/** Sends an endpoint to an account below at once, or offers it to any other. */
export function TransferForm({
  endpoint,
  onDone,
}: {
  readonly endpoint: Endpoint;
  readonly onDone: () => void;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const toast = useToast();
  const { accounts: below } = useDescendants(accountId);
  const [chosen, setChosen] = useState(ELSEWHERE);
  const transfer = useMutation(
    trpc.endpoints.transfer.mutationOptions({
      onSuccess: ({ state }) => {
        toast({ tone: 'live', title: state === 'moved' ? 'It moved.' : 'It is on offer.' });
        onDone();
      },
    }),
  );
  const isElsewhere = chosen === ELSEWHERE;
  const form = useForm({
    schema,
    read: (text) => ({
      endpointId: endpoint.id,
      toAccountId: isElsewhere ? text('toAccountId').trim() : chosen,
      note: isElsewhere ? text('note') : '',
    }),
    onValid: (fields) => transfer.mutate({ accountId, ...fields }),
    refusal: transfer.error,
    fieldsByCode,
  });
  const options = [
    { value: ELSEWHERE, label: 'another account, by its id' },
    ...below.map(({ id, name }) => ({ value: id, label: name })),
  ];
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={`Transfer ${endpoint.identifier}`}
      description="It keeps its id. Its label, its application and its settings stay behind."
    >
      <form {...form.props} className="grid gap-4">
        <Labelled
          label="To"
          hint={isElsewhere ? 'It is asked, and has seven days to accept.' : 'It moves at once.'}
        >
          <Select label="To" value={chosen} options={options} onChange={setChosen} />
        </Labelled>
        {isElsewhere ? (
          <>
            <Field
              label="Account id"
              name="toAccountId"
              autoComplete="off"
              placeholder="acc_…"
              error={form.errorOf('toAccountId')}
            />
            <Field
              label="Note"
              name="note"
              hint="For whoever decides about it there. May be left empty."
              error={form.errorOf('note')}
            />
          </>
        ) : null}
        <FormEnd
          refusal={form.refusal}
          verb={isElsewhere ? 'Offer it' : 'Move it'}
          isPending={transfer.isPending}
          onLeave={onDone}
        />
      </form>
    </Dialog>
  );
}
