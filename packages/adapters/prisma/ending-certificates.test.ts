import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailOutbox, newestMails } from '../mail/outbox.ts';
import { asOwner } from '../metering/tenants.testing.ts';
import { TOLD_BEFORE_END_MS, tellOfEndingCertificates } from './ending-certificates.ts';

const endsAtMs = Date.UTC(2026, 11, 24);
let database: TenancyDatabase;

beforeAll(async () => {
  database = await createTenancyDatabase();
}, 120_000);
afterAll(() => database.close());

const tellAt = (nowMs: number) =>
  tellOfEndingCertificates(database.prisma, {
    mails: mailOutbox(database.prisma, { cipher: database.cipher, baseUrl: 'https://patchbay.test' }),
    nowMs: () => nowMs,
  });

async function providerOf(accountId: string, ends: readonly number[]): Promise<void> {
  const saml = {
    signInUrl: 'https://idp.test',
    certificates: ends.map((at) => ({ endsAt: new Date(at).toISOString() })),
  };
  await asOwner(
    database.url,
    `INSERT INTO sso_provider (id, account_id, kind, issuer, group_roles, saml) VALUES ($1, $2, 'saml', 'https://idp.test', '[]', $3)
     ON CONFLICT (account_id) DO UPDATE SET saml = excluded.saml`,
    [`idp_${accountId}`, accountId, JSON.stringify(saml)],
  );
}

test('owners hear once, 14 days before, that the last certificate of their provider ends, and again of the next one (PRD-3)', async () => {
  const owner = await database.signUp('With a provider');
  const closed = await database.signUp('Closed');
  await asOwner(database.url, `UPDATE account SET state = 'closed' WHERE id = $1`, [closed.accountId]);
  await providerOf(closed.accountId, [endsAtMs]);
  await providerOf(owner.accountId, [endsAtMs - 1_000, endsAtMs]);
  const soonMs = endsAtMs - TOLD_BEFORE_END_MS;
  expect(await tellAt(soonMs)).toBe(0);
  const told = await Promise.all([tellAt(soonMs + 1), tellAt(soonMs + 1)]);
  expect(told[0] + told[1]).toBe(1);
  expect(await tellAt(endsAtMs - 1)).toBe(0);
  const mails = await newestMails(database.prisma, { cipher: database.cipher, countMax: 5 });
  expect(mails).toMatchObject([
    { recipient: owner.email, subject: 'The certificate of your sign-in ends on 2026-12-24' },
  ]);
  // One that is set in time says nothing of its own end yet.
  await providerOf(owner.accountId, [endsAtMs, endsAtMs + 2 * TOLD_BEFORE_END_MS]);
  expect(await tellAt(endsAtMs)).toBe(0);
  expect(await tellAt(endsAtMs + 3 * TOLD_BEFORE_END_MS)).toBe(1);
  const [last] = await newestMails(database.prisma, { cipher: database.cipher, countMax: 1 });
  expect(last).toMatchObject({ subject: 'The certificate of your sign-in has ended' });
});
