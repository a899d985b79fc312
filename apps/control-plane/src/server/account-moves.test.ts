import { randomBytes } from 'node:crypto';
import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import { bearerToken, mint, RANDOM_ID_BYTES } from '@patchbay/protocol/credential/credential';
import { mintBranch, parseSecret } from '@patchbay/protocol/credential/secret';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

let database: TestDatabase;
let served: Served;
let owner: Tenant;
/** Two resellers below the owner, each with a key, and a customer of the first. */
let ids: Readonly<Record<'old' | 'new' | 'customer', string>>;
let keys: Readonly<Record<'old' | 'new' | 'customer', string>>;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
}, 120_000);
afterAll(async () => {
  await served.close();
  await database.drop();
});

async function ask(method: string, path: string, body?: object) {
  const answer = await served.rest(method, `/v1/accounts/${path}`, {
    key: owner.key,
    ...(body === undefined ? {} : { body }),
  });
  expect(answer, path).toMatchObject({ status: 200 });
  return answer.body;
}

beforeEach(async () => {
  owner = await signUp(served, `owner-${++count}`);
  const add = async (accountId: string, name: string) =>
    (await ask('POST', `${accountId}/accounts`, { name })).id as string;
  const [oldId, newId] = [await add(owner.accountId, 'Old'), await add(owner.accountId, 'New')];
  ids = { old: oldId, new: newId, customer: await add(oldId, 'Customer') };
  const keyOf = async (accountId: string) => (await ask('POST', `${accountId}/keys`, {})).secret as string;
  keys = { old: await keyOf(ids.old), new: await keyOf(ids.new), customer: await keyOf(ids.customer) };
});

const move = () => ask('POST', `${ids.customer}/move`, { parentId: ids.new });
const preview = () => ask('GET', `${ids.customer}/move?parentId=${ids.new}`);
const price = (amount: string) => ({ currency: 'EUR', prices: { bytes: { amount, per: '1' } } });

test('a preview names the brand that people of the account will see (PRD-2)', async () => {
  const brandOf = async () => (await preview()).brand;
  expect(await brandOf()).toEqual({ before: 'Patchbay', after: 'Patchbay' });
  await ask('PUT', `${ids.new}/brand`, { name: 'Newbird' });
  expect(await brandOf()).toEqual({ before: 'Patchbay', after: 'Newbird' });
  await ask('PUT', `${owner.accountId}/brand`, { name: 'Umbrella' });
  expect(await brandOf()).toEqual({ before: 'Umbrella', after: 'Newbird' });
});

test('a preview says who would pay whom, what would hold from which level, and which rules begin and end', async () => {
  await ask('PUT', `${owner.accountId}/child-prices/network-discovery`, price('5'));
  await ask('PUT', `${ids.customer}/prices/network-discovery`, price('9'));
  await ask('PUT', `${ids.new}/child-prices/network-discovery`, price('7'));
  const asOld = { key: keys.old, body: { concurrentSessionsMax: 10 } };
  expect(await served.rest('PUT', `/v1/accounts/${ids.old}/policy`, asOld)).toMatchObject({ status: 200 });
  await ask('PUT', `${ids.new}/policy`, { concurrentSessionsMax: 20 });
  await ask('PUT', `${ids.new}/services/signaling/config`, { sessionSecondsMax: 60 });
  const trigger = {
    name: 'Bytes',
    counter: { meter: 'network-discovery.bytes' },
    condition: { kind: 'threshold', limit: 5 },
  };
  const ending = await ask('POST', `${ids.old}/triggers`, {
    ...trigger,
    target: { accountId: ids.customer },
  });
  const webhook = { url: 'https://receiver.test/hooks' };
  const beginning = await ask('POST', `${ids.new}/webhooks`, { ...webhook, scope: 'descendants' });
  await ask('POST', `${ids.new}/webhooks`, webhook);

  const seen = await preview();
  expect(seen.prices).toEqual([
    {
      service: 'network-discovery',
      meter: 'bytes',
      unit: 'byte',
      where: {},
      currency: 'EUR',
      before: [
        level({ id: ids.customer, name: 'Customer' }, { id: ids.old, name: 'Old' }, ['9', 'child']),
        level({ id: ids.old, name: 'Old' }, { id: owner.accountId, name: `owner-${count}` }, [
          '5',
          'default',
        ]),
      ],
      after: [
        level({ id: ids.customer, name: 'Customer' }, { id: ids.new, name: 'New' }, ['7', 'default']),
        level({ id: ids.new, name: 'New' }, { id: owner.accountId, name: `owner-${count}` }, [
          '5',
          'default',
        ]),
      ],
    },
  ]);
  expect(seen.policy).toEqual([
    {
      setting: 'concurrentSessionsMax',
      before: { value: 10, level: 'account', accountId: ids.old },
      after: { value: 20, level: 'account', accountId: ids.new },
    },
  ]);
  expect(seen.configuration).toEqual([
    expect.objectContaining({
      service: 'signaling',
      field: 'sessionSecondsMax',
      after: { value: 60, level: 'account', accountId: ids.new },
    }),
  ]);
  expect(seen.triggers).toEqual([{ id: ending.id, name: 'Bytes', accountId: ids.old, change: 'ends' }]);
  expect(seen.webhooks).toEqual([
    { id: beginning.id, url: webhook.url, accountId: ids.new, change: 'begins' },
  ]);
  expect(seen.counts).toMatchObject({ keysEnding: 1, keysBeginning: 1 });

  // And what it said is what holds.
  await move();
  const { effective } = await ask('GET', `${ids.customer}/policy`);
  expect(effective).toMatchObject([{ setting: 'concurrentSessionsMax', value: 20 }]);
  const held = await ask('GET', `${ids.customer}/services/signaling/config`);
  expect(JSON.stringify(held)).toContain('"sessionSecondsMax":60');
});

