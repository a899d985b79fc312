import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import type { InternalCall, InternalRequest } from '@patchbay/domain/fleet/internal-api';
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
let controlPlanes: readonly Served[];
let nodes: readonly TestNode[];
let reseller: Tenant;
let customer: string;
let sibling: string;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  controlPlanes = [serve(database.applicationUrl), serve(database.applicationUrl)];
  const [first] = controlPlanes as [Served];
  nodes = [await enrolNode(first, ['signaling']), await enrolNode(first, ['relay'])];
}, 120_000);
afterAll(async () => {
  for (const served of controlPlanes) await served.close();
  await database.drop();
});

/** Of one of two processes, in turn. */
const served = (turn: number): Served => controlPlanes[turn % 2] as Served;
const nodeAt = (turn: number): TestNode => nodes[turn % 2] as TestNode;

/** At one of the control planes, as one of the nodes: by turns, unless one is named. */
async function call<C extends InternalCall>(by: number | TestNode, name: C, request: InternalRequest<C>) {
  const [turn, node] = typeof by === 'number' ? [by, nodeAt(by)] : [0, by];
  const response = await served(turn).internal(node.request(name, request));
  return (await response.json()) as {
    refusal?: { setting: string; origin: { accountId: string }; retryAfterMs: number };
  };
}

beforeEach(async () => {
  reseller = await signUp(served(0), `reseller-${++count}`);
  const add = async (name: string) =>
    (
      await served(0).rest('POST', `/v1/accounts/${reseller.accountId}/accounts`, {
        key: reseller.key,
        body: { name },
      })
    ).body.id as string;
  [customer, sibling] = [await add('Customer'), await add('Sibling')];
});

const setPolicy = (accountId: string, body: object) =>
  served(0).rest('PUT', `/v1/accounts/${accountId}/policy`, { key: reseller.key, body });
const claim = (
  by: number,
  accountId: string,
  claimed: string | { holdId: string; endpoint?: string; isRunning?: boolean },
) =>
  call(by, 'claimSession', {
    accountId,
    isRunning: false,
    ...(typeof claimed === 'string' ? { holdId: claimed } : claimed),
  });

test('of twenty sessions that begin at once at two nodes and two control planes, exactly as many begin as may (POL-4)', async () => {
  await setPolicy(reseller.accountId, { concurrentSessionsMax: 7 });
  await setPolicy(customer, { concurrentSessionsMax: 5 });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      claim(index, index % 3 === 0 ? sibling : customer, `ses_${index}`),
    ),
  );
  const admitted = answers.filter(({ refusal }) => refusal === undefined);
  expect(admitted).toHaveLength(7);
  const ofCustomer = answers.filter((_, index) => index % 3 !== 0 && answers[index]?.refusal === undefined);
  expect(ofCustomer.length).toBeLessThanOrEqual(5);
  // The refusal names the rule, and the level that has no room.
  const refusedAt = new Set(answers.flatMap(({ refusal }) => refusal?.origin.accountId ?? []));
  expect([...refusedAt].every((id) => [reseller.accountId, customer].includes(id))).toBe(true);
  expect(answers.find(({ refusal }) => refusal)?.refusal).toMatchObject({ setting: 'concurrentSessionsMax' });

  // One that ends makes room for one, wherever that begins.
  const ended = answers.findIndex(({ refusal }, index) => index % 3 === 0 && refusal === undefined);
  await call(ended, 'releaseSessions', { releasedIds: [`ses_${ended}`] });
  const next = await Promise.all([0, 1, 2].map((index) => claim(index, sibling, `ses_next_${index}`)));
  expect(next.filter(({ refusal }) => refusal === undefined)).toHaveLength(ended < 0 ? 0 : 1);
});

test('one session counts once, however often and for however many of its parties it is claimed (LIV-0)', async () => {
  await setPolicy(customer, { concurrentSessionsMax: 1 });
  expect(await claim(0, customer, { holdId: 'ses_once', endpoint: 'user:ann' })).toEqual({});
  expect(await claim(0, customer, { holdId: 'ses_once', endpoint: 'user:bob' })).toEqual({});
  expect(await claim(1, customer, 'ses_once')).toEqual({});
  expect((await claim(0, customer, 'ses_twice')).refusal).toMatchObject({ setting: 'concurrentSessionsMax' });
});

test('a limit of an endpoint counts that endpoint alone', async () => {
  await setPolicy(customer, { endpoint: 'user:bob', concurrentSessionsMax: 1 });
  expect(await claim(0, customer, { holdId: 'ses_bob', endpoint: 'user:bob' })).toEqual({});
  expect(await claim(1, customer, { holdId: 'ses_ann', endpoint: 'user:ann' })).toEqual({});
  expect((await claim(1, customer, { holdId: 'ses_bob_2', endpoint: 'user:bob' })).refusal).toBeDefined();
});

