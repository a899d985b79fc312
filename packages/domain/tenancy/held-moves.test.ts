import { reminderBook } from '@patchbay/adapters/billing/reminder-book';
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { allowListStore, serviceAccessStore } from '@patchbay/adapters/prisma/access-store';
import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import { serviceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { triggerOutbox } from '@patchbay/adapters/prisma/trigger-outbox';
import { atomically, atomicallyAgain } from '@patchbay/adapters/prisma/unit-of-work';
import { balanceStore } from '@patchbay/adapters/spending/balance-store';
import { limitStore } from '@patchbay/adapters/spending/limit-store';
import { ServiceError } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import { until } from '@patchbay/testing/until';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nano } from '../billing/money.ts';
import type { OverdueAction } from '../billing/reminders.ts';
import { actOn } from '../triggers/act.ts';
import type { Action } from '../triggers/definition.ts';
import { createMoveHarness, type Family, type MoveHarness, someWord } from './moves.testing.ts';
import { refusal } from './tenancy.testing.ts';

let harness: MoveHarness;
let database: MoveHarness['database'];
let asOwner: MoveHarness['asOwner'];
let waitingLocks: MoveHarness['waitingLocks'];
let owner: Family['owner'];
let call: Family['call'];
let ids: Family['ids'];
let move: Family['move'];
let preview: Family['preview'];
let keyOf: Family['keyOf'];
let pool: ReturnType<typeof createApplicationPool>;

beforeAll(async () => {
  harness = await createMoveHarness();
  ({ database, asOwner, waitingLocks } = harness);
  pool = createApplicationPool(database.applicationUrl, () => undefined);
}, 120_000);
afterAll(async () => {
  await pool.end();
  await database.close();
});
beforeEach(async () => {
  ({ owner, call, ids, move, preview, keyOf } = await harness.family());
});

/** Each way in which an account above says something of one below it. */
const sayings: Readonly<Record<string, (byId: string, accountId: string) => Promise<unknown>>> = {
  'a suspension': async (byId, at) =>
    call('accounts', 'update', { as: await keyOf(byId), at, request: { state: 'suspended' } }),
  'a word of policy': (setById, accountId) =>
    policyStore(database.prisma).set({ accountId, by: 'above', setById, word: someWord }),
  'a word of a policy of a region': (setById, accountId) =>
    policyStore(database.prisma).set({ accountId, by: 'above', setById, region: 'eu', word: someWord }),
  'a word of configuration': (setById, accountId) =>
    serviceConfigStore(database.prisma).setConfig({
      accountId,
      setById,
      service: 'signaling',
      values: { mode: 'relay' },
    }),
  'a service that is off': (setById, accountId) =>
    serviceAccessStore(database.prisma).put({ accountId, setById, service: 'signaling', state: 'disabled' }),
  'a word of an allow-list': (setById, accountId) =>
    allowListStore(database.prisma).replace({
      accountId,
      setById,
      keys: [{ network: '203.0.113.0/24', label: '', authenticates: false }],
      credentials: [],
    }),
  'a word of retention': (setById, accountId) =>
    asOwner(
      `INSERT INTO retention_word (account_id, set_by, word) VALUES ($1, $2, '{"events": {"keepDays": 9}}')`,
      [accountId, setById],
    ),
  'a plan': async (ownerId, accountId) => {
    const plans = planStore(database.prisma);
    const made = await plans.create({ accountId: ownerId, name: `Plan of ${accountId}`, word: someWord });
    if (made === 'name_taken') throw new Error('No two of these accounts are the same.');
    return await plans.assign({ accountId, planId: made.id, ownerIds: [ownerId] });
  },
  'a spending limit': (byId, accountId) =>
    asOwner(
      `INSERT INTO spending_limit (id, account_id, set_by_id, per, amount, shares_percent, action, since)
       VALUES ('spl_' || $1, $1, $2, 'month', 5, '{100}', 'stop', now())`,
      [accountId, byId],
    ),
  'prepaid terms': (byId, accountId) =>
    asOwner('INSERT INTO prepaid_word (account_id, by_id, overdraft) VALUES ($1, $2, 3)', [accountId, byId]),
};

