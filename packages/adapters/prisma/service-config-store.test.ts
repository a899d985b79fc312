import { readIdentifier } from '@patchbay/domain/endpoints/identifier';
import { silent } from '@patchbay/domain/policy/policy-level';
import { createId } from '@patchbay/kit/ids';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { until } from '@patchbay/testing/until';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { callbackStore } from './callback-store.ts';
import { endpointStore } from './endpoint-store.ts';
import { logicMappingStore } from './logic-store.ts';
import { policyStore } from './policy-store.ts';
import { inAccount } from './scope.ts';
import {
  CONFIGURED_FROM_ABOVE_COUNT_MAX,
  type ServiceConfigStore,
  serviceConfigStore,
} from './service-config-store.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let store: ServiceConfigStore;

beforeAll(async () => {
  database = await createTenancyDatabase();
  store = serviceConfigStore(database.prisma);
}, 120_000);

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

test('an endpoint has its own, which end when it is released or goes to another account (ACC-5)', async () => {
  const { accountId } = await database.signUp('Holder');
  const childId = await database.addChild(accountId, 'Child');
  const endpoints = endpointStore(database.prisma);
  const allocate = async (text: string) => {
    const identifier = readIdentifier(text);
    if ('problem' in identifier) throw new Error(identifier.problem);
    const made = await endpoints.allocate({ accountId, identifier, label: '', applicationId: undefined });
    if (typeof made === 'string' || !('id' in made)) throw new Error(`${text} was not allocated.`);
    return made.id;
  };
  const [bob, number] = [await allocate('user:bob'), await allocate('tel:+49301234567')];
  const set = (endpointId: string) =>
    store.setConfig({ accountId, endpointId, service, values: { mode: 'relay' } });
  for (const endpointId of [bob, number]) expect(await set(endpointId)).toEqual({});
  const own = { accountId, endpointId: bob, service, values: { mode: 'relay' } };
  const ownOf = async (endpointId?: string) =>
    (await store.configChain({ accountId, endpointId })).filter((config) => config.accountId === accountId);
  expect(await ownOf(bob)).toEqual([own]);
  expect(await ownOf()).toEqual([]);
  // Nodes are told of those that a credential can name.
  expect(await store.ofEndpoints({ accountId, namespace: 'user' })).toEqual([
    { ...own, identifier: 'user:bob' },
  ]);
  await endpoints.release({ accountId, endpointId: number, restsUntil: new Date(Date.now() + 60_000) });
  expect(await storedOf(accountId)).toBe(1);
  expect(await set(number)).toBeUndefined();
  await endpoints.move({ accountId, endpointId: bob, fromId: accountId, toId: childId });
  expect(await storedOf(accountId)).toBe(0);
  expect(await set(bob)).toBeUndefined();
});

