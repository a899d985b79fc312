import { acceptInvitation } from '@patchbay/adapters/prisma/set-up-links';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { roles as builtInRoles, ROLE_COUNT_MAX } from './role-operations.ts';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

let harness: TenancyHarness;
let database: TenancyHarness['database'];
let owner: Owner;
let call: Owner['call'];

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  call = owner.call;
});

interface By {
  readonly as?: Actor;
  readonly at?: string;
}
const create = (name: string, scopes: readonly string[], by: By = {}) =>
  call('roles', 'create', { ...by, request: { name, scopes } });
const update = (roleId: string, change: object, by: By = {}) =>
  call('roles', 'update', { ...by, request: { roleId, ...change } });
const remove = (roleId: string, by: By = {}) => call('roles', 'remove', { ...by, request: { roleId } });
const list = async (by: By & { readonly request?: Readonly<Record<string, unknown>> } = {}) =>
  (await call('roles', 'list', by)).answer;

/** Somebody new who took the role. */
async function holding(role: string, at = owner.accountId): Promise<Actor & { readonly kind: 'user' }> {
  const email = `${createId('usr')}@test.example`;
  const { answer } = await call('team', 'add', { at, request: { email, name: 'Somebody', role } });
  const token = answer.setUpPath?.replace('/set-up/', '') ?? '';
  expect(await acceptInvitation(database.prisma, { token, userId: answer.userId })).toBe(at);
  await database.proveAddress({ userId: answer.userId, email });
  return { kind: 'user', userId: answer.userId };
}
const scopesOf = async (userId: string) =>
  (await database.ports.people.grantsOf(userId)).map((grant) =>
    grant.role === 'custom' ? grant.scopes : grant.role,
  );

test('roles.list 200: built-in roles as sets of scopes, then those of the account, each with how many hold it', async () => {
  const { answer: role } = await create('Support', ['accounts:read']);
  await holding(role.id);
  const { items } = await list();
  expect(items.map(({ id }) => id)).toEqual([...builtInRoles, role.id]);
  expect(items[0]).toEqual({ id: 'owner', name: 'owner', isBuiltIn: true, scopes: ['*'], memberCount: 1 });
  expect(items.at(-1)).toEqual({
    id: role.id,
    name: 'Support',
    isBuiltIn: false,
    scopes: ['accounts:read'],
    memberCount: 1,
  });
  await create('Zoo', ['accounts:read']);
  const first = await list({ request: { limit: 1 } });
  const rest = await list({ request: { limit: 1, cursor: first.nextCursor } });
  expect([first.items.length, rest.items.map(({ name }) => name)]).toEqual([
    builtInRoles.length + 1,
    ['Zoo'],
  ]);
});

test('roles.create 200: it is given like any other, reaches down, and allows what it says and nothing more (ACC-3)', async () => {
  const { answer: role, audited } = await create('Keys', ['keys:create', 'keys:create']);
  expect(role.scopes).toEqual(['keys:create']);
  expect(audited).toEqual([{ target: role.id, after: { name: 'Keys', scopes: ['keys:create'] } }]);
  const as = await holding(role.id);
  const childId = await database.addChild(owner.accountId, 'Child');
  const made = (scopes: readonly string[]) =>
    call('keys', 'create', { as, at: childId, request: { scopes } });
  await expect(made(['keys:create'])).resolves.toBeDefined();
  await expect(made(['accounts:get'])).rejects.toMatchObject(refusal(403, 'tenancy.scope_too_wide'));
  const me = (await call('me', 'get', { as })).answer;
  expect(me.accounts).toMatchObject([{ role: role.id, roleName: 'Keys', scopes: ['keys:create'] }]);
  const team = (await call('team', 'list', {})).answer.items;
  expect(team.find(({ userId }) => userId === as.userId)).toMatchObject({ role: role.id, roleName: 'Keys' });
});