/** What bounds the account itself alone, and keeps nobody below it from anything. */
const bounds: typeof sayings = {
  'a credit line': (byId, accountId) =>
    asOwner('INSERT INTO credit_line (account_id, by_id, amount) VALUES ($1, $2, 3)', [accountId, byId]),
};

const throttle: Action = { kind: 'throttle', bitsPerSecondMax: 8_000 };

/** Each way in which a trigger of an account above keeps one below it from something, until that is taken back (TRG-2). */
const holdings: typeof sayings = {
  'a trigger that suspends': (byId, accountId) => holdBy({ byId, accountId, action: { kind: 'suspend' } }),
  'a trigger that throttles': (byId, accountId) => holdBy({ byId, accountId, action: throttle }),
  'a trigger that turns a service off': (byId, accountId) =>
    holdBy({ byId, accountId, action: { kind: 'disableService', service: 'signaling' } }),
  'a trigger that turns a feature off': (byId, accountId) =>
    holdBy({ byId, accountId, action: { kind: 'disableFeature', feature: 'network-discovery.relay' } }),
  'a trigger that throttles an endpoint wherever below': (byId, accountId) =>
    holdBy({ byId, accountId, action: throttle, endpoint: 'user:bob' }),
};
const closing: typeof sayings = {
  'a closing': async (byId, at) =>
    call('accounts', 'update', { as: await keyOf(byId), at, request: { state: 'closed' } }),
};

const outbox = () =>
  triggerOutbox(database.prisma, (_, error) => {
    throw error;
  });

interface Fired {
  readonly byId: string;
  readonly accountId: string;
  readonly action: Action;
  readonly application?: string;
  readonly endpoint?: string;
}

/** A trigger that has fired and waits in the outbox. */
async function fire({ byId, accountId, action, application, endpoint }: Fired): Promise<string> {
  const triggerId = createId('trg');
  await asOwner(
    `INSERT INTO usage_trigger (id, account_id, name, target_id, with_descendants, application_id, endpoint_id, counts,
       subject, condition, limit_value, action, time_zone)
     VALUES ($1, $2, 'Held', $3, true, $4, $5, 'usage', 'signaling.connectedMs', 'threshold', 5, $6, 'UTC')`,
    [triggerId, byId, accountId, application ?? null, endpoint ?? null, action],
  );
  await asOwner(
    `INSERT INTO trigger_firing (id, trigger_id, generation, window_start, account_id, target_id, value, limit_value, action)
     VALUES ($1, $2, 1, 'epoch', $3, $4, 5, 5, $5)`,
    [createId('fir'), triggerId, byId, accountId, action],
  );
  return triggerId;
}

/** Does what is due as the jobs do, besides what they tell of it. */
const actOnNext = () => {
  const { holds, actOnNext: next } = outbox();
  return next((due) =>
    actOn(
      due,
      {
        ...holds,
        disable: (held, { untilMs, ...off }) =>
          holds.holdPolicy(held, {
            values: 'service' in off ? { services: [] } : { features: [] },
            untilMs,
          }),
        endSession: async () => undefined,
        writeMail: async () => 'unavailable',
        webhookState: async () => undefined,
        audit: async () => undefined,
      },
      Date.now(),
    ),
  );
};

async function holdBy(fired: Fired): Promise<void> {
  await fire(fired);
  expect(await actOnNext()).toBe(true);
}

test.each(Object.entries({ ...sayings, ...holdings, ...closing }))(
  'accounts.move 403: nobody moves an account away from %s that was said above them, and who said it does (POL-2, ACC-2)',
  async (kind, say) => {
    const reseller = await keyOf(ids.old);
    const beside = await database.addChild(ids.old, 'Beside');
    await say(owner.accountId, ids.customer);
    const asked = { as: reseller, at: ids.below };
    expect((await preview(beside, asked)).answer).toMatchObject({ heldAbove: true });
    const refused = await move(beside, asked).catch((error: unknown) => error);
    expect(refused).toMatchObject(refusal(403, 'tenancy.move_held'));
    expect(JSON.stringify(refused)).not.toContain(owner.accountId);
    expect(await database.chainOf(ids.below)).toContain(ids.customer);
    // What is said of the account itself goes with it: by who is above both places it holds there as here.
    const ownerAsked = { at: ids.below };
    expect((await preview(beside, ownerAsked)).answer).toMatchObject({ heldAbove: false });
    await move(beside, ownerAsked);
    await say(owner.accountId, ids.below);
    await expect(move(ids.old, asked)).resolves.toBeDefined();
    expect((await call('accounts', 'get', { at: ids.below })).answer.state).toBe(stateAfterwards(kind));
  },
);

