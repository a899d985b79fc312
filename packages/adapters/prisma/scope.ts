import type { Prisma, PrismaClient } from './generated/client.ts';

/** A transaction in the scope of one account: it sees and writes that account and those below it, and nothing else. */
export type ScopedTransaction = Prisma.TransactionClient;

/**
 * Runs `work` in one transaction in the scope of an account. The scope is local to the transaction: the connection goes
 * back to the pool without one, and a query outside sees no tenant's row at all (C6).
 */
export async function inAccount<Result>(
  prisma: PrismaClient,
  accountId: string,
  work: (transaction: ScopedTransaction) => Promise<Result>,
): Promise<Result> {
  return await prisma.$transaction(async (transaction) => {
    await transaction.$queryRaw`SELECT set_config('patchbay.account_id', ${accountId}, true)`;
    return await work(transaction);
  });
}
