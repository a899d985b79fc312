import { randomBytes } from 'node:crypto';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';
import { inAccountScope, sqlStateOf } from '../metering/account-scope.ts';
import { accountAfter } from './subtree.ts';

/** How long after a pass the next one is made while the person is in a session. */
const LIVE_WAIT_MS = 60_000;
/** How long one that failed waits before it is tried again. */
const FAILED_WAIT_MS = 600_000;
/** How long one waits that would leave an account without an owner. */
const OWNER_WAIT_MS = 60_000;
/** What person_leave() says where nobody else owns what they own. */
const LAST_OWNER = 'PB409';
/** What accounts above say about the endpoint of a person is theirs: it stays, and the receipt says how much (POL-2). */
const WORDS_ABOVE = `(SELECT count(*)::int FROM policy p
  WHERE p.account_id = e.account_id AND p.set_by <> '' AND p.endpoint = e.person)`;
const AUDIT_ENTRIES_AT_ONCE = 500;
/** What stands in place of a name: the same in all rows of one erasure, so that a call still has two parties. */
export const newPseudonym = (): string => `erased-${randomBytes(9).toString('hex')}`;

interface Options {
  readonly nowMs: () => number;
  /** Asked between tables: the next process goes on. */
  readonly isStopped?: () => boolean;
}