test('roles.create 403: nobody defines a role that may do what they may not (C24)', async () => {
  const tooWide = refusal(403, 'tenancy.scope_too_wide');
  const { answer: role } = await create('Roles', ['keys:create', 'accounts:get']);
  const as = await holding(role.id);
  for (const scopes of [['*'], ['accounts:*'], ['keys:create', 'prices:set']])
    await expect(create('More', scopes, { as }), scopes.join()).rejects.toMatchObject(tooWide);
  await expect(create('As much', ['keys:*', 'accounts:read'], { as })).resolves.toBeDefined();
  const { actor: key } = await owner.createKey(['accounts:get']);
  await expect(create('By key', ['keys:create'], { as: key })).rejects.toMatchObject(tooWide);
});

test('roles.create 409: a name is one of an account, and there are so many of them', async () => {
  await create('Support', ['accounts:get']);
  await expect(create('Support', ['accounts:get'])).rejects.toMatchObject(
    refusal(409, 'tenancy.role_name_taken'),
  );
  for (const name of Array.from({ length: ROLE_COUNT_MAX - 1 }, (_, index) => `Role ${index}`))
    await create(name, ['accounts:get']);
  await expect(create('One more', ['accounts:get'])).rejects.toMatchObject(
    refusal(409, 'tenancy.too_many_roles'),
  );
  await expect(create('Owner', ['accounts:get'])).rejects.toThrow('built-in');
});

test('roles.update 200: at once for everybody who holds it', async () => {
  const { answer: role } = await create('Support', ['accounts:get', 'keys:create']);
  const { userId } = await holding(role.id);
  const { answer, audited, events } = await update(role.id, { scopes: ['accounts:get'] });
  expect(events).toEqual([{ event: 'role.changed', payload: { roleId: role.id } }]);
  expect((await update(role.id, { name: 'Support' })).events).toEqual([]);
  expect(answer).toMatchObject({ name: 'Support', scopes: ['accounts:get'], memberCount: 1 });
  expect(await scopesOf(userId)).toEqual([['accounts:get']]);
  expect(audited).toEqual([
    {
      target: role.id,
      before: { name: 'Support', scopes: ['accounts:get', 'keys:create'] },
      after: { name: 'Support', scopes: ['accounts:get'] },
    },
  ]);
});

test('roles.update 403: who may do less than a role neither widens nor narrows it, their own included', async () => {
  const tooWide = refusal(403, 'tenancy.scope_too_wide');
  const { answer: small } = await create('Small', ['accounts:get']);
  const { answer: wide } = await create('Wide', ['accounts:get', 'prices:set']);
  const as = await holding(small.id);
  await expect(update(small.id, { scopes: ['*'] }, { as })).rejects.toMatchObject(tooWide);
  await expect(update(small.id, { scopes: ['accounts:get', 'prices:set'] }, { as })).rejects.toMatchObject(
    tooWide,
  );
  await expect(update(wide.id, { scopes: ['accounts:get'] }, { as })).rejects.toMatchObject(tooWide);
  await expect(remove(wide.id, { as })).rejects.toMatchObject(tooWide);
  expect((await list()).items.map(({ scopes }) => scopes).slice(-2)).toEqual([small.scopes, wide.scopes]);
});

test('roles.update 409: to a name that another role has', async () => {
  await create('One', ['accounts:get']);
  const { answer: other } = await create('Other', ['accounts:get']);
  await expect(update(other.id, { name: 'One' })).rejects.toMatchObject(
    refusal(409, 'tenancy.role_name_taken'),
  );
});

test('roles.remove 200: whoever holds it loses it at once, and the log says who that was', async () => {
  const { answer: role } = await create('Support', ['accounts:get']);
  const { userId } = await holding(role.id);
  const { answer, audited, events } = await remove(role.id);
  expect(events).toEqual([
    { event: 'member.removed', payload: { userId, role: role.id } },
    { event: 'role.removed', payload: { roleId: role.id } },
  ]);
  expect(answer).toEqual({ id: role.id, memberCount: 1 });
  expect(audited).toMatchObject([{ target: role.id, before: { name: 'Support', userIds: [userId] } }]);
  expect(await scopesOf(userId)).toEqual([]);
});

