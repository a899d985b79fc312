/**
 * The dashboard as somebody new meets it, against all of the platform in a real browser: signing up, an organisation three
 * accounts deep, keys, a team, settings, and each of these in the audit log; once by keyboard alone. And every page there
 * is, looked at by axe, in the one theme or the other.
 */
import { Patchbay } from '@patchbay/sdk-node';
import { services } from '@patchbay/services/registry.generated';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityFaults } from '../src/accessibility.ts';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { accountOf, failOnErrors, openPage, refusedTo, settled, signInTo } from '../src/dashboard-browser.ts';
import { fillAccount } from '../src/dashboard-data.ts';
import {
  addressOf,
  dashboardRoutes,
  isForSignedIn,
  isOfAccount,
  type RouteValues,
} from '../src/dashboard-routes.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { createTestDatabase, type TestDatabase } from '../src/test-database.ts';

const chromiumPath = findChromium();
/** Pages that look otherwise without data: nothing is shown there but how to begin. */
const withEmptyState =
  /(\[accountId\]|\/(accounts|applications|audit|documents|endpoints|keys|sessions|statements|triggers|usage|webhooks))$/;
/** Between two keys, as somebody types who is quick. */
const KEY_MS = 8;
const person = { name: 'Noa New', organisation: 'Northwind', email: 'noa@northwind.example' };
const PASSWORD = 'a long enough word';

describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
  let database: TestDatabase;
  let platform: RunningPlatform;
  let browser: Browser;
  let url: string;
  /** Once: a second try looks at the same account. */
  let filled: ReturnType<typeof fillAccount> | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    // Whoever looks at each page by turns asks more often than people do.
    const env = { PATCHBAY_REQUESTS_PER_MINUTE_MAX: '100000' };
    platform = await startPlatform({ databaseUrl: database.url, env });
    url = platform.env.PATCHBAY_URL ?? '';
    browser = await launchBrowser(chromiumPath ?? '');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    await database?.drop();
  }, 120_000);

  const newPage = async (): Promise<{ page: Page; context: BrowserContext }> => {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    failOnErrors(page);
    return { page, context };
  };

  test('somebody new signs up, builds an organisation, and finds each change in the audit log (ACC-1, ACC-2, ACC-3, ACC-6, ACC-8)', async () => {
    const { page, context } = await newPage();
    await signUp(page, url);
    const topId = accountOf(page);
    expect(await page.getByRole('heading', { name: 'First steps' }).textContent()).toContain('First steps');

    // Three accounts deep: each is made on the page of the one above it.
    await go(page, 'Accounts');
    await expectRefused(page, 'New sub-account', { Name: 'Fill this in.' });
    await createAccount(page, 'Bluebird', 'crm_1');
    await page.getByRole('link', { name: 'Bluebird', exact: true }).click();
    await page.getByRole('button', { name: /^Bluebird: switch account/ }).waitFor();
    const childId = accountOf(page);
    await go(page, 'Accounts');
    await createAccount(page, 'Bluebird Berlin');
    await page.getByRole('link', { name: 'Bluebird Berlin', exact: true }).click();
    await page.getByRole('button', { name: /^Bluebird Berlin: switch account/ }).waitFor();
    const chain = page.getByRole('navigation', { name: 'Chain of accounts' });
    expect(await chain.getByRole('listitem').allTextContents()).toEqual([
      'Northwind',
      expect.stringContaining('Bluebird'),
      expect.stringContaining('Bluebird Berlin'),
    ]);
    await openPage(page, `${url}/accounts/${topId}/accounts`);
    await openDialog(page, 'New sub-account');
    await page.getByLabel('Name', { exact: true }).pressSequentially('Copycat', { delay: KEY_MS });
    await page.getByLabel('External id').pressSequentially('crm_1', { delay: KEY_MS });
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    expect(await errorAt(page, 'External id')).toBe(
      'Another account below the same parent, which is not closed, has this external id.',
    );
    await page.keyboard.press('Escape');

    await openPage(page, `${url}/accounts/${childId}/applications`);
    await expectRefused(page, 'New application', { Name: 'Fill this in.' });
    await openDialog(page, 'New application');
    await page.getByLabel('Name', { exact: true }).pressSequentially('Telehealth', { delay: KEY_MS });
    await page.getByLabel('Instance types').pressSequentially('free, Very Big', { delay: KEY_MS });
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    expect(await errorAt(page, 'Instance types')).toContain('small letters');
    await page.getByLabel('Instance types').fill('free, paid');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('row', { name: /Telehealth/ }).waitFor();

    await openPage(page, `${url}/accounts/${childId}/keys`);
    const secret = await createKey(page, 'Production');
    expect(secret).toMatch(/^pb_live_/);
    await page.reload();
    await page.getByRole('row', { name: /Production/ }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await openPage(page, `${url}/accounts/${childId}/applications`);
    await setsForAnApplication(page);
    await mintsAndRevokes(page, `${url}/accounts/${childId}`);

    await openPage(page, `${url}/accounts/${childId}/team`);
    await expectRefused(page, 'Add somebody', { Name: 'Fill this in.', 'E-mail': 'Fill this in.' });
    await openDialog(page, 'Add somebody');
    await page.getByLabel('Name', { exact: true }).pressSequentially('Ada', { delay: KEY_MS });
    await page.getByLabel('E-mail').pressSequentially('ada@', { delay: KEY_MS });
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'billing' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    expect(await errorAt(page, 'E-mail')).toContain('not an e-mail address');
    await page.getByLabel('E-mail').fill('ada@northwind.example');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: 'I have it' }).click();
    const invitation = await changesInvited(page, 'Ada');

    await openPage(page, `${url}/accounts/${childId}/settings`);
    await page.getByLabel('Time zone').fill('Mars/Olympus');
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await errorAt(page, 'Time zone')).toBe('There is no such time zone.');
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();

    await openPage(page, `${url}/accounts/${childId}/audit`);
    await page.getByRole('list', { name: 'Changes' }).waitFor();
    const log = (
      await page.getByRole('list', { name: 'Changes' }).getByRole('listitem').allTextContents()
    ).join('\n');
    for (const action of [
      'accounts.create',
      'applications.create',
      'keys.create',
      'signaling.putConfig',
      'signaling.putApplicationConfig',
      'network-discovery.createIceServers',
      'credentials.revoke',
      'team.add',
      'accounts.update',
    ])
      expect(log).toContain(action);
    for (const what of [
      'Telehealth',
      'Production',
      'ada@northwind.example',
      'billing',
      'Europe/Berlin',
      person.name,
    ])
      expect(log).toContain(what);
    expect(log).not.toContain(secret);

    await openPage(page, `${url}/accounts/${childId}/organisation`);
    await page.getByLabel('Name', { exact: true }).fill('Northwind Group');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    expect(await page.getByRole('row', { name: /ada@northwind.example/ }).textContent()).toContain(
      'Bluebird',
    );
    await page.getByRole('link', { name: 'Settings', exact: true }).click();
    await page.getByRole('link', { name: 'Northwind Group', exact: true }).waitFor();

    await invitedSetsPassword(invitation);
    await signOutAndIn(page);
    await context.close();
  });

  /**
   * A setting at the account is what holds for its application, which says whose it is, can be less, and is refused more. Who is
   * above both speaks for themselves.
   */
  async function setsForAnApplication(page: Page): Promise<void> {
    await go(page, 'Services');
    await page.getByRole('link', { name: 'Signaling', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Signaling' }).waitFor();
    const field = page.getByLabel('Session time, at most', { exact: true });
    await field.pressSequentially('an hour', { delay: KEY_MS });
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await errorAt(page, 'Session time, at most')).toBe('A whole number, such as 3600.');
    await field.fill('3,600');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await page.getByText('set here', { exact: true }).waitFor();

    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(/Find an account/).fill('Telehealth');
    await page.getByRole('option', { name: 'Telehealth' }).click();
    await page.getByRole('heading', { level: 1, name: 'Telehealth' }).waitFor();
    const calls = page.getByRole('region', { name: 'Signaling' });
    const seconds = calls.getByLabel('Session time, at most', { exact: true });
    await seconds.waitFor();
    expect(await seconds.getAttribute('placeholder')).toBe('3,600 s, from Northwind');
    await seconds.fill('7200');
    await calls.getByRole('button', { name: 'Save' }).click();
    expect(await errorAt(page, 'Session time, at most')).toContain('can only be narrowed');
    await seconds.fill('600');
    await calls.getByRole('button', { name: 'Save' }).click();
    await calls.getByText('set here', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'paid', exact: true }).click();
    await page.waitForFunction(
      () =>
        document.querySelector<HTMLInputElement>('[aria-label=Signaling] input[name=sessionSecondsMax]')
          ?.placeholder === '600 s, from the application, by Northwind',
    );
  }

  /** A credential with a limit is shown once, tried from this browser, read when it is pasted, and ended. */
  async function mintsAndRevokes(page: Page, account: string): Promise<void> {
    await openPage(page, `${account}/credentials?try=network-discovery`);
    await page.getByLabel('Bytes, at most', { exact: true }).fill('50,000,000');
    await page.getByRole('button', { name: 'Mint', exact: true }).click();
    const secrets = page.getByRole('dialog').locator('[data-secret]');
    await secrets.first().waitFor();
    const [username = '', password = ''] = await secrets.allTextContents();
    expect(username.length).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Try it from this browser' }).click();
    await page.getByText(/^The relay let it in after/).waitFor();
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await page.content()).includes(password)).toBe(false);
    await page.getByLabel('Username or token', { exact: true }).fill(username);
    expect(await page.getByLabel('What it says of itself').textContent()).toContain('50.00 MB in total');
    await page.getByRole('button', { name: 'Revoke …' }).click();
    await page
      .getByRole('dialog')
      .getByText(/ends within 2 seconds/)
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('Revoked.', { exact: true }).waitFor();
  }

  /** Whoever was invited sets a password with the link, once, and reaches the account of the role alone. */
  async function invitedSetsPassword(invitation: string): Promise<void> {
    const { page, context } = await newPage();
    await openPage(page, invitation);
    await page.getByRole('button', { name: 'Set the password' }).click();
    expect(await errorAt(page, 'Password')).toBe('Fill this in.');
    await page.getByLabel('Password').pressSequentially('another long word', { delay: KEY_MS });
    await page.getByRole('button', { name: 'Set the password' }).click();
    await page.waitForURL(/\/accounts\/acc_/);
    await page.getByRole('button', { name: /^Bluebird: switch account/ }).waitFor();
    await openPage(page, invitation);
    await page.getByRole('heading', { name: 'This link does not work any more' }).waitFor();
    await context.close();
  }

  async function signOutAndIn(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'You', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL(/\/sign-in/);
    await openPage(page, `${url}/`);
    await page.waitForURL(/\/sign-in/);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    expect(await errorAt(page, 'E-mail')).toBe('Fill this in.');
    expect(await errorAt(page, 'Password')).toBe('Fill this in.');
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page
      .getByRole('alert')
      .filter({ hasText: /password/i })
      .waitFor();
    await signInTo(page, { url, email: person.email, password: PASSWORD });
  }

  test('somebody proves their address, and signs in with a passkey in place of a password (PRD-3)', async () => {
    const { page, context } = await newPage();
    await openPage(page, `${url}/outbox`);
    await page.locator(`a[data-recipient="${person.email}"]`, { hasText: 'Confirm the address' }).click();
    await page.waitForURL(/\/sign-in/);

    // Browsers make passkeys for a name, and this machine's is localhost.
    const local = url.replace(/\/\/[^:]+/, '//localhost');
    const device = await context.newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await signInTo(page, { url: local, email: person.email, password: PASSWORD });
    await openPage(page, `${local}/you`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    expect(await errorAt(page, 'Name of a new passkey')).toBe('Give it a name.');
    await page.getByLabel('Name of a new passkey').pressSequentially('Test laptop', { delay: KEY_MS });
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText(/not used yet/).waitFor();
    await page.getByRole('button', { name: 'Turn it on' }).click();
    await page.getByRole('img', { name: 'The key, to be scanned' }).waitFor();

    await context.clearCookies();
    await openPage(page, `${local}/sign-in`);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.waitForURL(/\/accounts\/acc_/);
    await openPage(page, `${local}/you`);
    await page.getByText(/^used /).waitFor();
    await page.getByRole('button', { name: 'Remove Test laptop' }).click();
    await page.getByText(/^used /).waitFor({ state: 'detached' });
    await openPage(page, `${local}/sign-in`);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('This passkey is not known here').waitFor();
    await context.close();
  });

  test('all of it can be done by keyboard alone', async () => {
    const { page, context } = await newPage();
    const { PATCHBAY_EMAIL: email = '', PATCHBAY_PASSWORD: password = '' } = platform.env;
    await openPage(page, `${url}/sign-in`);
    await page.locator('input[name=email]:focus').waitFor();
    await page.keyboard.type(email, { delay: KEY_MS });
    await page.keyboard.press('Tab');
    await page.keyboard.type(password, { delay: KEY_MS });
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/accounts\/acc_/);
    await settled(page);

    // g and a letter goes to a page; from there Tab reaches everything.
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL(/\/accounts$/);
    await tabTo(page, 'New sub-account');
    await page.keyboard.press('Enter');
    await page.locator('[role=dialog] input[name=name]:focus').waitFor();
    await page.keyboard.press('Enter');
    expect(await errorAt(page, 'Name')).toBe('Fill this in.');
    await page.keyboard.type('Keyboard', { delay: KEY_MS });
    expect(await page.getByText('Fill this in.').count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Keyboard/ }).waitFor();

    // The palette finds it by name, and the row opens with Enter.
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(/Find an account/).waitFor();
    await page.keyboard.type('Keyboard', { delay: KEY_MS });
    await page.getByRole('option', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Keyboard: switch account/ }).waitFor();

    await page.keyboard.press('g');
    await page.keyboard.press('k');
    await page.waitForURL(/\/keys$/);
    await tabTo(page, 'New key');
    await page.keyboard.press('Enter');
    await page.locator('[role=dialog] input[name=name]:focus').waitFor();
    await page.keyboard.type('By hand', { delay: KEY_MS });
    await page.keyboard.press('Enter');
    expect(await page.locator('[data-secret]').textContent()).toMatch(/^pb_live_/);
    await page.locator('[role=dialog] :focus').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /By hand/ }).waitFor();

    // What cannot be undone wants the name typed; Escape leaves it, and gives the focus back.
    await tabTo(page, 'Revoke By hand');
    await page.keyboard.press('Enter');
    await page.locator('[role=dialog] input:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focusedName(page)).toBe('Revoke By hand');
    await page.keyboard.press('Enter');
    await page.locator('[role=dialog] input:focus').waitFor();
    await page.keyboard.type('By hand', { delay: KEY_MS });
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /By hand.*revoked/ }).waitFor();

    await tabTo(page, 'You');
    await page.keyboard.press('Enter');
    await page.locator('[role=menuitem]:focus').waitFor();
    await page.keyboard.press('End');
    await page.locator('[role=menuitem]:focus', { hasText: 'Sign out' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/sign-in/);
    await context.close();
  });

  test('a cable is drawn in a form, stands in the drawing and as a callback, and is taken back (HKS-5)', async () => {
    const { PATCHBAY_KEY: key = '', PATCHBAY_ACCOUNT: parentId = '' } = platform.env;
    const { PATCHBAY_EMAIL: email = '', PATCHBAY_PASSWORD: password = '' } = platform.env;
    const pb = new Patchbay({ url, key, accountId: parentId });
    const { id: accountId } = await pb.accounts.create(parentId, { name: 'Patched' });
    const { page, context } = await newPage();
    await signInTo(page, { url, email, password });
    await openPage(page, `${url}/accounts/${accountId}/patches`);
    await page.getByRole('button', { name: 'New cable' }).click();
    await page.getByRole('combobox', { name: 'Event' }).click();
    await page.getByRole('option', { name: 'Network discovery: allocation.started' }).click();
    await page.getByRole('combobox', { name: 'Operation' }).click();
    await page.getByRole('option', { name: 'Notification: publish' }).click();
    await page.getByLabel('channel', { exact: true }).fill('relays.');
    await page.getByRole('combobox', { name: 'Insert into channel' }).click();
    await page.getByRole('option', { name: '{data.sessionId}' }).click();
    await page.getByRole('button', { name: 'Draw it' }).click();
    const remove = page.getByRole('button', { name: /^Remove the cable of network-discovery/ });
    await remove.waitFor();
    // A straight line has no height, and so counts as hidden.
    await page.locator('.react-flow__edge').waitFor({ state: 'attached' });
    const stored = async () => (await pb.networkDiscovery.getCallbacks(accountId)).callbacks;
    const drawn = 'service:notification/publish?channel=relays.{data.sessionId}';
    expect(await stored()).toMatchObject([{ url: drawn, events: ['allocation.started'] }]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('No event goes anywhere yet.').waitFor();
    expect(await stored()).toEqual([]);
    await context.close();
  });

  test('axe finds nothing on any page of the route tree, in light or in dark by turns, with data and where it matters without; none fails in the browser, and none asks for what it is refused', async () => {
    const { PATCHBAY_KEY: key = '', PATCHBAY_ACCOUNT: accountId = '' } = platform.env;
    const { PATCHBAY_EMAIL: email = '', PATCHBAY_PASSWORD: password = '' } = platform.env;
    const pb = new Patchbay({ url, key, accountId });
    filled ??= fillAccount(pb, { accountId, databaseUrl: database.url });
    const { customerIds: _customerIds, ...ids } = await filled;
    const empty = await pb.accounts.create(accountId, { name: 'Nothing here' });
    const invited = await pb.team.add(empty.id, { email: 'li@example.com', name: 'Li', role: 'viewer' });
    const values: RouteValues = {
      accountId,
      ...ids,
      period: new Date().toISOString().slice(0, 7),
      code: 'limit.exceeded',
      service: 'network-discovery',
      token: (invited.setUpPath ?? '').split('/').at(-1) ?? '',
    };
    const { page, context } = await newPage();
    // One waits for the server while the other looks.
    const pages = [page, await context.newPage()];
    const refused = pages.map(refusedTo);
    const faults: string[] = [];
    const look = async (on: Page, { route, address, isEmpty = false }: Look) => {
      // By turns, and the other way round without data: every colour is a token, and each theme has half of the pages.
      const place = dashboardRoutes.findIndex((known) => known === route.replace(', empty', ''));
      const lights = [(place + (isEmpty ? 1 : 0)) % 2 === 0 ? ('dark' as const) : ('light' as const)];
      await openPage(on, `${url}${address}`);
      await settled(on);
      const found = await accessibilityFaults(on, lights).catch(async (error: unknown) => {
        if (!String(error).includes('Execution context was destroyed')) throw error;
        // A page that only leads on does so a moment after it is there: where it leads to is looked at.
        await settled(on);
        return await accessibilityFaults(on, lights);
      });
      faults.push(...found.map((fault) => `${route} ${fault}`));
    };
    const lookAtAll = async (looks: Look[]) => {
      await Promise.all(
        pages.map(async (on) => {
          for (let next = looks.shift(); next !== undefined; next = looks.shift()) await look(on, next);
        }),
      );
    };
    await lookAtAll([
      ...dashboardRoutes
        .filter((route) => !isForSignedIn(route))
        .map((route) => ({ route, address: addressOf(route, values) })),
      { route: '/nothing', address: '/there/is/nothing/here' },
    ]);
    await signInTo(page, { url, email, password });
    await lookAtAll(
      dashboardRoutes.filter(isForSignedIn).flatMap((route) => {
        const filled = { route, address: addressOf(route, values) };
        if (!isOfAccount(route)) return filled;
        // Each has a panel of its own beside what all of them have.
        if (route.endsWith('/services/[service]'))
          return Object.values(services).map(({ name: service }) => ({
            route,
            address: addressOf(route, { ...values, service }),
          }));
        if (!withEmptyState.test(route)) return filled;
        const address = addressOf(route, { ...values, accountId: empty.id });
        return [filled, { route: `${route}, empty`, address, isEmpty: true }];
      }),
    );
    expect(faults).toEqual([]);
    expect(refused.flat()).toEqual([]);
    await context.close();
  }, 360_000);
});

