import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { inAccount } from '../prisma/scope.ts';
import { connectAs } from '../prisma/tenant-attack.ts';
import { ATTEMPTS_MAX, deliverMails, type MailTransport } from './delivery.ts';
import { mailOutbox, newestMails } from './outbox.ts';

vi.setConfig({ testTimeout: 120_000 });

const mail = {
  to: 'ada@test.example',
  reader: { userId: 'usr_nobody' },
  subject: 'Hello',
  greeted: 'Ada',
  says: ['a secret link'],
};
let database: TenancyDatabase;

beforeAll(async () => {
  database = await createTenancyDatabase();
}, 120_000);
afterAll(() => database.close());
beforeEach(() => asOwner('DELETE FROM mail'));

async function asOwner(sql: string) {
  const owner = await connectAs(database.url);
  const { rows } = await owner.query(sql);
  await owner.end();
  return rows;
}

const deliver = (transport?: MailTransport, isShown = false) =>
  deliverMails(database.prisma, { cipher: database.cipher, transport, isShown, nowMs: Date.now });
const outbox = () =>
  mailOutbox(database.prisma, { cipher: database.cipher, baseUrl: 'https://patchbay.test' });

test('a mail that is sent is sent once, and its text is kept no longer; two senders at once take it once', async () => {
  const sent: unknown[] = [];
  await outbox().send(mail);
  const transport: MailTransport = async (each) => void sent.push(each);
  await Promise.all([deliver(transport), deliver(transport)]);
  expect(sent).toMatchObject([
    { to: mail.to, subject: mail.subject, text: expect.stringContaining('a secret link') },
  ]);
  expect(await asOwner('SELECT state, body FROM mail')).toEqual([{ state: 'sent', body: null }]);
});

test('a mail that cannot be sent is tried again later and later, and given up after eight tries', async () => {
  await outbox().send(mail);
  const transport: MailTransport = () => Promise.reject(new Error('no route'));
  const waitsMinutes: number[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    expect(await deliver(transport)).toBe(1);
    expect(await deliver(transport)).toBe(0);
    const [row] = await asOwner(
      `SELECT round(extract(epoch FROM next_at - now()) / 60)::integer AS minutes FROM mail WHERE state = 'waiting'`,
    );
    if (row !== undefined) waitsMinutes.push(row.minutes);
    await asOwner('UPDATE mail SET next_at = now()');
  }
  expect(waitsMinutes).toEqual([1, 2, 4, 8, 16, 32, 64]);
  expect(await asOwner('SELECT state, error, body FROM mail')).toEqual([
    { state: 'failed', error: 'no route', body: null },
  ]);
  expect(await deliver(transport)).toBe(0);
});

test('without SMTP a mail lies in the outbox of a loopback host, and fails on any other', async () => {
  await outbox().send(mail);
  await deliver(undefined, true);
  const shown = await newestMails(database.prisma, { cipher: database.cipher, countMax: 5 });
  expect(shown).toMatchObject([{ recipient: mail.to, text: expect.stringContaining('a secret link') }]);
  await outbox().send(mail);
  await deliver();
  expect(await asOwner('SELECT state FROM mail ORDER BY id')).toEqual([
    { state: 'shown' },
    { state: 'failed' },
  ]);
});

test('the text of a mail is encrypted where it is kept, and the application reads it by the sender alone', async () => {
  await outbox().send(mail);
  const [row] = await asOwner('SELECT body FROM mail');
  expect(row.body.toString('latin1')).not.toContain('secret');
  await expect(database.prisma.$queryRaw`SELECT body FROM mail`).rejects.toThrow('permission denied');
});

test('an account sees the mails in its own name, and neither a parent nor a child does', async () => {
  const { accountId: parentId } = await database.signUp('Parent');
  const childId = await database.addChild(parentId, 'Child');
  const grandchildId = await database.addChild(childId, 'Grandchild');
  await outbox().send({ ...mail, accountId: childId });
  const countSeenBy = (accountId: string) =>
    inAccount(database.prisma, accountId, (scope) => scope.mail.count());
  expect(await countSeenBy(childId)).toBe(1);
  for (const other of [parentId, grandchildId, database.platformId]) expect(await countSeenBy(other)).toBe(0);
});