test('roles.remove 403: as a change of it', async () => {
  const { answer: role } = await create('Wide', ['prices:set']);
  const { actor: as } = await owner.createKey(['accounts:get']);
  await expect(remove(role.id, { as })).rejects.toMatchObject(refusal(403, 'tenancy.scope_too_wide'));
});

test('a role of another account is given, changed and removed by nobody here (C1, C5)', async () => {
  const stranger = await harness.signUp('Stranger');
  const { answer: role } = await stranger.call('roles', 'create', {
    request: { name: 'Theirs', scopes: ['accounts:get'] },
  });
  const unknown = refusal(404, 'resource.unknown');
  await expect(holding(role.id)).rejects.toMatchObject(unknown);
  await expect(update(role.id, { name: 'Mine' })).rejects.toMatchObject(unknown);
  await expect(remove(role.id)).rejects.toMatchObject(unknown);
  // Nor below the account that defined it: the account there is not told of it.
  const { answer: own } = await create('Own', ['accounts:get']);
  const childId = await database.addChild(owner.accountId, 'Child');
  await expect(holding(own.id, childId)).rejects.toMatchObject(unknown);
});

test('a role with all scopes makes nobody an owner, and is no reason to leave an account without one', async () => {
  const { answer: role } = await create('All', ['*']);
  const as = await holding(role.id);
  const add = (asked: string) =>
    call('team', 'add', { as, request: { email: 'x@test.example', name: 'X', role: asked } });
  await expect(add('owner')).rejects.toMatchObject(refusal(403, 'auth.scope'));
  await expect(add('admin')).resolves.toBeDefined();
  const leaving = call('team', 'remove', { request: { userId: owner.userId } });
  await expect(leaving).rejects.toMatchObject(refusal(409, 'tenancy.last_owner'));
});

test('who resumes an account has the right from above: a role there that allows something else is not it', async () => {
  const childId = await database.addChild(owner.accountId, 'Child');
  await call('accounts', 'update', { at: childId, request: { state: 'suspended' } });
  const { answer: role } = await create('Reader', ['accounts:get']);
  const as = await holding(role.id);
  const resume = () => call('accounts', 'update', { as, at: childId, request: { state: 'active' } });
  await expect(resume()).rejects.toMatchObject(refusal(403, 'policy.refused'));
  await update(role.id, { scopes: ['accounts:update'] });
  await expect(resume()).resolves.toBeDefined();
});

test('keys.create 403: a role with every scope is no owner, and makes none by way of a key', async () => {
  const { answer: role } = await create('All', ['*']);
  const as = await holding(role.id);
  const make = (scopes: readonly string[], by: Actor | undefined) =>
    call('keys', 'create', { as: by, request: { scopes } });
  await expect(make(['*'], as)).rejects.toMatchObject(refusal(403, 'tenancy.scope_too_wide'));
  await expect(make(['keys:*'], as)).resolves.toBeDefined();
  await expect(make(['*'], undefined)).resolves.toBeDefined();
});

test('team.add 403, team.remove 403: who may do less than a role takes it from nobody but themselves', async () => {
  const { answer: role } = await create('Inviter', ['keys:create']);
  const [as, admin] = [await holding(role.id), await holding('admin')];
  const { items } = (await call('team', 'list')).answer;
  const { email = '' } = items.find(({ userId }) => userId === admin.userId) ?? {};
  const scope = refusal(403, 'auth.scope');
  const lessen = { email, name: 'Admin', role: role.id };
  await expect(call('team', 'add', { as, request: lessen })).rejects.toMatchObject(scope);
  await expect(call('team', 'remove', { as, request: { userId: admin.userId } })).rejects.toMatchObject(
    scope,
  );
  expect(await scopesOf(admin.userId)).toEqual(['admin']);
  const like = await holding(role.id);
  await expect(call('team', 'remove', { as, request: { userId: like.userId } })).resolves.toBeDefined();
  await expect(
    call('team', 'remove', { as: admin, request: { userId: admin.userId } }),
  ).resolves.toBeDefined();
});
