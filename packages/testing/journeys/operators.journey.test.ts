/**
 * What the people who run accounts do in the dashboard, in a browser, to the end: an account moves and is told what that
 * changes; a role is defined and somebody comes in with it, who is offered what it allows and nothing else; somebody looks
 * as a customer does; a service is turned off and on; an authenticator and a passkey are added and signed in with; a copy
 * is made, and a person forgotten.
 */
import type { Patchbay } from '@patchbay/sdk-node';
import { TOTP } from 'otpauth';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { failOnErrors, openPage, settled, signInTo } from '../src/dashboard-browser.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { patchbayOf } from '../src/sdk-client.ts';

const chromiumPath = findChromium();
/** How long anything may take on a machine that does much else. */
const PATIENCE_MS = 30_000;

/** Pages on which most can be changed. */
const places = [
  'sessions',
  'keys',
  'team',
  'policy',
  'plans',
  'prices',
  'triggers',
  'webhooks',
  'settings',
  'allow-list',
  'applications',
  'endpoints',
  'services/signaling',
];

/** What changes nothing: finding, filtering, reading on, copying, and what is of oneself. */
const harmless = [
  /^Find ⌘ K$/,
  /^You$/,
  /^As code$/,
  /switch account$/,
  /^Show /,
  /^Copy/,
  // Of the code that a page shows, and of what it lists.
  /^(SDK|curl|CLI|Browser|Token)$/,
  /^(Filter|Find) /,
  /^(For|Kind|Of|State|Prices for|Plan|Meter|Began from|Until)$/,
  // Menus that lead to what was changed.
  /^(More of Production|What to do with Allowance)$/,
  // Out of a view.
  /^Leave$/,
];

/** The names of all that can be pressed, chosen or typed into on a page as it stands. */
const offeredOn = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, input, textarea, select, [role=combobox], [role=menuitem]')]
      .filter(
        (control) =>
          control.checkVisibility() &&
          !control.matches(':disabled') &&
          control.closest('[aria-hidden=true]') === null,
      )
      .map((control) => {
        const labels = 'labels' in control ? (control.labels as NodeListOf<HTMLLabelElement> | null) : null;
        const named = control.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? control.textContent;
        return named?.trim() ?? '';
      }),
  );

const all = async <Item>(list: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for await (const item of list) items.push(item);
  return items;
};

