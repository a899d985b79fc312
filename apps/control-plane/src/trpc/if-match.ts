import { etagOf } from '@patchbay/faces/etag';
import type { AppRouter } from '@patchbay/faces/trpc';
import { httpBatchLink, httpLink, splitLink, type TRPCLink } from '@trpc/client';

/** Where the context of a change holds what it was begun from. */
const SEEN = 'seen';

/**
 * Options of a mutation that is made to what somebody saw, as the API answered it, or not at all: of two who edit at once the
 * second is told what the first did.
 */
export const unlessChanged = (seen: object | undefined) => ({ trpc: { context: { [SEEN]: seen } } });

/** A condition is one of its request: what has one travels alone, and everything else together. */
export const conditionally = (batched: Parameters<typeof httpBatchLink<AppRouter>>[0]): TRPCLink<AppRouter> =>
  splitLink({
    condition: ({ context }) => context[SEEN] !== undefined,
    true: httpLink({
      url: batched.url,
      headers: async ({ op }) => ({ 'if-match': await etagOf(op.context[SEEN]) }),
    }),
    false: httpBatchLink(batched),
  });
