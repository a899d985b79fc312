import { asOwner, setCreditLine } from '@patchbay/adapters/metering/tenants.testing';
import type { InternalCall, InternalRequest } from '@patchbay/domain/fleet/internal-api';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  enrolNode,
  makePlatform,
  type Served,
  serve,
  signUp,
  type Tenant,
  type TestNode,
} from './served.testing.ts';

let database: TestDatabase;
let served: Served;
let other: Served;
let node: TestNode;
let reseller: Tenant;
let customer: string;
let customerKey: string;
let count = 0;
let sequence = 0;

/** What a second of allocation costs: 0.01. */
const SECOND = 10_000_000n;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  [served, other] = [serve(database.applicationUrl), serve(database.applicationUrl)];
  node = await enrolNode(served, ['relay']);
}, 120_000);
afterAll(async () => {
  await served.close();
  await other.close();
  await database.drop();
});

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what its test says.
type Body = any;
const ok = async (
  method: string,
  path: string,
  { key = reseller.key, ...body }: { readonly key?: string } & Readonly<Record<string, unknown>> = {},
): Promise<Body> => {
  const answer = await served.rest(method, `/v1/accounts/${path}`, {
    key,
    ...(method === 'GET' ? {} : { body }),
  });
  if (answer.status !== 200)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const call = async <C extends InternalCall>(
  name: C,
  request: InternalRequest<C>,
  at = served,
): Promise<Body> => (await at.internal(node.request(name, request))).json();

beforeEach(async () => {
  reseller = await signUp(served, `reseller-${++count}`);
  await setCreditLine(database.url, reseller.accountId);
  customer = (await ok('POST', `${reseller.accountId}/accounts`, { name: `Customer ${count}` })).id;
  customerKey = (await ok('POST', `${customer}/keys`, { name: 'own', scopes: ['*'] })).secret;
  await ok('PUT', `${customer}/prices/network-discovery`, {
    service: 'network-discovery',
    currency: 'EUR',
    prices: { allocationMs: { amount: SECOND.toString(), per: '1000' } },
  });
});

/** What a relay reports of seconds of an allocation. */
function usedFor(seconds: number): UsageRecord {
  const toMs = Date.now();
  return {
    id: { nodeId: node.nodeId, boot: 1, sequence: ++sequence },
    accountId: customer,
    segment: 0,
    service: 'network-discovery',
    region: 'local',
    modality: 'video',
    fromMs: toMs - 1_000,
    toMs,
    quantities: [
      {
        meter: 'allocationMs',
        quantity: seconds * 1_000,
        dimensions: { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'audio' },
      },
    ],
  };
}

async function useSeconds(seconds: number, at = served): Promise<void> {
  expect(await call('usage', { records: [usedFor(seconds)] }, at)).toMatchObject({
    accepted: 1,
    refused: [],
  });
  await at.control.spending.watch.settled();
}

const claim = (holdId: string, at = served) =>
  call(
    'claimSession',
    { accountId: customer, holdId, services: ['network-discovery'], isRunning: false },
    at,
  );
const spent = async () => (await call('accountSnapshot', { accountId: customer })).spent;
const balance = () => ok('GET', `${customer}/balance`);
const prepay = async (seconds: number, rest: object = {}) => {
  await ok('PUT', `${customer}/balance/terms`, { isPrepaid: true });
  return await ok('POST', `${customer}/credits`, {
    amount: (SECOND * BigInt(seconds)).toString(),
    reason: 'Welcome',
    ...rest,
  });
};
const books = async () =>
  Object.fromEntries(
    (
      await asOwner<{ owner: string; book: string; amount: string }>(
        database.url,
        `SELECT CASE account_id WHEN $1 THEN 'customer' WHEN $2 THEN 'reseller' ELSE 'platform' END AS owner, book,
           sum(amount)::text AS amount FROM ledger_entry
         WHERE ledger_is_collecting(book) AND transaction_id IN (
           SELECT transaction_id FROM ledger_entry WHERE account_id = $1)
         GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2`,
        [customer, reseller.accountId],
      )
    ).map(({ owner, book, amount }) => [`${owner} ${book}`, Number(BigInt(amount) / SECOND)]),
  );
const unbalanced = async () =>
  (
    await asOwner<{ count: string }>(
      database.url,
      `SELECT count(*) FROM (SELECT 1 FROM ledger_entry GROUP BY transaction_id HAVING sum(amount) <> 0) AS off`,
    )
  )[0]?.count;

test('nobody gives themselves money, or pays later because they say so; and a credit goes back to whoever gave it alone (BIL-5)', async () => {
  const { id: creditId } = await prepay(10);
  const status = async (method: string, path: string, { key, ...body }: { readonly key: string }) =>
    (
      await served.rest(method, `/v1/accounts/${customer}/${path}`, {
        key,
        ...(method === 'DELETE' ? {} : { body }),
      })
    ).status;
  const own = { key: customerKey };
  const attempts: readonly (readonly [string, string, object])[] = [
    ['PUT', 'balance/terms', { isPrepaid: false }],
    ['POST', 'balance/refunds', {}],
    ['POST', 'credits', { amount: '1000', reason: 'Mine' }],
    ['DELETE', `credits/${creditId}`, {}],
  ];
  for (const [method, path, body] of attempts)
    expect(await status(method, path, { ...own, ...body }), path).toBe(403);
  // The platform is above as well, and gave it not.
  const { id: aboveId } = await ok('POST', `${customer}/credits`, { amount: '1000', reason: 'Again' });
  await asOwner(database.url, 'UPDATE credit SET given_by_id = $2 WHERE id = $1', [
    aboveId,
    await served.control.platformAccount(),
  ]);
  expect(await status('DELETE', `credits/${aboveId}`, { key: reseller.key })).toBe(404);
  expect(await status('DELETE', `credits/${creditId}`, { key: reseller.key })).toBe(200);
  expect((await balance()).balance).toBe('1000');
});

test('a limit is told at its shares once, and at the whole of it nothing begins and what runs is to end (BIL-5)', async () => {
  await ok('PUT', `${customer}/spending-limits`, {
    limits: [{ per: 'month', amount: (SECOND * 100n).toString(), action: 'stop' }],
  });
  await useSeconds(49);
  expect(await spent()).toEqual([]);
  await useSeconds(31, other);
  await useSeconds(19);
  expect(await spent()).toEqual([]);
  expect((await ok('GET', `${customer}/spending-limits`, { key: customerKey })).items).toMatchObject([
    { isFromAbove: true, spent: String(SECOND * 99n), sharesReached: [50, 80], isReached: false },
  ]);
  await useSeconds(1, other);
  const [one, ...rest] = await spent();
  expect(rest).toEqual([]);
  expect(one).toMatchObject({ setting: 'spendPerMonthMax', scope: customer });
  expect(one.resetsAtMs).toBeGreaterThan(Date.now());
  const events = await asOwner<{ share: number }>(
    database.url,
    `SELECT (data ->> 'sharePercent')::int AS share FROM platform_event
     WHERE account_id = $1 AND type = 'spending.limit.reached' ORDER BY 1`,
    [customer],
  );
  expect(events.map(({ share }) => share)).toEqual([50, 80, 100]);
  const told = () =>
    asOwner<{ id: string }>(
      database.url,
      `SELECT id FROM bus_message WHERE payload ->> 'type' = 'account.changed' AND payload ->> 'accountId' = $1`,
      [customer],
    );
  expect((await told()).length).toBeGreaterThan(0);

  // The account can neither change what is set above it nor go without it; a higher one lets it go on at once.
  await ok('PUT', `${customer}/spending-limits`, { limits: [], key: customerKey });
  expect(await spent()).toHaveLength(1);
  await ok('PUT', `${customer}/spending-limits`, {
    limits: [{ per: 'month', amount: (SECOND * 200n).toString(), action: 'stop' }],
  });
  expect(await spent()).toEqual([]);
});

test('a limit of an account above counts all below it, and says nothing of its amount to them', async () => {
  await ok('PUT', `${reseller.accountId}/spending-limits`, {
    limits: [
      { per: 'day', amount: '0', action: 'stop' },
      { per: 'month', amount: '1000000000000', action: 'stop' },
    ],
  });
  expect(await spent()).toMatchObject([{ setting: 'spendPerDayMax', scope: reseller.accountId }]);
  const { policy } = await call('accountSnapshot', { accountId: customer });
  expect(policy.filter(({ origin }: Body) => origin.level === 'spending')).toMatchObject([
    { origin: { accountId: reseller.accountId }, values: { spendPerDayMax: 0 } },
  ]);
});

test('a limit that throttles holds the bit rate once it is reached, and not before', async () => {
  await ok('PUT', `${customer}/spending-limits`, {
    limits: [{ per: 'total', amount: SECOND.toString(), action: 'throttle', bitsPerSecondMax: 64_000 }],
  });
  const rates = async () => {
    const { policy } = await call('accountSnapshot', { accountId: customer });
    return policy.flatMap(({ values }: Body) => values.bitsPerSecondMax ?? []);
  };
  expect(await rates()).toEqual([]);
  await useSeconds(1);
  expect(await rates()).toEqual([64_000]);
  expect(await spent()).toEqual([]);
});

test('C26: of fifty sessions that begin at once, at two control planes, as many begin as can be paid for five seconds (BIL-5)', async () => {
  await prepay(83);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      claim(`ses_many_${count}_${index}`, index % 2 === 0 ? served : other),
    ),
  );
  const refused = answers.filter(({ refusal }) => refusal !== undefined);
  // Thirty seconds are held for each, and for the last what is left: 30 + 30 + 23.
  const isBegun = (answer: Body) => Object.keys(answer).length === 0;
  expect(answers.filter(isBegun)).toHaveLength(3);
  expect(refused[0].refusal).toMatchObject({
    setting: 'prepaidBalance',
    origin: { level: 'spending', accountId: customer },
  });
  expect(await balance()).toMatchObject({
    held: String(SECOND * 83n),
    available: '0',
    balance: String(SECOND * 83n),
  });

  // One that ends makes room; of a node that died, time does.
  const begun = answers.findIndex(isBegun);
  await call('releaseSessions', { releasedIds: [`ses_many_${count}_${begun}`] });
  expect(await claim(`ses_next_${count}`)).toEqual({});
  await asOwner(database.url, `UPDATE prepaid_hold SET expires_at = now() WHERE account_id = $1`, [customer]);
  expect(await claim(`ses_after_${count}`)).toEqual({});
  expect((await balance()).holds).toHaveLength(1);
});