test('sessions that ran before there was a limit are counted when they are told of, and not refused', async () => {
  await setPolicy(customer, { concurrentSessionsMax: 1 });
  for (const id of ['ses_old_1', 'ses_old_2'])
    expect(await claim(0, customer, { holdId: id, isRunning: true })).toEqual({});
  await call(0, 'releaseSessions', { releasedIds: ['ses_old_1'] });
  expect((await claim(1, customer, 'ses_new')).refusal).toBeDefined();
});

test('in any 60 seconds, and in a day of the account’s zone, so many begin as may', async () => {
  await setPolicy(customer, { sessionsPerMinuteMax: 3 });
  const started = await Promise.all(
    [0, 1, 2, 3, 4].map((index) => claim(index, customer, `ses_minute_${index}`)),
  );
  expect(started.filter(({ refusal }) => refusal === undefined)).toHaveLength(3);
  expect(started.find(({ refusal }) => refusal)?.refusal).toMatchObject({ setting: 'sessionsPerMinuteMax' });

  await setPolicy(sibling, { sessionsPerDayMax: 2 });
  // What began today before there was a limit is in the log, and counts.
  await asOwner(
    database.url,
    `INSERT INTO session (id, account_id, state, leg_ids, joined_leg_ids, left_leg_ids, started_at)
     VALUES ('ses_before', $1, 'live', '{}', '{}', '{}', now())`,
    [sibling],
  );
  const today = await Promise.all([0, 1, 2].map((index) => claim(index, sibling, `ses_day_${index}`)));
  expect(today.filter(({ refusal }) => refusal === undefined)).toHaveLength(1);
  const { retryAfterMs } = today.find(({ refusal }) => refusal)?.refusal ?? { retryAfterMs: 0 };
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(86_400_000);
});

test('what a node that is lost held is not counted, nor what a node says that it holds no more', async () => {
  await setPolicy(customer, { concurrentSessionsMax: 1 });
  const lost = await enrolNode(served(0), ['relay']);
  await call(lost, 'claimSession', { accountId: customer, holdId: 'ses_lost', isRunning: false });
  expect((await claim(0, customer, 'ses_other')).refusal).toBeDefined();
  await asOwner(
    database.url,
    `UPDATE node SET joined_at = now() - interval '2 minutes', last_heartbeat_at = now() - interval '61 seconds' WHERE id = $1`,
    [lost.nodeId],
  );
  expect(await claim(0, customer, 'ses_other')).toEqual({});
  await asOwner(
    database.url,
    `UPDATE policy_hold SET started_at = now() - interval '31 seconds' WHERE hold_id = $1`,
    ['ses_other'],
  );
  await call(0, 'releaseSessions', { releasedIds: [], keptIds: [] });
  expect(await claim(1, customer, 'ses_third')).toEqual({});
});

test('an account is used up by what all its nodes have uploaded: nodes are told, and decide by it (POL-5)', async () => {
  await setPolicy(reseller.accountId, { relayBytesPerDayMax: 1_000, relayBytesTotalMax: 1_000 });
  const messages: unknown[] = [];
  const unsubscribe = served(1).control.bus.subscribe(
    ({ message }) => void messages.push(message),
    await served(1).control.bus.latest(),
  );
  const upload = (turn: number, sequence: number, quantity: number) =>
    call(turn, 'usage', {
      records: [
        {
          id: { nodeId: nodeAt(turn).nodeId, boot: 1, sequence },
          accountId: customer,
          segment: 0,
          service: 'network-discovery',
          region: 'local',
          modality: 'none',
          fromMs: Date.now() - 1_000,
          toMs: Date.now(),
          quantities: [
            {
              meter: 'bytes',
              quantity,
              dimensions: {
                transport: 'udp',
                addressFamily: 'ipv4',
                bandwidthClass: 'none',
                direction: 'in',
              },
            },
          ],
        },
      ],
    });
  const spent = async () => {
    const response = await served(0).internal(nodeAt(0).request('accountSnapshot', { accountId: customer }));
    return ((await response.json()) as { spent: object[] }).spent;
  };
  await upload(0, 1, 600);
  expect(await spent()).toEqual([]);
  await upload(1, 1, 400);
  const scope = reseller.accountId;
  const [ofDay, inAll, ...others] = await spent();
  expect(others).toEqual([]);
  expect(ofDay).toMatchObject({ setting: 'relayBytesPerDayMax', scope, resetsAtMs: expect.any(Number) });
  // What was ever used: it never begins anew.
  expect(inAll).toEqual({ setting: 'relayBytesTotalMax', scope, max: 1_000 });
  await expect
    .poll(() => messages, { timeout: 20_000 })
    .toContainEqual({ type: 'account.changed', accountId: reseller.accountId });
  unsubscribe();
});

test('a service that a policy leaves out is neither minted for nor served, and says by which level', async () => {
  await setPolicy(customer, { services: ['signaling'] });
  const answer = await served(1).rest(
    'POST',
    `/v1/accounts/${customer}/services/network-discovery/ice-servers`,
    {
      key: reseller.key,
      body: {},
    },
  );
  expect(answer).toMatchObject({
    status: 403,
    body: { code: 'policy.refused', rule: 'services', level: customer },
  });
});
