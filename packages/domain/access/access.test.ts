import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import {
  allowListStore,
  authenticatingNetworks,
  serviceAccessStore,
} from '@patchbay/adapters/prisma/access-store';
import { policyStore } from '@patchbay/adapters/prisma/policy-store';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { accessChain, policyChain } from '../policy/policy-chain.ts';
import { callerAlong } from '../tenancy/caller.ts';
import { access } from './definition.ts';
import { handlers } from './handlers.ts';
import type { AccessPorts } from './ports.ts';

type Resources = typeof access.resources;
type Answer<
  R extends keyof Resources,
  K extends keyof Resources[R]['operations'],
> = Resources[R]['operations'][K] extends { readonly response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : never;
type Handler = (context: unknown, request: unknown, ports: AccessPorts) => Promise<unknown>;
interface Declared {
  readonly request: { parse(value: unknown): unknown };
  readonly response: { parse(value: unknown): unknown };
}

let database: TenancyDatabase;
let ports: AccessPorts;
/** A reseller, its customer, and the customer's customer. */
let reseller: string;
let customer: string;
let shop: string;

beforeAll(async () => {
  database = await createTenancyDatabase();
  const { prisma } = database;
  ports = {
    allowLists: allowListStore(prisma),
    serviceAccess: serviceAccessStore(prisma),
    policies: policyStore(prisma),
    addresses: {
      standingOf: (address) =>
        address.startsWith('127.') ? 'own' : address.startsWith('10.') ? 'forbidden' : 'public',
    },
    caller: (chain, actor) => callerAlong(chain, actor, database.ports),
    services: [
      { name: 'network-discovery', title: 'Network discovery' },
      { name: 'signaling', title: 'Signaling' },
    ],
  };
}, 120_000);
afterAll(() => database.close());

beforeEach(async () => {
  reseller = (await database.signUp('Reseller')).accountId;
  customer = await database.addChild(reseller, 'Customer');
  shop = await database.addChild(customer, 'Shop');
});

interface As {
  readonly as?: Actor;
  readonly at?: string;
  readonly from?: string;
  /** The highest account that the caller sees. */
  readonly sees?: string;
}

async function call<R extends keyof Resources, K extends keyof Resources[R]['operations'] & string>(
  [resource, operation]: readonly [R, K],
  request: object = {},
  { as = { kind: 'user', userId: 'usr_1' }, at = customer, from = '203.0.113.7', sees = reseller }: As = {},
) {
  const chain = await database.chainOf(at);
  const visibleIds = chain.slice(chain.indexOf(sees));
  const { context, audited, events } = domainContext(access, { actor: as, chain, address: from, visibleIds });
  const declared = (access.resources[resource].operations as Readonly<Record<string, Declared>>)[operation];
  if (declared === undefined) throw new Error(`There is no operation ${operation}.`);
  const handler = handlers[resource][operation] as unknown as Handler;
  const answer = await handler(context, declared.request.parse(request), ports);
  return { answer: declared.response.parse(answer) as Answer<R, K>, audited, events };
}

const [get, set] = [['allowList', 'get'] as const, ['allowList', 'set'] as const];
const [list, enable, disable] = [
  ['services', 'list'] as const,
  ['services', 'enable'] as const,
  ['services', 'disable'] as const,
];
const keyOf = (accountId: string): Actor => ({ kind: 'key', keyId: createId('key'), accountId });
const refusal = (status: number, code: string) => ({ fields: expect.objectContaining({ status, code }) });
const office = { network: '203.0.113.0/24', label: 'Office' };
const backup = { network: '2001:db8::/32', label: 'Backup' };
const shown = (entry: object) => ({ ...entry, authenticates: false });
const nothing = { keys: [], credentials: [] };
const nobodyElse = {
  fromAbove: [],
  inherited: [],
  get speakerIds() {
    return [customer];
  },
};

describe('allow-lists (ACC-9)', () => {
  test('allowList.set 200: both lists are set anew, told of, and in the audit log with what was there before', async () => {
    await call(set, { keys: [office], credentials: [backup] });
    const { answer, audited, events } = await call(set, { keys: [backup], credentials: [] });
    expect(answer).toEqual({ keys: [backup], credentials: [], ...nobodyElse });
    expect(audited).toEqual([
      {
        target: `${customer}/allow-list`,
        before: { keys: [office], credentials: [shown(backup)] },
        after: { keys: [backup], credentials: [] },
      },
    ]);
    expect(events).toEqual([
      {
        event: 'allow-list.changed',
        payload: { keyCount: 1, credentialCount: 0, authenticatingCount: 0 },
      },
    ]);
  });

  test('allowList.get 200: what accounts above say is told, and which they are to whoever sees them (C1)', async () => {
    await call(set, { keys: [office], credentials: [] }, { at: reseller });
    await call(set, { keys: [], credentials: [backup] });
    const asked = { at: shop };
    expect((await call(get, {}, asked)).answer).toEqual({
      ...nothing,
      fromAbove: [],
      speakerIds: [shop],
      inherited: [
        { accountId: reseller, keys: [office.network], credentials: [] },
        { accountId: customer, keys: [], credentials: [backup.network] },
      ],
    });
    const { inherited } = (await call(get, {}, { ...asked, sees: customer })).answer;
    expect(inherited).toEqual([
      { keys: [office.network], credentials: [] },
      { accountId: customer, keys: [], credentials: [backup.network] },
    ]);
    expect((await call(get, {}, { at: reseller })).answer).toMatchObject({ inherited: [] });
    // Nobody counts those who are not seen (PRD-2).
    expect((await call(get, {}, { ...asked, sees: shop })).answer.inherited).toEqual([
      { keys: [office.network], credentials: [backup.network] },
    ]);
  });

  test('allowList.set 400: one network stands in a list once, in whatever way it is written', async () => {
    const twice = [{ network: '2001:db8::1' }, { network: '2001:0db8:0:0:0:0:0:1/128' }];
    await expect(call(set, { keys: [], credentials: twice })).rejects.toMatchObject(
      refusal(400, 'request.invalid'),
    );
    expect(() =>
      access.resources.allowList.operations.set.request.parse({
        ...nothing,
        keys: [{ network: '10.1.0.0/8' }],
      }),
    ).toThrow();
  });

  test('allowList.set 422: a key that would lock itself out is refused, unless that is what it asks for', async () => {
    const as = keyOf(customer);
    const lists = { keys: [office], credentials: [] };
    const from = '198.51.100.1';
    await expect(call(set, lists, { as, from })).rejects.toMatchObject({
      fields: expect.objectContaining({
        ...{ status: 422, code: 'access.locks_out' },
        publicDetail: `/keys: this account’s own list would refuse the key that sets it: the request comes from ${from}, which is in none of the networks.`,
      }),
    });
    await expect(call(set, lists, { as, from: '' })).rejects.toMatchObject(refusal(422, 'access.locks_out'));
    expect((await call(get)).answer).toMatchObject(nothing);
    // Within the list, or not bound by it: a list of clients alone, a key of an account above, somebody who signed in.
    await call(set, lists, { as });
    await call(set, { keys: [], credentials: [office] }, { as, from });
    await call(set, lists, { as: keyOf(reseller), from });
    await call(set, lists, { from });
    await call(set, { ...lists, force: true }, { as, from });
  });
});

describe('allow-lists that an account above sets for another (POL-2)', () => {
  const by = (accountId: string) => ({ as: keyOf(accountId), sees: accountId, at: shop });
  const office24 = { keys: [office], credentials: [] };
  const holding = async (side: 'keyAllowList' | 'clientAllowList') =>
    policyChain(
      { chain: await database.chainOf(shop) },
      await ports.policies.chain({ accountId: shop }),
    ).flatMap(({ origin, values }) => (values[side] === undefined ? [] : [[origin, values[side]]]));

  test('nobody below takes it back, and it stands beside what the account says itself', async () => {
    await call(set, { keys: [backup], credentials: [backup], force: true }, by(shop));
    const { answer, audited } = await call(set, office24, by(reseller));
    expect(answer).toMatchObject({
      ...{ keys: [backup], credentials: [shown(backup)] },
      ...{ fromAbove: [{ setById: reseller, ...office24 }], speakerIds: [reseller, customer] },
    });
    expect(audited).toEqual([
      {
        target: `${shop}/allow-list/above`,
        before: { from: reseller, ...nothing },
        after: { from: reseller, ...office24 },
      },
    ]);
    for (const below of [shop, customer]) await call(set, nothing, by(below));
    expect(await holding('keyAllowList')).toEqual([
      [{ level: 'access', accountId: shop, setById: reseller }, [office.network]],
    ]);
    await call(set, nothing, by(reseller));
    expect(await holding('keyAllowList')).toEqual([]);
  });

  test('each above has lists of its own, and an address has to be in all of them', async () => {
    await call(set, { keys: [], credentials: [office] }, by(reseller));
    await call(set, { keys: [], credentials: [office, backup] }, by(customer));
    await call(set, { keys: [], credentials: [backup] }, by(shop));
    const held = await holding('clientAllowList');
    expect(held.map(([, networks]) => networks)).toEqual(
      [[office.network], [backup.network, office.network], [backup.network]].map((networks) =>
        expect.arrayContaining(networks),
      ),
    );
    // A key of the account is looked up by the same lists before anything else of its request.
    expect(accessChain(await ports.policies.chain({ accountId: shop }))).toHaveLength(3);
  });

  test('of those that the caller does not see one list is told, which is what they let through together (C1)', async () => {
    await call(set, { keys: [office], credentials: [] }, by(reseller));
    await call(set, { keys: [office, backup], credentials: [] }, by(customer));
    const told = (await call(get, {}, by(shop))).answer;
    expect(told.fromAbove).toEqual([{ keys: [{ network: office.network, label: '' }], credentials: [] }]);
    expect(told.speakerIds).toEqual([shop]);
    for (const hidden of [reseller, customer]) expect(JSON.stringify(told)).not.toContain(hidden);
    const seen = (await call(get, {}, by(reseller))).answer.fromAbove;
    expect(seen.map(({ setById }) => setById)).toEqual([reseller, customer]);
  });

  test('allowList.set 404: nobody speaks for an account above their own', async () => {
    for (const from of [reseller, customer, createId('acc')])
      await expect(call(set, { ...nothing, from }, by(shop))).rejects.toMatchObject(
        refusal(404, 'resource.unknown'),
      );
    const { accountId: strangerId } = await database.signUp('Stranger');
    expect(await ports.allowLists.replace({ accountId: shop, setById: strangerId, ...nothing })).toBe(
      'not_above',
    );
    const { answer } = await call(set, { ...office24, from: customer }, by(reseller));
    expect(answer.fromAbove).toEqual([{ setById: customer, ...office24 }]);
  });

  test('what authenticates is the account’s own, whoever sets it, and in no list of those above (ACC-9)', async () => {
    const server = { network: '127.0.0.33', label: 'Server', authenticates: true };
    const { answer } = await call(set, { keys: [], credentials: [office, server] }, by(reseller));
    expect(answer).toMatchObject({
      credentials: [server],
      fromAbove: [{ setById: reseller, keys: [], credentials: [office] }],
    });
    expect(await authenticatingNetworks(database.prisma)).toContainEqual({
      accountId: shop,
      network: server.network,
    });
    await expect(
      asOwner(
        database.url,
        `INSERT INTO allow_list_entry (account_id, set_by, purpose, network, label, authenticates)
         VALUES ($1, $2, 'credentials', '127.0.0.34', '', true)`,
        [shop, reseller],
      ),
    ).rejects.toThrow('allow_list_authenticates_as_own');
    await call(set, nothing, by(shop));
    expect((await call(get, {}, by(reseller))).answer).toMatchObject({
      ...nothing,
      fromAbove: [{ setById: reseller, credentials: [office] }],
    });
  });
});

describe('addresses that count as their account without a credential (ACC-9)', () => {
  const HERE = '203.0.113.7';
  const trunk = (network: string) => ({
    keys: [],
    credentials: [{ network, label: 'Trunk', authenticates: true }],
  });

  test('allowList.set 200: the address that asks counts from then on, and stays when others change the list', async () => {
    const { answer, events } = await call(set, trunk(HERE), { from: HERE });
    expect(answer.credentials).toEqual([{ network: HERE, label: 'Trunk', authenticates: true }]);
    expect(events).toMatchObject([{ payload: { authenticatingCount: 1 } }]);
    const more = { keys: [office], credentials: [...trunk(`${HERE}/32`).credentials, backup] };
    expect((await call(set, more, { from: '198.51.100.1' })).answer.credentials).toHaveLength(2);
    const held = await authenticatingNetworks(database.prisma);
    expect(held).toContainEqual({ accountId: customer, network: `${HERE}/32` });
    await call(set, nothing);
  });

  test('it narrows nowhere where credentials may be used from, unless the list names others as well', async () => {
    const seenBelow = async () => (await call(get, {}, { at: shop })).answer.inherited;
    await call(set, trunk(HERE), { from: HERE });
    expect(await seenBelow()).toEqual([]);
    await call(set, { keys: [], credentials: [...trunk(HERE).credentials, backup] }, { from: HERE });
    expect(await seenBelow()).toEqual([
      { accountId: customer, keys: [], credentials: [backup.network, HERE] },
    ]);
    await call(set, nothing);
  });

  test.each(['10.1.2.3', '81.2.0.0/16', '2a00::/32'])(
    'allowList.set 422: %s is nobody’s alone',
    async (network) => {
      await expect(call(set, trunk(network), { from: network })).rejects.toMatchObject(
        refusal(422, 'access.address_not_allowed'),
      );
    },
  );

  test('allowList.set 422: an address that did not ask is somebody else’s, but for the operator and networks of its own', async () => {
    const unproved = refusal(422, 'access.address_unproved');
    const elsewhere = { from: '198.51.100.1' };
    await expect(call(set, trunk(HERE), elsewhere)).rejects.toMatchObject(unproved);
    await expect(call(set, trunk(HERE), { from: '' })).rejects.toMatchObject(unproved);
    // All of a network is more than an address shows.
    await expect(call(set, trunk('203.0.113.0/24'), { from: HERE })).rejects.toMatchObject(unproved);
    const as = keyOf(reseller);
    await expect(call(set, trunk(HERE), { ...elsewhere, as })).rejects.toMatchObject(unproved);
    const { userId } = await database.signUp('Operator');
    const grantAt = (role: string) =>
      asOwner(
        database.url,
        `INSERT INTO role_grant (user_id, account_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, account_id) DO UPDATE SET role = excluded.role`,
        [userId, database.platformId, role],
      );
    const operator = { ...elsewhere, as: { kind: 'user', userId } as const };
    await grantAt('viewer');
    await expect(call(set, trunk(HERE), operator)).rejects.toMatchObject(unproved);
    await grantAt('admin');
    await call(set, trunk('203.0.113.0/24'), operator);
    await call(set, trunk('127.0.0.9'), elsewhere);
    await call(set, nothing);
  });

  test('allowList.set 409: an address counts as one account, whoever asks at once, until that is closed', async () => {
    const other = (await database.signUp('Other')).accountId;
    const ofOther = { at: other, sees: other };
    const asked = await Promise.allSettled([
      call(set, trunk('127.0.0.8/29')),
      call(set, trunk('127.0.0.9'), ofOther),
    ]);
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await call(set, nothing);
    await call(set, nothing, ofOther);
    await call(set, trunk('127.0.0.9'), ofOther);
    const taken = refusal(409, 'access.address_taken');
    await expect(call(set, trunk('127.0.0.8/29'))).rejects.toMatchObject(taken);
    // Of an account of the same tree as well; what the refused one had stays.
    await call(set, trunk('127.0.0.64'), { at: shop });
    await expect(call(set, { ...trunk('127.0.0.64'), keys: [office] })).rejects.toMatchObject(taken);
    expect((await call(get)).answer).toMatchObject(nothing);
    await asOwner(database.url, `UPDATE account SET state = 'closed' WHERE id = $1`, [other]);
    await call(set, trunk('127.0.0.8/29'));
    await call(set, nothing);
    await call(set, nothing, { at: shop });
  });

  test('allowList.set 409: a tree of accounts has 500 at most', async () => {
    await asOwner(
      database.url,
      `INSERT INTO allow_list_entry (account_id, purpose, network, label, authenticates)
       SELECT $1, 'credentials', '127.1.' || n / 250 || '.' || n % 250, '', true FROM generate_series(1, 500) AS n`,
      [reseller],
    );
    await expect(call(set, trunk('127.0.0.9'))).rejects.toMatchObject(
      refusal(409, 'access.too_many_addresses'),
    );
    await asOwner(database.url, 'DELETE FROM allow_list_entry WHERE account_id = $1', [reseller]);
  });
});

describe('services turned on and off (ACC-10)', () => {
  const declared = { uses: ['video', 'screen', 'video'], sessionsPerDay: 400, minutesPerSession: 12 };
  const askFor = (services: string[], accountId: string) =>
    database.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT set_config('patchbay.account_id', ${accountId}, true)`;
      const word = { values: { servicesToEnable: services }, locked: [], overridable: {} };
      await transaction.policy.create({ data: { accountId, by: 'self', word } });
    });

  test('services.list 200: each service says whether it is on, and which level made it so', async () => {
    await askFor(['signaling'], reseller);
    const { items } = (await call(list)).answer;
    const nobodyElse = { fromAbove: [], speakerIds: [customer] };
    expect(items).toEqual([
      {
        service: 'network-discovery',
        title: 'Network discovery',
        isOn: true,
        reason: 'default',
        ...nobodyElse,
      },
      {
        ...nobodyElse,
        service: 'signaling',
        title: 'Signaling',
        isOn: false,
        reason: 'not_enabled',
        origin: { level: 'account', accountId: reseller, by: 'self' },
      },
    ]);
    const hidden = (await call(list, {}, { sees: customer })).answer.items[1];
    expect(hidden).toMatchObject({ origin: { level: 'account' } });
    expect(JSON.stringify(hidden)).not.toContain(reseller);
  });

  test('services.enable 200: what it is for is kept and told, and it is on for all below', async () => {
    await askFor(['signaling'], reseller);
    const { answer, audited, events } = await call(enable, { service: 'signaling', ...declared });
    const own = { state: 'enabled', uses: ['video', 'screen'], sessionsPerDay: 400, minutesPerSession: 12 };
    expect(answer).toMatchObject({
      isOn: true,
      reason: 'enabled',
      origin: { level: 'access', accountId: customer },
      own,
    });
    expect(audited).toEqual([{ target: `${customer}/services/signaling`, before: {}, after: own }]);
    const { state: _, ...told } = own;
    expect(events).toEqual([{ event: 'service.enabled', payload: { service: 'signaling', ...told } }]);
    const below = (await call(list, {}, { at: shop })).answer.items[1];
    expect(below).toMatchObject({ isOn: true, reason: 'enabled', origin: { accountId: customer } });
    expect(below).not.toHaveProperty('own');
  });

  test('a service that is turned as it stands changes nothing: no event, no entry, and no new time (ACC-8, ACC-10)', async () => {
    await askFor(['signaling'], reseller);
    const on = { service: 'signaling', ...declared };
    const first = await call(enable, on);
    const changesNothing = ({ audited }: typeof first) =>
      expect(audited.map(({ before }) => before)).toEqual(audited.map(({ after }) => after));
    const again = await call(enable, on);
    expect(again).toMatchObject({ answer: first.answer, events: [] });
    changesNothing(again);
    // Another volume is another word, of a service that was on before.
    const more = await call(enable, { ...on, sessionsPerDay: 900 });
    expect(more).toMatchObject({ audited: [{ after: { sessionsPerDay: 900 } }], events: [] });
    const off = await call(disable, { service: 'signaling' });
    const still = await call(disable, { service: 'signaling' });
    expect(still).toMatchObject({ answer: off.answer, events: [] });
    changesNothing(still);
  });

  test('services.disable 200: it is off for all below, and what was declared stays', async () => {
    await call(enable, { service: 'signaling', ...declared });
    const { answer, audited, events } = await call(disable, { service: 'signaling' });
    expect(answer).toMatchObject({
      isOn: false,
      reason: 'disabled',
      own: { state: 'disabled', sessionsPerDay: 400 },
    });
    expect(audited).toMatchObject([{ before: { state: 'enabled' }, after: { state: 'disabled' } }]);
    expect(events).toEqual([{ event: 'service.disabled', payload: { service: 'signaling' } }]);
    await call(enable, { service: 'signaling', ...declared }, { at: shop });
    expect((await call(list, {}, { at: shop })).answer.items[1]).toMatchObject({ isOn: false });
  });

  describe('by an account above (ACC-2)', () => {
    const at = () => ({ at: shop });
    const as = (accountId: string) => ({ as: keyOf(accountId), sees: accountId, at: shop });
    const isOn = async () => (await call(list, {}, at())).answer.items[1]?.isOn;
    const on = { service: 'signaling', ...declared };
    const off = { service: 'signaling' };

    test('what a parent turned off for an account stays off, whatever that and those between say', async () => {
      await call(disable, off, as(reseller));
      for (const by of [shop, customer]) {
        const { answer, audited, events } = await call(enable, on, as(by));
        expect(answer).toMatchObject({ isOn: false, reason: 'disabled' });
        // It was said, and nothing is on by it.
        expect([audited.length, events]).toEqual([1, []]);
      }
      expect(await isOn()).toBe(false);
      // Nor does a child of it come by another way.
      expect((await call(enable, on, as(reseller))).answer).toMatchObject({ isOn: true, reason: 'enabled' });
      expect(await isOn()).toBe(true);
    });

    test('whoever turns it on from above lifts what those below them said, and what the account turned off itself is its own', async () => {
      await call(disable, off, as(customer));
      await call(disable, off, as(shop));
      expect((await call(enable, on, as(shop))).answer.isOn).toBe(false);
      await call(disable, off, as(shop));
      const { answer, audited } = await call(enable, on, as(reseller));
      expect(answer).toMatchObject({ isOn: true, fromAbove: [{ setById: reseller, state: 'enabled' }] });
      expect(audited).toMatchObject([
        {
          target: `${shop}/services/signaling/above`,
          before: { lifted: [{ state: 'disabled' }, { from: customer, state: 'disabled' }] },
          after: { from: reseller, state: 'enabled', sessionsPerDay: 400 },
        },
      ]);
      await call(disable, off, as(shop));
      expect(await isOn()).toBe(false);
    });

    test('one enabled from above satisfies who asks for it, and of those that the caller does not see one word is told (C1)', async () => {
      await askFor(['signaling'], reseller);
      await call(enable, on, as(customer));
      await call(enable, on, as(reseller));
      const told = (await call(list, {}, as(shop))).answer.items[1];
      expect(told).toMatchObject({
        ...{ isOn: true, reason: 'enabled', origin: { level: 'access', accountId: shop, by: 'above' } },
        ...{ fromAbove: [{ state: 'enabled', sessionsPerDay: 400 }], speakerIds: [shop] },
      });
      for (const hidden of [reseller, customer]) expect(JSON.stringify(told)).not.toContain(hidden);
      const seen = (await call(list, {}, as(reseller))).answer.items[1];
      expect(seen?.fromAbove.map(({ setById }) => setById)).toEqual([reseller, customer]);
      expect(seen?.speakerIds).toEqual([reseller, customer]);
    });

    test('services.enable 404, services.disable 404: nobody speaks for an account above their own', async () => {
      const unknown = refusal(404, 'resource.unknown');
      for (const from of [reseller, customer, createId('acc')]) {
        await expect(call(enable, { ...on, from }, as(shop))).rejects.toMatchObject(unknown);
        await expect(call(disable, { ...off, from }, as(shop))).rejects.toMatchObject(unknown);
      }
      const { accountId: strangerId } = await database.signUp('Stranger');
      const said = { accountId: shop, setById: strangerId, service: 'signaling', state: 'disabled' } as const;
      expect(await ports.serviceAccess.put(said)).toBe('not_above');
      await call(disable, { ...off, from: customer }, as(reseller));
      expect((await call(list, {}, as(reseller))).answer.items[1]?.fromAbove).toMatchObject([
        { setById: customer },
      ]);
    });
  });

  test('services.enable 404: there is no such service', async () => {
    const asked = call(enable, { service: 'teleport', ...declared });
    await expect(asked).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('services.disable 404: there is no such service', async () => {
    await expect(call(disable, { service: 'teleport' })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });
});
