import type { AppRouter } from '@patchbay/faces/trpc';
import { createTRPCClient } from '@trpc/client';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import { conditionally } from './if-match.ts';
import { withoutDirection } from './without-direction.ts';

export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** Requests made within one tick travel as one, below what servers accept as an address and as a batch. */
const URL_LENGTH_MAX = 6_000;
const BATCH_COUNT_MAX = 20;

/** The dashboard is a client of the API like any other (API-1): the cookie of the sign-in is its credential. */
export const createClient = () =>
  createTRPCClient<AppRouter>({
    links: [
      withoutDirection,
      conditionally({ url: '/api/trpc', maxURLLength: URL_LENGTH_MAX, maxItems: BATCH_COUNT_MAX }),
    ],
  });