/** What there is to do for accounts that erase persons, and how many of them it is done for. @throws AggregateError of those that failed, once the others are done. */
export async function workOnErasures(pool: Pool, options: Options): Promise<number> {
  const { isStopped = () => false, nowMs } = options;
  const failures: unknown[] = [];
  for (let count = 0; ; count += 1) {
    const { rows } = await pool.query<{ id: string; account_id: string }>(
      'SELECT id, account_id FROM erasure_next($1)',
      [new Date(nowMs())],
    );
    const [next] = rows;
    if (next === undefined || isStopped()) {
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} erasures failed.`);
      return count;
    }
    const work = { erasureId: next.id, root: next.account_id };
    try {
      await workOn(pool, work, options);
    } catch (error) {
      // One that fails every time must not stand before those of everybody else.
      failures.push(error);
      await postpone(pool, work, nowMs() + FAILED_WAIT_MS);
    }
  }
}

const postpone = (pool: Pool, { erasureId, root }: Work, untilMs: number) =>
  inAccountScope(pool, root, (client) =>
    client.query('UPDATE erasure SET next_at = $2 WHERE id = $1', [erasureId, new Date(untilMs)]),
  );

interface Work {
  readonly erasureId: string;
  readonly root: string;
}

interface ErasureRow {
  readonly state: string;
  readonly person: string | null;
  readonly pseudonym: string | null;
  readonly person_email: string | null;
  readonly person_name: string | null;
}

async function workOn(pool: Pool, work: Work, options: Options): Promise<void> {
  const row = await inAccountScope(pool, work.root, async (client) => {
    const { rows } = await client.query<ErasureRow>(
      'SELECT state, person, pseudonym, person_email, person_name FROM erasure WHERE id = $1',
      [work.erasureId],
    );
    return rows[0];
  });
  if (row?.person == null || row.pseudonym === null) return;
  const { person, pseudonym, person_email: email, person_name: name } = row;
  const named = { ...work, person, pseudonym, email, name };
  if (row.state === 'running' && (await waitsForOwner(pool, named, options.nowMs()))) return;
  const pass = await passOver(pool, named, { ...options, erases: row.state === 'running' });
  if (!pass.isWhole) return;
  await inAccountScope(pool, work.root, async (client) => {
    if (row.state === 'counting')
      await client.query(
        `UPDATE erasure e SET state = 'counted', found = $2, live_count = $3, words_above_count = ${WORDS_ABOVE}
         WHERE id = $1 AND state = 'counting'`,
        [work.erasureId, JSON.stringify(pass.byClass), pass.liveCount],
      );
    else if (pass.liveCount > 0)
      await client.query('UPDATE erasure SET live_count = $2, next_at = $3 WHERE id = $1', [
        work.erasureId,
        pass.liveCount,
        new Date(options.nowMs() + LIVE_WAIT_MS),
      ]);
  });
  // What came in meanwhile is looked for once more: it is done when a pass finds nothing.
  if (row.state === 'running' && pass.liveCount === 0 && pass.changedCount === 0)
    await complete(pool, named, options.nowMs());
}

interface NamedWork extends Work {
  readonly person: string;
  readonly pseudonym: string;
  /** Of a user: what they were called when it was asked for. */
  readonly email: string | null;
  readonly name: string | null;
}

/** Notes whether an account would be left without an owner, and looks again later where it would. */
async function waitsForOwner(
  pool: Pool,
  { erasureId, root, person }: NamedWork,
  nowMs: number,
): Promise<boolean> {
  return await inAccountScope(pool, root, async (client) => {
    const { rows } = await client.query<{ is_last_owner: boolean }>(
      `UPDATE erasure e SET is_last_owner = w.is_last, next_at = CASE WHEN w.is_last THEN $3 ELSE e.next_at END
       FROM (SELECT person_is_last_owner($2, $4) AS is_last) w WHERE e.id = $1 RETURNING e.is_last_owner`,
      [erasureId, root, new Date(nowMs + OWNER_WAIT_MS), person],
    );
    return rows[0]?.is_last_owner === true;
  });
}

interface Pass {
  /** False when the process stops before it is over. */
  readonly isWhole: boolean;
  readonly byClass: Readonly<Record<string, number>>;
  readonly changedCount: number;
  readonly liveCount: number;
}

/** Over every table of every account of the subtree, each in a transaction that also says what it changed. */
async function passOver(
  pool: Pool,
  work: NamedWork,
  { isStopped = () => false, erases }: Options & { readonly erases: boolean },
): Promise<Pass> {
  const { erasureId, root } = work;
  const byClass: Record<string, number> = {};
  let [changedCount, liveCount] = [0, 0];
  const { rows: places } = await pool.query<{ place: number; data_class: string }>(
    'SELECT place, data_class FROM person_places() ORDER BY place',
  );
  for (let accountId = await nextAccount(pool, root, ''); accountId !== undefined; ) {
    const terms = await termsOf(pool, work, accountId);
    // A pass that looks for nobody finds nothing, and must not pass for one that is done.
    if (terms === undefined && accountId === root) throw new Error('Whom the erasure is about is not known.');
    for (const { place, data_class: dataClass } of terms === undefined ? [] : places) {
      if (isStopped()) return { isWhole: false, byClass, changedCount, liveCount };
      const count = await inAccountScope(pool, root, async (client) => {
        const { rows } = await client.query<{ count: string }>(
          'SELECT person_erase($1, $2, $3, $4) AS count',
          [place, accountId, terms, erases],
        );
        const rowCount = Number(rows[0]?.count ?? 0);
        if (erases) await noteErased(client, erasureId, { [dataClass]: rowCount });
        return rowCount;
      });
      if (count > 0) byClass[dataClass] = (byClass[dataClass] ?? 0) + count;
      changedCount += erases ? count : 0;
    }
    if (terms !== undefined) {
      liveCount += await inAccountScope(pool, root, async (client) => {
        const { rows } = await client.query<{ count: string }>('SELECT person_live($1, $2) AS count', [
          accountId,
          terms,
        ]);
        return Number(rows[0]?.count ?? 0);
      });
    }
    accountId = await nextAccount(pool, root, accountId);
  }
  return { isWhole: true, byClass, changedCount, liveCount };
}

const nextAccount = (pool: Pool, root: string, after: string) =>
  inAccountScope(pool, root, (client) => accountAfter(client, root, after));

async function noteErased(
  client: PoolClient,
  erasureId: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  for (const [name, count] of Object.entries(counts)) {
    if (count === 0) continue;
    await client.query(
      `UPDATE erasure SET erased = jsonb_set(erased, ARRAY[$2], to_jsonb(coalesce((erased ->> $2)::bigint, 0) + $3::bigint))
       WHERE id = $1`,
      [erasureId, name, count],
    );
  }
}

/** Undefined: the account went elsewhere meanwhile. */
async function termsOf(
  pool: Pool,
  { root, person, pseudonym, email, name }: NamedWork,
  accountId: string,
): Promise<object | undefined> {
  return await inAccountScope(pool, root, async (client) => {
    const { rows } = await client.query<{ terms: object | null }>(
      name === null
        ? 'SELECT person_terms($1, $2, $3, $4) AS terms'
        : 'SELECT person_terms($1, $2, $3, $4, $5, $6) AS terms',
      [root, accountId, person, pseudonym, ...(name === null ? [] : [email, name])],
    );
    return rows[0]?.terms ?? undefined;
  });
}

/**
 * The last step: the audit logs, the roles of a user, copies that were made for an export, and the receipt. Names leave an
 * entry of an audit log in the transaction that appends what the entry says since, so that its chain is whole at any time.
 */
async function complete(pool: Pool, work: NamedWork, nowMs: number): Promise<void> {
  const { erasureId, root, person } = work;
  for (let accountId = await nextAccount(pool, root, ''); accountId !== undefined; ) {
    const terms = await termsOf(pool, work, accountId);
    while (terms !== undefined && (await eraseAudit(pool, { erasureId, root, accountId, terms })) > 0);
    accountId = await nextAccount(pool, root, accountId);
  }
  const ending = inAccountScope(pool, root, async (client) => {
    if (!person.startsWith('user:')) {
      const { rows } = await client.query<{ count: string }>('SELECT person_leave($1, $2) AS count', [
        root,
        person,
      ]);
      await noteErased(client, erasureId, { team: Number(rows[0]?.count ?? 0) });
    }
    // A copy from before would have it all still.
    await client.query(`DELETE FROM account_export_part`);
    await client.query(
      `UPDATE account_export SET state = 'expired', person = NULL WHERE state IN ('ready', 'running', 'pending', 'failed')`,
    );
    const { rows } = await client.query<{ erased: object }>(
      `UPDATE erasure e SET state = 'done', person = NULL, pseudonym = NULL, live_count = 0, done_at = $2,
         words_above_count = ${WORDS_ABOVE}
       WHERE id = $1 AND state = 'running' RETURNING erased`,
      [erasureId, new Date(nowMs)],
    );
    const erased = rows[0]?.erased;
    if (erased === undefined) return;
    await appendCompletion(client, root, { erasureId, after: { erased } });
    const data = { erasureId, erased };
    await appendEvent(
      client,
      eventOfHandler({ accountId: root, type: 'privacy.erasure.done', data, atMs: nowMs }),
    );
  });
  try {
    await ending;
  } catch (error) {
    // The others who owned it left since this pass began.
    if (sqlStateOf(error) !== LAST_OWNER || !(await waitsForOwner(pool, work, nowMs))) throw error;
  }
}

interface AuditWork {
  readonly erasureId: string;
  readonly root: string;
  readonly accountId: string;
  readonly terms: object;
}

async function eraseAudit(pool: Pool, { erasureId, root, accountId, terms }: AuditWork): Promise<number> {
  return await inAccountScope(pool, root, async (client) => {
    const { rows } = await client.query<{ said: Readonly<Record<string, string>> }>(
      'SELECT audit_erase($1, $2, $3, $4) AS said',
      [accountId, terms, erasureId, AUDIT_ENTRIES_AT_ONCE],
    );
    const entries = rows[0]?.said ?? {};
    const count = Object.keys(entries).length;
    if (count === 0) return 0;
    await noteErased(client, erasureId, { auditEntries: count });
    await appendCompletion(client, accountId, { erasureId, after: { entries } });
    return count;
  });
}

/** An entry of the platform's own: who confirmed the erasure stands in the entry of that request. */
async function appendCompletion(
  client: PoolClient,
  accountId: string,
  { erasureId, after }: { readonly erasureId: string; readonly after: object },
): Promise<void> {
  await client.query(
    `INSERT INTO audit_entry (id, account_id, actor_id, actor_name, action, target, request_id, after, account_path)
     SELECT $1, $2, 'platform', 'Platform', 'erasures.complete', $3, $4, $5,
       ARRAY(SELECT id FROM account_chain($2))`,
    [createId('aud'), accountId, erasureId, createId('req'), JSON.stringify(after)],
  );
}

/** Forgets whom erasures were about that nobody confirmed in a day. */
export async function expireErasures(pool: Pool, nowMs: number): Promise<number> {
  const { rows } = await pool.query<{ count: string }>('SELECT erasure_expire($1) AS count', [
    new Date(nowMs),
  ]);
  return Number(rows[0]?.count ?? 0);
}
