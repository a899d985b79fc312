import { createTRPCClient, httpBatchLink } from '@trpc/client';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '@patchbay/faces/trpc';

export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** Requests made within one tick travel as one; a long list of them stays below what servers accept as an address. */
const URL_LENGTH_MAX = 6_000;

/** The dashboard is a client of the API like any other (API-1): the cookie of the sign-in is its credential. */
export const createClient = () =>
  createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: '/api/trpc', maxURLLength: URL_LENGTH_MAX })] });
