import { useToast } from '@patchbay/ui/toast';
import { useQueryClient } from '@tanstack/react-query';
import { problemOf } from '../problem/problem.ts';

/** By then Stripe has done it, and the page need not wait for its next look. */
const MOVED_MS = 2_000;

export function useSaid(title: string, detail: string, close: () => void) {
  const toast = useToast();
  const queries = useQueryClient();
  const trpc = useTRPC();
  return {
    onSuccess: () => {
      close();
      toast({ tone: 'live', title, detail });
      const look = () => void queries.invalidateQueries(trpc.documents.pathFilter());
      look();
      setTimeout(look, MOVED_MS);
    },
    onError: (error: unknown) => {
      const { title, detail } = problemOf(error);
      toast({ tone: 'fail', title, detail });
    },
  };
}
