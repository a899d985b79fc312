/**
 * Whoever is above an account shows to it by a brand alone (PRD-2, C1): every reading of the platform, as a key and as a person
 * of an account four levels down, is searched for the ids and names of those above.
 */
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { periodAt } from '@patchbay/domain/billing/period';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { mountedOperations } from '@patchbay/faces/mounted';
import { createRequestId, toServiceError } from '@patchbay/faces/trpc';
import { createId } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { forgedRequest } from '@patchbay/testing/wall/forged-request';
import { TRPCError } from '@trpc/server';
import { until } from '@patchbay/testing/until';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

/** What is sold, so that there is money in every book. */
const METER = { service: 'network-discovery', meter: 'bytes' };
const month = periodAt(periodAt(Date.now()).fromMs - 1);
const thisMonth = periodAt(Date.now());
/** No account is called anything that has one of these in it, save those above. */
const names = { platform: 'Xenolith', top: 'Yggdrasil', seller: 'Quetzal', former: 'Borborygm' } as const;
const BRAND = 'Acme Voice';

let database: TestDatabase;
let owner: pg.Client;
let served: Served;
let top: Tenant;
let shop: { readonly accountId: string; readonly key: string; readonly session: string };
/** What must be in no answer: ids of accounts above and of their people and keys, names, addresses. */
let above: readonly string[];
/** What the shop has, by the name of the field that takes it. */
let ids: Readonly<Record<string, string>>;
let sellerId: string;

async function ask(asked: string, { key, body }: { readonly key: string; readonly body?: object }) {
  const [method = '', path = ''] = asked.split(' ');
  const answer = await served.rest(method, `/v1/accounts/${path}`, { key, ...(body && { body }) });
  expect(answer, `${asked} ${JSON.stringify(answer.body)}`).toMatchObject({ status: 200 });
  return answer.body;
}