/** One page of the walk, under the name that a fault is told by. */
interface Look {
  readonly route: string;
  readonly address: string;
  readonly isEmpty?: boolean;
}

async function signUp(page: Page, url: string): Promise<void> {
  await openPage(page, `${url}/`);
  await page.waitForURL(/\/sign-in/);
  await page.getByRole('link', { name: 'Sign up' }).click();
  await page.getByRole('button', { name: 'Sign up' }).click();
  for (const label of ['Your name', 'Organisation', 'E-mail', 'Password'])
    expect(await errorAt(page, label)).toBe('Fill this in.');
  await page.getByLabel('Your name').pressSequentially(person.name, { delay: KEY_MS });
  await page.getByLabel('Organisation').pressSequentially(person.organisation, { delay: KEY_MS });
  await page.getByLabel('E-mail').pressSequentially('demo@patchbay.example', { delay: KEY_MS });
  await page.getByLabel('Password').pressSequentially('short', { delay: KEY_MS });
  await page.getByRole('button', { name: 'Sign up' }).click();
  expect(await errorAt(page, 'Password')).toBe('At least 10 characters.');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  expect(await errorAt(page, 'E-mail')).toBe('Somebody signed up with this address already.');
  await page.getByLabel('E-mail').fill(person.email);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/accounts\/acc_/);
  await page.getByRole('heading', { name: person.organisation }).waitFor();
}

