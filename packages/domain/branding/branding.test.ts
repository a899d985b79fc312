import { brandStore, shownBrands } from '@patchbay/adapters/prisma/brand-store';
import { makeEmailLink } from '@patchbay/adapters/prisma/email-links';
import { inAccount } from '@patchbay/adapters/prisma/scope';
import { makeInvitation, makeSetUpLink, useSetUpLink } from '@patchbay/adapters/prisma/set-up-links';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { z } from 'zod';
import { branding, HOST_COUNT_MAX } from './definition.ts';
import { handlers } from './handlers.ts';
import { pngOf } from './logo-image.testing.ts';
import type { BrandingPorts } from './ports.ts';

type Resources = typeof branding.resources;
type Answer<
  R extends keyof Resources,
  K extends keyof Resources[R]['operations'],
> = Resources[R]['operations'][K] extends { readonly response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : never;
type Handler = (context: unknown, request: unknown, ports: BrandingPorts) => Promise<unknown>;
interface Declared {
  readonly request: { parse(value: unknown): unknown };
  readonly response: { parse(value: unknown): unknown };
}

let database: TenancyDatabase;
let ports: BrandingPorts;
/** TXT records, by name. */
const zone = new Map<string, readonly string[]>();
let reseller: string;
let customer: string;
let shop: string;
let rival: string;
/** Of the test that runs: no two use one host. */
let host: string;
let tests = 0;

beforeAll(async () => {
  database = await createTenancyDatabase();
  ports = {
    ...brandStore(database.prisma),
    names: { textsAt: async (name) => zone.get(name) ?? [] },
    platformHost: 'platform.example',
  };
}, 120_000);
afterAll(() => database.close());

beforeEach(async () => {
  reseller = (await database.signUp('Reseller')).accountId;
  customer = await database.addChild(reseller, 'Customer');
  shop = await database.addChild(customer, 'Shop');
  rival = (await database.signUp('Rival')).accountId;
  tests += 1;
  host = `voice${tests}.example`;
});

async function call<R extends keyof Resources, K extends keyof Resources[R]['operations'] & string>(
  [resource, operation]: readonly [R, K],
  request: object = {},
  at = reseller,
) {
  const chain = await database.chainOf(at);
  const { context, audited, events } = domainContext(branding, {
    actor: { kind: 'user', userId: 'usr_1' },
    chain,
  });
  const declared = (branding.resources[resource].operations as Readonly<Record<string, Declared>>)[operation];
  if (declared === undefined) throw new Error(`There is no operation ${operation}.`);
  const handler = handlers[resource][operation] as unknown as Handler;
  const answer = await handler(context, declared.request.parse(request), ports);
  return { answer: declared.response.parse(answer) as Answer<R, K>, audited, events };
}

const refusal = (code: string) => ({ fields: { code } });

/** As whoever administers its zone. */
async function prove(at = reseller, name = host): Promise<string> {
  const { answer } = await call(['brandHosts', 'add'], { host: name }, at);
  zone.set(answer.record.name, [answer.record.value]);
  await call(['brandHosts', 'verify'], { hostId: answer.id }, at);
  return answer.id;
}

test('brand.get 200: without a brand there is none of one’s own, and what is seen is the platform’s', async () => {
  expect((await call(['brand', 'get'])).answer).toEqual({ shown: { name: 'Patchbay' } });
});

test('brand.set 200: those below see it from the next request on; the log has before and after (ACC-8)', async () => {
  const first = await call(['brand', 'set'], {
    name: 'Northwind Voice',
    supportUrl: 'https://nw.example/help',
  });
  expect(first.audited).toMatchObject([
    { target: `${reseller}/brand`, before: {}, after: { name: 'Northwind Voice', isSignUpOpen: false } },
  ]);
  expect(first.events).toEqual([{ event: 'brand.changed', payload: { name: 'Northwind Voice' } }]);
  const { audited, answer } = await call(['brand', 'set'], { name: 'Northwind', accent: '#0550D0' });
  expect(audited).toMatchObject([{ before: { name: 'Northwind Voice' }, after: { name: 'Northwind' } }]);
  expect(answer).toMatchObject({ accent: '#0550d0', tones: { light: { accent: '#0550d0' } } });
  expect(answer).not.toHaveProperty('supportUrl');
  const seen = async (at: string) => (await call(['brand', 'get'], {}, at)).answer.shown.name;
  expect(await seen(customer)).toBe('Northwind');
  expect(await seen(shop)).toBe('Northwind');
  // What an account sees itself is what is above it.
  expect(await seen(reseller)).toBe('Patchbay');
  expect(await seen(rival)).toBe('Patchbay');
});

test('a brand is taken as a whole: what it leaves out has no value, and never that of the level above (PRD-2)', async () => {
  const links = { supportUrl: 'https://nw.example/help', termsUrl: 'https://nw.example/terms' };
  await call(['brand', 'set'], { name: 'Northwind', accent: '#0b5fff', ...links });
  await call(['brand', 'setLogo'], {
    theme: 'light',
    data: pngOf({ rgb: [tests, 0, 0] }).toString('base64'),
  });
  await prove();
  await call(['brand', 'set'], { name: 'Corner Shop' }, customer);
  expect((await call(['brand', 'get'], {}, shop)).answer.shown).toEqual({ name: 'Corner Shop' });
  const shown = await shownBrands(database.prisma).above(shop);
  expect(shown).toEqual({ accountId: customer, name: 'Corner Shop', isSignUpOpen: false, logos: {} });
});

test('brand.set 422: a host that is not proved, or is none, speaks for nobody', async () => {
  await call(['brandHosts', 'add'], { host });
  await prove(rival, `rival-${host}`);
  for (const fields of [
    { mainHost: host },
    { turnHost: host },
    { senderAddress: `voice@${host}` },
    { mainHost: `rival-${host}` },
    { senderAddress: `voice@rival-${host}` },
  ])
    await expect(call(['brand', 'set'], { name: 'Northwind', ...fields })).rejects.toMatchObject(
      refusal('branding.host_unproved'),
    );
  await expect(call(['brand', 'set'], { name: 'Northwind', mainHost: '10.0.0.1' })).rejects.toMatchObject(
    refusal('branding.host_refused'),
  );
});

test('what would end a line of a mail, or a page, is no name', () => {
  const { request } = branding.resources.brand.operations.set;
  for (const name of [
    'Northwind\r\nBcc: all@x.example',
    'North\u0000wind',
    'North\u202ewind',
    ' ',
    'n'.repeat(61),
  ])
    expect(request.safeParse({ name }).success, JSON.stringify(name)).toBe(false);
  for (const fields of [
    { senderName: 'Voice\nBcc: all@x.example' },
    { senderAddress: 'voice@x.example\r\nBcc: y@x.example' },
    { supportUrl: 'javascript:alert(1)' },
    { termsUrl: 'http://plain.example' },
    { accent: 'red;} body{display:none' },
    { accent: '#fff' },
  ])
    expect(request.safeParse({ name: 'Northwind', ...fields }).success, JSON.stringify(fields)).toBe(false);
  expect(request.safeParse({ name: '北風 Voice – “Nord”' }).success).toBe(true);
});

test('brand.remove 200: it is gone with its logos, and those below see what is above it again', async () => {
  await call(['brand', 'set'], { name: 'Northwind' });
  await call(['brand', 'setLogo'], { theme: 'dark', data: pngOf({ rgb: [tests, 0, 0] }).toString('base64') });
  const { answer, audited } = await call(['brand', 'remove']);
  expect(answer).toEqual({ name: 'Northwind' });
  expect(audited).toMatchObject([{ before: { name: 'Northwind' }, after: {} }]);
  expect((await call(['brand', 'get'], {}, customer)).answer).toEqual({ shown: { name: 'Patchbay' } });
  await call(['brand', 'set'], { name: 'Northwind' });
  expect((await call(['brand', 'get'])).answer.own?.logos).toEqual({});
});

test('brand.remove 404: what is not there is not taken back', async () => {
  await expect(call(['brand', 'remove'])).rejects.toMatchObject(refusal('resource.unknown'));
});

test('brand.setLogo 200: a picture is known by the hash of its bytes, whatever it was said to be', async () => {
  await call(['brand', 'set'], { name: 'Northwind' });
  const picture = pngOf({ widthPixels: 120, heightPixels: 40, rgb: [tests, 1, 1] });
  const { answer, audited } = await call(['brand', 'setLogo'], {
    theme: 'light',
    data: picture.toString('base64'),
  });
  expect(answer).toMatchObject({ mediaType: 'image/png', widthPixels: 120, heightPixels: 40 });
  expect(audited).toMatchObject([{ target: `${reseller}/brand/logos/light`, before: {}, after: answer }]);
  const served = await shownBrands(database.prisma).logo(answer.digest);
  expect(Buffer.from(served?.bytes ?? []).equals(picture)).toBe(true);
  const again = await call(['brand', 'setLogo'], {
    theme: 'light',
    data: pngOf({ rgb: [tests, 0, 0] }).toString('base64'),
  });
  expect(again.audited).toMatchObject([{ before: { digest: answer.digest } }]);
  expect(await shownBrands(database.prisma).logo(answer.digest)).toBeUndefined();
});

test('brand.setLogo 422: a document with scripts is no picture', async () => {
  await call(['brand', 'set'], { name: 'Northwind' });
  const data = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>').toString('base64');
  await expect(call(['brand', 'setLogo'], { theme: 'light', data })).rejects.toMatchObject(
    refusal('branding.logo_refused'),
  );
});

test('brand.setLogo 404: a logo belongs to a brand', async () => {
  const data = pngOf({ rgb: [tests, 0, 0] }).toString('base64');
  await expect(call(['brand', 'setLogo'], { theme: 'light', data })).rejects.toMatchObject(
    refusal('resource.unknown'),
  );
});

test('brand.removeLogo 200: its bytes are gone with it', async () => {
  await call(['brand', 'set'], { name: 'Northwind' });
  const { answer } = await call(['brand', 'setLogo'], {
    theme: 'light',
    data: pngOf({ rgb: [tests, 0, 0] }).toString('base64'),
  });
  expect((await call(['brand', 'removeLogo'], { theme: 'light' })).audited).toMatchObject([
    { before: { digest: answer.digest }, after: {} },
  ]);
  expect(await shownBrands(database.prisma).logo(answer.digest)).toBeUndefined();
});

test('brand.removeLogo 404: there is none for these pages', async () => {
  await call(['brand', 'set'], { name: 'Northwind' });
  await expect(call(['brand', 'removeLogo'], { theme: 'dark' })).rejects.toMatchObject(
    refusal('resource.unknown'),
  );
});

test('brandHosts.add 200: a host has one record, however often and in whatever spelling it is named', async () => {
  const { answer, audited } = await call(['brandHosts', 'add'], { host: `${host.toUpperCase()}.` });
  expect(answer).toMatchObject({ host, state: 'waiting', pointsTo: 'platform.example' });
  expect(answer.record.name).toBe(`_patchbay-challenge.${host}`);
  expect(audited).toMatchObject([{ target: answer.id, after: { host } }]);
  expect((await call(['brandHosts', 'add'], { host })).answer).toEqual(answer);
  const alike = await call(['brandHosts', 'add'], { host: 'аpple.example' });
  expect(alike.answer.host).toBe('xn--pple-43d.example');
});

test('brandHosts.add 422: no address, no name of this machine, no platform, and no more than there may be', async () => {
  for (const name of ['127.0.0.1', 'localhost', 'voice.internal', `${host}:443`, 'Platform.Example'])
    await expect(call(['brandHosts', 'add'], { host: name }), name).rejects.toMatchObject(
      refusal('branding.host_refused'),
    );
  for (let count = 0; count < HOST_COUNT_MAX; count += 1)
    await call(['brandHosts', 'add'], { host: `h${count}.${host}` });
  await expect(call(['brandHosts', 'add'], { host })).rejects.toMatchObject(refusal('branding.host_count'));
});

test('brandHosts.list 200: those below a brand point to its host, and are not told the platform’s', async () => {
  await call(['brand', 'set'], { name: 'Northwind' });
  await prove();
  await call(['brandHosts', 'add'], { host: `shop-${host}` }, customer);
  const { items } = (await call(['brandHosts', 'list'], {}, customer)).answer;
  expect(items).toMatchObject([{ host: `shop-${host}`, pointsTo: host }]);
});

test('brandHosts.verify 200: whose record is there has the host, and it shows the brand', async () => {
  await call(['brand', 'set'], { name: 'Northwind' });
  const shown = shownBrands(database.prisma);
  const { answer } = await call(['brandHosts', 'add'], { host });
  expect(await shown.accountAt(host)).toBeUndefined();
  zone.set(answer.record.name, ['v=spf1 -all', answer.record.value]);
  const proved = await call(['brandHosts', 'verify'], { hostId: answer.id });
  expect(proved.answer).toMatchObject({ host, state: 'proved' });
  expect(proved.audited).toMatchObject([
    { target: answer.id, before: { host, isProved: false }, after: { host, isProved: true } },
  ]);
  expect(await shown.accountAt(host)).toBe(reseller);
  expect(await shown.of(reseller)).toMatchObject({ host });
});

test('brandHosts.verify 422: a claim without a record is worth nothing', async () => {
  const { answer } = await call(['brandHosts', 'add'], { host });
  zone.set(answer.record.name, ['somebody else’s']);
  await expect(call(['brandHosts', 'verify'], { hostId: answer.id })).rejects.toMatchObject(
    refusal('branding.record_missing'),
  );
});

test('brandHosts.verify 409: nobody takes a host whose holder’s record still stands', async () => {
  await prove();
  const { answer } = await call(['brandHosts', 'add'], { host }, rival);
  zone.set(answer.record.name, [...(zone.get(answer.record.name) ?? []), answer.record.value]);
  await expect(call(['brandHosts', 'verify'], { hostId: answer.id }, rival)).rejects.toMatchObject(
    refusal('branding.host_taken'),
  );
  await call(['brand', 'set'], { name: 'Northwind' });
  expect(await shownBrands(database.prisma).accountAt(host)).toBe(reseller);
});

test('who has a record takes a host from who has none any more, and that one is told', async () => {
  await call(['brand', 'set'], { name: 'Rival' }, rival);
  await prove();
  const { answer } = await call(['brandHosts', 'add'], { host }, rival);
  zone.set(answer.record.name, [answer.record.value]);
  const { events } = await call(['brandHosts', 'verify'], { hostId: answer.id }, rival);
  expect(events).toContainEqual({ event: 'host.lost', payload: { host }, accountId: reseller });
  expect(await shownBrands(database.prisma).accountAt(host)).toBe(rival);
  expect((await call(['brandHosts', 'list'])).answer.items).toMatchObject([{ host, state: 'waiting' }]);
});

test('of accounts that prove one host at the same moment one has it', async () => {
  await database.warmUp();
  const claims = await Promise.all(
    [reseller, rival, customer].map(async (at) => (await call(['brandHosts', 'add'], { host }, at)).answer),
  );
  zone.set(
    `_patchbay-challenge.${host}`,
    claims.map(({ record }) => record.value),
  );
  const outcomes = await Promise.allSettled(
    claims.map(({ id }, index) =>
      call(['brandHosts', 'verify'], { hostId: id }, [reseller, rival, customer][index]),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(refusal('branding.host_taken'));
});

async function ofReseller(): Promise<string> {
  const { answer } = await call(['brandHosts', 'add'], { host });
  zone.set(answer.record.name, [answer.record.value]);
  return answer.id;
}

test('brandHosts.verify 404: another account’s host is none', async () => {
  await expect(call(['brandHosts', 'verify'], { hostId: await ofReseller() }, rival)).rejects.toMatchObject(
    refusal('resource.unknown'),
  );
});

test('brandHosts.remove 404: another account’s host is none', async () => {
  await expect(call(['brandHosts', 'remove'], { hostId: await ofReseller() }, rival)).rejects.toMatchObject(
    refusal('resource.unknown'),
  );
});

test('brandHosts.remove 200: it shows nothing any more, and what the brand used it for is neutral again', async () => {
  const hostId = await prove();
  await call(['brand', 'set'], { name: 'Northwind', mainHost: host, senderAddress: `voice@${host}` });
  const shown = shownBrands(database.prisma);
  expect(await shown.of(reseller)).toMatchObject({
    host,
    sender: { name: 'Northwind', address: `voice@${host}` },
  });
  const { audited } = await call(['brandHosts', 'remove'], { hostId });
  expect(audited).toMatchObject([{ target: hostId, before: { host, isProved: true }, after: {} }]);
  expect(await shown.accountAt(host)).toBeUndefined();
  const left = await shown.of(reseller);
  expect(left).not.toHaveProperty('host');
  expect(left).not.toHaveProperty('sender');
});

test('a host of a closed account, and of one without a brand, shows nothing', async () => {
  await prove();
  const shown = shownBrands(database.prisma);
  expect(await shown.accountAt(host)).toBeUndefined();
  await call(['brand', 'set'], { name: 'Northwind' });
  expect(await shown.accountAt(host)).toBe(reseller);
  await database.ports.accounts.update({ accountId: reseller, change: { isClosed: true } });
  expect(await shown.accountAt(host)).toBeUndefined();
});

test('mails to somebody are in the name of the lowest brand above all of their accounts; below two, of neither', async () => {
  const shown = shownBrands(database.prisma);
  const { userId } = await database.signUp('Person');
  const roleAt = async (accountId: string) =>
    inAccount(database.prisma, accountId, ({ roleGrant }) =>
      roleGrant.create({ data: { userId, accountId, role: 'owner' } }),
    );
  await inAccount(database.prisma, database.platformId, ({ roleGrant }) =>
    roleGrant.deleteMany({ where: { userId } }),
  );
  for (const [at, name] of [
    [reseller, 'Northwind'],
    [customer, 'Corner'],
    [rival, 'Rival'],
  ] as const)
    await call(['brand', 'set'], { name }, at);
  expect(await shown.ofUser(userId)).toBeUndefined();
  await roleAt(shop);
  expect(await shown.ofUser(userId)).toMatchObject({ name: 'Corner' });
  await roleAt(customer);
  expect(await shown.ofUser(userId)).toMatchObject({ name: 'Northwind' });
  await roleAt(await database.addChild(rival, 'Elsewhere'));
  expect(await shown.ofUser(userId)).toBeUndefined();
});

test('the page that a link leads to is in the brand of its mail, for as long as the link works (PRD-2)', async () => {
  const shown = shownBrands(database.prisma);
  for (const [at, name] of [
    [reseller, 'Northwind'],
    [customer, 'Corner'],
  ] as const)
    await call(['brand', 'set'], { name }, at);
  const { userId, email } = await database.signUp('Linked');
  const join = (accountId: string) =>
    inAccount(database.prisma, accountId, ({ roleGrant }) =>
      roleGrant.create({ data: { userId, accountId, role: 'viewer', acceptedAt: null } }),
    );
  await join(shop);
  const { shown: invitation } = await makeInvitation(database.prisma, { userId, accountId: shop });
  expect(await shown.ofLink(invitation)).toMatchObject({ name: 'Corner' });
  // At the host of a brand nothing above it is named.
  expect(await shown.ofLink(invitation, shop)).toBeUndefined();
  // Their own account stands below the platform alone.
  const reset = { userId, purpose: 'reset', email } as const;
  const own = (await makeEmailLink(database.prisma, reset)) ?? '';
  expect(await shown.ofLink(own)).toEqual(await shown.ofUser(userId));

  const { userId: below } = await database.signUp('Below');
  await inAccount(database.prisma, database.platformId, ({ roleGrant }) =>
    roleGrant.deleteMany({ where: { userId: below } }),
  );
  await inAccount(database.prisma, shop, ({ roleGrant }) =>
    roleGrant.create({ data: { userId: below, accountId: shop, role: 'owner', acceptedAt: new Date() } }),
  );
  const links = [
    (await makeEmailLink(database.prisma, { ...reset, userId: below })) ?? '',
    (await makeEmailLink(database.prisma, { ...reset, purpose: 'verify', userId: below })) ?? '',
    await makeSetUpLink(database.prisma, below),
  ];
  for (const link of links) expect(await shown.ofLink(link)).toMatchObject({ name: 'Corner' });
  expect(await shown.ofLink('none')).toBeUndefined();
  const [, , taken = ''] = links;
  await useSetUpLink(database.prisma, { token: taken, password: 'a long password of theirs' });
  expect(await shown.ofLink(taken)).toBeUndefined();
});
