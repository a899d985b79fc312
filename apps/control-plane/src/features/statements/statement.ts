import type { Outputs } from '../../trpc/client.ts';

/** One period of one account, as the API answers it. */
export type Statement = Outputs['statements']['get'];