test('as many endpoints of an account have settings as may, and those that have some keep on being set', async () => {
  const { accountId } = await database.signUp('Many');
  const owner = await connectAs(database.url);
  await owner.query(
    `INSERT INTO endpoint (id, account_id, namespace, identifier)
     SELECT 'end_many' || n, $1, 'user', 'user:' || n FROM generate_series(0, 1000) AS n`,
    [accountId],
  );
  await owner.query(
    `INSERT INTO service_config (account_id, endpoint_id, service, config)
     SELECT $1, 'end_many' || n, $2, '{}' FROM generate_series(1, 1000) AS n`,
    [accountId, service],
  );
  await owner.query(
    `INSERT INTO service_config (account_id, set_by, endpoint_id, service, config)
     SELECT $1, $2, 'end_many' || n, $3, '{}' FROM generate_series(2, $4::int) AS n`,
    [accountId, database.platformId, service, CONFIGURED_FROM_ABOVE_COUNT_MAX],
  );
  await owner.end();
  const set = (endpointId: string, setById?: string) =>
    store.setConfig({
      accountId,
      endpointId,
      setById,
      service,
      values: setById === undefined ? {} : { mode: 'relay' },
    });
  expect(await set('end_many0')).toBe('too_many');
  expect(await set('end_many1')).toEqual({});
  // However many the account has, those above are heard, and each has a bound of its own.
  expect(await set('end_many0', database.platformId)).toEqual({});
  expect(await set('end_many1', database.platformId)).toBe('too_many');
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

const logicUrl = 'https://example.com/logic';
const callback = { url: 'https://example.com/told', events: ['session.ended'] };
const heard = (place: SetPlace) =>
  callbackStore(database.prisma, database.cipher).replace({ service, ...place }, [callback]);
const setFor: Readonly<Record<string, { of: SetPlace['kind']; set: (place: SetPlace) => Promise<unknown> }>> =
  {
    'an application is configured': {
      of: 'application',
      set: ({ kind: _, ...place }) => store.setConfig({ ...place, service, values: {} }),
    },
    'an application gets a policy': {
      of: 'application',
      set: ({ kind: _, endpointId: __, ...place }) =>
        policyStore(database.prisma).set({
          ...place,
          by: 'self',
          word: { ...silent, values: { participantsMax: 2 } },
        }),
    },
    'callbacks of an application are set': { of: 'application', set: heard },
    'callbacks of an endpoint are set': { of: 'endpoint', set: heard },
    'logic of an endpoint is set': {
      of: 'endpoint',
      set: ({ accountId, applicationId, endpointId }) =>
        logicMappingStore(database.prisma).set({
          ...{ accountId, applicationId, endpointId, fallbackUrl: undefined },
          kind: 'json',
          url: logicUrl,
        }),
    },
  };
interface SetPlace {
  readonly kind: 'application' | 'endpoint';
  readonly accountId: string;
  readonly applicationId?: string;
  readonly endpointId?: string;
}
const leavesBehind = `SELECT (SELECT count(*) FROM service_config s WHERE s.account_id = $1)
  + (SELECT count(*) FROM policy p WHERE p.account_id = $1) + (SELECT count(*) FROM logic_mapping m WHERE m.account_id = $1)
  + (SELECT count(*) FROM webhook w WHERE w.account_id = $1 AND w.state <> 'removed') AS count`;

test.each(Object.entries(setFor))(
  'where %s beside its removal, the removal comes first and nothing is left behind (ACC-6)',
  async (_, { of, set }) => {
    const { accountId } = await database.signUp('Racing');
    const { id: applicationId } = await applicationOf(accountId);
    const identifier = { namespace: 'user', text: 'user:bob' } as const;
    const held = await endpointStore(database.prisma).allocate({
      ...{ accountId, identifier, label: '' },
      applicationId: undefined,
    });
    if (typeof held === 'string' || !('id' in held)) throw new Error('It was not allocated.');
    const remover = await connectAs(database.url);
    await remover.query('BEGIN');
    const removedId = of === 'application' ? applicationId : held.id;
    await remover.query(`DELETE FROM ${of} WHERE id = $1`, [removedId]);
    let isSettled = false;
    const place = of === 'application' ? { applicationId } : { endpointId: held.id };
    const setting = set({ kind: of, accountId, ...place })
      .catch((error: unknown) => error)
      .finally(() => (isSettled = true));
    const isWaiting = async () =>
      (await remover.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length > 0 || isSettled;
    await until(isWaiting, { what: 'the one who sets it to wait', pollMs: 20 });
    await remover.query('COMMIT');
    expect(['unknown', undefined]).toContain(await setting);
    expect((await remover.query(leavesBehind, [accountId])).rows).toEqual([{ count: '0' }]);
    await remover.end();
  },
);

test('of many who configure one level at once, each is told what the one before it said (ACC-8)', async () => {
  const { accountId } = await database.signUp('At once');
  const told = await Promise.all(
    Array.from({ length: 12 }, async (_, turn) => {
      const before = await store.setConfig({ accountId, service, values: { turn } });
      return { turn, before: typeof before === 'object' ? before.turn : before };
    }),
  );
  // What is read has no order, and the platform has a word of its own.
  const read = await store.configChain({ accountId });
  const last = read.find((config) => config.accountId === accountId)?.values.turn;
  // A chain: each stands before exactly one other, but for the last.
  expect(told.map(({ before }) => before ?? 'nothing').toSorted()).toEqual(
    ['nothing', ...told.map(({ turn }) => turn).filter((turn) => turn !== last)].toSorted(),
  );
});

test('what a parent sets for an account is not taken back by it, at any place of it (ACC-2)', async () => {
  const { accountId: topId } = await database.signUp('Top');
  const parentId = await database.addChild(topId, 'Parent');
  const accountId = await database.addChild(parentId, 'Child');
  const { id: applicationId } = await applicationOf(accountId);
  const places = [{}, { applicationId }, { applicationId, instanceType: 'free' }];
  const set = (setById: string | undefined, place: object, values: object) =>
    store.setConfig({ accountId, setById, ...place, service, values: { ...values } });
  for (const place of places) {
    expect(await set(topId, place, { sessionSecondsMax: 60 })).toEqual({});
    expect(await set(parentId, place, { sessionSecondsMax: 30 })).toEqual({});
    expect(await set(undefined, place, { sessionSecondsMax: 10 })).toEqual({});
    expect(await set(undefined, place, {})).toEqual({ sessionSecondsMax: 10 });
    // Who is not above says nothing, itself among them.
    for (const other of [accountId, (await database.signUp('Stranger')).accountId])
      expect(await set(other, place, { sessionSecondsMax: 1 })).toBe('not_above');
  }
  const read = async () =>
    (await store.configChain({ accountId, applicationId })).filter(({ setById }) => setById !== undefined);
  const said = (setById: string, values: object) =>
    places.map((place) => ({ accountId, setById, ...place, service, values }));
  expect(await read()).toHaveLength(6);
  expect(await read()).toEqual(
    expect.arrayContaining([
      ...said(topId, { sessionSecondsMax: 60 }),
      ...said(parentId, { sessionSecondsMax: 30 }),
    ]),
  );
  // One that says nothing any more is gone: no move waits for it.
  for (const place of places) expect(await set(parentId, place, {})).toEqual({ sessionSecondsMax: 30 });
  expect(await storedOf(accountId)).toBe(6);
  expect(await read()).toEqual(expect.arrayContaining(said(topId, { sessionSecondsMax: 60 })));
});

test('what an account above configured of an instance type holds again when it is added again, and what the account itself did is gone (POL-2)', async () => {
  const { accountId: parentId } = await database.signUp('Parent');
  const accountId = await database.addChild(parentId, 'Child');
  const { id: applicationId } = await applicationOf(accountId);
  const setBoth = async (place: object) => {
    await store.setConfig({ accountId, ...place, service, values: { mode: 'direct' } });
    await store.setConfig({ accountId, setById: parentId, ...place, service, values: { mode: 'relay' } });
  };
  const said = async (place: { readonly applicationId?: string }) =>
    (await store.configChain({ accountId, ...place }))
      .filter((level) => level.accountId === accountId)
      .map(({ setById, values }) => [setById, values]);

  await setBoth({ applicationId, instanceType: 'free' });
  for (const instanceTypes of [[], ['free']])
    await database.ports.applications.update({ accountId, applicationId, instanceTypes });
  expect(await said({ applicationId })).toEqual([[parentId, { mode: 'relay' }]]);
});

test('what those above configured of an endpoint holds again when the account takes it again, and goes along to whom they stand above (POL-2)', async () => {
  const { accountId: topId } = await database.signUp('Top');
  const parentId = await database.addChild(topId, 'Parent');
  const accountId = await database.addChild(parentId, 'Child');
  const asideId = await database.addChild(topId, 'Aside');
  const endpoints = endpointStore(database.prisma);
  const take = async (text: string) => {
    const identifier = readIdentifier(text);
    if ('problem' in identifier) throw new Error(identifier.problem);
    const taken = await endpoints.allocate({ accountId, identifier, label: '', applicationId: undefined });
    if (typeof taken === 'string' || !('id' in taken)) throw new Error(`${text} was not allocated.`);
    return taken.id;
  };
  const sayAll = async (endpointId: string) => {
    for (const [setById, sessionSecondsMax] of [
      [topId, 60],
      [parentId, 30],
      [undefined, 10],
    ] as const)
      await store.setConfig({ accountId, setById, endpointId, service, values: { sessionSecondsMax } });
  };
  const held = async (endpointId: string, at = accountId) =>
    (await store.configChain({ accountId: at, endpointId }))
      .filter((level) => level.endpointId !== undefined)
      .map(({ setById, values }) => [setById, values.sessionSecondsMax])
      .toSorted((one, other) => Number(other[1]) - Number(one[1]));
  const both = [
    [topId, 60],
    [parentId, 30],
  ];

  const user = await take('user:kept');
  await sayAll(user);
  await endpoints.release({ accountId, endpointId: user, restsUntil: undefined });
  expect(await store.ofEndpoints({ accountId, namespace: 'user' })).toEqual([]);
  const again = await take('user:kept');
  expect(again).not.toBe(user);
  expect(await held(again)).toEqual(both);

  const number = await take('tel:+49301234599');
  await sayAll(number);
  const restsUntil = new Date(Date.now() + 60_000);
  await endpoints.release({ accountId, endpointId: number, restsUntil });
  expect(await take('tel:+49301234599')).toBe(number);
  expect(await held(number)).toEqual(both);

  // Another account below the top has the top’s word, and the parent’s waits for the endpoint to come back.
  await endpoints.move({ accountId: topId, endpointId: number, fromId: accountId, toId: asideId });
  expect(await held(number, asideId)).toEqual([[topId, 60]]);
  expect(await held(number)).toEqual([]);
  const ofTop = { accountId: asideId, setById: topId, endpointId: number, service };
  await store.setConfig({ ...ofTop, values: { sessionSecondsMax: 50 } });
  await endpoints.move({ accountId: topId, endpointId: number, fromId: asideId, toId: accountId });
  expect(await held(number)).toEqual([
    [topId, 50],
    [parentId, 30],
  ]);
});

test('words of endpoints that are away keep nobody above from speaking of others', async () => {
  const { accountId: parentId } = await database.signUp('Parent');
  const accountId = await database.addChild(parentId, 'Child');
  const owner = await connectAs(database.url);
  await owner.query(
    `INSERT INTO endpoint (id, account_id, namespace, identifier)
     SELECT 'end_away' || n, $1, 'user', 'user:' || n FROM generate_series(0, $2::int) AS n`,
    [accountId, CONFIGURED_FROM_ABOVE_COUNT_MAX],
  );
  await owner.query(
    `INSERT INTO service_config (account_id, set_by, endpoint_id, service, config)
     SELECT $1, $2, 'end_away' || n, $3, '{}' FROM generate_series(1, $4::int) AS n`,
    [accountId, parentId, service, CONFIGURED_FROM_ABOVE_COUNT_MAX],
  );
  const say = () =>
    store.setConfig({
      ...{ accountId, setById: parentId, endpointId: 'end_away0', service },
      values: { mode: 'relay' },
    });
  expect(await say()).toBe('too_many');
  await owner.query(`DELETE FROM endpoint WHERE id = 'end_away1'`);
  await owner.end();
  expect(await say()).toEqual({});
});
