/**
 * Photographs every page of the dashboard, in each theme and at the width of a desk and of a phone, for somebody to look
 * at: with no data, with some, of a test account, of a seller that collects itself, with ten thousand rows, while it loads, and while the database is away.
 *
 *   node packages/testing/photograph-pages.ts [--pages keys,team] [--states empty,filled] [--desk 1280] [--out folder]
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { Patchbay } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { findChromium, launchBrowser } from './src/browser.ts';
import { settled, signInTo } from './src/dashboard-browser.ts';
import { addManyRows, fillAccount } from './src/dashboard-data.ts';
import { addSelling } from './src/dashboard-documents.ts';
import {
  addressOf,
  dashboardRoutes,
  isForSignedIn,
  isOfAccount,
  type RouteValues,
} from './src/dashboard-routes.ts';
import { startPlatform } from './src/running-platform.ts';

const states = ['empty', 'filled', 'test', 'selling', 'many', 'loading', 'failing'] as const;
type State = (typeof states)[number];

const themes = ['light', 'dark'] as const;
/** A page longer than this is cut: nobody looks at ten thousand rows. */
const HEIGHT_PIXELS_MAX = 2_400;

const { values: options } = parseArgs({
  options: {
    pages: { type: 'string', default: '' },
    states: { type: 'string', default: states.join(',') },
    desk: { type: 'string', default: '1440' },
    /** Whose page is looked at where a page is of a service. */
    service: { type: 'string', default: 'network-discovery' },
    out: { type: 'string', default: 'test-results/pages' },
  },
});
const widths = { desk: { width: Number(options.desk), height: 900 }, phone: { width: 390, height: 844 } };
const wantedPages = options.pages.split(',').filter((name) => name !== '');
const wantedStates = states.filter((state) => options.states.split(',').includes(state));

const nameOf = (route: string): string =>
  route
    .slice(1)
    .replaceAll(/[[\].]/g, '')
    .replaceAll('/', '-') || 'home';
const routes = dashboardRoutes.filter(
  (route) => wantedPages.length === 0 || wantedPages.some((name) => nameOf(route).includes(name)),
);

/** Texts that their box cuts off, and whatever makes the page itself scroll sideways. */
function cutTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const isCut = (element: Element): boolean => {
      const { overflowX } = getComputedStyle(element);
      // What is a pixel wide is there for screen readers alone.
      return (
        overflowX === 'hidden' && element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1
      );
    };
    const isWide = document.documentElement.scrollWidth > innerWidth;
    const cut = [...document.querySelectorAll('main *, header *, nav *')].filter(
      (element) => element.checkVisibility() && isCut(element),
    );
    return [
      ...(isWide ? ['the page scrolls sideways'] : []),
      ...cut.map(({ textContent }) => (textContent ?? '').slice(0, 60)),
    ];
  });
}

function reportCut(where: string, texts: readonly string[]): void {
  for (const text of new Set(texts)) process.stdout.write(`${where}: cut “${text}”\n`);
}

/** What a page shows only when something is typed: a picture more of it. */
const typings: Readonly<Record<string, { readonly placeholder: string; readonly text: string }>> = {
  '/accounts/[accountId]/prices': { placeholder: 'as you pay', text: '0.01' },
  '/accounts/[accountId]/policy': { placeholder: 'Find a setting', text: 'concurrent' },
};

/** What a page shows only when it is asked to, in the order of the buttons: a picture more of that page. */
const openings: Readonly<Record<string, readonly string[]>> = {
  '/accounts/[accountId]/you': ['Turn it on'],
  '/accounts/[accountId]/statements/[period]': ['Open all', 'Show'],
  '/accounts/[accountId]/keys': ['New key'],
  '/accounts/[accountId]/team': ['Add somebody'],
  '/accounts/[accountId]/triggers': ['New trigger'],
  '/accounts/[accountId]/privacy': ['Erase a person'],
};

async function photographOpened(page: Page, state: State, route: string): Promise<void> {
  const buttons = openings[route] ?? [];
  const typing = typings[route];
  if (buttons.length === 0 && typing === undefined) return;
  await page.setViewportSize(widths.desk);
  if (typing !== undefined) await page.getByPlaceholder(typing.placeholder).first().fill(typing.text);
  for (const name of buttons) await page.getByRole('button', { name, exact: true }).click();
  await settled(page);
  await photograph(page, state, `${route}/opened`);
}

async function photograph(page: Page, state: State, route: string): Promise<void> {
  for (const [width, size] of Object.entries(widths)) {
    await page.setViewportSize(size);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      if (theme === 'light') reportCut(`${state} ${nameOf(route)} ${width}`, await cutTexts(page));
      await page.screenshot({
        path: path.join(options.out, state, `${nameOf(route)}.${width}.${theme}.png`),
        ...(height > size.height && { fullPage: true }),
        ...(height > HEIGHT_PIXELS_MAX && {
          fullPage: true,
          clip: { x: 0, y: 0, width: size.width, height: HEIGHT_PIXELS_MAX },
        }),
      });
    }
  }
}

interface Walk {
  readonly browser: Browser;
  readonly url: string;
  readonly email: string;
  readonly password: string;
  readonly values: RouteValues;
}

