/**
 * Whoever is above an account shows to it by a brand alone (PRD-2, C1): every reading of the platform, as a key and as a person
 * of an account four levels down, is searched for the ids and names of those above.
 */
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { periodAt } from '@patchbay/domain/billing/period';
import { isOfOneself, type MountedOperation, mountedOperations } from '@patchbay/faces/mounted';
import type { Evidence } from '@patchbay/faces/platform';
import { createRequestId, toServiceError } from '@patchbay/faces/trpc';
import { createId } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import { forgedRequest } from '@patchbay/testing/wall/forged-request';
import { TRPCError } from '@trpc/server';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

/** What is sold, so that there is money in every book. */
const METER = { service: 'network-discovery', meter: 'bytes' };
const month = periodAt(periodAt(Date.now()).fromMs - 1);
const thisMonth = periodAt(Date.now());
const usedMs = Math.max(month.fromMs, month.toMs - 86_400_000);
const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
/** No account is called anything that has one of these in it, save those above. */
const names = { platform: 'Xenolith', top: 'Yggdrasil', seller: 'Quetzal', former: 'Borborygm' } as const;
const plans = { top: 'Wolpertinger', seller: 'Jackalope' } as const;
const HIDDEN_TRIGGER = 'Squonk';
/** The host that webhooks of accounts above are called at. */
const CALLED = 'hodag.test';
const BRAND = 'Acme Voice';
const FORMER_BRAND = 'Former Voice';

