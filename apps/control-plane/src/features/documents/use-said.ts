import { useToast } from '@patchbay/ui/toast';
import { useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '../../trpc/client.ts';
import { problemOf } from '../problem/problem.ts';

/** By then Stripe has done it, and the page need not wait for its next look. */
const MOVED_MS = 2_000;

/** What is said once a change of money was taken, or was refused; what the page shows of it is read anew. */
export function useSaid(title: string, detail: string, close: () => void) {
  const toast = useToast();
  const queries = useQueryClient();
  const trpc = useTRPC();
  return {
    onSuccess: () => {
      close();
      toast({ tone: 'live', title, detail });
      const look = () => {
        for (const shown of [trpc.documents, trpc.collectedTaxes, trpc.reconciliation])
          void queries.invalidateQueries(shown.pathFilter());
      };
      look();
      setTimeout(look, MOVED_MS);
    },
    onError: (error: unknown) => {
      const { title, detail } = problemOf(error);
      toast({ tone: 'fail', title, detail });
    },
  };
}