test('use is paid out of the balance; when it is used up nodes are told, and the ledger says where all of it went', async () => {
  await prepay(20);
  expect(await claim(`ses_run_${count}`)).toEqual({});
  await useSeconds(12);
  expect(await balance()).toMatchObject({ balance: String(SECOND * 8n) });
  // What runs holds as much as there is, and is not refused for that.
  await call('releaseSessions', { releasedIds: [], keptIds: [`ses_run_${count}`] });
  expect(await balance()).toMatchObject({ held: String(SECOND * 8n) });
  expect(await spent()).toEqual([]);
  await useSeconds(9, other);
  expect(await spent()).toEqual([
    { setting: 'prepaidBalance', scope: customer, services: expect.arrayContaining(['network-discovery']) },
  ]);
  expect(await balance()).toMatchObject({ balance: String(-SECOND), available: '0' });
  await served.control.spending.round.run();
  expect(await books()).toEqual({
    'customer balance': -1,
    'customer drawn': 21,
    'reseller granted': -20,
    'platform balance': 1,
    'platform drawn': -21,
    'platform granted': 20,
  });
  expect(await unbalanced()).toBe('0');
  // More money pays what is owed first, and lets the next one begin.
  await prepay(10);
  expect(await spent()).toEqual([]);
  expect(await balance()).toMatchObject({ balance: String(SECOND * 9n) });
});

