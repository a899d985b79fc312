import type { AccountState, Suspension } from '@patchbay/domain/tenancy/account-state';
import type { AccountRecord, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { rowsInAccount, rowsOf } from '../postgres/at-once.ts';
import { HOLD_PLACES } from '../postgres/places.ts';
import { isUniqueViolation } from './database-error.ts';
import type { PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

interface AccountRow {
  readonly id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly external_id: string | null;
  readonly state: AccountState;
  readonly effective_state: AccountState;
  readonly suspensions: readonly Suspension[];
  readonly currency: string;
  readonly time_zone: string;
  readonly depth: number;
  readonly child_count: bigint;
  readonly created_at: Date;
  readonly is_test: boolean;
  readonly live_id: string | null;
  readonly twin_id: string | null;
}

const fromRow = (row: AccountRow): AccountRecord => ({
  id: row.id,
  parentId: row.parent_id ?? undefined,
  name: row.name,
  externalId: row.external_id ?? undefined,
  state: row.state,
  effectiveState: row.effective_state,
  suspensions: row.suspensions,
  currency: row.currency,
  timeZone: row.time_zone,
  depth: row.depth,
  childCount: Number(row.child_count),
  createdAt: row.created_at,
  isTest: row.is_test,
  liveAccountId: row.live_id ?? undefined,
  testAccountId: row.twin_id ?? undefined,
});

// The state of the levels above is told, and nothing else of them.
const columns = `a.id, a.parent_id, a.name, a.external_id, a.state, account_effective_state(a.id) AS effective_state,
  a.currency, a.time_zone, a.depth, (SELECT count(*) FROM account child WHERE child.parent_id = a.id) AS child_count, a.created_at,
  a.is_test, a.live_id, account_twin(a.id) AS twin_id, (SELECT coalesce(json_agg(
    json_build_object('byId', s.by_id, 'reason', s.reason) ORDER BY s.by_id, s.reason), '[]')
    FROM account_suspension s WHERE s.account_id = a.id) AS suspensions`;

const oneAccount = `SELECT ${columns} FROM account a WHERE a.id = $1`;

async function find(transaction: ScopedTransaction, accountId: string): Promise<AccountRecord | undefined> {
  const rows = await transaction.$queryRawUnsafe<AccountRow[]>(oneAccount, accountId);
  return rows[0] && fromRow(rows[0]);
}

async function found(transaction: ScopedTransaction, accountId: string): Promise<AccountRecord> {
  const account = await find(transaction, accountId);
  if (account === undefined) throw new Error(`Account ${accountId} is not in its own scope.`);
  return account;
}

/** The state of the account follows by a trigger. What is new comes first: it is at no time without any between two. */
async function writeSuspensions(
  transaction: ScopedTransaction,
  accountId: string,
  suspensions: readonly Suspension[],
): Promise<void> {
  const stands = JSON.stringify(suspensions);
  await transaction.$executeRaw`
    INSERT INTO account_suspension (account_id, by_id, reason)
    SELECT ${accountId}, s."byId", s.reason FROM jsonb_to_recordset(${stands}::jsonb) AS s("byId" text, reason text)
    ON CONFLICT DO NOTHING`;
  await transaction.$executeRaw`
    DELETE FROM account_suspension WHERE account_id = ${accountId} AND (by_id, reason) NOT IN (
      SELECT s."byId", s.reason FROM jsonb_to_recordset(${stands}::jsonb) AS s("byId" text, reason text))`;
}

export function accountStore(prisma: PrismaClient): TenancyPorts['accounts'] {
  return {
    find: async ({ accountId }) => {
      const [row] = await rowsInAccount<AccountRow>(prisma, accountId, {
        text: oneAccount,
        values: [accountId],
      });
      return row && fromRow(row);
    },

    findToChange: ({ accountId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await transaction.$queryRawUnsafe(HOLD_PLACES);
        await transaction.$queryRaw`SELECT id FROM account WHERE id = ${accountId} FOR UPDATE`;
        return await find(transaction, accountId);
      }),

    names: ({ accountId, ids }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.account.findMany({
          where: { id: { in: [...ids] } },
          select: { id: true, name: true },
        });
        return rows.sort((left, right) => ids.indexOf(left.id) - ids.indexOf(right.id));
      }),

    list: async ({ accountId, depth, externalId, cursor = '', limit }) => {
      const below =
        depth === 'children'
          ? 'a.parent_id = $1'
          : `a.id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = $1
              AND c.depth > 0 AND c.valid_to = 'infinity')`;
      const named = externalId === undefined ? '' : 'AND a.external_id = $4';
      const rows = await rowsInAccount<AccountRow>(prisma, accountId, {
        text: `SELECT ${columns} FROM account a WHERE ${below} ${named} AND a.id > $2 ORDER BY a.id LIMIT $3`,
        values: [accountId, cursor, limit + 1, ...(externalId === undefined ? [] : [externalId])],
      });
      return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
    },

    create: async ({ accountId, name, externalId, timeZone }) => {
      const id = createId('acc');
      try {
        return await inAccount(prisma, accountId, async (transaction) => {
          // Without RETURNING: the new account becomes visible with its closure, once the statement is done. Root, depth
          // and, below the platform's own children, currency are the trigger's.
          await transaction.$executeRaw`
            INSERT INTO account (id, parent_id, root_id, organisation_id, name, external_id, currency, time_zone)
            SELECT ${id}, p.id, '', p.organisation_id, ${name}, ${externalId ?? null}, p.currency, ${timeZone}
            FROM account p WHERE p.id = ${accountId}`;
          return await found(transaction, id);
        });
      } catch (error) {
        if (isUniqueViolation(error)) return undefined;
        throw error;
      }
    },

    testTwin: ({ accountId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const [row] = await transaction.$queryRaw<{ id: string | null }[]>`
          SELECT account_test_twin(${accountId}) AS id`;
        if (row?.id == null) throw new Error(`Account ${accountId} is not in its own scope.`);
        return row.id;
      }),

    update: async ({ accountId, change }) => {
      try {
        return await inAccount(prisma, accountId, async (transaction) => {
          const { name, externalId, timeZone, isClosed, suspensions } = change;
          if (suspensions !== undefined) await writeSuspensions(transaction, accountId, suspensions);
          await transaction.account.updateMany({
            where: { id: accountId },
            data: {
              ...(name === undefined ? {} : { name }),
              ...(externalId === undefined ? {} : { externalId }),
              ...(timeZone === undefined ? {} : { timeZone }),
              ...(isClosed === true ? { state: 'closed' } : {}),
            },
          });
          return await found(transaction, accountId);
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'external_id_taken';
        throw error;
      }
    },
  };
}

interface ChainRow {
  readonly id: string;
  readonly state: AccountState;
}

/** The entity chain: from the platform down to the account. Empty when there is no such account. */
export async function accountChain(prisma: PrismaClient, accountId: string): Promise<readonly ChainRow[]> {
  return await rowsOf<ChainRow>(prisma, {
    text: 'SELECT id, state FROM account_chain($1)',
    values: [accountId],
  });
}
