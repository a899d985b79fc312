import type { Actor } from '@patchbay/kit/definition';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

let harness: TenancyHarness;
let database: TenancyHarness['database'];
let owner: Owner;
let call: Owner['call'];
let childId: string;

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Northwind');
  call = owner.call;
  childId = await database.addChild(owner.accountId, 'Bluebird');
});

/** Somebody who took a role at an account. */
async function personAt(
  accountId: string,
  role: 'admin' | 'viewer' | 'owner',
): Promise<Actor & { userId: string }> {
  const { userId } = await database.signUp('Elsewhere');
  await database.prisma.$transaction(async (transaction) => {
    await transaction.$queryRaw`SELECT set_config('patchbay.account_id', ${accountId}, true)`;
    await transaction.roleGrant.create({ data: { userId, accountId, role } });
  });
  return { kind: 'user', userId };
}

describe('organisations (ACC-3)', () => {
  test('organisation.get 200: its name, its top account, and how many accounts and people it has', async () => {
    await personAt(childId, 'viewer');
    const { answer } = await call('organisation', 'get', { at: childId });
    expect(answer).toMatchObject({
      id: expect.stringMatching(/^org_/),
      name: 'Northwind',
      accountId: owner.accountId,
      accountCount: 2,
      personCount: 2,
    });
    expect((await call('organisation', 'get')).answer).toEqual(answer);
  });

  test('organisation.get 404: whoever reaches only an account below it is told nothing of it', async () => {
    const customer = await personAt(childId, 'owner');
    for (const operation of ['get', 'people'] as const)
      await expect(call('organisation', operation, { as: customer, at: childId })).rejects.toMatchObject(
        refusal(404, 'resource.unknown'),
      );
    const { actor } = await owner.createKey(['*'], { accountId: childId });
    await expect(call('organisation', 'get', { as: actor, at: childId })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('organisation.get 404: the platform’s own account belongs to none', async () => {
    const as: Actor = { kind: 'platform' };
    await expect(call('organisation', 'get', { as, at: database.platformId })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('organisation.update 200: it is called otherwise, its accounts as before, and it is on record', async () => {
    const before = (await call('organisation', 'get')).answer;
    const request = { name: 'Northwind Group' };
    const { answer, audited } = await call('organisation', 'update', { at: childId, request });
    expect(answer).toEqual({ ...before, name: 'Northwind Group' });
    expect(audited).toEqual([{ accountId: owner.accountId, target: before.id, before, after: answer }]);
    expect((await call('accounts', 'get')).answer.name).toBe('Northwind');
  });

  test('organisation.update 403: a role further down is none at the top', async () => {
    const somebody = await personAt(owner.accountId, 'viewer');
    await database.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT set_config('patchbay.account_id', ${childId}, true)`;
      await transaction.roleGrant.create({
        data: { userId: somebody.userId, accountId: childId, role: 'owner' },
      });
    });
    await expect(
      call('organisation', 'update', { as: somebody, at: childId, request: { name: 'Mine' } }),
    ).rejects.toMatchObject(refusal(403, 'auth.scope'));
    expect((await call('organisation', 'get')).answer.name).toBe('Northwind');
  });

  test('organisation.people 200: everybody once, with every role, and who was invited says so', async () => {
    const ada = await personAt(childId, 'admin');
    const added = { email: 'li@northwind.test', name: 'Li', role: 'viewer' };
    const li = (await call('team', 'add', { at: childId, request: added })).answer;
    const { items } = (await call('organisation', 'people')).answer;
    expect(items.map(({ userId }) => userId).sort()).toEqual([owner.userId, ada.userId, li.userId].sort());
    expect(items.find(({ userId }) => userId === li.userId)).toMatchObject({
      name: 'Li',
      roles: [{ accountId: childId, accountName: 'Bluebird', role: 'viewer', state: 'invited' }],
    });
    expect(items.find(({ userId }) => userId === owner.userId)?.roles).toMatchObject([
      { accountId: owner.accountId, role: 'owner', state: 'active' },
    ]);
    const first = (await call('organisation', 'people', { request: { limit: 1 } })).answer;
    expect(first.items).toHaveLength(1);
    const rest = await call('organisation', 'people', { request: { limit: 5, cursor: first.nextCursor } });
    expect(rest.answer.items).toHaveLength(2);
  });

  test('nobody of another organisation is among its people, and none of it is theirs to rename', async () => {
    const other = await harness.signUp('Other');
    const { items } = (await other.call('organisation', 'people')).answer;
    expect(items.map(({ userId }) => userId)).toEqual([other.userId]);
    await database.ports.organisations.rename({ accountId: childId, name: 'Taken' });
    expect((await call('organisation', 'get')).answer.name).toBe('Northwind');
  });

  test('the database itself refuses to rename it from an account further down', async () => {
    const renamed = await database.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT set_config('patchbay.account_id', ${childId}, true)`;
      return await transaction.organisation.updateMany({ data: { name: 'Taken' } });
    });
    expect(renamed).toEqual({ count: 0 });
    expect((await call('organisation', 'get')).answer.name).toBe('Northwind');
  });

  test('me.get tells a user the organisations at whose top account they took a role, and no other', async () => {
    const both = await personAt(owner.accountId, 'viewer');
    const own = (await call('me', 'get', { as: both })).answer.organisations;
    expect(own.map(({ name }) => name).sort()).toEqual(['Elsewhere', 'Northwind']);
    const customer = await personAt(childId, 'owner');
    const { organisations } = (await call('me', 'get', { as: customer })).answer;
    expect(organisations.map(({ name }) => name)).toEqual(['Elsewhere']);
  });
});