async function go(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await settled(page);
}

async function openDialog(page: Page, button: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('dialog').waitFor();
}

/** Opens the form behind a button, sends it empty, and reads what its fields say; then leaves it. */
async function expectRefused(
  page: Page,
  button: string,
  messages: Readonly<Record<string, string>>,
): Promise<void> {
  await openDialog(page, button);
  await page.getByRole('dialog').locator('button[type=submit]').click();
  for (const [label, message] of Object.entries(messages)) expect(await errorAt(page, label)).toBe(message);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function createAccount(page: Page, name: string, externalId?: string): Promise<void> {
  await openDialog(page, 'New sub-account');
  await page.getByLabel('Name', { exact: true }).pressSequentially(name, { delay: KEY_MS });
  if (externalId !== undefined)
    await page.getByLabel('External id').pressSequentially(externalId, { delay: KEY_MS });
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function createKey(page: Page, name: string): Promise<string> {
  await openDialog(page, 'New key');
  await page.getByLabel('only what is ticked').check();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  expect(await errorAt(page, 'Name')).toBe('Fill this in.');
  expect(await page.getByRole('group', { name: 'May do' }).textContent()).toContain('Choose at least one.');
  await page.getByLabel('Name', { exact: true }).pressSequentially(name, { delay: KEY_MS });
  await page.getByLabel('everything in this account').check();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const secret = (await page.locator('[data-secret]').textContent()) ?? '';
  await page.getByRole('button', { name: 'I have it' }).click();
  return secret;
}

/** What is said to be wrong with a field, read as a screen reader does: the text that describes it while it is invalid. */
async function errorAt(page: Page, label: string): Promise<string> {
  const field = page
    .getByRole('textbox', { name: label, exact: true })
    .or(page.getByLabel(label, { exact: true }))
    .first();
  await page.waitForFunction(
    (element) => element?.getAttribute('aria-invalid') === 'true',
    await field.elementHandle(),
  );
  const noteId = await field.getAttribute('aria-describedby');
  return (await page.locator(`[id="${noteId}"]`).textContent()) ?? '';
}

const focusedName = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const focused = document.activeElement;
    return focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
  });

/** Presses Tab until what has the name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    if ((await focusedName(page)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`80 presses of Tab did not reach “${name}”.`);
}

/** Gives somebody who was invited another role, by keyboard where their role stands, and answers their newest link. */
async function changesInvited(page: Page, name: string): Promise<string> {
  const held = page.getByRole('combobox', { name: `Role of ${name}` });
  expect(await held.textContent()).toBe('billing');
  await held.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'viewer' }).waitFor();
  await page.keyboard.type('viewer', { delay: KEY_MS });
  await page.keyboard.press('Enter');
  await page.getByText(`${name} is invited as viewer`).waitFor();
  await page.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('button', { name: `Invite again: ${name}` }).click();
  const link = (await page.getByText(/\/set-up\//).textContent()) ?? '';
  await page.getByText('Nobody gets more than five of them a day.').waitFor();
  await page.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('button', { name: `Withdraw the invitation of ${name}` }).click();
  await page.getByText('lead to nothing, at once').waitFor();
  await page.getByRole('button', { name: 'Leave it' }).click();
  expect(await held.textContent()).toBe('viewer');
  return link;
}
