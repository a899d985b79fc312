import type { ErasureRecord, ErasureState, PrivacyPorts } from '@patchbay/domain/privacy/ports';
import type { Role } from '@patchbay/domain/tenancy/access';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope, sqlStateOf } from '../metering/account-scope.ts';
import { pageFrom } from '../prisma/page.ts';
import { newPseudonym } from './erasure-writer.ts';

const UNIQUE_VIOLATION = '23505';

interface Row {
  readonly id: string;
  readonly person: string | null;
  readonly state: ErasureState;
  readonly created_at: Date;
  readonly confirmed_at: Date | null;
  readonly done_at: Date | null;
  readonly found: Readonly<Record<string, number>>;
  readonly erased: Readonly<Record<string, number>>;
  readonly live_count: number;
  readonly words_above_count: number;
  readonly is_last_owner: boolean;
}

interface RoleRow {
  readonly role: Role | 'custom';
  readonly scopes: readonly string[] | null;
}

const columns =
  'id, person, state, created_at, confirmed_at, done_at, found, erased, live_count, words_above_count, is_last_owner';

const fromRow = (row: Row): ErasureRecord => ({
  id: row.id,
  person: row.person ?? undefined,
  state: row.state,
  createdAt: row.created_at,
  confirmedAt: row.confirmed_at ?? undefined,
  doneAt: row.done_at ?? undefined,
  found: row.found,
  erased: row.erased,
  liveCount: row.live_count,
  wordsAboveCount: row.words_above_count,
  waitsFor: waitsFor(row),
});

function waitsFor({ state, is_last_owner, live_count }: Row): ErasureRecord['waitsFor'] {
  if (state !== 'running') return undefined;
  if (is_last_owner) return 'another_owner';
  return live_count > 0 ? 'end_of_sessions' : undefined;
}

export function erasureStore(pool: Pool): PrivacyPorts['erasures'] {
  return {
    rolesOf: ({ accountId, person }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<RoleRow>(
          `SELECT DISTINCT g.role, r.scopes FROM role_grant g JOIN account_closure c ON c.descendant_id = g.account_id
             LEFT JOIN account_role r ON r.account_id = g.account_id AND r.id = g.custom_role_id
           WHERE g.user_id = $2 AND c.ancestor_id = $1 AND c.valid_to = 'infinity'`,
          [accountId, person],
        );
        return rows.map(({ role, scopes }) =>
          role === 'custom' ? { role, scopes: scopes ?? [] } : { role },
        );
      }),

    create: ({ accountId, person, requestedBy }) =>
      inAccountScope(pool, accountId, async (client) => {
        const refusal = person.startsWith('user:') ? undefined : await userRefusal(client, accountId, person);
        if (refusal !== undefined) return refusal;
        // Within a transaction of others a statement that fails would take all of it along.
        await client.query('SAVEPOINT one_at_work');
        try {
          const { rows } = await client.query<Row>(
            `INSERT INTO erasure (id, account_id, person, pseudonym, requested_by, person_email, person_name)
             SELECT $1, $2, $3, $4, $5, k.email, k.name FROM (SELECT 1) AS one LEFT JOIN person_known($2, $3) k ON true
             RETURNING ${columns}`,
            [createId('ers'), accountId, person, newPseudonym(), requestedBy],
          );
          return rows.map(fromRow)[0] ?? 'unknown';
        } catch (error) {
          if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
          await client.query('ROLLBACK TO SAVEPOINT one_at_work');
          return 'at_work';
        }
      }),

    list: ({ accountId, cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<Row>(
          `SELECT ${columns} FROM erasure WHERE account_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
          [accountId, cursor ?? null, limit + 1],
        );
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
      }),

    find: ({ accountId, erasureId }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<Row>(
          `SELECT ${columns} FROM erasure WHERE account_id = $1 AND id = $2`,
          [accountId, erasureId],
        );
        return rows.map(fromRow)[0];
      }),

    decide: ({ accountId, erasureId, state, by }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<Row>(
          state === 'running'
            ? `UPDATE erasure SET state = 'running', confirmed_at = now(), confirmed_by = $3
               WHERE account_id = $1 AND id = $2 AND state = 'counted' RETURNING ${columns}`
            : `UPDATE erasure SET state = 'cancelled', person = NULL, pseudonym = NULL, confirmed_by = $3
               WHERE account_id = $1 AND id = $2 AND state IN ('counting', 'counted') RETURNING ${columns}`,
          [accountId, erasureId, by],
        );
        return rows.map(fromRow)[0];
      }),
  };
}

/** Why a user of the team cannot be erased. */
async function userRefusal(
  client: PoolClient,
  accountId: string,
  userId: string,
): Promise<'unknown' | 'last_owner' | undefined> {
  const { rows } = await client.query<{ is_known: boolean; is_last: boolean }>(
    `SELECT person_terms($1, $1, $2, '') IS NOT NULL AS is_known, person_is_last_owner($1, $2) AS is_last`,
    [accountId, userId],
  );
  if (rows[0]?.is_known !== true) return 'unknown';
  return rows[0].is_last ? 'last_owner' : undefined;
}
