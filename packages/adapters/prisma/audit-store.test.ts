import { told } from '@patchbay/domain/audit/told';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type AuditStore, auditStore } from './audit-store.ts';
import { inAccount } from './scope.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let store: AuditStore;
beforeAll(async () => {
  database = await createTenancyDatabase();
  await database.warmUp();
  store = auditStore(database.prisma);
}, 120_000);
afterAll(() => database.close());

async function accountWithEntries(count: number): Promise<string> {
  const { accountId } = await database.signUp('Audited');
  const accountPath = await database.chainOf(accountId);
  // All at once: the chain has one order whoever writes.
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      store.append({
        accountId,
        accountPath,
        actorId: 'usr_1',
        actorName: 'Ann',
        // Entries from before this was written down are chained with those that say it.
        actorAccountId: index % 2 === 0 ? undefined : accountId,
        address: '192.0.2.1',
        action: 'accounts.update',
        target: accountId,
        requestId: `req_${index}`,
        before: { name: `Name ${index}`, share: 0.1 },
        after: { name: 'Ü "quoted"', list: [1, null] },
      }),
    ),
  );
  return accountId;
}

test('entries are chained without a gap, newest first in the list, with before and after (ACC-8)', async () => {
  const accountId = await accountWithEntries(5);
  expect((await store.entries.verify(accountId)).brokenAt).toBeUndefined();
  const first = await store.entries.list({ accountId, scope: 'own', limit: 3 });
  expect(first.items).toHaveLength(3);
  expect(first.items[0]).toMatchObject({
    actorName: 'Ann',
    action: 'accounts.update',
    after: { name: 'Ü "quoted"', list: [1, null] },
  });
  const rest = await store.entries.list({ accountId, scope: 'own', limit: 3, cursor: first.nextCursor });
  expect(rest.items).toHaveLength(2);
  expect(rest.nextCursor).toBeUndefined();
  const ids = [...first.items, ...rest.items].map(({ id }) => id);
  expect(ids).toEqual([...ids].sort().reverse());
  const all = { accountId: database.platformId, limit: 100 };
  expect((await store.entries.list({ ...all, scope: 'own' })).items).toEqual([]);
  expect((await store.entries.list({ ...all, scope: 'descendants' })).items).toHaveLength(5);
});

test('C53: the application can neither change nor remove an entry, nor choose its number or hash', async () => {
  const accountId = await accountWithEntries(1);
  const forbidden = [
    `UPDATE audit_entry SET actor_name = 'Bob'`,
    'DELETE FROM audit_entry',
    'TRUNCATE audit_entry',
    `UPDATE audit_head SET sequence = 0`,
    `INSERT INTO audit_entry (id, account_id, sequence, actor_id, actor_name, action, target, request_id, account_path, previous_hash, hash)
     VALUES ('aud_x', '${accountId}', 9, 'a', 'a', 'a', 'a', 'a', '{}', '', '')`,
  ];
  for (const sql of forbidden) {
    await expect(
      inAccount(database.prisma, accountId, (transaction) => transaction.$executeRawUnsafe(sql)),
      sql,
    ).rejects.toThrow('permission denied');
  }
  expect((await store.entries.verify(accountId)).brokenAt).toBeUndefined();
});

test.each([
  [
    'an entry that was changed',
    `UPDATE audit_entry SET actor_name = 'Bob' WHERE account_id = $1 AND sequence = 2`,
    2,
  ],
  ['an entry that was removed', 'DELETE FROM audit_entry WHERE account_id = $1 AND sequence = 2', 2],
  ['the last entry removed', 'DELETE FROM audit_entry WHERE account_id = $1 AND sequence = 4', 4],
  ['all entries removed', 'DELETE FROM audit_entry WHERE account_id = $1', 1],
])('C53: %s is noticed, whoever did it', async (_what, sql, brokenAt) => {
  const accountId = await accountWithEntries(4);
  const owner = await connectAs(database.url);
  expect((await owner.query(sql, [accountId])).rowCount).toBeGreaterThan(0);
  await owner.end();
  expect((await store.entries.verify(accountId)).brokenAt).toBe(brokenAt);
});

test('an entry tells the address it came from, and of a key of the account what is shown of it (ACC-8)', async () => {
  const { accountId: parent } = await database.signUp('Keyed');
  const child = await database.addChild(parent, 'Keyed below');
  const keyOf = (accountId: string) =>
    database.ports.keys.create({
      accountId,
      name: 'Deploy',
      mode: 'live',
      scopes: ['*'],
      createdBy: 'platform',
    });
  const [{ key: own }, { key: above }] = [await keyOf(child), await keyOf(parent)];
  for (const [key, actorAccountId] of [
    [own, child],
    [above, parent],
  ] as const)
    await store.append({
      ...{
        accountId: child,
        accountPath: await database.chainOf(child),
        actorName: key.name,
        actorAccountId,
      },
      ...{
        actorId: key.id,
        address: '192.0.2.7',
        action: 'keys.create',
        target: 'key_1',
        requestId: 'req_1',
      },
    });
  const { items } = await store.entries.list({ accountId: child, scope: 'own', limit: 2 });
  const byOwn = { address: '192.0.2.7', key: { name: 'Deploy', display: own.display } };
  expect(items.map((record) => told(record, [child]))).toMatchObject([{ address: null, key: null }, byOwn]);
  // Whoever sees the account above is told the address as the name.
  expect(told(items[0] ?? Object.create(null), [parent, child])).toMatchObject({ address: '192.0.2.7' });
});