test('what expires, or is taken back, goes back to whoever gave it; and nobody else takes it', async () => {
  const soon = await prepay(10, { expiresAt: new Date(Date.now() + 60_000).toISOString(), priority: 1 });
  const kept = await prepay(10);
  await useSeconds(4);
  await asOwner(database.url, `UPDATE credit SET expires_at = now() WHERE id = $1`, [soon.id]);
  await served.control.spending.round.run();
  expect(await balance()).toMatchObject({ balance: String(SECOND * 10n) });
  const path = `/v1/accounts/${customer}/credits/${kept.id}`;
  expect((await served.rest('DELETE', path, { key: customerKey })).status).toBe(403);
  await ok('DELETE', `${customer}/credits/${kept.id}`);
  expect(await balance()).toMatchObject({ balance: '0' });
  expect(await books()).toMatchObject({ 'customer drawn': 4, 'reseller granted': -4 });
  expect(await spent()).toHaveLength(1);
});

test('an account that pays after the month again gets back what was drawn, and is asked for it when it is over', async () => {
  await prepay(10);
  await useSeconds(4);
  await ok('PUT', `${customer}/balance/terms`, { isPrepaid: false });
  expect(await balance()).toMatchObject({ isPrepaid: false, balance: String(SECOND * 10n) });
  // What it uses from now on no credit pays for.
  const { path, key } = { path: `/v1/accounts/${customer}/credits`, key: reseller.key };
  expect(
    (await served.rest('POST', path, { key, body: { amount: '1000', reason: 'Again' } })).body,
  ).toMatchObject({ code: 'spending.not_prepaid' });
  expect(await claim(`ses_free_${count}`)).toEqual({});
  expect(await books()).toEqual({
    'customer balance': 10,
    'reseller granted': -10,
    'platform balance': -10,
    'platform granted': 10,
  });
});

