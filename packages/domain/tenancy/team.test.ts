import { newestMails } from '@patchbay/adapters/mail/outbox';
import { auditStore } from '@patchbay/adapters/prisma/audit-store';
import { inAccount } from '@patchbay/adapters/prisma/scope';
import { acceptInvitation, readSetUpLink, useSetUpLink } from '@patchbay/adapters/prisma/set-up-links';
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
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  call = owner.call;
});

describe('team', () => {
  const add = (email: string, role: string, { as, at }: { as?: Actor; at?: string } = {}) =>
    call('team', 'add', { as, at, request: { email, name: 'Somebody', role } });
  const tokenOf = ({ answer }: Awaited<ReturnType<typeof add>>) =>
    answer.setUpPath?.replace('/set-up/', '') ?? '';
  const mailedTo = async (email: string) => {
    const mails = await newestMails(database.prisma, { cipher: database.cipher, countMax: 20 });
    const { text = '' } = mails.find(({ recipient }) => recipient === email) ?? {};
    return /\/set-up\/(\S+)/.exec(text)?.[1] ?? '';
  };
  const accept = async (added: ReturnType<typeof add>) => {
    const made = await added;
    const { userId, email } = made.answer;
    await database.proveAddress({ userId, email });
    expect(await acceptInvitation(database.prisma, { token: tokenOf(made), userId })).toBeDefined();
    return made;
  };
  const userOf = async (added: ReturnType<typeof add>): Promise<Actor> => ({
    kind: 'user',
    userId: (await accept(added)).answer.userId,
  });
  const membersTold = () =>
    inAccount(database.prisma, owner.accountId, ({ platformEvent }) =>
      platformEvent.findMany({
        where: { accountId: owner.accountId, type: { startsWith: 'tenancy.member.' } },
        select: { type: true, data: true },
      }),
    );
  const reachOf = async (userId: string) =>
    (await database.ports.people.grantsOf(userId)).map((grant) => grant.accountId);

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

  test('team.add 200: the role reaches nothing until its link was used, which works once', async () => {
    const added = await add('New@Acme.Example', 'developer');
    const { answer, audited } = added;
    expect(answer).toMatchObject({
      email: 'new@acme.example',
      role: 'developer',
      state: 'invited',
      accountId: owner.accountId,
    });
    const token = tokenOf(added);
    expect(JSON.stringify(audited)).not.toContain(token);
    expect(await reachOf(answer.userId)).toEqual([]);
    expect(await useSetUpLink(database.prisma, { token, password: 'a new password' })).toMatchObject({
      userId: answer.userId,
      accountId: owner.accountId,
    });
    expect(await reachOf(answer.userId)).toEqual([owner.accountId]);
    expect(await useSetUpLink(database.prisma, { token, password: 'another one' })).toBeUndefined();
    const changed = await add('new@acme.example', 'admin');
    expect(changed.answer).toEqual({
      ...changed.answer,
      userId: answer.userId,
      role: 'admin',
      state: 'active',
    });
    expect(changed.answer.setUpPath).toBeUndefined();
    expect(changed.audited).toMatchObject([{ before: { role: 'developer' }, after: { role: 'admin' } }]);
    const { userId } = answer;
    expect(added.events).toEqual([{ event: 'member.invited', payload: { userId, role: 'developer' } }]);
    expect(changed.events).toEqual([
      { event: 'member.role-changed', payload: { userId, role: 'admin', previousRole: 'developer' } },
    ]);
    expect((await add('new@acme.example', 'admin')).events).toEqual([]);
  });

  test('team.add 200: links that are made anew are told of, and who is invited twice was invited once', async () => {
    const { answer } = await add('late@acme.example', 'viewer');
    const payload = { userId: answer.userId, role: 'viewer' };
    expect((await add('late@acme.example', 'viewer')).events).toEqual([
      { event: 'member.invited-again', payload },
    ]);
  });

  test('team.add 200: taking the role leaves its own entry in the audit log (ACC-8)', async () => {
    const { answer } = await accept(add('noted@acme.example', 'viewer'));
    const page = { accountId: owner.accountId, scope: 'own', limit: 1 } as const;
    const { items } = await auditStore(database.prisma).entries.list(page);
    expect(items).toMatchObject([
      {
        action: 'team.accept',
        actorId: answer.userId,
        before: { state: 'invited' },
        after: { state: 'active' },
      },
    ]);
    expect(await membersTold()).toEqual([
      { type: 'tenancy.member.joined', data: { userId: answer.userId, role: 'viewer' } },
    ]);
  });

  test('team.add 200: who invites an address elsewhere takes over nothing that it was given here', async () => {
    const email = 'ceo@acme.example';
    const wanted = await add(email, 'owner');
    const mallory = await harness.signUp('Mallory');
    const request = { email, name: 'Mallory herself', role: 'viewer' };
    const forged = await mallory.call('team', 'add', { request });
    const { userId } = forged.answer;
    const used = await useSetUpLink(database.prisma, { token: tokenOf(forged), password: 'of Mallory' });
    expect(used).toMatchObject({ userId, accountId: mallory.accountId });
    expect(await reachOf(userId)).toEqual([mallory.accountId]);
    // The link of Acme sets no second password, and is of use to nobody but the user it names.
    const token = tokenOf(wanted);
    expect(await useSetUpLink(database.prisma, { token, password: 'of Mallory again' })).toBeUndefined();
    expect(await acceptInvitation(database.prisma, { token, userId: mallory.userId })).toBeUndefined();
    expect(await readSetUpLink(database.prisma, token)).toMatchObject({ email, hasPassword: true });
    expect(await reachOf(userId)).toEqual([mallory.accountId]);
    expect((await call('team', 'list')).answer.items).toMatchObject([
      { userId: owner.userId },
      { name: 'Somebody', state: 'invited' },
    ]);
  });

  test('team.add 200: who invites proves no address that is not theirs: only the link of the mail does (PRD-3)', async () => {
    const email = 'victim@elsewhere.example';
    const added = await add(email, 'admin');
    const { userId } = added.answer;
    const password = 'of whoever invites';
    expect(await useSetUpLink(database.prisma, { token: tokenOf(added), password })).toMatchObject({
      userId,
      isEmailVerified: false,
    });
    expect(await database.ports.people.isVerified(userId)).toBe(false);
    const roles = async () => (await database.ports.people.grantsOf(userId)).map(({ role }) => role);
    expect(await roles()).toEqual(['viewer']);
    expect(await useSetUpLink(database.prisma, { token: await mailedTo(email), password })).toBeUndefined();

    const accomplice = await harness.signUp('Accomplice');
    const request = { email, name: 'Victim', role: 'developer' };
    const shown = tokenOf(await accomplice.call('team', 'add', { request }));
    expect(await acceptInvitation(database.prisma, { token: shown, userId })).toBe(accomplice.accountId);
    expect(await database.ports.people.isVerified(userId)).toBe(false);

    const other = await harness.signUp('Other');
    await other.call('team', 'add', { request });
    const token = await mailedTo(email);
    expect(await acceptInvitation(database.prisma, { token, userId })).toBe(other.accountId);
    expect(await roles()).toEqual(expect.arrayContaining(['admin', 'developer']));
  });

  test('team.add 200: the link of the mail proves the address, and ends the one that was shown', async () => {
    const email = 'mailed@acme.example';
    const added = await add(email, 'developer');
    const token = await mailedTo(email);
    expect(token).not.toBe(tokenOf(added));
    const done = await useSetUpLink(database.prisma, { token, password: 'a new password' });
    expect(done).toMatchObject({ isEmailVerified: true, accountId: owner.accountId });
    expect(await readSetUpLink(database.prisma, tokenOf(added))).toBeUndefined();
    const [grant] = await database.ports.people.grantsOf(added.answer.userId);
    expect(grant?.role).toBe('developer');
  });

  test('team.add 200: inviting an address that signed up elsewhere gives it nothing, and shows no name', async () => {
    const known = await harness.signUp('Elsewhere');
    const made = await add(known.email, 'admin');
    expect(made.answer).toMatchObject({ userId: known.userId, name: 'Somebody', state: 'invited' });
    expect(await reachOf(known.userId)).toEqual([known.accountId]);
    const again = await add(known.email, 'admin');
    const stale = { token: tokenOf(made), userId: known.userId };
    expect(await acceptInvitation(database.prisma, stale)).toBeUndefined();
    const fresh = { token: tokenOf(again), userId: known.userId };
    expect(await acceptInvitation(database.prisma, fresh)).toBe(owner.accountId);
    expect(await reachOf(known.userId)).toEqual([known.accountId, owner.accountId].sort());
    const { items } = (await call('team', 'list')).answer;
    expect(items.find(({ userId }: { userId: string }) => userId === known.userId)).toMatchObject({
      name: `Person ${known.email.match(/\d+/)?.[0]}`,
      state: 'active',
    });
  });

  test('team.add 200: nobody is mailed more than five invitations a day, whoever invites; the last of them goes on', async () => {
    const email = 'flooded@acme.example';
    const other = await harness.signUp('Other');
    const request = { email, name: 'Somebody', role: 'viewer' };
    for (let sent = 0; sent < 4; sent++) expect((await add(email, 'viewer')).answer.isMailed).toBe(true);
    expect((await other.call('team', 'add', { request })).answer.isMailed).toBe(true);
    const mailed = await mailedTo(email);
    const beyond = await other.call('team', 'add', { request });
    expect(beyond.answer).toMatchObject({ isMailed: false, setUpPath: expect.stringContaining('/set-up/') });
    expect(await mailedTo(email)).toBe(mailed);
    expect(await readSetUpLink(database.prisma, tokenOf(beyond))).toBeDefined();
    const done = await useSetUpLink(database.prisma, { token: mailed, password: 'a new password' });
    expect(done).toMatchObject({ isEmailVerified: true, accountId: other.accountId });
  });

  test('team.remove 200: an invitation that is withdrawn cannot be taken', async () => {
    const made = await add('withdrawn@acme.example', 'owner');
    const { userId } = made.answer;
    await call('team', 'remove', { request: { userId } });
    const token = tokenOf(made);
    expect(await readSetUpLink(database.prisma, token)).toBeUndefined();
    expect(await useSetUpLink(database.prisma, { token, password: 'too late for that' })).toBeUndefined();
    expect(await acceptInvitation(database.prisma, { token, userId })).toBeUndefined();
    expect(await reachOf(userId)).toEqual([]);
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

  test('team.add 403: a key makes nobody who may do more than the key (ACC-4)', async () => {
    const narrow = (await owner.createKey(['team:add'])).actor;
    for (const role of ['admin', 'developer', 'billing', 'viewer']) {
      await expect(add('friend@acme.example', role, { as: narrow })).rejects.toMatchObject(
        refusal(403, 'auth.scope'),
      );
    }
    const everyRead = [
      ...['accounts', 'prices', 'policy', 'plans', 'team', 'triggers', 'webhooks', 'spending-limits'],
    ].map((name) => `${name}:read`);
    const reading = (await owner.createKey(['team:add', ...everyRead])).actor;
    await expect(add('reader@acme.example', 'viewer', { as: reading })).resolves.toBeDefined();
    await expect(add('reader@acme.example', 'developer', { as: reading })).rejects.toMatchObject(
      refusal(403, 'auth.scope'),
    );
    const wide = (await owner.createKey(['*'])).actor;
    await expect(add('admin@acme.example', 'admin', { as: wide })).resolves.toBeDefined();
  });

  test('team.add 409: the last owner does not become anything less', async () => {
    await expect(add(owner.email, 'admin')).rejects.toMatchObject(refusal(409, 'tenancy.last_owner'));
    await add('second@acme.example', 'owner');
    // One who was only invited owns nothing yet.
    await expect(add(owner.email, 'admin')).rejects.toMatchObject(refusal(409, 'tenancy.last_owner'));
    await accept(add('second@acme.example', 'owner'));
    await expect(add(owner.email, 'admin')).resolves.toBeDefined();
  });

  test('team.remove 200: the role is gone, and with it the reach', async () => {
    const { answer } = await add('gone@acme.example', 'developer');
    const { audited, events } = await call('team', 'remove', { request: { userId: answer.userId } });
    expect(audited).toMatchObject([{ target: answer.userId, before: { role: 'developer' } }]);
    expect(events).toEqual([
      { event: 'member.removed', payload: { userId: answer.userId, role: 'developer' } },
    ]);
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
      const { answer: second } = await accept(acme.call('team', 'add', { request }));
      const outcomes = await Promise.allSettled(
        [acme.userId, second.userId].map((userId) => acme.call('team', 'remove', { request: { userId } })),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
    // Below, an owner above is owner enough.
    const childId = await database.addChild(owner.accountId, 'Child');
    const child = await accept(add('child@acme.example', 'owner', { as: { kind: 'platform' }, at: childId }));
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