let database: TestDatabase;
let owner: pg.Client;
let served: Served;
let top: Tenant;
let shop: { readonly accountId: string; readonly key: string; readonly session: string };
/** What must be in no answer: ids of accounts above, of their people and of all that they own, names, addresses. */
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
  const asPlatform = (asked: string, body?: object) =>
    ask(asked, { key: operator.secret, ...(body && { body }) });
  ({ id: sellerId } = await asTop(`POST ${top.accountId}/accounts`, { name: names.seller }));
  const { id: formerId } = await asTop(`POST ${top.accountId}/accounts`, { name: names.former });
  const { id: shopId } = await asTop(`POST ${formerId}/accounts`, { name: 'Corner shop' });
  const { id: belowId } = await asTop(`POST ${shopId}/accounts`, { name: 'Below' });
  const shopKey = await asTop(`POST ${shopId}/keys`, { name: 'Shop' });
  const sellerKey = await asTop(`POST ${sellerId}/keys`, { name: names.seller });

  await asTop(`PUT ${sellerId}/brand`, { name: BRAND });
  await asTop(`PUT ${formerId}/brand`, { name: FORMER_BRAND });
  // Nor does the brand of anybody further up show.
  await asTop(`PUT ${top.accountId}/brand`, { name: names.top });
  await asPlatform(`PUT ${platformId}/brand`, { name: names.platform });
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

  for (const giverId of [sellerId, top.accountId])
    await asPlatform(`PUT ${giverId}/credit-line`, { amount: '5000000000' });
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
    await asked(`PUT ${shopId}/credit-line`, { amount: '700000000000' });
    await asked(`PUT ${shopId}/balance/terms`, { isPrepaid: true });
    await asked(`POST ${shopId}/credits`, { amount: '5000000000', reason: 'Welcome', priority: 5 });
    await asked(`PUT ${shopId}/services/signaling/config`, { sessionSecondsMax: 600 });
    await asked(`PUT ${shopId}/service-access/signaling`, {
      uses: ['audio'],
      sessionsPerDay: 9,
      minutesPerSession: 9,
    });
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
  // What those above own and leave at the shop: a plan of each, and triggers that it sees and does not see.
  const owned: string[] = [];
  for (const [accountId, name] of [
    [top.accountId, plans.top],
    [sellerId, plans.seller],
  ] as const) {
    const policy = { participantsMax: 9 };
    const { id: planId } = await asTop(`POST ${accountId}/plans`, { name, policy });
    await asTop(`PUT ${shopId}/plan`, { planId });
    // Taken and given again, so that entries and events of both ways are there.
    await asTop(`PUT ${shopId}/plan`, { from: accountId });
    await asTop(`PUT ${shopId}/plan`, { planId });
    owned.push(planId);
  }
  const { id: seenId } = await asTop(`POST ${sellerId}/webhooks`, { url: `https://${CALLED}/hooks` });
  const hidden = await asTop(`POST ${sellerId}/triggers`, {
    name: HIDDEN_TRIGGER,
    counter: { meter: 'network-discovery.bytes' },
    condition: { kind: 'threshold', limit: 5 },
    target: { accountId: shopId },
  });
  for (const action of [
    { kind: 'callback', webhookId: seenId },
    { kind: 'callback', url: `https://${CALLED}/called`, fallbackUrl: `https://${CALLED}/else` },
  ]) {
    const { action: kept } = await asTop(`POST ${sellerId}/triggers`, {
      name: 'Calls somebody',
      isShown: true,
      counter: { meter: 'network-discovery.bytes' },
      condition: { kind: 'threshold', limit: 5 },
      target: { accountId: shopId },
      action,
    });
    owned.push(kept.webhookId);
  }
  owned.push(hidden.id, ...Object.values(plans), CALLED, HIDDEN_TRIGGER);
  await asTop(`POST ${sellerId}/triggers`, {
    name: 'Seen below',
    isShown: true,
    counter: { meter: 'network-discovery.bytes' },
    condition: { kind: 'threshold', limit: 5 },
    target: { accountId: shopId },
  });
  const { id: endpointId } = await asTop(`POST ${sellerId}/endpoints`, {
    identifier: 'user:front',
    label: 'Front',
  });
  const transfer = await asTop(`POST ${sellerId}/endpoints/${endpointId}/transfers`, { toAccountId: shopId });
  const { id: webhookId } = await asTop(`POST ${shopId}/webhooks`, { url: 'https://shop.test/hooks' });
  await asTop(`POST ${shopId}/webhooks/${webhookId}/tests`, {});

  const way = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'none', direction: 'in' };
  let sequence = 0;
  for (const atMs of [usedMs, Date.now() - 120_000])
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
  while ((await placeEvents(served.control.pool)) > 0);
  shop = { accountId: shopId, key: shopKey.secret, session };
  const asShop = (asked: string, body?: object) =>
    ask(asked.replace(' ', ` ${shopId}`), { key: shop.key, ...(body && { body }) });
  // What the shop makes itself, and what it is refused by a level above.
  const application = await asShop('POST /applications', { name: 'Till', instanceTypes: ['till'] });
  const own = await asShop('POST /endpoints', { identifier: 'user:till', label: 'Till' });
  const mapping = await asShop('PUT /logic', { endpointId: own.id, url: 'https://shop.test/logic' });
  const erasure = await asShop('POST /erasures', { person: 'user:gone' });
  const made = await asShop('POST /exports', {});
  const speech = await asShop('POST /services/text-to-speech/speech', { text: 'Hello.', delivery: 'async' });
  const { id: jobId } = await asShop('POST /services/transcoding/probes', { uri: 'https://shop.test/a.mp3' });
  const { id: detectionJobId } = await asShop('POST /services/speech-detection/jobs', {
    uri: 'https://shop.test/a.mp3',
  });
  const notice = await asShop('POST /services/notification/notices', { identity: 'gone', title: 'Hello.' });
  await asShop('PUT /services/conferencing/rooms/till', {});
  await asShop('PUT /services/presence/identities/gone', { state: 'away' });
  const body = { concurrentSessionsMax: 5_000 };
  const refused = await served.rest('PUT', `/v1/accounts/${shopId}/policy`, { key: shop.key, body });
  expect(refused.status).toBe(422);
  const documents = await until(
    async () => {
      const { items } = await asShop('GET /documents');
      return items.length === 0 ? undefined : items;
    },
    { what: 'an invoice', timeoutMs: 30_000 },
  );
  const { id: planId } = await asShop('POST /plans', { name: 'Own', policy: { participantsMax: 3 } });
  const { items: roles } = await asShop('GET /roles');
  const { items: keys } = await asShop('GET /keys');
  const { items: triggers } = await asShop('GET /triggers');
  const { items: lines } = await asShop(`GET /statements/${month.name}/lines`);
  const { items: deliveries } = await asShop(`GET /webhooks/${webhookId}/deliveries`);
  ids = {
    ...{ planId, webhookId, transferId: transfer.id, roleId: roles.at(-1).id, keyId: keys.at(-1).id },
    ...{ documentId: documents[0].id, deliveryId: deliveries[0]?.id, triggerId: triggers[0].id },
    ...{ applicationId: application.id, instanceType: 'till', endpointId: own.id, mappingId: mapping.id },
    ...{
      erasureId: erasure.id,
      exportId: made.id,
      speechId: speech.id,
      jobId,
      detectionJobId,
      noticeId: notice.id,
      way: 'web-push',
      subject: refused.body.requestId,
    },
    ...{ period: month.name, key: lines[0].key, day: dayOf(usedMs), service: METER.service },
    ...{ scope: 'descendants', detail: 'lines', direction: 'incoming', bucket: 'month' },
    ...{ meter: METER.meter, person: 'user:gone', room: 'till', identity: 'gone' },
  };
  above = [
    ...[platformId, top.accountId, sellerId, formerId, top.userId, top.keyId, operator.key.id, sellerKey.id],
    ...Object.values(names),
    ...owned,
  ];
}, 90_000);