test('where something collects, what is bought and given back has one entry each in the audit log (ACC-8)', async () => {
  const collecting = serve(database.applicationUrl, {
    STRIPE_SECRET_KEY: 'sk_test_nobody',
    STRIPE_WEBHOOK_SECRETS: 'whsec_nobody',
    STRIPE_API_URL: 'http://127.0.0.1:1',
  });
  await prepay(1);
  for (const [method, path, body] of [
    ['POST', 'balance/top-ups', { minorUnits: '500' }],
    ['PUT', 'balance/automatic-top-up', { automaticTopUp: { below: '1', minorUnits: '500' } }],
    ['POST', 'balance/refunds', {}],
  ] as const) {
    const answer = await collecting.rest(method, `/v1/accounts/${customer}/${path}`, {
      key: reseller.key,
      body,
    });
    expect(answer, path).toMatchObject({ status: 200 });
  }
  await collecting.close();
  const entries = await asOwner<{ action: string }>(
    database.url,
    `SELECT action FROM audit_entry WHERE account_id = $1 AND action ~ '[tT]opUp|refund' ORDER BY 1`,
    [customer],
  );
  expect(entries.map(({ action }) => action)).toEqual([
    'balances.refund',
    'balances.setAutomaticTopUp',
    'balances.topUp',
  ]);
});

test('a process that was killed before it rated what was used is made good for by the regular round', async () => {
  await prepay(10);
  // Stored, as ingest stores it, and then nothing: nobody is told.
  await served.control.internal.ingest([usedFor(6)]);
  expect(await balance()).toMatchObject({ balance: String(SECOND * 10n) });
  await served.control.spending.round.run();
  expect(await balance()).toMatchObject({ balance: String(SECOND * 4n) });
});
