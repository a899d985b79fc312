import type { Outputs } from '../../trpc/client.ts';

/** A room as its page has it. */
export type Room = Outputs['conferencing']['getRoom'];