const asTop = (asked: string, body?: object) => ask(asked, { key: top.key, ...(body && { body }) });

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  const { tenancy } = served.control.platform.domainPorts;
  top = await signUp(served, names.top);
  const platformId = (await served.control.platformAccount()) ?? '';
  await owner.query('UPDATE account SET name = $2 WHERE id = $1', [platformId, names.platform]);
  const operator = await tenancy.keys.create({
    ...{ accountId: platformId, name: names.platform, mode: 'live', scopes: ['*'], createdBy: top.userId },
  });
  const asPlatform = (asked: string, body?: object) => ask(asked, { key: operator.secret, ...(body && { body }) });
  ({ id: sellerId } = await asTop(`POST ${top.accountId}/accounts`, { name: names.seller }));
  const { id: formerId } = await asTop(`POST ${top.accountId}/accounts`, { name: names.former });
  const { id: shopId } = await asTop(`POST ${formerId}/accounts`, { name: 'Corner shop' });
  const { id: belowId } = await asTop(`POST ${shopId}/accounts`, { name: 'Below' });
  const shopKey = await asTop(`POST ${shopId}/keys`, { name: 'Shop' });
  const sellerKey = await asTop(`POST ${sellerId}/keys`, { name: names.seller });

  await asTop(`PUT ${sellerId}/brand`, { name: BRAND });
  for (const accountId of [sellerId, formerId])
    await asTop(`PUT ${accountId}/seller`, {
      ...{ legalName: `${BRAND} Ltd`, addressLines: ['1 Way'], country: 'DE', numberPrefix: 'AC' },
    });
  for (const [accountId, amount] of [
    [platformId, '10000000'],
    [top.accountId, '20000000'],
    [formerId, '30000000'],
    [shopId, '40000000'],
  ])
    await owner.query(
      `INSERT INTO price (id, account_id, service, meter, dimensions, amount, per, currency, effective_from)
       VALUES ($1, $2, $3, $4, '{}', $5, 1, 'EUR', '2020-01-01')`,
      [createId('prc'), accountId, METER.service, METER.meter, amount],
    );
  const prices = { bytes: { amount: '35000000', per: '1' } };
  const priced = { currency: 'EUR', prices };
  await asTop(`PUT ${sellerId}/child-prices/${METER.service}`, priced);

  // Each level above leaves what it can at the account.
  for (const [by, asked] of [
    ['seller', (at: string, body?: object) => ask(at, { key: sellerKey.secret, ...(body && { body }) })],
    ['top', asTop],
    ['platform', asPlatform],
  ] as const) {
    if (by === 'seller') {
      await asTop(`POST ${shopId}/move`, { parentId: sellerId });
      await asked(`PUT ${shopId}/prices/${METER.service}`, priced);
      await asked(`PUT ${shopId}/reminders`, { afterDays: [5], lastAction: 'mark' });
    }
    await asked(`PUT ${shopId}/policy`, { concurrentSessionsMax: 50 });
    await asked(`PUT ${shopId}/spending-limits`, {
      limits: [{ per: 'month', amount: '9000000000000', action: 'notify', sharesPercent: [50] }],
    });
    await asked(`POST ${shopId}/credits`, { amount: '5000000000', reason: 'Welcome', priority: 5 });
    await asked(`PUT ${shopId}/services/signaling/config`, { sessionSecondsMax: 600 });
    await asked(`PUT ${shopId}/service-access/signaling`, { uses: ['audio'], sessionsPerDay: 9, minutesPerSession: 9 });
    await asked(`PATCH ${shopId}`, { timeZone: 'Europe/Berlin' });
    await asked(`POST ${shopId}/keys`, { name: `Made above, ${shopId}` });
    await asked(`POST ${shopId}/roles`, { name: `Helper ${by.length}`, scopes: ['usage:read'] });
    await asked(`PUT ${shopId}/allow-list`, { keys: [], credentials: [] });
  }
  for (const accountId of [top.accountId, sellerId]) {
    await asTop(`PUT ${accountId}/policy`, {
      concurrentSessionsMax: 100,
      locked: accountId === sellerId ? ['concurrentSessionsMax'] : [],
    });
    await asTop(`PUT ${accountId}/services/signaling/config`, { sessionSecondsMax: 1_200 });
  }
  const { id: planId } = await asTop(`POST ${sellerId}/plans`, { name: 'Small', policy: { participantsMax: 9 } });
  await asTop(`PUT ${shopId}/plan`, { planId });
  await asTop(`POST ${sellerId}/triggers`, {
    name: 'Seen below',
    isShown: true,
    counter: { meter: 'network-discovery.bytes' },
    condition: { kind: 'threshold', limit: 5 },
    target: { accountId: shopId },
  });
  const { id: endpointId } = await asTop(`POST ${sellerId}/endpoints`, { identifier: 'user:front', label: 'Front' });
  const transfer = await asTop(`POST ${sellerId}/endpoints/${endpointId}/transfers`, { toAccountId: shopId });
  const { id: webhookId } = await asTop(`POST ${shopId}/webhooks`, { url: 'https://shop.test/hooks' });
  await asTop(`POST ${shopId}/webhooks/${webhookId}/tests`, {});

  const way = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'none', direction: 'in' };
  let sequence = 0;
  for (const atMs of [Math.max(month.fromMs, month.toMs - 86_400_000), Date.now() - 120_000])
    for (const accountId of [shopId, belowId])
      await served.control.internal.ingest([
        {
          ...{ id: { nodeId: 'nod_1', boot: 1, sequence: ++sequence }, accountId, segment: 0 },
          ...{ service: METER.service, region: 'local', modality: 'data', fromMs: atMs, toMs: atMs },
          quantities: [{ meter: METER.meter, quantity: 1_000_000, dimensions: way }],
        },
      ]);
  await asPlatform(`POST ${platformId}/closings`, { period: month.name });
  const user = await signUp(served, 'shopkeeper');
  await owner.query('UPDATE role_grant SET account_id = $1 WHERE user_id = $2', [shopId, user.userId]);
  const session = await served.control.signIns.open({ userId: user.userId, name: 'Shopkeeper', address: '' });
  // As an entry of somebody above, and what events say of it.
  while ((await placeEvents(served.control.pool)) > 0);
  shop = { accountId: shopId, key: shopKey.secret, session };
  const text = (path: string) => ask(`GET ${shopId}${path}`, { key: shop.key });
  const documents = await until(async () => (await text('/documents')).items.find(Boolean) && (await text('/documents')).items, {
    what: 'an invoice',
    timeoutMs: 30_000,
  });
  const { items: roles } = await text('/roles');
  const { items: keys } = await text('/keys');
  const { items: lines } = await text(`/statements/${month.name}/lines`);
  const { items: deliveries } = await text(`/webhooks/${webhookId}/deliveries`);
  ids = {
    ...{ planId, webhookId, transferId: transfer.id, roleId: roles[0].id, keyId: keys[0].id, period: month.name },
    ...{ documentId: documents[0]?.id, key: lines[0]?.key, service: METER.service, day: `${month.name}-28` },
    ...{ from: month.name, to: thisMonth.name, scope: 'descendants', direction: 'incoming', childId: belowId },
    ...{ targetAccountId: shopId, deliveryId: deliveries[0]?.id, subject: 'req_none', meter: METER.meter },
  };
  above = [
    ...[platformId, top.accountId, sellerId, formerId, top.userId, top.keyId, operator.key.id, sellerKey.id],
    ...Object.values(names),
  ];
}, 90_000);

