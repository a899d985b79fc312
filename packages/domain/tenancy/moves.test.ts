import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { serviceAccessStore } from '@patchbay/adapters/prisma/access-store';
import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import { serviceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { acceptInvitation } from '@patchbay/adapters/prisma/set-up-links';
import { atomically, atomicallyAgain } from '@patchbay/adapters/prisma/unit-of-work';
import { balanceStore } from '@patchbay/adapters/spending/balance-store';
import { limitStore } from '@patchbay/adapters/spending/limit-store';
import type { Actor } from '@patchbay/kit/definition';
import { ServiceError } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import { until } from '@patchbay/testing/until';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { nano } from '../billing/money.ts';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

let harness: TenancyHarness;
let database: TenancyHarness['database'];
let owner: Owner;
let call: Owner['call'];
/** Two resellers below the owner's account, and below the first a customer with an account of its own. */
let ids: Readonly<Record<'old' | 'new' | 'customer' | 'below', string>>;

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  call = owner.call;
  const [oldId, newId] = [
    await database.addChild(owner.accountId, 'Old'),
    await database.addChild(owner.accountId, 'New'),
  ];
  const customer = await database.addChild(oldId, 'Customer');
  ids = { old: oldId, new: newId, customer, below: await database.addChild(customer, 'Below') };
});

const move = (parentId: string, { as, at = ids.customer }: { as?: Actor; at?: string } = {}) =>
  call('accounts', 'move', { as, at, request: { parentId } });
const preview = (parentId: string, { as, at = ids.customer }: { as?: Actor; at?: string } = {}) =>
  call('accounts', 'previewMove', { as, at, request: { parentId } });
const keyOf = async (accountId: string): Promise<Actor> =>
  (await owner.createKey(['*'], { accountId })).actor;

/** Takes a role as somebody new. */
async function withRole(
  at: string,
  role: string,
): Promise<{ readonly actor: Actor; readonly email: string }> {
  const email = `${createId('usr')}@test.example`;
  const { answer } = await call('team', 'add', { at, request: { email, name: 'Somebody', role } });
  const { userId } = answer;
  const token = answer.setUpPath?.replace('/set-up/', '') ?? '';
  expect(await acceptInvitation(database.prisma, { token, userId })).toBe(at);
  await database.proveAddress({ userId, email });
  return { actor: { kind: 'user', userId }, email };
}

test('accounts.move 200: it stands below the other at once, with all below it, and says from when on usage follows', async () => {
  const { answer } = await move(ids.new);
  expect(answer).toMatchObject({ id: ids.customer, parentId: ids.new, depth: 2, currency: 'EUR' });
  expect(Date.parse(answer.startsAt) % 60_000).toBe(0);
  expect(await database.chainOf(ids.below)).toEqual([
    database.platformId,
    owner.accountId,
    ids.new,
    ids.customer,
    ids.below,
  ]);
});

test('accounts.move 200: who was above it reaches it no more, and who is now does (C4)', async () => {
  const sees = async (accountId: string) =>
    (await call('accounts', 'list', { at: accountId, request: { depth: 'descendants' } })).answer.items.map(
      ({ id }) => id,
    );
  expect(await sees(ids.old)).toEqual([ids.customer, ids.below]);
  await move(ids.new);
  expect([await sees(ids.old), await sees(ids.new)]).toEqual([[], [ids.customer, ids.below]]);
});

test('accounts.move 200: each account that it concerns has an entry, with what that account may know (ACC-8)', async () => {
  const { answer, audited, events } = await move(ids.new);
  const whole = { accountId: ids.customer, name: 'Customer' };
  expect(audited).toEqual([
    { accountId: ids.customer, target: ids.customer, after: { startsAt: answer.startsAt } },
    {
      accountId: owner.accountId,
      target: ids.customer,
      before: { ...whole, parentId: ids.old },
      after: { ...whole, parentId: ids.new },
    },
    { accountId: ids.old, target: ids.customer, before: { ...whole, parentId: ids.old } },
    { accountId: ids.new, target: ids.customer, after: { ...whole, parentId: ids.new } },
  ]);
  expect(events.map(({ event, accountId }) => [event, accountId])).toEqual([
    ['account.moved', undefined],
    ['account.left', ids.old],
  ]);
});

