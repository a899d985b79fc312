/**
 * Nothing above a brand shows to those below it (PRD-2): every page, document and answer of a started platform at the host of
 * a brand, as somebody three levels down, is searched for whoever is above.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Client } from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pngOf } from '../../domain/branding/logo-image.testing.ts';
import { startBehindTls } from '../src/behind-tls.ts';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { openPage, signInTo } from '../src/dashboard-browser.ts';
import { addressOf, dashboardRoutes } from '../src/dashboard-routes.ts';
import { inherited } from '../src/env.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { signUp } from '../src/wall/dashboard.ts';
import { ask, PASSWORD } from '../src/wall/tenants.ts';
import { ownerOf } from '../src/wall/victim-rows.ts';

const HOST = 'voice.northwind.test';
const PLATFORM_HOST = 'platform.test';
const EMAIL = 'shopkeeper@below.test';

let platform: RunningPlatform;
let owner: Client;
let url: string;
let port: string;
let shopId: string;
let key: string;
/** What must be nowhere. */
let above: readonly string[];

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `fetch` writes the host of the address, whatever its caller says. */
function askAt(
  host: string,
  place: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}${place}`,
      { method, headers: { ...headers, host: `${host}:${port}` }, signal: AbortSignal.timeout(20_000) },
      (response) => {
        text(response).then((read) => {
          const pairs = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
            values.map((value): [string, string] => [name, value]),
          );
          resolve({ status: response.statusCode ?? 0, headers: new Headers(pairs), body: read });
        }, reject);
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Signs in at a host as its form does, and answers the cookie. */
async function signInAt(
  host: string,
): Promise<{ readonly cookie: string; readonly answers: readonly Answer[] }> {
  const csrf = await askAt(host, '/api/auth/csrf');
  const cookies = ({ headers }: Answer) => headers.getSetCookie().map((each) => each.split(';')[0] ?? '');
  const { csrfToken } = JSON.parse(csrf.body) as { csrfToken: string };
  const answer = await askAt(host, '/api/auth/callback/credentials', {
    method: 'POST',
    headers: { cookie: cookies(csrf).join('; '), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrfToken, email: EMAIL, password: PASSWORD, json: 'true' }).toString(),
  });
  const cookie = cookies(answer).find((pair) => pair.includes('session-token='));
  if (cookie === undefined)
    throw new Error(`Nobody was signed in at ${host}: ${answer.status} ${answer.body}`);
  return { cookie, answers: [csrf, answer] };
}

async function demoVisitor() {
  const { env } = platform;
  const { signIn } = await import('../src/wall/dashboard.ts');
  return await signIn(url, env.PATCHBAY_EMAIL ?? '', env.PATCHBAY_PASSWORD ?? '');
}

beforeAll(async () => {
  platform = await startPlatform();
  url = platform.env.PATCHBAY_URL ?? '';
  port = new URL(url).port;
  owner = await ownerOf(platform.dataDir);
  const holding = await demoVisitor();
  const grandparentId = platform.env.PATCHBAY_ACCOUNT ?? '';
  const below = (accountId: string, name: string) => ask(holding, 'accounts.create', { accountId, name });
  const logo = async (accountId: string, rgb: readonly [number, number, number]) => {
    const data = pngOf({ rgb }).toString('base64');
    return (await ask(holding, 'brand.setLogo', { accountId, theme: 'light', data })).digest;
  };
  const { id: resellerId } = await below(grandparentId, 'Northwind');
  const { id: customerId } = await below(resellerId, 'Customer');
  ({ id: shopId } = await below(customerId, 'Corner shop'));
  await ask(holding, 'brand.set', { accountId: grandparentId, name: 'Zephyr Holdings' });
  await ask(holding, 'brand.set', { accountId: resellerId, name: 'Northwind Voice', accent: '#0550d0' });
  const hash = await logo(grandparentId, [9, 9, 9]);
  await logo(resellerId, [11, 95, 255]);
  await ask(holding, 'brandHosts.add', { accountId: resellerId, host: HOST });
  // As its record would.
  await owner.query('UPDATE brand_host SET proved_at = now() WHERE host = $1', [HOST]);
  await signUp(url, { email: EMAIL, password: PASSWORD, name: 'Shopkeeper', organisationName: 'Else' });
  const { rows } = await owner.query<{ user_id: string; account_id: string; platform: string }>(
    `SELECT g.user_id, g.account_id, (SELECT id FROM account WHERE parent_id IS NULL AND NOT is_test) AS platform
     FROM role_grant g JOIN app_user u ON u.id = g.user_id WHERE u.email = $1`,
    [EMAIL],
  );
  const { user_id: userId, platform: platformId = '' } = rows[0] ?? {};
  await owner.query('UPDATE role_grant SET account_id = $1 WHERE user_id = $2', [shopId, userId]);
  await owner.query('UPDATE app_user SET email_verified_at = now() WHERE id = $1', [userId]);
  key = (await ask(holding, 'keys.create', { accountId: shopId, name: 'Shop' })).secret;
  above = ['zephyr', hash, grandparentId, platformId, `127.0.0.1:${port}`, `localhost:${port}`];
}, 120_000);

afterAll(async () => {
  await owner?.end();
  await platform?.stop();
}, 120_000);

/** The exceptions, each with its reason, are a table of the guide. */
const guide = readFileSync(path.resolve(import.meta.dirname, '../../../docs/white-label.md'), 'utf8');
const technicalNames = [
  ...guide.slice(guide.indexOf('| in the bytes |')).matchAll(/^\| (`+) ?(.+?) ?\1 \|/gm),
]
  .map(([, , name = '']) => name)
  // The longest first: what is left of a name would be found.
  .sort((one, other) => other.length - one.length);

