import { challengeNameOf } from '@patchbay/domain/branding/host-name';
import { proofRecord } from '@patchbay/domain/sso/address-domain';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { mailOutbox, newestMails } from '../mail/outbox.ts';
import { auditStore } from './audit-store.ts';
import { recheckProofs } from './proof-rechecks.ts';
import { inAccount } from './scope.ts';
import { type SsoHarness, ssoHarness } from './sso.testing.ts';
import { ssoBinding } from './sso-binding.ts';

vi.setConfig({ testTimeout: 120_000 });

const HOUR_MS = 3_600_000;
const beginMs = Date.UTC(2026, 10, 1);

let database: TenancyDatabase;
let harness: SsoHarness;
/** What stands in DNS; undefined where nobody answers. */
const zone = new Map<string, readonly string[] | undefined>();

beforeAll(async () => {
  database = await createTenancyDatabase();
  harness = ssoHarness(database);
}, 120_000);
afterAll(() => database.close());

const recheck = (hours: number) =>
  recheckProofs(database.prisma, {
    names: { answerAt: async (name) => (zone.has(name) ? zone.get(name) : []) },
    mails: mailOutbox(database.prisma, { cipher: database.cipher, baseUrl: 'https://patchbay.test' }),
    nowMs: () => beginMs + hours * HOUR_MS,
  });

async function organisation(domain: string) {
  const owner = await database.signUp(domain);
  const proved = await harness.setUp(owner.accountId, domain);
  zone.set(proofRecord(proved).name, [proofRecord(proved).value]);
  return { ...owner, domain, proved, record: proofRecord(proved) };
}

const domainOf = async ({ accountId }: { readonly accountId: string }) =>
  (await harness.domains.list({ accountId, limit: 5 })).items[0];
const eventsOf = (accountId: string) =>
  inAccount(database.prisma, accountId, async ({ platformEvent }) =>
    (await platformEvent.findMany({ where: { accountId } }))
      .map(({ type }) => type)
      .filter((type) => /^(sso|branding)\./.test(type)),
  );
const subjectsTo = async (email: string) =>
  (await newestMails(database.prisma, { cipher: database.cipher, countMax: 50 }))
    .filter(({ recipient }) => recipient === email)
    .map(({ subject }) => subject);

test('a domain whose record is gone is told of after three looks; after 72 hours nobody signs in by it, and nobody has to', async () => {
  const [gone, stays] = [await organisation('gone.example'), await organisation('stays.example')];
  const ada = await harness.signIn(gone.accountId, { subject: 'ada', email: 'ada@gone.example' });
  const [{ id: adaId } = { id: '' }] = await database.prisma.$queryRaw<{ id: string }[]>`
    SELECT id FROM user_for_sign_in('ada@gone.example')`;
  expect(ada.outcome).toBe('in');
  await harness.providers.update({ accountId: gone.accountId, isRequired: true, emergencyUserIds: [] });
  expect(await ssoBinding(database.prisma, adaId)).toBeDefined();
  zone.delete(gone.record.name);
  await recheck(0);
  await recheck(24);
  expect(await domainOf(gone)).toMatchObject({ missingSince: new Date(beginMs) });
  expect(await eventsOf(gone.accountId)).toEqual([]);
  await recheck(48);
  expect(await eventsOf(gone.accountId)).toEqual(['sso.domain.missing']);
  expect(await recheck(72)).toMatchObject({ lapsedCount: 1 });
  expect(await domainOf(gone)).toMatchObject({ provedAt: undefined, missingSince: undefined });
  expect(await domainOf(stays)).toMatchObject({ provedAt: expect.any(Date), missingSince: undefined });
  expect(await eventsOf(gone.accountId)).toEqual(['sso.domain.missing', 'sso.domain.lost']);
  expect((await subjectsTo(gone.email)).sort()).toEqual([
    'The record of gone.example is gone',
    'gone.example is proved no longer',
  ]);
  const [entry] = (
    await auditStore(database.prisma).entries.list({ accountId: gone.accountId, scope: 'own', limit: 1 })
  ).items;
  expect(entry).toMatchObject({
    action: 'ssoDomains.lapse',
    before: { isProved: true },
    after: { isProved: false },
  });
  expect(await harness.sso.organisationOf('ada@gone.example')).toBeUndefined();
  expect(await harness.signIn(gone.accountId, { subject: 'ada', email: 'ada@gone.example' })).toMatchObject({
    outcome: 'refused',
    why: 'domain',
  });
  expect(await ssoBinding(database.prisma, adaId)).toBeUndefined();
  expect(await recheck(96)).toMatchObject({ lapsedCount: 0 });
});

test('one that is proved anew meanwhile, or for which nobody answers, loses nothing', async () => {
  const [silent, mended] = [await organisation('silent.example'), await organisation('mended.example')];
  zone.set(silent.record.name, undefined);
  zone.delete(mended.record.name);
  for (const hours of [0, 24, 48]) await recheck(hours);
  await harness.domains.prove({ accountId: mended.accountId, domainId: mended.proved.id });
  await recheck(73);
  for (const each of [silent, mended])
    expect(await domainOf(each)).toMatchObject({ provedAt: expect.any(Date) });
  expect(await domainOf(silent)).toMatchObject({ missingSince: undefined });
});

test('a host of a brand is treated alike', async () => {
  const { accountId } = await database.signUp('brand');
  const host = 'voice.gone.example';
  const data = { id: 'bho_1', accountId, host, token: 'token', provedAt: new Date() };
  await inAccount(database.prisma, accountId, ({ brandHost }) => brandHost.create({ data }));
  zone.set(challengeNameOf(host), ['token']);
  expect(await recheck(0)).toMatchObject({ lapsedCount: 0 });
  zone.set(challengeNameOf(host), ['another']);
  for (const hours of [0, 24, 48, 72]) await recheck(hours);
  const found = await inAccount(database.prisma, accountId, ({ brandHost }) => brandHost.findFirst());
  expect(found?.provedAt).toBeNull();
  expect(await eventsOf(accountId)).toEqual(['branding.host.missing', 'branding.host.lost']);
});
