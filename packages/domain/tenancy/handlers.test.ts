import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import { auditStore } from '@patchbay/adapters/prisma/audit-store';
import { serviceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { signIns } from '@patchbay/adapters/prisma/sign-in';
import type { Actor } from '@patchbay/kit/definition';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tenancy } from './definition.ts';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

const fail = (error: unknown) => {
  throw error;
};

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

describe('enrolment', () => {
  const person = { password: 'long enough', name: 'Ann', organisationName: 'Bolt' };
  const stranger: Actor = { kind: 'stranger' };

  test('signUp 200: a user, an organisation and a top account, which the user owns', async () => {
    const email = 'Ann@Bolt.Example';
    const { answer, audited } = await call('enrolment', 'signUp', {
      as: stranger,
      request: { ...person, email },
    });
    const grant = { accountId: answer.accountId, accountName: 'Bolt' };
    expect(await database.ports.people.grantsOf(answer.userId)).toMatchObject([{ ...grant, role: 'viewer' }]);
    await database.proveAddress({ userId: answer.userId, email });
    expect(await database.ports.people.grantsOf(answer.userId)).toMatchObject([{ ...grant, role: 'owner' }]);
    expect(await database.chainOf(answer.accountId)).toEqual([database.platformId, answer.accountId]);
    expect(audited).toMatchObject([{ accountId: answer.accountId, target: answer.accountId }]);
    expect(JSON.stringify(audited)).not.toContain(person.password);
    const signedIn = await signIns(database.prisma, {
      factors: database.factors,
      mails: database.ports.mails,
      onFailure: fail,
    }).signIn({
      email,
      password: person.password,
      address: 'a',
    });
    expect(signedIn).toMatchObject({ userId: answer.userId, email: 'ann@bolt.example' });
  });

  const ask = (currency: string, { childId, from = 'now()' }: { childId?: string; from?: string } = {}) =>
    asOwner(
      database.url,
      `INSERT INTO price (id, account_id, child_id, service, meter, dimensions, amount, per, currency, effective_from)
       VALUES (md5(random()::text), $1, $2, 'relay', 'bytes', '{}', 1, 1, $3, date_trunc('minute', ${from}))`,
      [database.platformId, childId ?? null, currency],
    );
  const offered = async () => (await call('enrolment', 'offer', { as: stranger })).answer.currencies;
  const unprice = () => asOwner(database.url, 'DELETE FROM price');

  test('offer 200: the currencies that the platform asks prices in now, of everybody; its own where it asks none', async () => {
    expect(await offered()).toEqual(['EUR']);
    await ask('USD', { childId: owner.accountId });
    await ask('GBP', { from: "now() + interval '1 day'" });
    expect(await offered()).toEqual(['EUR']);
    await ask('CHF');
    expect(await offered()).toEqual(['CHF']);
    await ask('EUR');
    expect(await offered()).toEqual(['EUR', 'CHF']);
    await unprice();
  });

  test('signUp 422: what the platform has no prices in would be free, so nobody signs up in it', async () => {
    await ask('CHF');
    await ask('EUR');
    const signUp = (currency: string | undefined, email: string) =>
      call('enrolment', 'signUp', { as: stranger, request: { ...person, email, currency } });
    for (const currency of ['USD', 'ZZZ']) {
      await expect(signUp(currency, 'no@bolt.example')).rejects.toMatchObject(
        refusal(422, 'tenancy.currency_not_offered'),
      );
    }
    for (const [currency, kept] of [
      ['CHF', 'CHF'],
      [undefined, 'EUR'],
    ] as const) {
      const { accountId } = (await signUp(currency, `${kept}@bolt.example`)).answer;
      expect(await database.ports.accounts.find({ accountId })).toMatchObject({ currency: kept });
    }
    await unprice();
  });

  test('signUp 409: an address serves once, in whichever case, and a refusal leaves no account behind', async () => {
    const before = await database.ports.accounts.list({
      accountId: database.platformId,
      depth: 'children',
      limit: 100,
    });
    const request = { ...person, email: owner.email.toUpperCase() };
    await expect(call('enrolment', 'signUp', { as: stranger, request })).rejects.toMatchObject(
      refusal(409, 'tenancy.email_taken'),
    );
    const after = await database.ports.accounts.list({
      accountId: database.platformId,
      depth: 'children',
      limit: 100,
    });
    expect(after.items).toHaveLength(before.items.length);
  });

  test('signUp 422: a time zone that does not exist is refused', async () => {
    const request = { ...person, email: 'zone@test.example', timeZone: 'Mars/Olympus' };
    await expect(call('enrolment', 'signUp', { as: stranger, request })).rejects.toMatchObject(
      refusal(422, 'tenancy.time_zone_unknown'),
    );
  });

  test('signUp 403: an operator can close sign-ups', async () => {
    const { prisma, platformId } = database;
    const { setConfig } = serviceConfigStore(prisma);
    await setConfig({ accountId: platformId, service: 'tenancy', values: { signUp: 'closed' } });
    const request = { ...person, email: 'closed@test.example' };
    await expect(call('enrolment', 'signUp', { as: stranger, request })).rejects.toMatchObject(
      refusal(403, 'policy.refused'),
    );
    await setConfig({ accountId: platformId, service: 'tenancy', values: {} });
  });
});

