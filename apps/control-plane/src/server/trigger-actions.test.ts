import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { ABOVE } from '@patchbay/domain/audit/told';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import { measures } from '@patchbay/domain/triggers/measures';
import { createId } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveMetrics } from './serve-metrics.ts';
import {
  enrolNode,
  makePlatform,
  type Served,
  serve,
  signUp,
  type Tenant,
  type TestNode,
} from './served.testing.ts';
import { controlPlaneSoftware } from './software.ts';

let database: TestDatabase;
let served: Served;
let reseller: Tenant;
let relay: TestNode;
let owner: Client;
const heard: BusMessage[] = [];
let sequence = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  served.control.bus.subscribe(({ message }) => heard.push(message), 0n);
  reseller = await signUp(served, 'reseller');
  relay = await enrolNode(served, ['relay']);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
}, 120_000);
afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

/** Asks with a key, and has to be answered. */
const askingWith = (key: () => string) => async (method: string, below: string, body?: object) => {
  const answer = await served.rest(method, `/v1/accounts/${below}`, {
    key: key(),
    ...(body === undefined ? {} : { body }),
  });
  expect(answer, below).toMatchObject({ status: 200 });
  return answer.body;
};
const ask = askingWith(() => reseller.key);

/** An account below the reseller's, with a key of its own. */
async function customer(name: string) {
  const { id } = await ask('POST', `${reseller.accountId}/accounts`, { name });
  const { secret } = await ask('POST', `${id}/keys`, {});
  return { id: id as string, key: secret as string };
}

const setTrigger = (request: object) =>
  ask('POST', `${reseller.accountId}/triggers`, { name: 'Gigabytes', ...request });

/** Relayed bytes of an account, as a relay reports them. */
async function use(accountId: string, bytes: number, more: object = {}): Promise<void> {
  const way = { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'none' };
  const nowMs = Date.now();
  const record = {
    id: { nodeId: relay.nodeId, boot: 1, sequence: ++sequence },
    accountId,
    segment: 0,
    service: 'network-discovery',
    region: 'local',
    modality: 'data' as const,
    fromMs: nowMs,
    toMs: nowMs,
    quantities: [{ meter: 'bytes', quantity: bytes, dimensions: { ...way, direction: 'in' } }],
    ...more,
  };
  const answer = await served.internal(relay.request('usage', { records: [record] }));
  expect(await answer.json()).toMatchObject({ accepted: 1 });
}

const firings = async (triggerId: string) =>
  (await ask('GET', `${reseller.accountId}/trigger-firings?triggerId=${triggerId}`)).items;
/** It was done, whoever did it: once started, the regular look may be the first to take a firing. */
const acted = async (triggerId: string) => {
  await served.control.triggerActions.runDue();
  await until(async () => (await firings(triggerId))[0]?.state === 'done', { what: 'the action is done' });
};
/** What an account was told of its policy, in the order in which it was told. */
const toldOfPolicy = async (accountId: string) => {
  const { rows } = await owner.query(
    `SELECT data FROM platform_event WHERE account_id = $1 AND type = 'policy.changed' ORDER BY arrival`,
    [accountId],
  );
  return rows.map(({ data }) => data);
};
const counter = { meter: 'network-discovery.bytes' };
const monthly = (limit: number) => ({ kind: 'recurring', limit, per: 'month' });

test('a crossing waits in the outbox while nobody acts; then its account is suspended, once, by the trigger and told to the nodes (TRG-2, POL-5)', async () => {
  const { id, key } = await customer('Suspended');
  const trigger = await setTrigger({
    counter,
    target: { accountId: id },
    condition: monthly(100),
    action: { kind: 'suspend' },
  });
  await use(id, 60);
  expect(await firings(trigger.id)).toEqual([]);
  await use(id, 60);
  expect(await firings(trigger.id)).toMatchObject([{ state: 'pending', value: '120', limit: 100 }]);
  expect(await ask('GET', id)).toMatchObject({ state: 'active' });

  // As after kill -9 between the two: whoever starts next finds it. Two at once do it once.
  const other = serve(database.applicationUrl);
  await Promise.all([served.control.triggerActions.runDue(), other.control.triggerActions.runDue()]);
  await other.close();
  expect(await firings(trigger.id)).toMatchObject([{ state: 'done' }]);
  expect(await ask('GET', id)).toMatchObject({ state: 'suspended' });
  await until(
    async () => heard.some((message) => message.type === 'account.changed' && message.accountId === id),
    { what: 'the nodes are told' },
  );
  const { items } = await askingWith(() => key)('GET', `${id}/audit`);
  const entries = items.filter(({ action }: { action: string }) => action === 'triggers.suspend');
  expect(entries).toMatchObject([{ ...ABOVE, before: { state: 'active' }, after: { state: 'suspended' } }]);
  // The account below learns that it happened, and neither who set a trigger nor what for.
  expect(JSON.stringify(items)).not.toMatch(new RegExp(`Gigabytes|${trigger.id}`));
  // Who set it finds it by its name, and by its id.
  const found = await ask('GET', `${id}/audit?actorId=${trigger.id}`);
  expect(found.items).toMatchObject([{ actorId: trigger.id, actorName: 'Gigabytes' }]);
  expect((await askingWith(() => key)('GET', `${id}/audit?actorId=${trigger.id}`)).items).toEqual([]);
  expect(await askingWith(() => key)('GET', `${id}/triggers`)).toEqual({ items: [] });
  const { rows } = await owner.query(
    `SELECT account_id, type FROM platform_event WHERE data ->> 'accountId' = $1 AND type = 'tenancy.account.state-changed'`,
    [id],
  );
  expect(rows).toEqual([{ account_id: id, type: 'tenancy.account.state-changed' }]);
});