const level = (
  buyer: { readonly id: string; readonly name: string },
  seller: { readonly id: string; readonly name: string },
  [amount, origin]: readonly [string, string],
) => ({
  buyerId: buyer.id,
  buyerName: buyer.name,
  sellerId: seller.id,
  sellerName: seller.name,
  amount,
  per: '1',
  hasTerms: false,
  origin,
});

test('keys and credentials reach along the new chain with the answer of the move, and nodes are told (C4)', async () => {
  const status = async (key: string) =>
    (await served.rest('GET', `/v1/accounts/${ids.customer}`, { key })).status;
  const oldKey = parseSecret(keys.old);
  if (oldKey.type === 'refusal') throw new Error(oldKey.detail);
  const credential = bearerToken(
    mint({
      keyId: oldKey.keyId,
      mintKey: mintBranch(oldKey),
      caveats: [
        { type: 'notAfter', atMs: Date.now() + 60_000 },
        { type: 'account', accountId: ids.customer },
      ],
      randomId: randomBytes(RANDOM_ID_BYTES),
    }),
  );
  const isKnown = async () => (await served.rest('GET', '/v1/me', { key: credential })).status === 200;
  const heard: BusMessage[] = [];
  const { bus } = served.control;
  const unsubscribe = bus.subscribe(({ message }) => heard.push(message), await bus.latest());
  expect([await status(keys.old), await status(keys.new), await isKnown()]).toEqual([200, 404, true]);
  await move();
  expect([await status(keys.old), await status(keys.new), await isKnown()]).toEqual([404, 200, false]);
  expect(await status(keys.customer)).toBe(200);
  await until(() => heard.length > 0, { what: 'the message to nodes' });
  expect(heard).toEqual([{ type: 'account.changed', accountId: ids.customer }]);
  unsubscribe();
});

test('an account is not moved to where another collects, and stands where it stood (decision 0017)', async () => {
  await asOwner(
    database.url,
    `INSERT INTO own_collecting (account_id, from_period) VALUES ('${ids.new}', '2020-01')`,
  );
  const asked = { key: owner.key, body: { parentId: ids.new } };
  const answer = await served.rest('POST', `/v1/accounts/${ids.customer}/move`, asked);
  expect(answer).toMatchObject({ status: 409, body: { code: 'tenancy.move_impossible' } });
  expect(answer.body.detail).toContain('a month is asked for by one');
  expect((await served.rest('GET', `/v1/accounts/${ids.customer}`, { key: owner.key })).body).toMatchObject({
    parentId: ids.old,
  });
  await asOwner(database.url, `DELETE FROM own_collecting WHERE account_id = '${ids.new}'`);
  await move();
});

test('every log that the move concerns has its entry; the one that moved is told of nobody above it (ACC-8, C3)', async () => {
  await move();
  const entriesOf = async (accountId: string, key: string) =>
    (await served.rest('GET', `/v1/accounts/${accountId}/audit`, { key })).body.items.filter(
      ({ action }: { action: string }) => action === 'accounts.move',
    );
  for (const [accountId, key] of [
    [owner.accountId, owner.key],
    [ids.old, keys.old],
    [ids.new, keys.new],
    [ids.customer, keys.customer],
  ] as const) {
    // Who acted is above all but themselves, and has a name where they are seen (PRD-2).
    const actorId = key === owner.key ? owner.keyId : 'above';
    expect(await entriesOf(accountId, key), accountId).toMatchObject([{ target: ids.customer, actorId }]);
  }
  expect(JSON.stringify(await entriesOf(ids.customer, keys.customer))).not.toMatch(
    new RegExp([ids.old, ids.new].join('|')),
  );
  expect(JSON.stringify(await entriesOf(ids.old, keys.old))).not.toContain(ids.new);
  const events = await asOwner<{ type: string; account_id: string }>(
    database.url,
    `SELECT type, account_id FROM platform_event WHERE type IN ('tenancy.account.moved', 'tenancy.account.left')
     AND account_id = ANY ($1) ORDER BY type`,
    [[ids.customer, ids.old]],
  );
  expect(events).toEqual([
    { type: 'tenancy.account.left', account_id: ids.old },
    { type: 'tenancy.account.moved', account_id: ids.customer },
  ]);
});

test('nothing in the database asks by the clock who is above whom: a move would be noticed a minute late (C4)', async () => {
  const asking = await asOwner<{ name: string }>(
    database.url,
    `SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     AND prosrc ~ 'valid_(from|to)[^;]{0,20}(now|clock_timestamp)\\(\\)|(now|clock_timestamp)\\(\\)[^;]{0,10}\\w+\\.valid_to'`,
  );
  // These two keep times; they decide nothing by them.
  expect(asking.filter(({ name }) => !['account_take_place', 'account_move'].includes(name))).toEqual([]);
});
