import { createId } from '@patchbay/kit/ids';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { until } from '@patchbay/testing/until';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { inAccount } from './scope.ts';
import { type ServiceConfigStore, serviceConfigStore } from './service-config-store.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 30_000 });

let database: TenancyDatabase;
let store: ServiceConfigStore;

beforeAll(async () => {
  database = await createTenancyDatabase();
  store = serviceConfigStore(database.prisma);
}, 60_000);

afterAll(() => database.close());

const service = 'signaling';
const applicationOf = (accountId: string) =>
  database.ports.applications.create({ accountId, name: 'Shop', instanceTypes: ['free'] });
const storedOf = (accountId: string) =>
  inAccount(database.prisma, accountId, ({ serviceConfig }) => serviceConfig.count({ where: { accountId } }));

test('what holds for an account is read up the chain and of one application, and nothing of anybody else', async () => {
  const { accountId: parentId } = await database.signUp('Parent');
  const [accountId, siblingId] = [
    await database.addChild(parentId, 'Child'),
    await database.addChild(parentId, 'Sibling'),
  ];
  const [own, other] = [await applicationOf(accountId), await applicationOf(accountId)];
  const ofParent = await applicationOf(parentId);
  const levels = [
    { accountId: database.platformId },
    { accountId: parentId },
    { accountId },
    { accountId, applicationId: own.id },
    { accountId, applicationId: own.id, instanceType: 'free' },
  ];
  const others = [
    { accountId, applicationId: other.id },
    { accountId: siblingId },
    { accountId: parentId, applicationId: ofParent.id },
  ];
  const values = { mode: 'relay' };
  for (const level of [...levels, ...others])
    expect(await store.setConfig({ ...level, service, values })).toEqual({});
  const read = await store.configChain({ accountId, applicationId: own.id });
  expect(read).toHaveLength(levels.length);
  expect(read).toEqual(expect.arrayContaining(levels.map((level) => ({ ...level, service, values }))));
  expect(await store.configChain({ accountId })).toHaveLength(3);
  expect(await store.configChain({ accountId, applicationId: ofParent.id })).toHaveLength(3);
});

test('nothing is kept for an application or an instance type that is not there', async () => {
  const { accountId } = await database.signUp('Alone');
  const { accountId: strangerId } = await database.signUp('Stranger');
  const { id: applicationId } = await applicationOf(accountId);
  const set = (of: object) => store.setConfig({ accountId, service, values: {}, ...of });
  expect(await set({ applicationId: createId('app') })).toBeUndefined();
  expect(await set({ applicationId, instanceType: 'paid' })).toBeUndefined();
  expect(await set({ accountId: strangerId, applicationId })).toBeUndefined();
  expect([await storedOf(accountId), await storedOf(strangerId)]).toEqual([0, 0]);
});

test('an application that is removed while it is configured leaves nothing behind (ACC-6)', async () => {
  const { accountId } = await database.signUp('Racing');
  const { id: applicationId } = await applicationOf(accountId);
  const remover = await connectAs(database.url);
  await remover.query('BEGIN');
  await remover.query('DELETE FROM application WHERE id = $1', [applicationId]);
  let isSettled = false;
  const setting = store
    .setConfig({ accountId, applicationId, service, values: {} })
    .finally(() => (isSettled = true));
  const isWaiting = async () =>
    (await remover.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length > 0 || isSettled;
  await until(isWaiting, { what: 'the one who configures to wait', pollMs: 20 });
  await remover.query('DELETE FROM service_config WHERE application_id = $1', [applicationId]);
  await remover.query('COMMIT');
  expect(await setting).toBeUndefined();
  expect(await storedOf(accountId)).toBe(0);
  await remover.end();
});

test('of many who configure one level at once, each is told what the one before it said (ACC-8)', async () => {
  const { accountId } = await database.signUp('At once');
  const told = await Promise.all(
    Array.from({ length: 12 }, async (_, turn) => {
      const before = await store.setConfig({ accountId, service, values: { turn } });
      return { turn, before: before?.turn };
    }),
  );
  const last = (await store.configChain({ accountId })).at(-1)?.values.turn;
  // A chain: each stands before exactly one other, but for the last.
  expect(told.map(({ before }) => before ?? 'nothing').toSorted()).toEqual(
    ['nothing', ...told.map(({ turn }) => turn).filter((turn) => turn !== last)].toSorted(),
  );
});