/** What is said of the account that moves goes with it. */
const stateAfterwards = (kind: string) =>
  kind in closing ? 'closed' : /suspen/.test(kind) ? 'suspended' : 'active';

test('accounts.move 403: a closing holds for whoever closed it again, too, from above who closed it first (ACC-2, ACC-8)', async () => {
  const beside = await database.addChild(ids.old, 'Beside');
  const reseller = { as: await keyOf(ids.old), at: ids.customer };
  const close = { request: { state: 'closed' } };
  await call('accounts', 'update', { ...reseller, ...close });
  const { audited, events } = await call('accounts', 'update', { at: ids.customer, ...close });
  expect(audited).toMatchObject([{ before: { closedByActor: false }, after: { closedByActor: true } }]);
  expect(events).toEqual([]);
  const asked = { ...reseller, at: ids.below };
  await expect(move(beside, asked)).rejects.toMatchObject(refusal(403, 'tenancy.move_held'));
  // Nobody below takes it over by saying the same.
  expect((await call('accounts', 'update', { ...reseller, ...close })).audited).toMatchObject([
    { before: { state: 'closed' }, after: { state: 'closed' } },
  ]);
  await expect(move(beside, asked)).rejects.toMatchObject(refusal(403, 'tenancy.move_held'));
});

test('accounts.move 200: what a trigger holds an application or an endpoint of another account to holds nobody below it', async () => {
  const beside = await database.addChild(ids.old, 'Beside');
  const held = { byId: owner.accountId, accountId: ids.customer, action: throttle };
  await holdBy({ ...held, application: createId('app') });
  const triggerId = await fire(held);
  await actOnNext();
  // What was held until a time that is over holds nobody any more, whether or not somebody has cleared it away.
  await asOwner("UPDATE trigger_hold SET until = now() - interval '1 second' WHERE trigger_id = $1", [
    triggerId,
  ]);
  const asked = { as: await keyOf(ids.old), at: ids.below };
  expect((await preview(beside, asked)).answer).toMatchObject({ heldAbove: false });
  await move(beside, asked);
});

test('accounts.move 200: what a trigger of an account that is above no more holds ends, and one of who stays above goes on (TRG-2)', async () => {
  for (const byId of [ids.old, owner.accountId])
    await holdBy({ byId, accountId: ids.customer, action: throttle });
  const { audited } = await move(ids.new);
  expect(await asOwner('SELECT account_id FROM trigger_hold WHERE target_id = $1', [ids.customer])).toEqual([
    { account_id: owner.accountId },
  ]);
  expect(audited.find(({ accountId }) => accountId === ids.old)).toMatchObject({
    before: { said: [{ accountId: ids.customer, kind: 'trigger' }] },
  });
});

test('accounts.move 200: what is said of an application, or turned on, of an account that is left keeps nobody below it there', async () => {
  const beside = await database.addChild(ids.old, 'Beside');
  const { id: applicationId } = await database.ports.applications.create({
    ...{ accountId: ids.customer, name: 'Shop', instanceTypes: [] },
  });
  const from = { accountId: ids.customer, setById: owner.accountId };
  await policyStore(database.prisma).set({ ...from, by: 'above', applicationId, word: someWord });
  const values = { mode: 'relay' };
  await serviceConfigStore(database.prisma).setConfig({
    ...from,
    applicationId,
    service: 'signaling',
    values,
  });
  await serviceAccessStore(database.prisma).put({ ...from, service: 'signaling', state: 'enabled' });
  await expect(move(beside, { as: await keyOf(ids.old), at: ids.below })).resolves.toBeDefined();
});