test('an account that somebody else suspended is suspended by the trigger as well, and stays so until both take it back (ACC-2)', async () => {
  const { id, key } = await customer('Suspended twice');
  const trigger = await setTrigger({
    counter,
    target: { accountId: id },
    condition: monthly(1),
    action: { kind: 'suspend' },
  });
  await askingWith(() => key)('PATCH', id, { state: 'suspended', force: true });
  await use(id, 1);
  await served.control.triggerActions.runDue();
  expect(await firings(trigger.id)).toMatchObject([{ state: 'done' }]);
  const said = { state: 'suspended', suspension: { isFromAbove: true, isYours: true, mayResume: true } };
  expect(await ask('GET', id)).toMatchObject(said);
  const { items } = await ask('GET', `${id}/audit?actorId=${trigger.id}`);
  expect(items).toMatchObject([
    {
      before: { state: 'suspended', suspendedByActor: false },
      after: { state: 'suspended', suspendedByActor: true },
    },
  ]);
  const { rows } = await owner.query(
    `SELECT id FROM platform_event WHERE data ->> 'accountId' = $1 AND type = 'tenancy.account.state-changed'`,
    [id],
  );
  expect(rows).toHaveLength(1);
});

test('a process that dies in the middle of an action leaves nothing of it, and the next one does it whole', async () => {
  const { id } = await customer('Interrupted');
  const trigger = await setTrigger({
    counter,
    target: { accountId: id },
    condition: monthly(1),
    action: { kind: 'suspend' },
  });
  await use(id, 1);
  const program = path.join(import.meta.dirname, 'dying-action.testing.ts');
  const dying = spawn(process.execPath, [program, database.applicationUrl]);
  const [, signal] = (await once(dying, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  expect(await ask('GET', id)).toMatchObject({ state: 'active' });
  expect(await firings(trigger.id)).toMatchObject([{ state: 'pending' }]);
  await owner.query('UPDATE trigger_firing SET next_attempt_at = now()');
  await served.control.triggerActions.runDue();
  expect(await ask('GET', id)).toMatchObject({ state: 'suspended' });
  expect(await firings(trigger.id)).toMatchObject([{ state: 'done' }]);
});

test('a firing writes one mail to somebody of the team that set it, in the name of that account', async () => {
  const own = await customer('Writes');
  const limit = { kind: 'threshold', limit: 100 };
  const wanted = (address: string) => ({
    name: 'Told by mail',
    counter: { meter: 'network-discovery.bytes' },
    target: { accountId: own.id },
    condition: limit,
    action: { kind: 'email', address },
  });
  const mailing = serve(database.applicationUrl, { SMTP_URL: 'smtp://127.0.0.1:1' });
  const create = async (control: Served, address: string) => {
    const path = `/v1/accounts/${reseller.accountId}/triggers`;
    const { status, body } = await control.rest('POST', path, { key: reseller.key, body: wanted(address) });
    return status === 200 ? 'created' : body.code;
  };
  expect(await create(served, 'reseller@example.test')).toBe('triggers.email_unavailable');
  expect(await create(mailing, 'stranger@example.test')).toBe('triggers.recipient_unknown');
  // In the team, and nobody knows yet whether the address is theirs.
  await owner.query(`UPDATE app_user SET email_verified_at = NULL WHERE id = $1`, [reseller.userId]);
  expect(await create(mailing, 'reseller@example.test')).toBe('triggers.recipient_unknown');
  await owner.query(`UPDATE app_user SET email_verified_at = now() WHERE id = $1`, [reseller.userId]);
  expect(await create(mailing, 'Reseller@example.test')).toBe('created');
  await use(own.id, 150);
  await use(own.id, 150);
  await mailing.control.triggerActions.runDue();
  const { rows } = await owner.query(
    `SELECT account_id, recipient, subject FROM mail WHERE subject LIKE 'Told by mail%'`,
  );
  const subject = 'Told by mail: a limit was reached';
  expect(rows).toEqual([{ account_id: reseller.accountId, recipient: 'Reseller@example.test', subject }]);
  // Asked again when it fires: who is not known by the address any more is not written to.
  const second = { ...wanted('reseller@example.test'), name: 'Told in vain' };
  const path = `/v1/accounts/${reseller.accountId}/triggers`;
  const { body: trigger } = await mailing.rest('POST', path, { key: reseller.key, body: second });
  await owner.query(`UPDATE app_user SET email_verified_at = NULL WHERE id = $1`, [reseller.userId]);
  await use(own.id, 150);
  await mailing.control.triggerActions.runDue();
  const { rows: fired } = await owner.query(`SELECT state FROM trigger_firing WHERE trigger_id = $1`, [
    trigger.id,
  ]);
  expect(fired).toEqual([{ state: 'skipped' }]);
  expect((await owner.query(`SELECT 1 FROM mail WHERE subject LIKE 'Told in vain%'`)).rows).toEqual([]);
  await mailing.close();
});

test('a throttle holds an account whatever it says itself, for all its credentials, says where it comes from, and goes with the trigger (POL-2, POL-5)', async () => {
  const { id, key } = await customer('Throttled');
  const trigger = await setTrigger({
    counter,
    target: { accountId: id },
    condition: monthly(10),
    action: { kind: 'throttle', bitsPerSecondMax: 64_000 },
  });
  const configPath = `${id}/services/network-discovery/config`;
  const held = async () =>
    await served
      .internal(relay.request('accountSnapshot', { accountId: id }))
      .then(async (answer) => (await answer.json()).caps['network-discovery'].bitsPerSecondMax);
  await use(id, 10);
  served.control.triggerActions.start();
  await until(async () => (await held()) === 64_000, { what: 'the throttle holds' });
  expect(await firings(trigger.id)).toMatchObject([{ state: 'done', action: { kind: 'throttle' } }]);

  expect((await ask('GET', configPath)).origins.bitsPerSecondMax).toEqual({
    level: 'trigger',
    accountId: reseller.accountId,
    triggerId: trigger.id,
  });
  expect((await askingWith(() => key)('GET', configPath)).origins.bitsPerSecondMax).toEqual({
    level: 'account',
  });
  // It may say what it wants for later: the hold is not lifted by it.
  await askingWith(() => key)('PUT', configPath, { bitsPerSecondMax: 5_000_000 });
  expect(await held()).toBe(64_000);
  await ask('PATCH', `${reseller.accountId}/triggers/${trigger.id}`, { isShown: true });
  heard.length = 0;
  await ask('DELETE', `${reseller.accountId}/triggers/${trigger.id}`);
  expect(await held()).toBe(5_000_000);
  await until(
    async () => heard.some((message) => message.type === 'account.changed' && message.accountId === id),
    { what: 'the nodes are told' },
  );
});

test('of an account one credential, or one endpoint wherever it is counted, is throttled alone, and goes with a reset (TRG-2, POL-5)', async () => {
  const [here, beside] = [await customer('Parts'), await customer('Beside')];
  const credentialId = createId('crd');
  const action = { kind: 'throttle', bitsPerSecondMax: 64_000 };
  const set = async (target: object) => await setTrigger({ counter, target, condition: monthly(10), action });
  const ofCredential = await set({ accountId: here.id, credentialId });
  const ofEndpoint = await set({ accountId: reseller.accountId, endpointId: 'user:slow' });
  const ofOwnEndpoint = await set({
    ...{ accountId: reseller.accountId, scope: 'own', endpointId: 'user:own' },
  });
  const held = async (accountId: string) => {
    const answer = await served.internal(relay.request('accountSnapshot', { accountId }));
    const { policy, endpointPolicies, credentialPolicies } = await answer.json();
    return [...policy, ...endpointPolicies, ...credentialPolicies].flatMap(
      ({ origin: { heldBy, ...origin }, values }) =>
        values.bitsPerSecondMax === undefined
          ? []
          : [{ ...origin, bitsPerSecondMax: values.bitsPerSecondMax }],
    );
  };
  await use(here.id, 10, { credentialId, endpointId: 'user:slow' });
  await use(reseller.accountId, 10, { endpointId: 'user:own' });
  for (const { id } of [ofCredential, ofEndpoint, ofOwnEndpoint]) await acted(id);
  const ofPart = { accountId: here.id, credentialId };
  expect(await toldOfPolicy(here.id)).toEqual([ofPart]);
  const ofSlow = { accountId: reseller.accountId, endpoint: 'user:slow' };
  expect(await toldOfPolicy(reseller.accountId)).toContainEqual(ofSlow);
  const bitsPerSecondMax = 64_000;
  const slow = (accountId: string) => ({
    ...{ level: 'endpoint', accountId, endpoint: 'user:slow', bitsPerSecondMax },
  });
  const own = { ...slow(reseller.accountId), endpoint: 'user:own' };
  const credential = { level: 'credential', accountId: here.id, credentialId, bitsPerSecondMax };
  expect(await held(reseller.accountId)).toEqual(expect.arrayContaining([slow(reseller.accountId), own]));
  expect(await held(here.id)).toEqual([slow(here.id), credential]);
  expect(await held(beside.id)).toEqual([slow(beside.id)]);
  // Whoever edits the endpoint’s own policy finds nothing there that they would keep for good.
  const read = await ask('GET', `${here.id}/policy?endpoint=user:slow`);
  expect(read.stored.bitsPerSecondMax).toBeUndefined();
  // It is told as held, and by which trigger for who sees that alone.
  const heldAs = async (key: string) => {
    const answer = await served.rest('GET', `/v1/accounts/${here.id}/policy?endpoint=user:slow`, { key });
    return answer.body.effective.find(({ setting }: { setting: string }) => setting === 'bitsPerSecondMax');
  };
  const told = { level: 'endpoint', accountId: here.id, endpoint: 'user:slow', by: 'above', isHeld: true };
  const origin = { ...told, heldBy: 'trigger' };
  expect(await heldAs(here.key)).toMatchObject({ value: 64_000, wanted: [{ origin }] });
  expect((await heldAs(here.key)).origin).toEqual(origin);
  expect((await heldAs(reseller.key)).origin).toEqual({ ...origin, triggerId: ofEndpoint.id });

  await ask('PATCH', `${reseller.accountId}/triggers/${ofCredential.id}`, { name: 'Holds on' });
  expect(await toldOfPolicy(here.id)).toEqual([ofPart]);
  await ask('POST', `${reseller.accountId}/triggers/${ofCredential.id}/resets`, {});
  expect(await toldOfPolicy(here.id)).toEqual([ofPart, ofPart]);
  await ask('POST', `${reseller.accountId}/triggers/${ofCredential.id}/resets`, {});
  expect(await toldOfPolicy(here.id)).toEqual([ofPart, ofPart]);
  for (const { id } of [ofEndpoint, ofOwnEndpoint])
    await ask('POST', `${reseller.accountId}/triggers/${id}/resets`, {});
  expect([await held(here.id), await held(beside.id)]).toEqual([[], []]);
});

test('a service that a trigger turns off serves nobody at or below its target, says why, and is back with a reset (TRG-2)', async () => {
  const [off, other] = [await customer('Off'), await customer('On')];
  const trigger = await setTrigger({
    counter,
    target: { accountId: off.id },
    condition: monthly(10),
    action: { kind: 'disableService', service: 'signaling' },
  });
  const mint = async ({ id, key }: { id: string; key: string }, service: string) =>
    await served.rest('POST', `/v1/accounts/${id}/services/${service}`, { key, body: { identity: 'bob' } });
  await use(off.id, 10);
  await acted(trigger.id);
  heard.length = 0;
  expect(await mint(off, 'signaling/tokens')).toMatchObject({
    status: 403,
    body: {
      code: 'policy.refused',
      rule: 'services',
      detail: `services does not allow it, as held at ${off.id} by a trigger of an account above.`,
    },
  });
  for (const served_ of [
    await mint(other, 'signaling/tokens'),
    await mint(off, 'network-discovery/ice-servers'),
  ])
    expect(served_.body.code).not.toBe('policy.refused');
  const snapshot = await served.internal(relay.request('accountSnapshot', { accountId: off.id }));
  expect(JSON.stringify(await snapshot.json())).toContain(
    '"services":["conferencing","network-discovery","notification","presence","speech-detection","text-to-speech","transcoding"]',
  );
  // Its own word takes nothing back.
  const wider = await served.rest('PUT', `/v1/accounts/${off.id}/policy`, {
    key: off.key,
    body: { services: ['signaling', 'network-discovery'] },
  });
  expect(wider).toMatchObject({ status: 422, body: { code: 'policy.wider' } });
  expect((await mint(off, 'signaling/tokens')).body.code).toBe('policy.refused');
  // Nor does whoever is above find it among their own words, and keep it with them.
  const { stored } = await ask('GET', `${off.id}/policy`);
  expect(stored).toEqual({});
  await ask('PUT', `${off.id}/policy`, { ...stored, concurrentSessionsMax: 5 });
  expect((await mint(off, 'signaling/tokens')).body.code).toBe('policy.refused');
  await ask('POST', `${reseller.accountId}/triggers/${trigger.id}/resets`, {});
  expect((await mint(off, 'signaling/tokens')).body.code).not.toBe('policy.refused');
  // Its log has the end as it has the beginning, and of neither who it was (ACC-8, C1).
  const { items } = await askingWith(() => off.key)('GET', `${off.id}/audit?action=triggers.reset`);
  expect(items).toMatchObject([
    { ...ABOVE, target: off.id, before: { disabledService: 'signaling' }, after: {} },
  ]);
  expect(JSON.stringify(items)).not.toContain(trigger.id);
  expect(JSON.stringify(items)).not.toContain(reseller.accountId);
  await until(
    async () => heard.some((message) => message.type === 'account.changed' && message.accountId === off.id),
    { what: 'the nodes are told' },
  );
});

test('a feature that a trigger turns off is refused at or below its target, and the rest of the service is not (TRG-2)', async () => {
  const off = await customer('Relays nothing');
  const trigger = await setTrigger({
    counter,
    target: { accountId: off.id },
    condition: monthly(10),
    action: { kind: 'disableFeature', feature: 'network-discovery.relay' },
  });
  const explained = async () => {
    const policy = await served.rest('GET', `/v1/accounts/${off.id}/policy`, { key: off.key });
    return policy.body.effective.find(({ setting }: { readonly setting: string }) => setting === 'features');
  };
  expect(await explained()).toBeUndefined();
  await use(off.id, 10);
  await acted(trigger.id);
  const held = await explained();
  expect(held).toMatchObject({ origin: { level: 'account', by: 'above' } });
  expect(held.value).toContain('network-discovery.relay-ipv6');
  expect(held.value).not.toContain('network-discovery.relay');
  const snapshot = await served.internal(relay.request('accountSnapshot', { accountId: off.id }));
  expect(JSON.stringify(await snapshot.json())).toContain(JSON.stringify(held.value));
  await ask('POST', `${reseller.accountId}/triggers/${trigger.id}/resets`, {});
  expect(await explained()).toBeUndefined();
});

test('a firing calls the webhook that its action names, whatever that hears of, and the trigger’s own with its own secret: once each, sent again like all deliveries (TRG-2, HKS-2)', async () => {
  const base = reseller.accountId;
  const { id } = await customer('Called');
  const hears = (eventTypes: string[]) =>
    ask('POST', `${base}/webhooks`, { url: 'https://receiver.test/hooks', eventTypes });
  const [deaf, all] = [await hears(['tenancy.key.created']), await hears(['*'])];
  const calling = (action: object) =>
    setTrigger({
      counter,
      target: { accountId: id },
      condition: monthly(10),
      action: { kind: 'callback', ...action },
    });
  const named = [
    await calling({ webhookId: deaf.id }),
    await calling({ webhookId: all.id }),
    await calling({ url: 'https://receiver.test/fired' }),
  ];
  const [, , own] = named;
  expect(own.secret).toMatch(/^whsec_/);
  expect(own.secret).not.toBe(deaf.secret);
  const ownPath = `${base}/webhooks/${own.action.webhookId}`;
  expect(await ask('GET', ownPath)).toMatchObject({
    triggerId: own.id,
    eventTypes: ['triggers.trigger.fired'],
  });
  expect(JSON.stringify(await ask('GET', `${base}/triggers/${own.id}`))).not.toContain('whsec_');
  await use(id, 10);
  for (const trigger of named) await acted(trigger.id);

  const pool = new Pool({ connectionString: database.applicationUrl, max: 1 });
  while ((await placeEvents(pool)) > 0);
  await pool.end();
  const told = async (webhookId: string) => {
    // Of what hears all, what was written before and is placed now stands on the same page.
    const { items } = await ask('GET', `${base}/webhooks/${webhookId}/deliveries?limit=100`);
    const ofFirings = items.filter(
      (each: { eventType: string }) => each.eventType === 'triggers.trigger.fired',
    );
    const bodies = await Promise.all(
      ofFirings.map((each: { id: string }) =>
        ask('GET', `${base}/webhooks/${webhookId}/deliveries/${each.id}`),
      ),
    );
    return bodies.map(({ body }) => JSON.parse(body).data.triggerId).sort();
  };
  expect(await told(deaf.id)).toEqual([named[0]?.id]);
  expect(await told(own.action.webhookId)).toEqual([own.id]);
  const heardByAll = await told(all.id);
  expect(heardByAll.filter((triggerId) => triggerId === named[1]?.id)).toHaveLength(1);
  const [delivery] = (await ask('GET', `${ownPath}/deliveries`)).items;
  expect(await ask('POST', `${ownPath}/deliveries/${delivery.id}/attempts`, {})).toMatchObject({
    id: delivery.id,
  });
  const rotated = await ask('POST', `${ownPath}/secret`, { overlapSeconds: 3_600 });
  expect(rotated).toMatchObject({ previousSecretEndsAt: expect.any(String) });
  expect([own.secret, undefined]).not.toContain(rotated.secret);

  // It hears of its trigger and of nothing else, and goes with it.
  const widened = await served.rest('PATCH', `/v1/accounts/${ownPath}`, {
    key: reseller.key,
    body: { eventTypes: ['*'] },
  });
  expect(widened.body).toMatchObject({ code: 'hooks.callback_bound' });
  // Nor is what a trigger calls taken from under it: its own neither.
  for (const { id: triggerId, action } of named) {
    const kept = await served.rest('DELETE', `/v1/accounts/${base}/webhooks/${action.webhookId}`, {
      key: reseller.key,
    });
    expect(kept).toMatchObject({ status: 409, body: { code: 'hooks.webhook_called' } });
    expect(kept.body.detail).toContain(triggerId);
  }
  for (const { id: triggerId } of named) await ask('DELETE', `${base}/triggers/${triggerId}`);
  expect((await served.rest('GET', `/v1/accounts/${ownPath}`, { key: reseller.key })).status).toBe(404);
  for (const webhook of [deaf, all]) await ask('DELETE', `${base}/webhooks/${webhook.id}`);
});

test('a hold whose time is over is lifted, and the nodes and the account are told (HKS-2)', async () => {
  const { id } = await customer('Lifted');
  const trigger = await setTrigger({
    counter,
    target: { accountId: id },
    condition: monthly(10),
    action: { kind: 'throttle', bitsPerSecondMax: 64_000 },
  });
  await use(id, 10);
  await acted(trigger.id);
  expect(await toldOfPolicy(id)).toEqual([{ accountId: id }]);
  await owner.query('UPDATE trigger_hold SET until = now() WHERE trigger_id = $1', [trigger.id]);
  heard.length = 0;
  await served.control.triggerActions.runDue();
  const { rows } = await owner.query('SELECT 1 FROM trigger_hold WHERE trigger_id = $1', [trigger.id]);
  expect(rows).toEqual([]);
  await until(
    async () => heard.some((message) => message.type === 'account.changed' && message.accountId === id),
    { what: 'the nodes are told' },
  );
  expect(await toldOfPolicy(id)).toEqual([{ accountId: id }, { accountId: id }]);
});

test('the sessions of a target are ended, and those of others go on', async () => {
  const [ending, going] = [await customer('Ending'), await customer('Going')];
  const open = async (accountId: string) => {
    const sessionId = createId('ses');
    const line = { sessionId, sequence: 1, atMs: Date.now(), accountId, region: 'local', data: {} };
    const events = [{ ...line, type: 'session.created' }];
    const answer = await served.internal(relay.request('sessionEvents', { events }));
    expect(await answer.json()).toMatchObject({ accepted: 1 });
    return sessionId;
  };
  const [ended, other] = [await open(ending.id), await open(going.id)];
  const credentialId = createId('crd');
  const credentialed = await open(ending.id);
  await setTrigger({
    counter,
    target: { accountId: ending.id, credentialId },
    condition: { kind: 'threshold', limit: 10 },
    action: { kind: 'endSessions' },
  });
  await use(ending.id, 10, { sessionId: credentialed, credentialId });
  await served.control.triggerActions.runDue();
  const endedIds = () =>
    heard.flatMap((message) => (message.type === 'session.end' ? message.sessionId : []));
  await until(async () => endedIds().length > 0, { what: 'one session is ended' });
  expect(endedIds()).toEqual([credentialed]);

  await setTrigger({
    counter,
    target: { accountId: ending.id },
    condition: { kind: 'threshold', limit: 10 },
    action: { kind: 'endSessions' },
  });
  await use(ending.id, 10);
  await served.control.triggerActions.runDue();
  await until(async () => endedIds().includes(ended), { what: 'the sessions are ended' });
  expect(endedIds()).not.toContain(other);
});

test('an operator ends the sessions of a node, of whichever account, and of no other node (TRG-2)', async () => {
  const [one, two] = [await customer('Here'), await customer('There')];
  const other = await enrolNode(served, ['relay']);
  const open = async (node: TestNode, accountId: string) => {
    const sessionId = createId('ses');
    const line = { sessionId, sequence: 1, atMs: Date.now(), accountId, region: 'local', data: {} };
    const events = [{ ...line, type: 'session.created' }];
    const answer = await served.internal(node.request('sessionEvents', { events }));
    expect(await answer.json()).toMatchObject({ accepted: 1 });
    return sessionId;
  };
  const [there, elsewhere] = [await open(other, one.id), await open(relay, two.id)];
  const alsoThere = await open(other, two.id);
  const { id } = await setTrigger({
    counter,
    condition: { kind: 'threshold', limit: 1_000_000 },
    action: { kind: 'endSessions' },
  });
  // The platform's own account sets it, which has no key here.
  await owner.query(
    `UPDATE usage_trigger SET action = jsonb_build_object('kind', 'endSessions', 'nodeId', $2::text), limit_value = 10,
       account_id = p.id, target_id = p.id FROM account p WHERE usage_trigger.id = $1 AND p.parent_id IS NULL`,
    [id, other.nodeId],
  );
  await use(one.id, 10);
  await served.control.triggerActions.runDue();
  const endedIds = () =>
    heard.flatMap((message) => (message.type === 'session.end' ? message.sessionId : []));
  await until(async () => endedIds().includes(alsoThere), { what: 'the sessions of the node are ended' });
  expect(endedIds()).toContain(there);
  expect(endedIds()).not.toContain(elsewhere);
});

test('a measure of the platform fires once in its window, at its highest reading, and for its own account alone (TRG-1)', async () => {
  const set = async (isPlatform: boolean) => {
    const { id } = await setTrigger({ counter, condition: { kind: 'threshold', limit: 1_000_000_000 } });
    await owner.query(
      `UPDATE usage_trigger SET counts = 'measure', subject = 'nodes.silentSeconds', limit_value = 100,
         account_id = CASE WHEN $2 THEN p.id ELSE account_id END, target_id = CASE WHEN $2 THEN p.id ELSE target_id END
       FROM account p WHERE usage_trigger.id = $1 AND p.parent_id IS NULL`,
      [id, isPlatform],
    );
    return id;
  };
  const [ofPlatform, ofCustomer] = [await set(true), await set(false)];
  const heardAgo = (seconds: number) =>
    owner.query(
      "UPDATE node SET state = 'live', last_heartbeat_at = now() - $1 * interval '1 second' WHERE id = $2",
      [seconds, relay.nodeId],
    );
  const fired = async (id: string) => {
    await served.control.triggerActions.runDue();
    const { rows } = await owner.query('SELECT value FROM trigger_firing WHERE trigger_id = $1', [id]);
    return rows.map(({ value }) => Number(value));
  };
  await heardAgo(50);
  expect(await fired(ofPlatform)).toEqual([]);
  await heardAgo(150);
  // Who looks at the same time may be the one that reads.
  await until(async () => (await fired(ofPlatform)).length > 0, { what: 'the measure has fired' });
  const [value] = await fired(ofPlatform);
  expect(value).toBeGreaterThanOrEqual(150);
  await heardAgo(300);
  expect(await fired(ofPlatform)).toEqual([value]);
  expect(await fired(ofCustomer)).toEqual([]);
  const { rows } = await owner.query('SELECT name FROM platform_measures() ORDER BY 1');
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(measures).sort());

  // Most of what was used was counted at once; this came 20 minutes late, and is far less than one in a hundred.
  const lateMs = 20 * 60_000;
  const records = Array.from({ length: 400 }, (_, index) => Date.now() - (index < 40 ? lateMs : 0));
  served.control.ingestLag.counted(records.map((toMs) => ({ toMs })) as never);
  await served.control.ingestLag.flush();
  const { rows: roots } = await owner.query('SELECT id FROM account WHERE parent_id IS NULL');
  const platformId = roots[0]?.id as string;
  const { secret } = await served.control.platform.domainPorts.tenancy.keys.create({
    accountId: platformId,
    name: 'Operator',
    scopes: ['*'],
    mode: 'live',
    createdBy: reseller.userId,
  });
  const read = (path: string, key: string) => served.rest('GET', path, { key });
  const { body } = await read(`/v1/accounts/${platformId}/measures`, secret);
  const readingOf = (name: string) =>
    body.items.find((item: { name: string }) => item.name === name)?.value as number;
  expect(readingOf('usage.lagP99Ms')).toBeGreaterThanOrEqual(lateMs);
  expect(readingOf('usage.lagMedianMs')).toBeLessThan(60_000);
  expect((await read(`/v1/accounts/${reseller.accountId}/measures`, reseller.key)).status).toBe(404);
  const metrics = (key: string) =>
    serveMetrics(
      new Request('http://control.test/metrics', { headers: { authorization: `Bearer ${key}` } }),
      served.control.rest,
    );
  expect(await (await metrics(secret)).text()).toMatch(/^patchbay_usage_lag_p99_ms \d+$/m);
  expect((await metrics(reseller.key)).status).toBe(404);
});

test('requests to the API are use like any other: they are read as usage, and a trigger counts them (MET-6)', async () => {
  const caller = await customer('Caller');
  const { id: triggerId } = await setTrigger({
    target: { accountId: caller.id },
    counter: { meter: 'api.requests', where: { resource: 'sessions', outcome: 'succeeded', caller: 'key' } },
    condition: { kind: 'threshold', limit: 3 },
  });
  const list = () => served.rest('GET', `/v1/accounts/${caller.id}/sessions`, { key: caller.key });
  for (let n = 0; n < 3; n++) expect((await list()).status).toBe(200);
  await until(async () => (await firings(triggerId)).length === 1, { what: 'the trigger fires' });
  const hour = 3_600_000;
  const [from, to] = [-hour, hour].map((ms) => new Date(Date.now() + ms).toISOString());
  const { rows } = await ask(
    'GET',
    `${reseller.accountId}/usage?from=${from}&to=${to}&bucket=all&meter=api.requests&where=resource:sessions&groupBy=outcome,implementation,version`,
  );
  // The process that counted them said what it runs (spec part C).
  const group = { outcome: 'succeeded', ...controlPlaneSoftware };
  expect(rows).toMatchObject([{ meter: 'api.requests', group, quantity: '3' }]);
});

test('a trigger names an endpoint by its id or its identifier, and nothing of a sibling’s or invented', async () => {
  const [mine, sibling] = [await customer('Mine'), await customer('Sibling')];
  const take = async (id: string, identifier: string) =>
    (await ask('POST', `${id}/endpoints`, { identifier })).id;
  const [own, other] = [await take(mine.id, 'room:own'), await take(sibling.id, 'room:other')];
  const put = (target: object) =>
    served.rest('POST', `/v1/accounts/${reseller.accountId}/triggers`, {
      key: reseller.key,
      body: { name: 'One', counter, target: { accountId: mine.id, ...target }, condition: monthly(1) },
    });
  expect(await put({ endpointId: own })).toMatchObject({ body: { target: { endpointId: 'room:own' } } });
  expect(await put({ endpointId: 'room:own' })).toMatchObject({ status: 200 });
  const session = createId('ses');
  await owner.query(`INSERT INTO session (id, account_id, started_at) VALUES ($1, $2, now())`, [
    session,
    sibling.id,
  ]);
  for (const target of [{ endpointId: other }, { endpointId: 'room:other' }, { sessionId: session }])
    expect(await put(target)).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
  // Who is above both of them sees it.
  expect(await put({ accountId: reseller.accountId, sessionId: session })).toMatchObject({ status: 200 });
});

test('a trigger reaches nobody beside or above the account that sets it', async () => {
  const stranger = await signUp(served, 'stranger');
  const { id } = await customer('Own');
  for (const target of [{ accountId: id }, { accountId: reseller.accountId }]) {
    const answer = await served.rest('POST', `/v1/accounts/${stranger.accountId}/triggers`, {
      key: stranger.key,
      body: { name: 'Mine', counter, target, condition: monthly(1), action: { kind: 'suspend' } },
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
  }
});

test('a trigger past its limit when it is set is told of first, and fires after that; accounts that set one at the same time do not wait for each other', async () => {
  const accounts = [];
  for (const name of ['One', 'Two', 'Three', 'Four']) accounts.push(await customer(`Past already ${name}`));
  for (const { id } of accounts) await use(id, 50);
  const made = await Promise.all(
    accounts.map(({ id, key }) =>
      askingWith(() => key)('POST', `${id}/triggers`, { name: 'Late', counter, condition: monthly(10) }),
    ),
  );
  for (const { id: triggerId } of made) {
    const { rows } = await owner.query(
      `SELECT type, at FROM platform_event WHERE data ->> 'triggerId' = $1 ORDER BY arrival`,
      [triggerId],
    );
    expect(rows.map(({ type }) => type)).toEqual(['triggers.trigger.created', 'triggers.trigger.fired']);
  }
});

test('a change that puts a trigger past its limit is told of first, and it fires after that; accounts that change theirs at once do not wait for each other', async () => {
  const accounts = [];
  for (const name of ['One', 'Two', 'Three', 'Four']) accounts.push(await customer(`Changed past ${name}`));
  for (const { id } of accounts) await use(id, 50);
  const changed = await Promise.all(
    accounts.map(async ({ id, key }) => {
      const asked = askingWith(() => key);
      const setting = { name: 'Changed', counter, condition: monthly(1_000) };
      const { id: triggerId } = await asked('POST', `${id}/triggers`, setting);
      await asked('PATCH', `${id}/triggers/${triggerId}`, { limit: 10 });
      return triggerId;
    }),
  );
  for (const triggerId of changed) {
    const { rows } = await owner.query(
      `SELECT type FROM platform_event WHERE data ->> 'triggerId' = $1 ORDER BY arrival`,
      [triggerId],
    );
    const types = rows.map(({ type }) => type.replace('triggers.trigger.', ''));
    expect(types).toEqual(['created', 'changed', 'fired']);
  }
});