describe.skipIf(chromiumPath === undefined)('who runs accounts, in the dashboard', () => {
  let platform: RunningPlatform;
  let pb: Patchbay;
  let url: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let companyId: string;

  beforeAll(async () => {
    platform = await startPlatform();
    pb = patchbayOf(platform.env);
    url = platform.env.PATCHBAY_URL ?? '';
    browser = await launchBrowser(chromiumPath ?? '');
    context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      acceptDownloads: true,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    page = await context.newPage();
    const { PATCHBAY_EMAIL: email = '', PATCHBAY_PASSWORD: password = '' } = platform.env;
    companyId = await signInTo(page, { url, email, password });
  }, 150_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 120_000);

  const at = async (accountId: string, place: string, on = page) => {
    await openPage(on, `${url}/accounts/${accountId}/${place}`);
    await settled(on);
  };
  const below = async (parentId: string, name: string): Promise<string> =>
    (await pb.accounts.create(parentId, { name })).id;

  test('an account moves: what changes is shown first, its name is typed, and it stands below the other (ACC-2)', async () => {
    const [oldId, newId] = [await below(companyId, 'Old reseller'), await below(companyId, 'New reseller')];
    const customerId = await below(oldId, 'Moving customer');
    await pb.policy.set(oldId, { concurrentSessionsMax: 3 });
    await at(customerId, 'settings');
    await page.getByRole('button', { name: 'Move…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'Below' }).click();
    await page.getByRole('option', { name: /New reseller/ }).click();
    await dialog.getByText('1 account from Old reseller to New reseller').waitFor();
    await dialog.getByText('Concurrent sessions, at most').waitFor();
    await dialog.getByText(/^3 \(an account\)/).waitFor();
    const moving = dialog.getByRole('button', { name: 'Move', exact: true });
    expect(await moving.isDisabled()).toBe(true);
    await dialog.getByLabel(/^Type “Moving customer”/).fill('Moving customer');
    await moving.click();
    await page.getByText('Moving customer has moved.').first().waitFor();
    expect((await pb.accounts.get(customerId)).parentId).toBe(newId);
  });

  /** An account with one of each that has buttons beside it. */
  const furnished = async (name: string): Promise<string> => {
    const accountId = await below(companyId, name);
    await Promise.all([
      pb.keys.create(accountId, { name: 'Production' }),
      pb.applications.create(accountId, { name: 'Telehealth' }),
      pb.endpoints.allocate(accountId, { identifier: 'user:bob' }),
      pb.webhooks.create(accountId, { url: 'https://api.example.com/hooks', eventTypes: ['*'] }),
      pb.plans.create(accountId, { name: 'Free', policy: { concurrentSessionsMax: 2 } }),
      pb.triggers.create(accountId, {
        name: 'Allowance',
        counter: { meter: 'network-discovery.bytes' },
        condition: { kind: 'recurring', limit: 1_000, per: 'month' },
        action: { kind: 'throttle', bitsPerSecondMax: 256_000 },
      }),
    ]);
    return accountId;
  };

  /** What somebody is offered on the pages of an account that is not harmless. */
  const offeredTo = async (
    on: Page,
    accountId: string,
    walked = places,
  ): Promise<Readonly<Record<string, readonly string[]>>> => {
    const found: Record<string, readonly string[]> = {};
    for (const place of walked) {
      await at(accountId, place, on);
      const harmful = (await offeredOn(on)).filter((name) => !harmless.some((known) => known.test(name)));
      if (harmful.length > 0) found[place] = harmful;
    }
    return found;
  };

  const railOf = (on: Page) => on.getByRole('navigation', { name: 'Pages' }).getByRole('link');

  test('a role is defined by ticking, somebody is invited to it, comes in by the link, and is shown that and no more (ACC-3)', async () => {
    const accountId = await furnished('With roles');
    await at(accountId, 'team');
    await page.getByRole('button', { name: 'Define a role' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Support');
    for (const box of ['Accounts: read', 'Sessions: read', 'Why: read'])
      await page.getByRole('checkbox', { name: box, exact: true }).check();
    await page.getByRole('button', { name: 'Define', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add somebody' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Sue Support');
    await page.getByLabel('E-mail').fill('sue@support.example');
    await page.getByRole('dialog').getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'Support', exact: true }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const link = (await page.getByRole('dialog').locator('[data-secret]').textContent()) ?? '';

    const theirs = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    theirs.setDefaultTimeout(PATIENCE_MS);
    const other = await theirs.newPage();
    failOnErrors(other);
    await openPage(other, new URL(link, url).href);
    await other.getByLabel('Password', { exact: true }).fill('a long enough password');
    await other.getByRole('button', { name: 'Set the password' }).click();
    await other.waitForURL(new RegExp(`/accounts/${accountId}`));
    await railOf(other).filter({ hasText: 'Webhooks' }).waitFor({ state: 'detached' });
    expect(await railOf(other).allTextContents()).toEqual([
      'Overview',
      'Sessions',
      'Accounts',
      'Keys and team',
      'Why',
    ]);
    // Who has the address of another page is told why there is nothing on it.
    await at(accountId, 'webhooks', other);
    await other.getByRole('alert').getByText('webhooks', { exact: false }).first().waitFor();

    const role = (await all(pb.roles.list(accountId))).find(({ name }) => name === 'Support');
    const mayRead = [
      'accounts',
      'sessions',
      'why',
      'keys',
      'team',
      'roles',
      'policy',
      'plans',
      'prices',
      'triggers',
      'webhooks',
      'allow-list',
      'applications',
      'endpoints',
      'endpoint-transfers',
      'services',
      'usage',
      'signaling',
      'network-discovery',
    ];
    await pb.roles.update(accountId, {
      roleId: role?.id ?? '',
      scopes: mayRead.map((name) => `${name}:read`),
    });
    expect(await offeredTo(other, accountId)).toEqual({});
    await at(accountId, 'keys', other);
    await other.getByRole('row', { name: /Production/ }).waitFor();
    await at(accountId, 'settings', other);
    await other.getByText('Your role here lets you look at this, and not change it.').waitFor();
    expect(await other.getByLabel('Name', { exact: true }).inputValue()).toBe('With roles');
    // The same pages do offer it to whoever may: what was not found is not merely looked for in vain.
    const some = ['keys', 'prices', 'settings', 'services/signaling'];
    expect(Object.keys(await offeredTo(page, accountId, some))).toEqual(some);
    await theirs.close();
  });

  test('somebody above looks as a customer does: a band says so, nothing can be changed, and both logs say who looked and why (PRD-3)', async () => {
    const customerId = await furnished('Looked at');
    // A browser of its own: whatever becomes of it, the view ends with it.
    const looking = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      storageState: await context.storageState(),
    });
    looking.setDefaultTimeout(PATIENCE_MS);
    const view = await looking.newPage();
    failOnErrors(view);
    await at(customerId, 'settings', view);
    await view.getByRole('button', { name: 'See it as Looked at does…' }).click();
    await view.getByLabel('Why', { exact: true }).fill('Ticket 4711');
    await view.getByRole('button', { name: 'Look', exact: true }).click();
    const band = view.getByRole('status').filter({ hasText: 'You see the dashboard as Looked at does.' });
    await band.waitFor();
    expect(await offeredTo(view, customerId)).toEqual({});
    await at(customerId, 'policy', view);
    await view.getByText('You look as this account does: you see this, and change nothing.').waitFor();
    // Nor by going past the page.
    const status = await view.evaluate(
      async (accountId) =>
        (
          await fetch('/api/trpc/accounts.update', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ accountId, name: 'Mine' }),
          })
        ).status,
      customerId,
    );
    expect(status).toBe(403);
    expect((await pb.accounts.get(customerId)).name).toBe('Looked at');
    await band.getByRole('button', { name: 'Leave' }).click();
    // The page goes back by itself, once the cookie is that of the looker again.
    await view.waitForURL(`${url}/accounts/${customerId}`);
    await band.waitFor({ state: 'detached' });
    await at(customerId, 'audit', view);
    await view.getByText('Ticket 4711').first().waitFor();
    // The log of the highest account that the looker sees has it as well: the chain leads there, to the same page.
    const chain = view.getByRole('navigation', { name: 'Chain of accounts' });
    await chain.getByRole('link').first().click();
    await view.waitForURL((there) => !there.pathname.includes(customerId));
    await view.getByText('Ticket 4711').first().waitFor();
    await looking.close();
  });

  test('a service is turned off and enabled again, with what it is for (ACC-10)', async () => {
    const accountId = await below(companyId, 'Without signaling');
    await at(accountId, 'services/signaling');
    await page.getByRole('button', { name: 'Turn off', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Turn off', exact: true }).click();
    await page.getByText('It is turned off').waitFor();
    await page.getByRole('button', { name: 'Enable', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Sessions a day').fill('40');
    await dialog.getByLabel('Minutes a session').fill('12');
    await dialog.getByRole('button', { name: 'Enable', exact: true }).click();
    await dialog.getByText('Choose at least one.').waitFor();
    await dialog.getByLabel('Video', { exact: true }).check();
    await dialog.getByRole('button', { name: 'Enable', exact: true }).click();
    await page.getByText(/For video: about 40 sessions a day of 12 minutes/).waitFor();
  });

  test('a copy of an account is made and loaded; a person is counted, erased by name, and the receipt names nobody (PRD-4)', async () => {
    const accountId = await below(companyId, 'Private');
    await pb.endpoints.allocate(accountId, { identifier: 'user:bob', label: 'Bob' });
    await at(accountId, 'privacy');
    await page.getByRole('button', { name: 'New export' }).click();
    await page.getByRole('button', { name: 'Make it' }).click();
    const loading = page.getByRole('button', { name: 'Download' });
    await loading.waitFor({ timeout: PATIENCE_MS });
    const [download] = await Promise.all([page.waitForEvent('download'), loading.click()]);
    expect(download.suggestedFilename()).toMatch(/\.tar\.gz$/);
    expect(await download.failure()).toBeNull();

    await page.getByRole('button', { name: 'Erase a person' }).click();
    await page.getByLabel('Who', { exact: true }).fill('user:bob');
    await page.getByRole('button', { name: 'Count', exact: true }).click();
    await page.getByRole('button', { name: 'Erase…' }).click({ timeout: PATIENCE_MS });
    await page.getByLabel(/^Type “user:bob”/).fill('user:bob');
    await page.getByRole('button', { name: 'Erase', exact: true }).click();
    const receipt = page.getByRole('table', { name: 'Erasures' }).getByRole('row', { name: /somebody/ });
    await receipt.getByText('done').waitFor({ timeout: PATIENCE_MS });
    expect(JSON.stringify(await all(pb.endpoints.list(accountId)))).not.toContain('user:bob');
  });

  test('an authenticator and a passkey are added, and each signs in (PRD-3)', async () => {
    const person = { email: 'pia@passkey.example', password: 'a long enough password' };
    // Browsers make passkeys for names alone.
    const place = new URL(url);
    place.hostname = 'localhost';
    const origin = place.origin;
    const theirs = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    theirs.setDefaultTimeout(PATIENCE_MS);
    const own = await theirs.newPage();
    failOnErrors(own);
    await openPage(own, `${origin}/sign-up`);
    await own.getByLabel('Your name').fill('Pia');
    await own.getByLabel('Organisation').fill('Passkeys Ltd');
    await own.getByLabel('E-mail').fill(person.email);
    await own.getByLabel('Password', { exact: true }).fill(person.password);
    await own.getByRole('button', { name: 'Sign up', exact: true }).click();
    await own.waitForURL(/\/accounts\/acc_/);

    const devtools = await theirs.newCDPSession(own);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await openPage(own, `${origin}/you`);
    await own.getByLabel('Name of a new passkey').fill('Laptop');
    await own.getByRole('button', { name: 'Add a passkey' }).click();
    await own.getByRole('button', { name: 'Remove Laptop' }).waitFor();
    await own.getByRole('button', { name: 'Turn it on' }).click();
    const secret = ((await own.locator('[data-secret]').textContent()) ?? '').replaceAll(/\s/g, '');
    const authenticator = new TOTP({ secret, period: 30 });
    await own.getByLabel('Code').fill(authenticator.generate());
    await own.getByRole('button', { name: 'Turn it on' }).click();
    await own.getByText('It is on. Each of these codes', { exact: false }).waitFor();
    const [recovery = ''] = ((await own.locator('[data-secret]').textContent()) ?? '').trim().split(/\s+/);
    await own.getByRole('button', { name: 'I have them' }).click();

    const signOut = () => theirs.clearCookies();
    await settled(own);
    await signOut();
    await openPage(own, `${origin}/sign-in`);
    await own.getByLabel('E-mail').fill(person.email);
    await own.getByLabel('Password', { exact: true }).fill(person.password);
    await own.getByRole('button', { name: 'Sign in', exact: true }).click();
    // The code that turned it on is used up: a recovery code signs in.
    await own.getByLabel('Code').fill(recovery);
    await own.getByRole('button', { name: 'Sign in', exact: true }).click();
    await own.waitForURL(/\/accounts\/acc_/);
    await settled(own);
    await signOut();
    await openPage(own, `${origin}/sign-in`);
    await own.getByRole('button', { name: 'Use a passkey' }).click();
    await own.waitForURL(/\/accounts\/acc_/);
    await theirs.close();
  });
});