afterAll(async () => {
  await served?.close();
  await owner?.end();
  await database?.drop();
});

const readings = mountedOperations.filter(({ operation }) => operation.method === 'GET');
const changes = mountedOperations.filter(({ operation }) => operation.method !== 'GET');
/** What some readings ask for under names that elsewhere mean something else. */
const asked: Readonly<Record<string, object>> = {
  'ledger.export': { from: month.name, to: thisMonth.name },
  'ledger.list': { period: month.name },
  'statements.export': { from: month.name, to: thisMonth.name },
  'usage.query': {
    from: new Date(month.fromMs).toISOString(),
    to: new Date().toISOString(),
    groupBy: 'account',
    meter: undefined,
  },
  'spend.get': { from: new Date(usedMs).toISOString(), to: new Date().toISOString() },
  'triggers.preview': { meter: `${METER.service}.${METER.meter}`, event: undefined, per: 'month' },
};
/** Readings that this shop is refused, each with why: all others have to answer, or nothing of them would be looked at. */
const refusedReadings: Readonly<Record<string, string>> = {
  'closings.list': 'the platform closes months',
  'closings.listVerifications': 'the platform verifies months',
  'closings.verify': 'the platform verifies months',
  'customers.list': 'the platform links customers',
  'prices.get': 'only an account above may read what it set for this one alone',
  'accounts.previewMove': 'only an account above may move this one',
  'statements.pay': 'nothing collects here',
  'retention.getRound': 'the platform alone removes what is old',
  'measures.list': 'measures are of the platform',
  'testClocks.get': 'this is no test account',
  'usage.getSession': 'nobody called',
  'sessions.get': 'nobody called',
  'notification.getChannel': 'nothing was published',
  'sessions.listLog': 'nobody called',
  'sso.get': 'an organisation is of a top account',
  'ssoDomains.list': 'an organisation is of a top account',
  'organisation.get': 'an organisation is of a top account',
  'organisation.people': 'an organisation is of a top account',
};
/** An authenticator shows the name of the host at which somebody adds it, and they are at the platform's own here. */
const namedByPlace = 'ownSecondFactor.propose';
/** What would tell how many are above. */
const wordsOfDepth = ['accountsAbove'];
function foundIn(answer: unknown): readonly string[] {
  const text = JSON.stringify(answer).toLowerCase();
  return [...above, ...wordsOfDepth].filter((word) => text.includes(word.toLowerCase()));
}