test('accounts.move 200: what a mover, or somebody below, has said holds no move of theirs, nor what bounds the account above alone', async () => {
  const beside = await database.addChild(ids.old, 'Beside');
  for (const say of Object.values(sayings)) await say(ids.old, ids.customer);
  for (const say of Object.values(bounds)) await say(owner.accountId, ids.customer);
  const asked = { as: await keyOf(ids.old), at: ids.below };
  expect((await preview(beside, asked)).answer).toMatchObject({ heldAbove: false });
  await move(beside, asked);
});

test('accounts.move 200: away from below a suspended account it works again, as the preview says and its event (ACC-2)', async () => {
  const lowest = await database.addChild(ids.below, 'Lowest');
  const say = (at: string) => call('accounts', 'update', { at, request: { state: 'suspended' } });
  await say(ids.customer);
  await say(lowest);
  const { answer } = await preview(ids.new, { at: ids.below });
  expect(answer.resumed).toEqual([{ accountId: ids.below, name: 'Below' }]);
  const { events } = await move(ids.new, { at: ids.below });
  expect(events.slice(2)).toEqual([
    {
      event: 'account.state-changed',
      payload: { accountId: ids.below, state: 'active' },
      accountId: ids.below,
    },
  ]);
});

test('accounts.move 200: each account whose words fall away has an entry that says which (ACC-8)', async () => {
  for (const say of Object.values({ ...sayings, ...bounds })) await say(ids.old, ids.below);
  expect((await preview(ids.new, { at: ids.below })).answer.words).toEqual([
    { accountId: ids.below, setById: ids.old },
  ]);
  const { audited } = await move(ids.new, { at: ids.below });
  for (const table of ['policy', 'service_config', 'service_access', 'retention_word', 'allow_list_entry'])
    expect(
      await asOwner(`SELECT 1 FROM ${table} WHERE account_id = $1 AND set_by = $2`, [ids.below, ids.old]),
      table,
    ).toEqual([]);
  expect(await asOwner('SELECT 1 FROM credit_line WHERE account_id = $1', [ids.below])).toEqual([]);
  const whole = { accountId: ids.below, name: 'Below', parentId: ids.customer };
  const kinds = [
    ...['allow-list', 'configuration', 'credit-line', 'limit', 'plan', 'policy', 'prepaid'],
    ...['retention', 'service', 'suspension'],
  ];
  const said = kinds.map((kind) => ({ accountId: ids.below, kind }));
  expect(audited.slice(2, 4)).toEqual([
    { accountId: ids.customer, target: ids.below, before: whole },
    { accountId: ids.old, target: ids.below, before: { ...whole, said } },
  ]);
});

test('of a suspension and a move at once one is first: a move waits for what is being said, and heeds it', async () => {
  const beside = await database.addChild(ids.old, 'Beside');
  const reseller = await keyOf(ids.old);
  let begin = () => {};
  const gate = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const moving = gate
    .then(() => move(beside, { as: reseller, at: ids.below }))
    .catch((error: unknown) => error);
  await atomically(database.prisma, async () => {
    await call('accounts', 'update', { at: ids.customer, request: { state: 'suspended' } });
    begin();
    await until(async () => (await waitingLocks()) > 0, { what: 'the move to wait' });
  });
  expect(await moving).toMatchObject(refusal(403, 'tenancy.move_held'));
});

