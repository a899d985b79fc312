import type { CreditLineStore } from '@patchbay/domain/spending/ports';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { HOLD_PLACES } from '../postgres/places.ts';
import { lockCreditLine, readCreditLine, writeCreditLine } from './credit-line-rows.ts';

/** Credit lines in PostgreSQL, for the API. What they refuse is in `balance-store.ts`. */
export function creditLineStore({
  pool,
  platformAccount,
}: {
  readonly pool: Pool;
  /** Who collects on the books of an account. */
  readonly platformAccount: (ofAccountId: string) => Promise<string>;
}): CreditLineStore {
  return {
    standing: async (accountId) => {
      const topId = await platformAccount(accountId);
      return await inAccountScope(pool, accountId, (client) => readCreditLine(client, { accountId, topId }));
    },

    say: async (accountId, word) => {
      const topId = await platformAccount(accountId);
      return await inAccountScope(pool, topId, async (client) => {
        await client.query(HOLD_PLACES);
        await lockCreditLine(client, accountId);
        const before = await readCreditLine(client, { accountId, topId });
        await writeCreditLine(client, accountId, word);
        return before;
      });
    },
  };
}
