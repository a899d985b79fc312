import { HOLD_PLACES } from '../postgres/places.ts';
import type { ScopedTransaction } from './scope.ts';

/** Whether one account stands above another, and will until what is written now is there: a move waits for it. */
export async function standsAbove(
  transaction: ScopedTransaction,
  accountId: string,
  aboveId: string,
): Promise<boolean> {
  await transaction.$queryRawUnsafe(HOLD_PLACES);
  const found = await transaction.$queryRaw<unknown[]>`
    SELECT 1 FROM account_chain(${accountId}) WHERE id = ${aboveId} AND id <> ${accountId}`;
  return found.length > 0;
}