/** A test account that sells for a fee, and whose clock went over a month's end. */
async function testAccountOf(pb: Patchbay, url: string): Promise<RouteValues> {
  const { secret, accountId } = await pb.keys.create({ mode: 'test', name: 'Tests' });
  const test = new Patchbay({ url, key: secret, accountId });
  const customer = await test.accounts.create({ name: 'Customer who is not there' });
  await test.prices.setForChildren({
    service: 'network-discovery',
    currency: 'EUR',
    prices: { bytes: { amount: '9000000000', per: '0', due: 'period' } },
  });
  await test.testClocks.create({});
  const nextMonth = new Date();
  nextMonth.setUTCMonth(nextMonth.getUTCMonth() + 1, 2);
  await test.testClocks.advance({ to: nextMonth.toISOString() });
  while ((await test.testClocks.get()).state !== 'ready') await new Promise((done) => setTimeout(done, 200));
  const { items } = await test.documents.list(customer.id).page();
  const [invoice] = items;
  return { accountId, ...(invoice === undefined ? {} : { documentId: invoice.id }) };
}

async function photographClock(page: Page): Promise<void> {
  await page.setViewportSize(widths.desk);
  await page.getByRole('button', { name: 'Clock', exact: true }).click();
  await settled(page);
  await photograph(page, 'test', '/accounts/[accountId]/keys/clock');
}

/** Opens each page as somebody would who has the address, and photographs it when it stands. */
async function walk(state: State, { browser, url, email, password, values }: Walk): Promise<void> {
  const context = await browser.newContext({ viewport: widths.desk });
  const page = await context.newPage();
  const accountId = await signInTo(page, { url, email, password });
  if (state === 'loading') await page.route('**/api/trpc/**', () => {});
  for (const route of routes) {
    if (state !== 'empty' && !isOfAccount(route) && wantedPages.length === 0) continue;
    const known = { accountId, ...values };
    if (
      state === 'empty' &&
      isOfAccount(route) &&
      /\[(sessionId|applicationId|webhookId|endpointId|channel|room|documentId|period)\]/.test(route)
    )
      continue;
    const isForStrangers = !isForSignedIn(route) && !route.startsWith('/docs');
    if (isForStrangers) await context.clearCookies();
    await page.goto(`${url}${addressOf(route, known)}`);
    if (state !== 'loading')
      await settled(page).catch(() => process.stdout.write(`${state} ${route} did not settle\n`));
    await photograph(page, state, route);
    if (state === 'filled') await photographOpened(page, state, route);
    if (state === 'test' && route === '/accounts/[accountId]/keys') await photographClock(page);
    if (isForStrangers) await signInTo(page, { url, email, password });
  }
  await context.close();
}

async function main(chromiumPath: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-pictures-'));
  chmodSync(folder, 0o711);
  for (const state of wantedStates) mkdirSync(path.join(options.out, state), { recursive: true });
  const database = await startEmbeddedPostgres({
    directory: path.join(folder, 'postgres'),
    database: 'patchbay',
    isDurable: false,
  });
  const platform = await startPlatform({ databaseUrl: database.url });
  const browser = await launchBrowser(chromiumPath);
  try {
    const { PATCHBAY_URL: url = '', PATCHBAY_KEY: key = '', PATCHBAY_ACCOUNT: accountId = '' } = platform.env;
    const { PATCHBAY_EMAIL: email = '', PATCHBAY_PASSWORD: password = '' } = platform.env;
    const pb = new Patchbay({ url, key, accountId });
    const outside = {
      code: 'limit.exceeded',
      token: 'sul_gone',
      service: options.service,
      period: new Date().toISOString().slice(0, 7),
    };
    const wants = (state: State) => wantedStates.includes(state);
    if (wants('empty')) {
      const stranger = { email: 'new@example.com', password: 'a long enough word' };
      await pb.enrolment.signUp({
        ...stranger,
        name: 'Noa New',
        organisationName: 'Northwind',
        currency: 'EUR',
        timeZone: 'UTC',
      });
      await walk('empty', { browser, url, ...stranger, values: outside });
    }
    const { customerIds, ...ids } = await fillAccount(pb, {
      accountId,
      databaseUrl: database.url,
    });
    const filled = {
      browser,
      url,
      email,
      password,
      values: { ...outside, accountId, ...ids },
    };
    if (wants('filled')) await walk('filled', filled);
    if (wants('test')) {
      const ofTest = await testAccountOf(pb, url);
      await walk('test', { ...filled, values: { ...filled.values, ...ofTest } });
    }
    if (wants('selling')) {
      const [childId = ''] = customerIds;
      const comparisonId = await addSelling({
        ...{ databaseUrl: database.url, accountId, childId },
        nowMs: Date.now(),
      });
      await walk('selling', { ...filled, values: { ...filled.values, documentId: comparisonId } });
    }
    if (wants('loading')) await walk('loading', filled);
    if (wants('many')) {
      await addManyRows(database.url, accountId);
      await walk('many', filled);
    }
    if (wants('failing')) {
      const page = await (await browser.newContext({ viewport: widths.desk })).newPage();
      await signInTo(page, { url, email, password });
      await database.stop();
      for (const route of routes.filter(isOfAccount)) {
        await page.goto(`${url}${addressOf(route, filled.values)}`);
        await page
          .getByRole('alert')
          // Next announces its routes in an alert of its own.
          .filter({ hasText: /\S/ })
          .first()
          .waitFor({ timeout: 30_000 })
          .catch(() => process.stdout.write(`failing ${route} says nothing\n`));
        await photograph(page, 'failing', route);
      }
    }
  } finally {
    await browser.close();
    await platform.stop();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const chromiumPath = findChromium();
if (chromiumPath === undefined) throw new Error('Pictures need Chromium.');
await main(chromiumPath);