afterAll(async () => {
  await served?.close();
  await owner?.end();
  await database?.drop();
});

const readings = mountedOperations.filter(({ operation }) => operation.method === 'GET');
const wordsOfDepth = ['accountsAbove', 'ancestorCount'];

function foundIn(answer: unknown): readonly string[] {
  const text = JSON.stringify(answer).toLowerCase();
  return [...above, ...wordsOfDepth].filter((word) => text.includes(word.toLowerCase()));
}

type Procedure = (input: object) => Promise<unknown>;

/** As the dashboard calls, with what a signed-in person or a key shows. */
async function call(evidence: object, { group, name }: (typeof readings)[number], input: object) {
  const caller = served.control.router.createCaller({
    evidence: evidence as never,
    requestId: createRequestId(),
    signal: new AbortController().signal,
    responseHeaders: new Headers(),
  }) as unknown as Record<string, Record<string, Procedure>>;
  try {
    return { answer: await caller[group]?.[name]?.(input) };
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    return { refusal: toServiceError(error).fields };
  }
}

describe('no reading tells who is above, by id or name, nor how many', () => {
  test.each(readings.map((mounted) => [`${mounted.group}.${mounted.name}`, mounted] as const))(
    '%s',
    async (name, mounted) => {
      const fields = forgedRequest(mounted.operation.request, ids);
      const input = mounted.mount === 'account' ? { ...fields, accountId: shop.accountId } : fields;
      for (const evidence of [
        { kind: 'bearer', token: shop.key },
        { kind: 'signIn', signInSessionId: shop.session },
      ]) {
        const told = await call(evidence, mounted, input);
        if (process.env.SHOW) console.log(name, evidence.kind, JSON.stringify(told).slice(0, 300));
        expect(foundIn(told), `${name} ${JSON.stringify(told, undefined, 1)}`).toEqual([]);
      }
    },
  );
});

test('whoever sells is named by its brand, and by that of the platform where no brand holds (PRD-2)', async () => {
  const statementOf = (period: string) =>
    ask(`GET ${shop.accountId}/statements/${period}`, { key: shop.key });
  expect(await statementOf(month.name)).toMatchObject({ sellerName: PLATFORM_NAME });
  expect(await statementOf(thisMonth.name)).toMatchObject({ sellerName: BRAND });
});

test('whoever sees the seller is told its id and its own name', async () => {
  const statement = await asTop(`GET ${shop.accountId}/statements/${thisMonth.name}`);
  expect(statement).toMatchObject({ sellerId, sellerName: names.seller });
});