test('accounts.move 200: a move up to the account above both leaves one entry there', async () => {
  const { audited } = await move(owner.accountId);
  expect(audited.map(({ accountId }) => accountId)).toEqual([ids.customer, owner.accountId, ids.old]);
});

test('accounts.move 200: a plan of an account that is not above any more is taken off, and its own stay', async () => {
  const plans = planStore(database.prisma);
  const planOf = async (accountId: string, forAccount: string) => {
    const made = await plans.create({
      accountId,
      name: 'Plan',
      word: { values: {}, locked: [], overridable: {} },
    });
    if (made === 'name_taken') throw new Error('No two of these accounts are the same.');
    await plans.assign({ accountId: forAccount, planId: made.id, ownerIds: [accountId] });
    return made.id;
  };
  const [takenId, ownId] = [await planOf(ids.old, ids.customer), await planOf(ids.customer, ids.below)];
  const ownerIds = Object.values(ids);
  const assigned = async (accountId: string) => (await plans.assigned({ accountId, ownerIds }))[0]?.planId;
  expect((await preview(ids.new)).answer.plans).toMatchObject([{ accountId: ids.customer, planId: takenId }]);
  await move(ids.new);
  expect([await assigned(ids.customer), await assigned(ids.below)]).toEqual([undefined, ownId]);
});

test('accounts.move 200: what an account that is above no more had set from above falls away, as the preview says; what those still above set stays (POL-2)', async () => {
  const policies = policyStore(database.prisma);
  const said = [
    [ids.customer, owner.accountId],
    [ids.customer, ids.old],
    [ids.below, ids.old],
    [ids.below, ids.customer],
  ] as const;
  for (const [accountId, setById] of said) await policies.set({ accountId, by: 'above', setById, word });
  const { answer } = await preview(ids.new);
  expect(answer.words).toEqual(
    [ids.below, ids.customer].sort().map((accountId) => ({ accountId, setById: ids.old })),
  );
  const wordsOf = async () => {
    const stored = await policies.chain({ accountId: ids.below });
    return stored.flatMap(({ accountId, setById }) =>
      setById === undefined ? [] : [`${accountId} ${setById}`],
    );
  };
  expect(await wordsOf()).toHaveLength(4);
  await move(ids.new);
  expect(await wordsOf()).toEqual([`${ids.customer} ${owner.accountId}`, `${ids.below} ${ids.customer}`]);
  await move(ids.old);
  expect(await wordsOf()).toHaveLength(2);
});

