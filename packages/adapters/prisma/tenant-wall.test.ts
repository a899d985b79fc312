import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { rowsInAccount, rowsOf } from '../postgres/at-once.ts';
import { accountStore } from './account-store.ts';
import { inAccount } from './scope.ts';
import {
  asApplication,
  attackTenants,
  connectAs,
  plantRows,
  tenantTables,
  unguardedTables,
} from './tenant-attack.ts';

/** A transaction that fails when it has seen something. */
class HalfWay extends Error {
  readonly ids: readonly string[];

  constructor(ids: readonly string[]) {
    super('half way');
    this.ids = ids;
  }
}

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let victimId: string;
let attackerId: string;

beforeAll(async () => {
  database = await createTenancyDatabase();
  await database.warmUp();
  victimId = (await database.signUp('Victim')).accountId;
  attackerId = (await database.signUp('Attacker')).accountId;
  const owner = await connectAs(database.url);
  await owner.query("SELECT usage_open_day((now() AT TIME ZONE 'UTC')::date)");
  await plantRows(owner, [victimId, attackerId]);
  await owner.end();
}, 120_000);

afterAll(() => database.close());

describe('C6: the wall between tenants', () => {
  test('every table with an account has row-level security, forced on its owner too', async () => {
    const owner = await connectAs(database.url);
    expect(await unguardedTables(owner)).toEqual([]);
    await owner.query('CREATE TABLE forgotten (account_id text)');
    expect(await unguardedTables(owner)).toEqual(['forgotten']);
    await owner.query('CREATE VIEW forgotten_view AS SELECT account_id FROM usage_source');
    expect(await unguardedTables(owner)).toEqual(['forgotten', 'forgotten_view']);
    await owner.query('DROP TABLE forgotten');
    await owner.query('DROP VIEW forgotten_view');
    await owner.end();
  });

  test('what looks over the wall is owned by its role, has a fixed search path, and is not open to the public', async () => {
    const owner = await connectAs(database.url);
    const { rows } = await owner.query<{ name: string }>(`
      SELECT p.oid::regprocedure::text AS name FROM pg_proc p
      WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND NOT (
        p.proowner = 'patchbay_wall'::regrole
        AND EXISTS (SELECT 1 FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search\\_path=pg\\_catalog%')
        AND NOT has_function_privilege('public', p.oid, 'EXECUTE'))`);
    expect(rows).toEqual([]);
    // Somebody is attacked at all.
    expect((await tenantTables(owner)).length).toBeGreaterThan(18);
    await owner.end();
  });

  test('account B reads, changes, deletes and inserts nothing of account A, in any table', async () => {
    expect(await attackTenants(database, { attackerId, victimId })).toEqual([]);
    expect(await attackTenants(database, { attackerId: victimId, victimId: attackerId })).toEqual([]);
  });

  test('a table whose wall is taken down by hand turns the same attack red', async () => {
    const owner = await connectAs(database.url);
    await owner.query('ALTER TABLE application DISABLE ROW LEVEL SECURITY');
    const found = await attackTenants(database, { attackerId, victimId });
    expect(found.map(({ table, what }) => `${table} ${what}`)).toEqual([
      'application reads without any scope',
      'application reads',
      'application updates',
      'application takes over',
      'application gives away',
      'application deletes',
      expect.stringMatching(/^application inserts/),
    ]);
    await owner.query('ALTER TABLE application ENABLE ROW LEVEL SECURITY');

    await owner.query('DROP POLICY tenant ON session');
    expect(await attackTenants(database, { attackerId, victimId })).toEqual([
      { table: 'session', what: 'unproven: the attacker does not see its own row' },
    ]);
    await owner.query(
      'CREATE POLICY tenant ON session TO patchbay_app USING (account_is_visible(account_id)) WITH CHECK (account_is_visible(account_id))',
    );
    expect(await attackTenants(database, { attackerId, victimId })).toEqual([]);
    await owner.end();
  }, 120_000);

  test('without a scope, or with an empty or unknown one, there is no row', async () => {
    expect(await database.prisma.account.findMany()).toEqual([]);
    for (const scope of ['', 'acc_nobody', "' OR true --"]) {
      expect(await inAccount(database.prisma, scope, ({ account }) => account.findMany())).toEqual([]);
    }
  });

  test('a connection that was not given the role is behind the same wall, and one without rights before a closed door', async () => {
    const owner = await connectAs(database.url);
    await owner.query(`DROP ROLE IF EXISTS wall_test_member; DROP ROLE IF EXISTS wall_test_stranger;
      CREATE ROLE wall_test_member LOGIN PASSWORD 'x' IN ROLE patchbay_app; CREATE ROLE wall_test_stranger LOGIN PASSWORD 'x'`);
    const urlOf = (user: string) =>
      Object.assign(new URL(database.url), { username: user, password: 'x' }).href;
    const member = await connectAs(urlOf('wall_test_member'));
    expect((await member.query('SELECT id FROM account')).rows).toEqual([]);
    await expect(member.query('SELECT api_hash FROM api_key')).rejects.toThrow('permission denied');
    await member.end();
    const stranger = await connectAs(urlOf('wall_test_stranger'));
    await expect(stranger.query('SELECT id FROM account')).rejects.toThrow('permission denied');
    await expect(stranger.query("SELECT * FROM key_snapshot('key_1')")).rejects.toThrow('permission denied');
    await stranger.end();
    await owner.query('DROP ROLE wall_test_member; DROP ROLE wall_test_stranger');
    await owner.end();
  });

  test('the application reads no secret, whatever its scope, and no statement leads it out of its role', async () => {
    const application = await asApplication(database);
    await application.query(`SELECT set_config('patchbay.account_id', $1, false)`, [database.platformId]);
    for (const secret of [
      'SELECT password_hash FROM app_user',
      'SELECT api_hash FROM api_key',
      'SELECT mint_ciphertext FROM api_key',
      'SELECT * FROM sign_in_session',
      'SELECT * FROM set_up_link',
    ]) {
      await expect(application.query(secret), secret).rejects.toThrow('permission denied');
    }
    await application.query(`SELECT set_config('patchbay.account_id', '', false)`);
    for (const way of ['RESET ROLE', 'SET ROLE NONE', 'SET SESSION AUTHORIZATION DEFAULT', 'RESET ALL']) {
      await application.query(way);
      expect((await application.query('SELECT id FROM account')).rows, way).toEqual([]);
      await expect(application.query('SELECT password_hash FROM app_user'), way).rejects.toThrow(
        'permission denied',
      );
    }
    for (const way of [
      'SET ROLE patchbay_wall',
      'SET ROLE patchbay',
      'SET SESSION AUTHORIZATION patchbay',
      'ALTER TABLE account DISABLE ROW LEVEL SECURITY',
      'DROP POLICY tenant ON account',
      'ALTER ROLE CURRENT_USER BYPASSRLS',
      'GRANT patchbay_wall TO CURRENT_USER',
    ]) {
      await expect(application.query(way), way).rejects.toThrow(/permission denied|must be owner/);
    }
    await application.end();
  });

  test('200 mixed transactions over 5 connections leak nothing into each other', async () => {
    const scopes = [victimId, attackerId];
    const application = { text: 'SELECT account_id AS id FROM application', values: [] };
    const answer = async (index: number) => {
      const scope = scopes[index % 2] ?? '';
      // Every third one fails half way: its scope must not stay behind on the connection.
      const seen = await inAccount(database.prisma, scope, async ({ account, application }) => {
        const ids = [...(await account.findMany()), ...(await application.findMany())].map((row) =>
          'accountId' in row ? row.accountId : row.id,
        );
        if (index % 3 === 0) throw new HalfWay(ids);
        return ids;
      }).catch((error: unknown) => {
        if (error instanceof HalfWay) return error.ids;
        throw error;
      });
      // What goes around Prisma has the same connections.
      const direct = await rowsInAccount<{ id: string }>(database.prisma, scope, application);
      const outside = [
        ...(index % 5 === 0 ? await database.prisma.application.findMany() : []),
        ...(index % 7 === 0 ? await rowsOf(database.prisma, application) : []),
      ];
      return { scope, seen: [...seen, ...direct.map(({ id }) => id)], outside };
    };
    // Three for each connection: all are always waited for, and nobody waits for long, however busy the machine is.
    const lanes = Array.from({ length: 15 }, async (_, lane) => {
      const answers: Awaited<ReturnType<typeof answer>>[] = [];
      for (let index = lane; index < 200; index += 15) answers.push(await answer(index));
      return answers;
    });
    const answers = (await Promise.all(lanes)).flat();
    expect(answers).toHaveLength(200);
    expect(answers.filter(({ outside }) => outside.length > 0)).toEqual([]);
    expect(answers.filter(({ scope, seen }) => seen.length !== 3 || seen.some((id) => id !== scope))).toEqual(
      [],
    );
  }, 120_000);
});

