/** A family of accounts in which one moves, on the real stores. */
import type { Actor } from '@patchbay/kit/definition';
import { Client } from 'pg';
import { createTenancyHarness } from './tenancy.testing.ts';

/** What the levels in these tests say, where it is of no matter what. */
export const someWord = { values: { sessionSecondsMax: 60 }, locked: [], overridable: {} };

interface Asked {
  readonly as?: Actor;
  readonly at?: string;
}

export async function createMoveHarness() {
  const { database, signUp } = await createTenancyHarness();

  /** Two resellers below the owner's account, and below the first a customer with an account of its own. */
  async function family() {
    const owner = await signUp('Acme');
    const { call } = owner;
    const [oldId, newId] = [
      await database.addChild(owner.accountId, 'Old'),
      await database.addChild(owner.accountId, 'New'),
    ];
    const customer = await database.addChild(oldId, 'Customer');
    const ids = { old: oldId, new: newId, customer, below: await database.addChild(customer, 'Below') };
    return {
      owner,
      call,
      ids,
      move: (parentId: string, { as, at = customer }: Asked = {}) =>
        call('accounts', 'move', { as, at, request: { parentId } }),
      preview: (parentId: string, { as, at = customer }: Asked = {}) =>
        call('accounts', 'previewMove', { as, at, request: { parentId } }),
      keyOf: async (accountId: string): Promise<Actor> => (await owner.createKey(['*'], { accountId })).actor,
    };
  }

  /** Beside the transaction that is open, and in nobody's scope. */
  async function asOwner<Row extends object>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  async function waitingLocks(): Promise<number> {
    const [row] = await asOwner<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    return row?.n ?? 0;
  }
  return { database, signUp, family, asOwner, waitingLocks };
}

export type MoveHarness = Awaited<ReturnType<typeof createMoveHarness>>;
export type Family = Awaited<ReturnType<MoveHarness['family']>>;
