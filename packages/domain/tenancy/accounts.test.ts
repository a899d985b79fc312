import type { Actor } from '@patchbay/kit/definition';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

let harness: TenancyHarness;
let database: TenancyHarness['database'];
let owner: Owner;
let call: Owner['call'];

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
}, 60_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  call = owner.call;
});

describe('accounts', () => {
  test('accounts.get 200: nothing above what the caller reaches is told (C3)', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const grandchildId = await database.addChild(childId, 'Grandchild');
    const asked = async (as: Actor, at: string) => (await call('accounts', 'get', { as, at })).answer;
    expect(await asked(owner.asOwner, grandchildId)).toMatchObject({
      id: grandchildId,
      parentId: childId,
      depth: 2,
      childCount: 0,
      state: 'active',
      ancestors: [
        { id: owner.accountId, name: 'Acme' },
        { id: childId, name: 'Child' },
      ],
    });
    expect(await asked(owner.asOwner, owner.accountId)).toMatchObject({ ancestors: [], childCount: 1 });
    const ofChild = (await owner.createKey(['*'], { accountId: childId })).actor;
    const top = await asked(ofChild, childId);
    expect(top).toMatchObject({ id: childId, ancestors: [] });
    expect(top.parentId).toBeUndefined();
    // Nor how many are above (PRD-2).
    expect(top).toMatchObject({ depth: 0, isPlatform: false });
    expect(top.topAccountId).toBeUndefined();
    expect(await asked(owner.asOwner, childId)).toMatchObject({ depth: 1, topAccountId: owner.accountId });
    expect(await asked(ofChild, grandchildId)).toMatchObject({ ancestors: [{ id: childId, name: 'Child' }] });
  });

  test('accounts.list 200: children or all descendants, in the order of their creation, page by page', async () => {
    const ids: string[] = [];
    for (const name of ['A', 'B', 'C']) ids.push(await database.addChild(owner.accountId, name));
    const deepId = await database.addChild(ids[1] ?? '', 'Deep');
    const list = async (request: Readonly<Record<string, unknown>>) => {
      const { items, nextCursor } = (await call('accounts', 'list', { request })).answer;
      return { ids: items.map(({ id }: { id: string }) => id), nextCursor };
    };
    expect((await list({})).ids).toEqual(ids);
    expect((await list({ depth: 'descendants' })).ids).toEqual([...ids, deepId]);
    const first = await list({ limit: 2 });
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect(await list({ limit: 2, cursor: first.nextCursor })).toEqual({
      ids: ids.slice(2),
      nextCursor: undefined,
    });
  });

  test('accounts.create 200: the account has the currency of its tree and is found by its externalId', async () => {
    const request = { name: 'Customer', externalId: 'crm_42', timeZone: 'Europe/Berlin' };
    const { answer, audited, events } = await call('accounts', 'create', { request });
    expect(answer).toMatchObject({ name: 'Customer', currency: 'EUR', parentId: owner.accountId, depth: 1 });
    expect(audited).toEqual([{ target: answer.id, after: answer }]);
    expect(events).toEqual([
      { event: 'account.created', payload: { accountId: answer.id, parentId: owner.accountId } },
    ]);
    const found = (await call('accounts', 'list', { request: { externalId: 'crm_42' } })).answer;
    expect(found.items).toEqual([answer]);
  });

  test('accounts.create 409: an externalId is one account’s below the same parent', async () => {
    const request = { name: 'Customer', externalId: 'crm_1' };
    await call('accounts', 'create', { request });
    await expect(call('accounts', 'create', { request })).rejects.toMatchObject(
      refusal(409, 'tenancy.external_id_taken'),
    );
    const childId = await database.addChild(owner.accountId, 'Other parent');
    await expect(call('accounts', 'create', { at: childId, request })).resolves.toBeDefined();
  });

  test('accounts.create 422: a time zone that does not exist is refused', async () => {
    await expect(
      call('accounts', 'create', { request: { name: 'X', timeZone: '+02:00' } }),
    ).rejects.toMatchObject(refusal(422, 'tenancy.time_zone_unknown'));
  });

  test('accounts.create 403: nothing grows below a suspended account', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    await database.ports.accounts.update({ accountId: owner.accountId, change: { state: 'suspended' } });
    await expect(call('accounts', 'create', { at: childId, request: { name: 'X' } })).rejects.toMatchObject(
      refusal(403, 'account.suspended'),
    );
  });

  test('accounts.update 200: before and after are on record, and a new state is told', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const request = { name: 'Renamed', state: 'suspended', externalId: 'x1' };
    const { answer, audited, events } = await call('accounts', 'update', { at: childId, request });
    expect(answer).toMatchObject({ name: 'Renamed', state: 'suspended', effectiveState: 'suspended' });
    expect(audited).toEqual([
      { target: childId, before: expect.objectContaining({ name: 'Child', state: 'active' }), after: answer },
    ]);
    expect(events).toEqual([
      { event: 'account.changed', payload: { accountId: childId } },
      { event: 'account.state-changed', payload: { accountId: childId, state: 'suspended' } },
    ]);
    const resumed = await call('accounts', 'update', { at: childId, request: { state: 'active' } });
    expect(resumed.answer).toMatchObject({ effectiveState: 'active' });
    // One change is told of once: its state is nothing else of it.
    expect(resumed.events).toEqual([
      { event: 'account.state-changed', payload: { accountId: childId, state: 'active' } },
    ]);
    const unchanged = await call('accounts', 'update', { at: childId, request: { name: 'Renamed' } });
    expect(unchanged.events).toEqual([]);
    const renamed = await call('accounts', 'update', { at: childId, request: { name: 'Again' } });
    expect(renamed.events).toEqual([{ event: 'account.changed', payload: { accountId: childId } }]);
  });

  test('accounts.update 403: a suspended account does not resume itself, and the platform cannot be closed', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const { actor } = await owner.createKey(['*'], { accountId: childId });
    const itself = { state: 'suspended', force: true };
    await call('accounts', 'update', { at: childId, as: actor, request: itself });
    await expect(
      call('accounts', 'update', { at: childId, as: actor, request: { state: 'active' } }),
    ).rejects.toMatchObject(refusal(403, 'policy.refused'));
    await expect(
      call('accounts', 'update', {
        at: database.platformId,
        as: { kind: 'platform' },
        request: { state: 'closed' },
      }),
    ).rejects.toMatchObject(refusal(403, 'policy.refused'));
  });

  test('accounts.update 409: a closed account stays closed, and an externalId that is taken stays where it is', async () => {
    const [first, second] = [
      await database.addChild(owner.accountId, 'A'),
      await database.addChild(owner.accountId, 'B'),
    ];
    await call('accounts', 'update', { at: first, request: { externalId: 'same' } });
    await expect(
      call('accounts', 'update', { at: second, request: { externalId: 'same' } }),
    ).rejects.toMatchObject(refusal(409, 'tenancy.external_id_taken'));
    await call('accounts', 'update', { at: first, request: { state: 'closed' } });
    await expect(
      call('accounts', 'update', { at: first, request: { state: 'active' } }),
    ).rejects.toMatchObject(refusal(409, 'tenancy.account_closed'));
  });

  test('an externalId is free again once its account is closed, or said to have none', async () => {
    const create = async (externalId: string) =>
      (await call('accounts', 'create', { request: { name: 'Customer', externalId } })).answer;
    const [closed, bare] = [await create('crm_7'), await create('crm_8')];
    await call('accounts', 'update', { at: closed.id, request: { state: 'closed' } });
    const { answer, audited } = await call('accounts', 'update', {
      at: bare.id,
      request: { externalId: null },
    });
    expect(answer).not.toHaveProperty('externalId');
    expect(audited).toMatchObject([{ before: { externalId: 'crm_8' } }]);
    for (const externalId of ['crm_7', 'crm_8']) await create(externalId);
    // What is closed keeps the name that it had, so that it is found by it.
    const found = (await call('accounts', 'list', { request: { externalId: 'crm_7' } })).answer.items;
    expect(found.map(({ state }) => state).sort()).toEqual(['active', 'closed']);
    await expect(create('crm_7')).rejects.toMatchObject(refusal(409, 'tenancy.external_id_taken'));
  });

  test('accounts.update 422: an account stops itself only where it says that it means to, for it cannot take that back', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const { actor } = await owner.createKey(['*'], { accountId: childId });
    for (const state of ['suspended', 'closed'])
      await expect(
        call('accounts', 'update', { at: childId, as: actor, request: { state } }),
      ).rejects.toMatchObject(refusal(422, 'tenancy.stops_itself'));
    expect((await call('accounts', 'get', { at: childId })).answer).toMatchObject({ state: 'active' });
    await call('accounts', 'update', { at: childId, request: { state: 'suspended' } });
  });

  test('accounts.update 422: a time zone that does not exist is refused', async () => {
    await expect(call('accounts', 'update', { request: { timeZone: 'Nowhere' } })).rejects.toMatchObject(
      refusal(422, 'tenancy.time_zone_unknown'),
    );
  });
});
