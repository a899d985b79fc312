import { rowsOf } from '../postgres/at-once.ts';
import type { PrismaClient } from './generated/client.ts';

/** An even rate with a burst: one request each `intervalUs`, and `burstMax` of them at once. */
export interface Drawing {
  readonly caller: string;
  readonly wanted: number;
  readonly burstMax: number;
  readonly intervalUs: number;
}

export interface Drawn {
  readonly granted: number;
  /** How far ahead of an even rate the caller is now; at 0 the whole burst may come. */
  readonly aheadMs: number;
}

/** Draws requests of a caller out of what all processes share (C18). */
export async function drawRequests(
  prisma: PrismaClient,
  { caller, wanted, burstMax, intervalUs }: Drawing,
): Promise<Drawn> {
  const [row] = await rowsOf<{ granted: number; ahead_us: bigint }>(prisma, {
    text: 'SELECT granted, ahead_us FROM request_rate_draw($1, $2, $3, $4)',
    values: [caller, wanted, burstMax, intervalUs],
  });
  if (row === undefined) throw new Error('The database drew nothing for a caller.');
  return { granted: row.granted, aheadMs: Number(row.ahead_us) / 1_000 };
}

/** Forgets callers that stand like one that never came; answers how many. To be run every few minutes. */
export async function forgetRequestRates(prisma: PrismaClient): Promise<number> {
  const [row] = await prisma.$queryRaw<{ count: bigint }[]>`SELECT forget_request_rates() AS count`;
  return Number(row?.count ?? 0);
}