test('in the log of a twin a key of a live account above has no name or prefix, also once the twin is none any more; one of its own has (PRD-2, C1)', async () => {
  const { accountId: parent } = await database.signUp('Above a twin');
  const child = await database.addChild(parent, 'With a twin');
  const twin = await database.ports.accounts.testTwin({ accountId: child });
  const accountPath = await database.chainOf(twin);
  const made = { accountId: twin, accountPath, action: 'keys.create', target: 'key_1', requestId: 'req_1' };
  await store.append({ ...made, actorId: 'key_own', actorName: 'Own', actorAccountId: child });
  await store.append({ ...made, actorId: 'key_above', actorName: 'Deploy', actorAccountId: parent });
  const read = async () =>
    (await store.entries.list({ accountId: twin, scope: 'own', limit: 9 })).items.map((record) =>
      told(record, [twin]),
    );
  // Both may be of one millisecond, and such have no order in a list.
  const names = async () => (await read()).map(({ actorId, actorName }) => [actorId, actorName]).toSorted();
  const expected = [
    ['above', 'an account above'],
    ['key_own', 'Own'],
  ];
  expect(await names()).toEqual(expected);
  const filter = { visibleIds: [twin], actorId: 'key_above' };
  const found = await store.entries.list({ accountId: twin, scope: 'own', limit: 9, filter });
  expect(found.items).toEqual([]);
  const owner = await connectAs(database.url);
  await owner.query(`UPDATE account SET live_id = NULL, state = 'closed' WHERE id = $1 OR live_id = $2`, [
    twin,
    parent,
  ]);
  await owner.end();
  expect(await names()).toEqual(expected);
  expect((await store.entries.verify(twin)).brokenAt).toBeUndefined();
});

test('a filter finds what the reader is told, and by no word anybody who acts from above them (ACC-8, C1)', async () => {
  const { accountId: parent } = await database.signUp('Above');
  const child = await database.addChild(parent, 'Below');
  const { userId } = await database.signUp('Somebody');
  const path = await database.chainOf(child);
  const base = { accountId: child, accountPath: path, actorName: 'Ann', requestId: 'req_1' };
  const entry = (more: object) =>
    store.append({ ...base, ...actors[0], action: 'keys.create', target: 'key_1', ...more });
  const actors = [
    { actorId: 'usr_own', actorAccountId: child },
    { actorId: 'usr_parent', actorAccountId: parent },
    { actorId: 'usr_gone', actorAccountId: undefined },
    { actorId: userId, actorAccountId: undefined },
    { actorId: 'platform', actorAccountId: undefined },
  ] as const;
  for (const actor of actors) await entry(actor);
  await entry({ action: 'keysmith.create', target: 'key_10' });
  await entry({ action: 'applications.update', target: `${child}/app_1/services/signaling/config` });
  await entry({ action: 'accounts.move', target: parent });

  const all = (await store.entries.list({ accountId: child, scope: 'own', limit: 50 })).items;
  const listed = async (filter: object, visibleIds: readonly string[]) => {
    const asked = { accountId: child, scope: 'own', limit: 50, filter: { visibleIds, ...filter } } as const;
    return (await store.entries.list(asked)).items.map(({ id }) => id);
  };
  for (const visibleIds of [[child], [parent, child], path, []]) {
    const seen = all.map((record) => told(record, visibleIds));
    const words = [...actors.map(({ actorId }) => actorId), 'above'];
    for (const actorId of words)
      expect(await listed({ actorId }, visibleIds), actorId).toEqual(
        seen.filter((record) => record.actorId === actorId).map(({ id }) => id),
      );
    const ofParent = seen.filter(({ target }) => target === parent).map(({ id }) => id);
    expect(await listed({ target: parent }, visibleIds)).toEqual(ofParent);
  }
  const countOf = async (filter: object) => (await listed(filter, path)).length;
  expect(await countOf({ action: 'keys' })).toBe(5);
  expect(await countOf({ action: 'keys.create', target: 'key_1' })).toBe(5);
  expect(await countOf({ target: 'app_1' })).toBe(1);
  const [newest] = all;
  expect(await countOf({ from: newest?.at })).toBeGreaterThan(0);
  expect(await countOf({ to: new Date(0) })).toBe(0);
  expect(await countOf({ actorId: `usr_own' OR true --` })).toBe(0);
});
