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

/**
 * Draws requests of callers out of what all processes share (C18): for all of them in one question. Answers in the order of
 * the drawings, of which no two are of one caller.
 */
export async function drawRequests(
  prisma: PrismaClient,
  drawings: readonly Drawing[],
): Promise<readonly Drawn[]> {
  const rows = await rowsOf<{ granted: number; ahead_us: bigint }>(prisma, {
    text: 'SELECT granted, ahead_us FROM request_rates_draw($1) ORDER BY place',
    values: [
      JSON.stringify(
        drawings.map(({ caller, wanted, burstMax: burst, intervalUs: interval_us }) => ({
          caller,
          wanted,
          burst,
          interval_us,
        })),
      ),
    ],
  });
  return rows.map((row) => ({ granted: row.granted, aheadMs: Number(row.ahead_us) / 1_000 }));
}

/** Forgets callers that stand like one that never came; answers how many. To be run every few minutes. */
export async function forgetRequestRates(prisma: PrismaClient): Promise<number> {
  const [row] = await prisma.$queryRaw<{ count: bigint }[]>`SELECT forget_request_rates() AS count`;
  return Number(row?.count ?? 0);
}
