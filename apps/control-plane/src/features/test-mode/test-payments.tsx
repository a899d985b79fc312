'use client';

import { Button } from '@patchbay/ui/button';
import { useToast } from '@patchbay/ui/toast';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import type { ShownDocument } from '../documents/document-sheet.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useMay } from '../shell/use-may.ts';

const whileOpen = [
  { outcome: 'paid', label: 'Have it paid', said: 'It counts as paid.' },
  { outcome: 'refused', label: 'Have the payment refused', said: 'The payment counts as refused.' },
] as const;
const oncePaid = [
  { outcome: 'refunded', label: 'Have it given back', said: 'It counts as given back.' },
  { outcome: 'disputed', label: 'Have it disputed', said: 'A bank holds it now.' },
] as const;

/** What becomes of an invoice on test books, which nobody pays: whoever tests says it. */
export function TestPayments({ document }: { readonly document: ShownDocument }): ReactNode {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const refusal = useRefusalToast();
  const { standing, accountId, period } = document;
  const pay = useMutation(
    trpc.testPayments.create.mutationOptions({
      onSuccess: ({ outcome }) => {
        const made = [...whileOpen, ...oncePaid].find((each) => each.outcome === outcome);
        toast({
          tone: 'live',
          title: made?.said ?? '',
          detail: 'The ledger has it as a real payment would be.',
        });
        void queries.invalidateQueries(trpc.documents.pathFilter());
      },
      onError: refusal,
    }),
  );
  const mayPay = useMay('testPayments.create');
  if (standing === undefined || !mayPay) return null;
  const isPaid = BigInt(standing.paidMinorUnits) > BigInt(standing.refundedMinorUnits);
  return (
    <section aria-label="Test payments" className="flex flex-wrap gap-2">
      {(isPaid ? oncePaid : standing.paidMinorUnits === '0' ? whileOpen : []).map(({ outcome, label }) => (
        <Button
          key={outcome}
          size="small"
          isPending={pay.isPending && pay.variables.outcome === outcome}
          onClick={() => pay.mutate({ accountId, period, outcome })}
        >
          {label}
        </Button>
      ))}
    </section>
  );
}