type Procedure = (input: object) => Promise<unknown>;

/** As the dashboard calls, with what a signed-in person or a key shows. */
async function call(evidence: Evidence, { group, name }: MountedOperation, input: object) {
  const caller = served.control.router.createCaller({
    evidence,
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

const named = (mounted: MountedOperation) => [`${mounted.group}.${mounted.name}`, mounted] as const;

function inputOf(mounted: MountedOperation): object {
  const fields = { ...forgedRequest(mounted.operation.request, ids), ...asked[named(mounted)[0]] };
  return mounted.mount === 'account' ? { ...fields, accountId: shop.accountId } : fields;
}

describe('no reading tells who is above, by id or name, nor how many', () => {
  test.each(readings.map(named))('%s', async (name, mounted) => {
    const input = inputOf(mounted);
    const person = { kind: 'signIn', signInSessionId: shop.session } as const;
    // What is of a person alone is read with no key.
    const readers = isOfOneself(mounted) ? [person] : [{ kind: 'bearer', token: shop.key } as const, person];
    for (const evidence of readers) {
      const told = await call(evidence, mounted, input);
      expect('answer' in told || name in refusedReadings, `${name} ${JSON.stringify(told)}`).toBe(true);
      expect(foundIn(told), `${name} ${JSON.stringify(told, undefined, 1)}`).toEqual([]);
    }
    // Where an answer is cut, what leads on tells nothing either.
    if ('limit' in mounted.operation.request.shape) {
      const part = await call(person, mounted, { ...input, limit: 1 });
      expect(foundIn(part), `${name} ${JSON.stringify(part)}`).toEqual([]);
    }
  });
});

test('no change tells it, and neither does what is on record of all that was changed', async () => {
  const found: string[] = [];
  for (const mounted of changes) {
    if (named(mounted)[0] === namedByPlace) continue;
    const told = await call({ kind: 'signIn', signInSessionId: shop.session }, mounted, inputOf(mounted));
    found.push(...foundIn(told).map((word) => `${named(mounted)[0]}: ${word} in ${JSON.stringify(told)}`));
  }
  while ((await placeEvents(served.control.pool)) > 0);
  for (const name of ['events.list', 'audit.list', 'why.list']) {
    const mounted = readings.find((each) => named(each)[0] === name);
    if (mounted === undefined) throw new Error(`There is no ${name}.`);
    const told = await call({ kind: 'bearer', token: shop.key }, mounted, {
      ...inputOf(mounted),
      limit: 100,
    });
    expect(told, name).toHaveProperty('answer');
    found.push(...foundIn(told).map((word) => `${name}: ${word} in ${JSON.stringify(told)}`));
  }
  const { rows: mails } = await owner.query('SELECT to_jsonb(m) AS mail FROM mail m WHERE account_id = $1', [
    shop.accountId,
  ]);
  found.push(...foundIn(mails).map((word) => `mail: ${word} in ${JSON.stringify(mails)}`));
  expect(found).toEqual([]);
});

test('whoever sells is named by the brand that held (PRD-2)', async () => {
  const statementOf = (period: string) =>
    ask(`GET ${shop.accountId}/statements/${period}`, { key: shop.key });
  expect(await statementOf(month.name)).toMatchObject({ sellerName: FORMER_BRAND });
  expect(await statementOf(thisMonth.name)).toMatchObject({ sellerName: BRAND });
});

test('whoever sees the seller is told its id and its own name', async () => {
  const statement = await asTop(`GET ${shop.accountId}/statements/${thisMonth.name}`);
  expect(statement).toMatchObject({ sellerId, sellerName: names.seller });
});