describe('C4: a tree five deep (ACC-2)', () => {
  const chain: string[] = [];
  let siblingId: string;

  beforeAll(async () => {
    chain.push((await database.signUp('Deep')).accountId);
    for (const name of ['Two', 'Three', 'Four', 'Five']) {
      chain.push(await database.addChild(chain.at(-1) ?? '', name));
    }
    siblingId = await database.addChild(chain[1] ?? '', 'Sibling of three');
  });

  const visibleTo = async (scope: string) =>
    (
      await inAccount(database.prisma, scope, ({ account }) =>
        account.findMany({ orderBy: { depth: 'asc' } }),
      )
    ).map(({ id }) => id);

  test('a scope reaches down to the last account and neither up nor sideways', async () => {
    expect(await visibleTo(chain[0] ?? '')).toEqual(expect.arrayContaining([...chain, siblingId]));
    expect(await visibleTo(chain[2] ?? '')).toEqual(chain.slice(2));
    expect(await visibleTo(siblingId)).toEqual([siblingId]);
    expect(await visibleTo(chain[4] ?? '')).toEqual([chain[4]]);
    expect(await visibleTo(attackerId)).toEqual([attackerId]);
    expect(await database.chainOf(chain[4] ?? '')).toEqual([database.platformId, ...chain]);
  });

  test('an account has the currency and the root of its tree, and its place as depth', async () => {
    const deepest = await inAccount(database.prisma, chain[4] ?? '', ({ account }) => account.findFirst());
    expect(deepest).toMatchObject({ rootId: chain[0], currency: 'EUR', depth: 5, parentId: chain[3] });
  });

  test('a suspension above holds for all below, and for nobody beside', async () => {
    const accounts = accountStore(database.prisma);
    const byId = chain[1] ?? '';
    await accounts.update({ accountId: chain[2] ?? '', change: { suspensions: [{ byId, reason: 'said' }] } });
    const stateOf = async (accountId: string) => (await accounts.find({ accountId }))?.effectiveState;
    expect(await Promise.all([...chain, siblingId].map(stateOf))).toEqual([
      'active',
      'active',
      'suspended',
      'suspended',
      'suspended',
      'active',
    ]);
    await accounts.update({ accountId: chain[2] ?? '', change: { suspensions: [] } });
  });

  test('a move takes effect on a whole minute, and a circle, another tree or a stranger is refused', async () => {
    const [top = '', second = '', third = '', fourth = ''] = chain;
    const move = (movedId: string, parentId: string, accountId = top) =>
      database.ports.moves.move({ accountId, movedId, parentId, moverId: accountId });
    expect(await move(second, fourth)).toBe('cycle');
    expect(await move(third, third)).toBe('cycle');
    expect(await move(third, attackerId, database.platformId)).toBe('other_tree');
    expect(await move(top, attackerId, database.platformId)).toBe('other_tree');
    expect(await move(third, attackerId)).toBe('unknown');
    expect(await move(third, siblingId, third)).toBe('unknown');

    const moved = await move(third, siblingId);
    if (typeof moved === 'string') throw new Error(moved);
    expect(moved.startsAt.getTime() % 60_000).toBe(0);
    expect(moved.startsAt.getTime()).toBeGreaterThan(Date.now() - 1_000);

    const owner = await connectAs(database.url);
    const at = async (time: string) =>
      (
        await owner.query<{ ancestor_id: string }>(
          `SELECT ancestor_id FROM account_closure WHERE descendant_id = $1 AND valid_from <= ${time} AND ${time} < valid_to ORDER BY depth DESC`,
          [chain[4]],
        )
      ).rows.map(({ ancestor_id }) => ancestor_id);
    const before = [database.platformId, ...chain];
    expect(await at(`'${new Date(moved.startsAt.getTime() - 1).toISOString()}'::timestamptz`)).toEqual(
      before,
    );
    const after = [database.platformId, top, second, siblingId, third, fourth, chain[4]];
    expect(await at(`'${moved.startsAt.toISOString()}'::timestamptz`)).toEqual(after);

    expect(await move(third, siblingId)).toBe('there_already');
    // Who is above whom is another thing at once (C4).
    expect(await database.chainOf(chain[4] ?? '')).toEqual(after);

    // And back again.
    expect(await move(third, second)).toMatchObject({ startsAt: expect.any(Date) });
    expect(await at(`'2999-01-01'::timestamptz`)).toEqual(before);
    await owner.end();
  });
});