function foundIn({ headers, body }: Answer): readonly string[] {
  const sent = [...headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  const decoded = `${sent}\n${body}`
    .replaceAll('&quot;', '"')
    .replaceAll('\\"', '"')
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/');
  const left = technicalNames.reduce((rest, name) => rest.replaceAll(name, ''), decoded).toLowerCase();
  return [...above, 'patchbay'].filter((name) => left.includes(name.toLowerCase()));
}

test('nothing above a brand is in any page, document or answer at its host, for somebody three levels down (PRD-2)', async () => {
  expect(technicalNames.length).toBeGreaterThan(5);
  const { cookie, answers } = await signInAt(HOST);
  const values = {
    accountId: shopId,
    service: 'signaling',
    period: new Date().toISOString().slice(0, 7),
    sessionId: 'ses_none',
    applicationId: 'app_none',
    endpointId: 'end_none',
    channel: 'none',
    room: 'none',
    webhookId: 'whk_none',
    documentId: 'doc_none',
    token: 'none',
    code: 'request.unknown_host',
  };
  // Their own host tells no one else of mails, and the gallery is of parts that everybody has.
  const routes = dashboardRoutes.filter((route) => route !== '/gallery' && route !== '/outbox');
  const asShop = { headers: { authorization: `Bearer ${key}` } };
  const places: (readonly [string, Asked])[] = [
    ...routes.flatMap((route): (readonly [string, Asked])[] => [
      [addressOf(route, values), { headers: { cookie } }],
      [addressOf(route, values), {}],
    ]),
    ['/brand/icon.svg', {}],
    ['/v1/openapi.json', {}],
    ['/v1/addresses?role=api', {}],
    ['/v1/me', asShop],
    [`/v1/accounts/${shopId}`, asShop],
    [`/v1/accounts/${shopId}/brand`, asShop],
    [`/v1/accounts/${shopId}/audit`, asShop],
    [`/v1/accounts/${shopId}/statements`, asShop],
    ['/v1/accounts/acc_none', asShop],
    ['/v1/me', {}],
    ['/no/such/page', {}],
  ];
  const found: string[] = [];
  for (const [place, init] of places) {
    const answer = await askAt(HOST, place, init);
    expect(answer.status, place).toBeLessThan(500);
    expect(answer.status, place).not.toBe(421);
    found.push(...foundIn(answer).map((name) => `${place}: ${name}`));
  }
  for (const answer of answers) found.push(...foundIn(answer).map((name) => `signing in: ${name}`));
  expect(found).toEqual([]);
  const page = await askAt(HOST, `/accounts/${shopId}`, { headers: { cookie } });
  expect(page.body).toContain('Northwind Voice');
  expect(page.body).toContain('--accent: light-dark(#0550d0');
  const signIn = await askAt(HOST, '/sign-in');
  expect(signIn.body).toContain('Northwind Voice');
  // The provider of an organisation leads back to this host: so it is offered here as well.
  expect(signIn.body).toContain('Continue with your organisation');
});

test('without the host of a brand its pages have it in their first bytes and titles, also one that there is not (PRD-2)', async () => {
  const { cookie } = await signInAt('127.0.0.1');
  for (const place of ['', '/policy', '/no-such-page']) {
    const { body } = await askAt('127.0.0.1', `/accounts/${shopId}${place}`, { headers: { cookie } });
    expect(/<title>([^<]*)<\/title>/.exec(body)?.[1], place).toContain('Northwind Voice');
    expect(body.replaceAll('\\"', '"'), place).not.toContain('"name":"Patchbay"');
  }
});

test('a session of one host reaches nothing at another, and a host that nobody proved serves no page', async () => {
  const { cookie } = await signInAt(HOST);
  const answer = await askAt('127.0.0.1', '/', { headers: { cookie } });
  expect(answer.headers.get('location')).toContain(shopId);
  for (const host of ['evil.test', `${HOST}.evil.test`]) {
    for (const place of ['/sign-in', '/', '/api/auth/csrf', '/docs/errors', '/v1/openapi.json']) {
      const refused = await askAt(host, place, { headers: { cookie } });
      expect([place, refused.status]).toEqual([place, 421]);
      expect(foundIn(refused)).toEqual([]);
      expect(refused.body).not.toContain('evil');
    }
  }
  // Machines reach a control plane by names of their own.
  expect((await askAt('evil.test', '/api/health')).status).toBe(200);
});

const chromium = findChromium(inherited.CHROMIUM_PATH);

test('a passkey is of the host that it was made at: a brand’s signs in there, and neither is one at the other (PRD-2, PRD-3)', async (context) => {
  if (chromium === undefined) return context.skip('needs Chromium');
  const behind = await startBehindTls(platform.dataDir, PLATFORM_HOST);
  const browser = await launchBrowser(chromium, [
    '--host-resolver-rules=MAP *.test 127.0.0.1',
    '--ignore-certificate-errors',
  ]);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(45_000);
    // Where a device has no passkey the browser may let a site wait for as long as it asks to, which is minutes.
    await page.addInitScript(() => {
      // An empty page has no passkeys at all.
      if (!('credentials' in navigator)) return;
      const get = navigator.credentials.get.bind(navigator.credentials);
      navigator.credentials.get = ({ publicKey, ...options } = {}) =>
        get({
          ...options,
          ...(publicKey === undefined ? {} : { publicKey: { ...publicKey, timeout: 10_000 } }),
        });
    });
    const [brand, own] = [behind.urlAt(HOST), behind.urlAt(PLATFORM_HOST)];
    const device = await addAuthenticator(page);
    const signInByPasskey = async (at: string) => {
      // A page that is signed in asks on, and would lead elsewhere once its cookie is gone.
      await page.goto('about:blank');
      await page.context().clearCookies();
      await openPage(page, `${at}/sign-in`);
      await page.getByRole('button', { name: 'Use a passkey' }).click();
    };
    const addPasskey = async (at: string) => {
      await signInTo(page, { url: at, email: EMAIL, password: PASSWORD });
      await openPage(page, `${at}/you`);
      await page.getByLabel('Name of a new passkey').fill('Laptop');
      await page.getByRole('button', { name: 'Add a passkey' }).click();
      await page.getByText(/not used yet/).waitFor();
    };
    await addPasskey(brand);
    expect(await device.hosts()).toEqual([HOST]);
    await signInByPasskey(brand);
    await page.waitForURL(`${brand}/accounts/${shopId}`);
    await signInByPasskey(own);
    await page.getByText('The browser gave no passkey for this site.').waitFor();

    await device.forget();
    await addPasskey(own);
    expect(await device.hosts()).toEqual([PLATFORM_HOST]);
    await signInByPasskey(own);
    await page.waitForURL(`${own}/accounts/${shopId}`);
    await signInByPasskey(brand);
    await page.getByText('The browser gave no passkey for this site.').waitFor();
  } finally {
    await browser.close();
    await behind.stop();
  }
});

/** A device that makes and uses passkeys without being touched. */
async function addAuthenticator(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    /** For which host each of its passkeys is. */
    hosts: async () => {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials.map(({ rpId }) => rpId);
    },
    forget: () => session.send('WebAuthn.clearCredentials', { authenticatorId }),
  };
}