test.each(['limits', 'suspension', 'terms'] as const)(
  'whoever says something while the account is moved away comes before the move or finds nothing, and never fails: %s (C44)',
  async (what) => {
    await database.warmUp();
    const nowMs = () => Date.now();
    const { accounts } = database.ports;
    const accountId = ids.customer;
    const says = {
      limits: (byId: string) =>
        limitStore({ pool, catalogue: new Map(), nowMs }).set({
          ...{ accountId, setById: byId, nowMs: nowMs() },
          limits: [{ id: '', per: 'month', amount: nano(9n), sharesPercent: [], action: 'notify' }],
        }),
      suspension: async (byId: string) => {
        await accounts.findToChange({ accountId });
        await accounts.update({ accountId, change: { suspensions: [{ byId, reason: 'said' }] } });
      },
      terms: (byId: string) =>
        balanceStore({ pool, platformAccount: async () => database.platformId, nowMs }).setTerms(accountId, {
          ...{ byId, above: [], isPrepaid: true, overdraft: nano(0n) },
        }),
    };
    let attempts = 0;
    for (const [from, to] of Array.from({ length: 4 }, () => [
      [ids.old, ids.new] as const,
      [ids.new, ids.old] as const,
    ]).flat()) {
      const saying = atomicallyAgain(database.prisma, async () => {
        attempts += 1;
        await says[what](from);
      });
      const said = saying.then(
        () => 200,
        (error: unknown) => (error instanceof ServiceError ? error.fields.status : error),
      );
      await Promise.all([atomically(database.prisma, () => move(to)), said]);
      expect([200, 404]).toContain(await said);
      const words = await asOwner(
        `SELECT w.by_id FROM (SELECT account_id, set_by_id AS by_id FROM spending_limit
             UNION ALL SELECT account_id, by_id FROM account_suspension UNION ALL SELECT account_id, by_id FROM prepaid_word) w
           WHERE w.account_id = $1 AND w.by_id = $2`,
        [accountId, from],
      );
      expect(words).toEqual([]);
    }
    // Each waited for the other, and none was chosen to give way.
    expect(attempts).toBe(8);
  },
);

const isOverdue =
  (action: OverdueAction): (typeof sayings)[string] =>
  (sellerId, accountId) =>
    reminderBook({ pool, platformAccount: async () => database.platformId, nowMs: Date.now }).markOverdue(
      { accountId, documentId: createId('doc'), sellerId },
      { action, ...(action === 'refuse' ? { word: someWord } : {}) },
    );
/** What jobs say of an account for one that stood above it when it was begun; what is to be done stands in the outbox by then. */
const jobs: typeof sayings = {
  'an invoice that suspends': isOverdue('suspend'),
  'an invoice that refuses services': isOverdue('refuse'),
  'a trigger that suspends': actOnNext,
  'a trigger that throttles': actOnNext,
  'a trigger that turns a service off': actOnNext,
};
const firedBy: Readonly<Record<string, Action>> = {
  'a trigger that suspends': { kind: 'suspend' },
  'a trigger that throttles': throttle,
  'a trigger that turns a service off': { kind: 'disableService', service: 'signaling' },
};

describe.each(Object.entries(jobs))('a move and %s at once', (kind, act) => {
  /** Of two, the second begins once the first is done and not committed yet. */
  async function oneInTheOther(first: () => Promise<unknown>, second: () => Promise<unknown>) {
    let begin = () => {};
    const gate = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const outcome = gate.then(second).then(
      () => 'done',
      (error: unknown) => error,
    );
    await atomically(database.prisma, async () => {
      await first();
      begin();
      await Promise.race([outcome, until(async () => (await waitingLocks()) > 0, { what: 'one to wait' })]);
    });
    expect(await outcome).toBe('done');
  }

  test('of two at once one is first, and who is above no more has no word afterwards (C44)', async () => {
    const action = firedBy[kind];
    const byOld = async () => void (await act(ids.old, ids.customer));
    for (const isMoveFirst of [true, false]) {
      if (action !== undefined) await fire({ byId: ids.old, accountId: ids.customer, action });
      const moving = () => move(ids.new);
      await (isMoveFirst ? oneInTheOther(moving, byOld) : oneInTheOther(byOld, moving));
      const words = await asOwner(
        `SELECT w.by_id FROM (SELECT account_id, by_id FROM account_suspension
           UNION ALL SELECT account_id, set_by_id FROM overdue_account WHERE word IS NOT NULL OR action <> 'mark'
           UNION ALL SELECT target_id, account_id FROM trigger_hold) w
         WHERE w.account_id = $1`,
        [ids.customer],
      );
      expect(words).toEqual([]);
      await move(ids.old);
    }
  });
});