test('accounts.move 200: what accounts say that are not above any more ends, who is active again is told of, and the rest stays', async () => {
  const say = async (by: string, at: string, state: string) =>
    call('accounts', 'update', { as: await keyOf(by), at, request: { state } });
  await say(ids.old, ids.customer, 'suspended');
  await say(ids.customer, ids.below, 'suspended');
  await asOwner(
    `INSERT INTO spending_limit (id, account_id, set_by_id, per, amount, shares_percent, action, since)
     SELECT 'spl_' || l.setter, $1, l.setter, 'month', 5, '{100}', 'stop', now() FROM unnest($2::text[]) AS l(setter)`,
    [ids.customer, [ids.old, owner.accountId, ids.customer]],
  );
  await asOwner('INSERT INTO prepaid_word (account_id, by_id, overdraft) VALUES ($1, $2, 3), ($1, $3, 7)', [
    ids.customer,
    ids.old,
    owner.accountId,
  ]);
  const { answer } = await preview(ids.new);
  expect(answer).toMatchObject({
    resumed: [{ accountId: ids.customer, name: 'Customer' }],
    limits: [{ accountId: ids.customer, per: 'month', action: 'stop', amount: '5', currency: 'EUR' }],
  });
  const { events } = await move(ids.new);
  expect(events.at(-1)).toEqual({
    event: 'account.state-changed',
    payload: { accountId: ids.customer, state: 'active' },
    accountId: ids.customer,
  });
  const stateOf = async (at: string) => (await call('accounts', 'get', { at })).answer.state;
  expect([await stateOf(ids.customer), await stateOf(ids.below)]).toEqual(['active', 'suspended']);
  const limits = await asOwner<{ set_by_id: string }>(
    'SELECT set_by_id FROM spending_limit WHERE account_id = $1',
    [ids.customer],
  );
  expect(limits.map(({ set_by_id }) => set_by_id).sort()).toEqual([owner.accountId, ids.customer].sort());
  // Nor does one come after the move from who set it before.
  await expect(
    asOwner(
      `INSERT INTO spending_limit (id, account_id, set_by_id, per, amount, shares_percent, action, since)
       VALUES ('spl_late', $1, $2, 'day', 5, '{100}', 'stop', now())`,
      [ids.customer, ids.old],
    ),
  ).rejects.toMatchObject({ code: 'PB411' });
  // Money that was paid in stays what it is: whoever is above now keeps the account prepaid.
  const words = await asOwner<{ by_id: string }>(
    'SELECT by_id FROM prepaid_word WHERE account_id = $1 ORDER BY overdraft',
    [ids.customer],
  );
  expect(words.map(({ by_id }) => by_id)).toEqual([ids.new, owner.accountId]);
  // One that a higher account keeps suspended stays so, wherever it goes.
  await say(owner.accountId, ids.customer, 'suspended');
  await say(ids.new, ids.customer, 'suspended');
  expect((await preview(ids.old)).answer.resumed).toEqual([]);
  await move(ids.old);
  expect(await stateOf(ids.customer)).toBe('suspended');
});

const word = { values: { sessionSecondsMax: 60 }, locked: [], overridable: {} };

