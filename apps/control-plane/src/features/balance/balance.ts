import type { Outputs } from '../../trpc/client.ts';

export type Balance = Outputs['balances']['get'];
export type Limits = Outputs['spendingLimits']['get'];
