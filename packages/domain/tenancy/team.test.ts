import { useSetUpLink } from '@patchbay/adapters/prisma/set-up-links';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
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

describe('team', () => {
  const add = (email: string, role: string, { as, at }: { as?: Actor; at?: string } = {}) =>
    call('team', 'add', { as, at, request: { email, name: 'Somebody', role } });
  const userOf = async (added: ReturnType<typeof add>): Promise<Actor> => ({
    kind: 'user',
    userId: (await added).answer.userId,
  });

  test('team.list 200: roles from levels above are shown as far up as the caller reaches', async () => {
    const childId = await database.addChild(owner.accountId, 'Child');
    const viewer = await userOf(add('viewer@acme.example', 'viewer', { at: childId }));
    const emails = async (as: Actor) =>
      (await call('team', 'list', { as, at: childId })).answer.items.map(
        ({ email }: { email: string }) => email,
      );
    expect(await emails(owner.asOwner)).toEqual([owner.email, 'viewer@acme.example']);
    expect(await emails(viewer)).toEqual(['viewer@acme.example']);
    const page = (await call('team', 'list', { at: childId, request: { limit: 1 } })).answer;
    expect(page.items).toHaveLength(1);
    const rest = await call('team', 'list', { at: childId, request: { limit: 1, cursor: page.nextCursor } });
    expect(rest.answer.items).toMatchObject([{ email: 'viewer@acme.example', accountId: childId }]);
    expect(rest.answer.nextCursor).toBeUndefined();
  });

  test('team.add 200: one who is new gets a link that sets a password once, one who is known gets none', async () => {
    const { answer, audited } = await add('New@Acme.Example', 'developer');
    expect(answer).toMatchObject({
      email: 'new@acme.example',
      role: 'developer',
      accountId: owner.accountId,
    });
    const token = answer.setUpPath?.replace('/set-up/', '') ?? '';
    expect(JSON.stringify(audited)).not.toContain(token);
    expect(await useSetUpLink(database.prisma, { token, password: 'a new password' })).toMatchObject({
      userId: answer.userId,
    });
    const changed = await add('new@acme.example', 'admin');
    expect(changed.answer).toEqual({ ...changed.answer, userId: answer.userId, role: 'admin' });
    expect(changed.answer.setUpPath).toBeUndefined();
    expect(changed.audited).toMatchObject([{ before: { role: 'developer' }, after: { role: 'admin' } }]);
  });

  test('team.add 403: who is no owner makes no owner, and changes none', async () => {
    const admin = await userOf(add('admin@acme.example', 'admin'));
    await expect(add('friend@acme.example', 'owner', { as: admin })).rejects.toMatchObject(
      refusal(403, 'auth.scope'),
    );
    await expect(add(owner.email, 'viewer', { as: admin })).rejects.toMatchObject(refusal(403, 'auth.scope'));
    const narrow = (await owner.createKey(['team:*'])).actor;
    await expect(add('friend@acme.example', 'owner', { as: narrow })).rejects.toMatchObject(
      refusal(403, 'auth.scope'),
    );
    await expect(add('friend@acme.example', 'developer', { as: admin })).resolves.toBeDefined();
  });

  test('team.add 409: the last owner does not become anything less', async () => {
    await expect(add(owner.email, 'admin')).rejects.toMatchObject(refusal(409, 'tenancy.last_owner'));
    await add('second@acme.example', 'owner');
    await expect(add(owner.email, 'admin')).resolves.toBeDefined();
  });

  test('team.remove 200: the role is gone, and with it the reach', async () => {
    const { answer } = await add('gone@acme.example', 'developer');
    const { audited } = await call('team', 'remove', { request: { userId: answer.userId } });
    expect(audited).toMatchObject([{ target: answer.userId, before: { role: 'developer' } }]);
    expect(await database.ports.people.grantsOf(answer.userId)).toEqual([]);
  });

  test('team.remove 404: one who was given no role here', async () => {
    await expect(call('team', 'remove', { request: { userId: createId('usr') } })).rejects.toMatchObject(
      refusal(404, 'resource.unknown'),
    );
  });

  test('team.remove 409: the last owner stays; of two who leave at once, one stays', async () => {
    const leave = (userId: string) => call('team', 'remove', { request: { userId } });
    await expect(leave(owner.userId)).rejects.toMatchObject(refusal(409, 'tenancy.last_owner'));
    await database.warmUp();
    for (let round = 0; round < 5; round++) {
      const acme = await harness.signUp(`Acme ${round}`);
      const request = { email: `second${round}@acme.example`, name: 'Second', role: 'owner' };
      const { answer: second } = await acme.call('team', 'add', { request });
      const outcomes = await Promise.allSettled(
        [acme.userId, second.userId].map((userId) => acme.call('team', 'remove', { request: { userId } })),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
    // Below, an owner above is owner enough.
    const childId = await database.addChild(owner.accountId, 'Child');
    const child = await add('child@acme.example', 'owner', { as: { kind: 'platform' }, at: childId });
    const request = { userId: child.answer.userId };
    await expect(
      call('team', 'remove', { as: { kind: 'platform' }, at: childId, request }),
    ).resolves.toBeDefined();
  });

  test('team.remove 403: who is no owner removes none', async () => {
    const admin = await userOf(add('admin2@acme.example', 'admin'));
    await expect(
      call('team', 'remove', { as: admin, request: { userId: owner.userId } }),
    ).rejects.toMatchObject(refusal(403, 'auth.scope'));
  });
});