/** Each way in which an account above says something of one below it. */
const sayings: Readonly<Record<string, (byId: string, accountId: string) => Promise<unknown>>> = {
  'a suspension': async (byId, at) =>
    call('accounts', 'update', { as: await keyOf(byId), at, request: { state: 'suspended' } }),
  'a word of policy': (setById, accountId) =>
    policyStore(database.prisma).set({ accountId, by: 'above', setById, word }),
  'a word of a policy of a region': (setById, accountId) =>
    policyStore(database.prisma).set({ accountId, by: 'above', setById, region: 'eu', word }),
  'a word of configuration': (setById, accountId) =>
    serviceConfigStore(database.prisma).setConfig({
      accountId,
      setById,
      service: 'signaling',
      values: { mode: 'relay' },
    }),
  'a service that is off': (setById, accountId) =>
    serviceAccessStore(database.prisma).put({ accountId, setById, service: 'signaling', state: 'disabled' }),
  'a word of retention': (setById, accountId) =>
    asOwner(
      `INSERT INTO retention_word (account_id, set_by, word) VALUES ($1, $2, '{"events": {"keepDays": 9}}')`,
      [accountId, setById],
    ),
  'a plan': async (ownerId, accountId) => {
    const plans = planStore(database.prisma);
    const made = await plans.create({ accountId: ownerId, name: `Plan of ${accountId}`, word });
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

test.each(Object.entries(sayings))(
  'accounts.move 403: nobody moves an account away from %s that was said above them, and who said it does (POL-2, ACC-2)',
  async (_, say) => {
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
  },
);

test('accounts.move 200: what is said of an application, or turned on, of an account that is left keeps nobody below it there', async () => {
  const beside = await database.addChild(ids.old, 'Beside');
  const { id: applicationId } = await database.ports.applications.create({
    ...{ accountId: ids.customer, name: 'Shop', instanceTypes: [] },
  });
  const from = { accountId: ids.customer, setById: owner.accountId };
  await policyStore(database.prisma).set({ ...from, by: 'above', applicationId, word });
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

test('accounts.move 200: what a mover, or somebody below, has said holds no move of theirs', async () => {
  const beside = await database.addChild(ids.old, 'Beside');
  for (const say of Object.values(sayings)) await say(ids.old, ids.customer);
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
  for (const say of Object.values(sayings)) await say(ids.old, ids.below);
  expect((await preview(ids.new, { at: ids.below })).answer.words).toEqual([
    { accountId: ids.below, setById: ids.old },
  ]);
  const { audited } = await move(ids.new, { at: ids.below });
  for (const table of ['policy', 'service_config', 'service_access', 'retention_word'])
    expect(
      await asOwner(`SELECT 1 FROM ${table} WHERE account_id = $1 AND set_by = $2`, [ids.below, ids.old]),
      table,
    ).toEqual([]);
  const whole = { accountId: ids.below, name: 'Below', parentId: ids.customer };
  const kinds = [
    ...['configuration', 'limit', 'plan', 'policy', 'prepaid'],
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

test('accounts.move 403: only who administers an account at or above both places', async () => {
  const scope = refusal(403, 'auth.scope');
  const viewer = await withRole(owner.accountId, 'viewer');
  await expect(move(ids.new, { as: viewer.actor })).rejects.toMatchObject(scope);
  await expect(preview(ids.new, { as: viewer.actor })).rejects.toMatchObject(scope);
  // Somebody may administer both places and still not the account above them.
  const admin = await withRole(ids.old, 'admin');
  await expect(move(ids.new, { as: admin.actor })).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  await expect(
    move(ids.new, { as: (await withRole(owner.accountId, 'admin')).actor }),
  ).resolves.toBeDefined();
});

test('accounts.move 404: a parent out of reach is there no more than one that there is not (C1, C5)', async () => {
  const stranger = await harness.signUp('Stranger');
  const unknown = refusal(404, 'resource.unknown');
  for (const parentId of [stranger.accountId, createId('acc')]) {
    await expect(move(parentId)).rejects.toMatchObject(unknown);
    await expect(preview(parentId)).rejects.toMatchObject(unknown);
  }
  await expect(move(ids.new, { as: await keyOf(ids.old) })).rejects.toMatchObject(unknown);
  expect(await database.chainOf(ids.customer)).toContain(ids.old);
});

test('accounts.move 409: not below itself, not out of its tree, not to where it is', async () => {
  const impossible = refusal(409, 'tenancy.move_impossible');
  for (const parentId of [ids.customer, ids.below, ids.old]) {
    await expect(move(parentId)).rejects.toMatchObject(impossible);
    await expect(preview(parentId)).rejects.toMatchObject(impossible);
  }
  const stranger = await harness.signUp('Stranger');
  const asPlatform: Actor = { kind: 'platform' };
  await expect(move(stranger.accountId, { as: asPlatform })).rejects.toMatchObject(impossible);
  await expect(move(stranger.accountId, { as: asPlatform, at: owner.accountId })).rejects.toMatchObject(
    impossible,
  );
});

test('accounts.move 409: an external id is one below one parent, wherever the account comes from', async () => {
  const named = async (accountId: string) =>
    (await call('accounts', 'create', { at: accountId, request: { name: 'Named', externalId: 'crm_42' } }))
      .answer.id;
  await named(ids.new);
  const movedId = await named(ids.old);
  await expect(move(ids.new, { at: movedId })).rejects.toMatchObject(
    refusal(409, 'tenancy.external_id_taken'),
  );
  expect((await database.chainOf(movedId)).at(-2)).toBe(ids.old);
});

test('accounts.move 403: nothing moves below an account that is suspended', async () => {
  await call('accounts', 'update', { at: ids.new, request: { state: 'suspended' } });
  await expect(move(ids.new)).rejects.toMatchObject(refusal(403, 'account.suspended'));
});

test('accounts.previewMove 200: who gains and loses reach, and what of whom begins and ends, before anything happens', async () => {
  const [loses, gains] = [await withRole(ids.old, 'admin'), await withRole(ids.new, 'viewer')];
  await keyOf(ids.old);
  const before = await database.chainOf(ids.below);
  const { answer, audited, events } = await preview(ids.new);
  expect(answer).toMatchObject({
    accountId: ids.customer,
    from: { id: ids.old, name: 'Old' },
    to: { id: ids.new, name: 'New' },
    accountCount: 2,
    liveSessionCount: 0,
    counts: { people: 2, keysEnding: 1, keysBeginning: 0 },
  });
  expect(answer.people.map(({ email, role, change }) => [email, role, change])).toEqual([
    [gains.email, 'viewer', 'begins'],
    [loses.email, 'admin', 'ends'],
  ]);
  expect([audited, events, await database.chainOf(ids.below)]).toEqual([[], [], before]);
});

test('accounts.previewMove 200: who may move an account but not read the team or the webhooks above it is not told of them here', async () => {
  await withRole(ids.old, 'admin');
  const told = async (scopes: readonly string[]) => {
    const { actor } = await owner.createKey(scopes);
    const { answer } = await preview(ids.new, { as: actor });
    return [answer.people.length, answer.counts.people, answer.withheld];
  };
  expect(await told(['accounts:*'])).toEqual([
    0,
    1,
    ['prices', 'policy', 'plans', 'limits', 'people', 'triggers', 'webhooks'],
  ]);
  expect(await told(['accounts:*', 'team:read'])).toEqual([
    1,
    1,
    ['prices', 'policy', 'plans', 'limits', 'triggers', 'webhooks'],
  ]);
  expect(await told(['*'])).toEqual([1, 1, []]);
});

test('accounts.previewMove 403: as a move', async () => {
  const viewer = await withRole(owner.accountId, 'developer');
  await expect(preview(ids.new, { as: viewer.actor })).rejects.toMatchObject(refusal(403, 'auth.scope'));
});

test('accounts.previewMove 409: as a move', async () => {
  await expect(preview(ids.below)).rejects.toMatchObject(refusal(409, 'tenancy.move_impossible'));
});

test('accounts.move 403: a move gives nobody more at the new place than they may do above both', async () => {
  const { answer: role } = await call('roles', 'create', {
    request: { name: 'Mover', scopes: ['accounts:move', 'accounts:read'] },
  });
  const mover = await withRole(owner.accountId, role.id);
  const also = await withRole(owner.accountId, role.id);
  const { answer } = await call('team', 'add', {
    at: ids.new,
    request: { email: also.email, name: 'Somebody', role: 'admin' },
  });
  const token = answer.setUpPath?.replace('/set-up/', '') ?? '';
  expect(await acceptInvitation(database.prisma, { token, userId: answer.userId })).toBe(ids.new);
  await expect(move(ids.new, { as: also.actor })).rejects.toMatchObject(refusal(403, 'auth.scope'));
  await expect(move(ids.new, { as: mover.actor })).resolves.toBeDefined();
});

test('an account that is made below one that moves goes with it', async () => {
  let begin = () => {};
  const gate = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const moving = gate.then(() => move(ids.new));
  const madeId = await atomically(database.prisma, async () => {
    const id = await database.addChild(ids.below, 'Meanwhile');
    begin();
    await until(async () => (await waitingLocks()) > 0, { what: 'the move to wait' });
    return id;
  });
  await moving;
  expect(await database.chainOf(madeId)).toEqual([
    database.platformId,
    owner.accountId,
    ids.new,
    ids.customer,
    ids.below,
    madeId,
  ]);
});

test.each(['limits', 'suspension', 'terms'] as const)(
  'whoever says something while the account is moved away comes before the move or finds nothing, and never fails: %s (C44)',
  async (what) => {
    await database.warmUp();
    const pool = createApplicationPool(database.applicationUrl, () => undefined);
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
    try {
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
    } finally {
      await pool.end();
    }
    // Each waited for the other, and none was chosen to give way.
    expect(attempts).toBe(8);
  },
);

/** Beside the transaction that is open, and in nobody's scope. */
async function asOwner<Row extends object>(
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

async function waitingLocks(): Promise<number> {
  const [row] = await asOwner<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
  );
  return row?.n ?? 0;
}
