import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import { acceptInvitation } from '@patchbay/adapters/prisma/set-up-links';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { until } from '@patchbay/testing/until';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
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

beforeAll(async () => {
  harness = await createMoveHarness();
  ({ database, asOwner, waitingLocks } = harness);
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  ({ owner, call, ids, move, preview, keyOf } = await harness.family());
});

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
  for (const [accountId, setById] of said)
    await policies.set({ accountId, by: 'above', setById, word: someWord });
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