describe('me', () => {
  test('me.get 200: a user sees the accounts of their roles, a key and a credential their own', async () => {
    const { answer } = await call('me', 'get');
    expect(answer).toMatchObject({
      kind: 'user',
      userId: owner.userId,
      email: owner.email,
      accounts: [{ id: owner.accountId, name: 'Acme', role: 'owner' }],
    });
    const { actor } = await owner.createKey(['keys:read']);
    expect((await call('me', 'get', { as: actor })).answer).toEqual({
      kind: 'key',
      name: 'k',
      accounts: [
        {
          id: owner.accountId,
          name: 'Acme',
          role: 'developer',
          roleName: 'developer',
          isTest: false,
          scopes: ['keys:read'],
        },
      ],
      organisations: [],
    });
    const everything = await owner.createKey(['*']);
    expect((await call('me', 'get', { as: everything.actor })).answer).toMatchObject({
      accounts: [{ role: 'owner', roleName: 'owner' }],
    });
    const credential: Actor = { kind: 'credential', credentialId: 'crd_1', accountId: owner.accountId };
    expect((await call('me', 'get', { as: credential })).answer).toMatchObject({ kind: 'credential' });
  });
});

test('what a handler reports fits the audit log as it is (ACC-8)', async () => {
  const { append, entries } = auditStore(database.prisma);
  const { audited } = await call('accounts', 'create', { request: { name: 'Audited' } });
  const { accountId } = owner;
  for (const change of audited) {
    await append({
      ...change,
      accountId,
      accountPath: await database.chainOf(accountId),
      actorId: owner.userId,
      actorName: 'Ann',
      action: 'accounts.create',
      requestId: 'req_1',
    });
  }
  const { items } = await entries.list({ accountId, scope: 'own', limit: 10 });
  expect(items).toMatchObject([{ after: { name: 'Audited' } }]);
  expect((await entries.verify(accountId)).brokenAt).toBeUndefined();
});

test.each([
  ['a line feed', 'a\nb'],
  ['a character that clears the line', 'a\u001b[2Kb'],
  ['a right-to-left override', 'a\u202eb'],
  ['nothing that is seen', '\u200b'],
  ['a letter that fills a place', '\u3164'],
  ['a joiner that joins nothing', '\u200dname'],
  ['what is seen nowhere', 'na\u2060me'],
  ['an isolate', 'a\u2066b'],
])('a name with %s is refused wherever a name is given', (_what, name) => {
  const { accounts, applications, keys, team, enrolment, organisation } = tenancy.resources;
  const person = { email: 'a@test.example', password: 'correct horse' };
  const requests = [
    [accounts.operations.create.request, { name }],
    [accounts.operations.update.request, { name }],
    [applications.operations.create.request, { name }],
    [keys.operations.create.request, { name }],
    [team.operations.add.request, { email: person.email, role: 'viewer', name }],
    [enrolment.operations.signUp.request, { ...person, name, organisationName: 'A' }],
    [enrolment.operations.signUp.request, { ...person, name: 'A', organisationName: name }],
    [organisation.operations.update.request, { name }],
  ] as const;
  for (const [schema, request] of requests) {
    expect(schema.safeParse(request).success).toBe(false);
    const harmless = JSON.parse(JSON.stringify(request).replace(JSON.stringify(name), '"Zoë اسم 日本 👩‍🔬"'));
    expect(schema.safeParse(harmless).success).toBe(true);
  }
});
