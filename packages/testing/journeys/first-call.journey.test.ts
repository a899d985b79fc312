/**
 * The first call, as a stranger makes it: two browsers, our relay, three levels of accounts, a statement that is right to
 * the nano unit. Everything is real: the started platform, PostgreSQL, Chromium, the packed surface of the SDKs.
 */
import { type Patchbay, perGB, perMinute } from '@patchbay/sdk-node';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { openPage, signInTo } from '../src/dashboard-browser.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { type RunningSample, startSample } from '../src/running-sample.ts';
import { isPlaying, placeCall, relayedBytes, secondsPlayed } from '../src/sample-call.ts';
import { patchbayOf, settledUsage } from '../src/sdk-client.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();
const PERIOD = new Date().toISOString().slice(0, 7);

describe.skipIf(chromiumPath === undefined)('the first call', () => {
  let platform: RunningPlatform;
  let sample: RunningSample;
  let browser: Browser;
  let pb: Patchbay;
  let reseller: { id: string };
  let customer: { id: string };

  beforeAll(async () => {
    platform = await startPlatform();
    pb = patchbayOf(platform.env);
    reseller = await pb.accounts.create({ name: 'Reseller' });
    customer = await pb.accounts.create(reseller.id, { name: 'Customer' });
    await pb.prices.set(reseller.id, 'network-discovery', {
      bytes: perGB('0.40', 'EUR'),
      allocationMs: perMinute('0.0020', 'EUR'),
    });
    // Below what the reseller pays itself: every byte of this customer is subsidised, every minute earns.
    await pb.prices.set(customer.id, 'network-discovery', {
      bytes: perGB('0.30', 'EUR'),
      allocationMs: perMinute('0.0035', 'EUR'),
    });
    const key = await pb.keys.create(customer.id, { name: 'Video call' });
    sample = await startSample({ ...platform.env, PATCHBAY_ACCOUNT: customer.id, PATCHBAY_KEY: key.secret });
    browser = await launchBrowser(chromiumPath ?? '');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await sample?.stop();
    await platform?.stop();
  }, 120_000);

  test('two windows see each other through the relay, and the statements are right to the nano unit on three levels (BIL-2, BIL-3)', async () => {
    const { caller, callee, close } = await placeCall(browser, `${sample.url}/?mode=relay`);
    await until(() => isPlaying(caller, callee), { what: 'both videos to play', timeoutMs: 20_000 });
    const startedAtMs = Date.now();

    const live = await until(
      async () => {
        for await (const session of pb.sessions.list(customer.id, { state: 'open' }))
          if (session.mode === 'relay' && BigInt(session.relayBytes) > 0n) return session;
        return undefined;
      },
      { what: 'the session to show its bytes', timeoutMs: 8_000 },
    );
    expect(live).toMatchObject({ accountId: customer.id, state: 'live', participants: 2 });
    const before = BigInt(live.relayBytes);
    const later = await until(
      async () => {
        const session = await pb.sessions.get(customer.id, { sessionId: live.id });
        return BigInt(session.relayBytes) > before && session;
      },
      { what: 'the bytes to rise', timeoutMs: 6_000 },
    );
    expect(BigInt(later.relayMilliseconds)).toBeGreaterThan(0n);

    await until(() => Date.now() - startedAtMs > 20_000, { what: '20 seconds of call', timeoutMs: 30_000 });
    expect(await secondsPlayed(caller)).toBeGreaterThan(18);
    expect(await secondsPlayed(callee)).toBeGreaterThan(18);
    await caller.getByRole('button', { name: /hang up|leave/i }).click();
    await until(async () => (await pb.sessions.get(customer.id, { sessionId: live.id })).state === 'ended', {
      what: 'the session to end',
    });
    // Kept every 100 ms until each connection closed: read before, it would lack what passed while the button was pressed.
    const seen = (await relayedBytes(caller)) + (await relayedBytes(callee));
    await close();

    const usage = await settledUsage(pb, customer.id);
    const bytes = usage.get('network-discovery.bytes') ?? 0n;
    // The browsers counted until a moment before the end, and count what the relay counts: payload both ways.
    expect(Number(bytes) / Number(seen)).toBeGreaterThan(0.98);
    expect(Number(bytes) / Number(seen)).toBeLessThan(1.02);

    // The relay counted each allocation as it carried it: what it wrote when they ended is no meter's doing.
    expect(bytes).toBe(await bytesOfAllocations(pb, { accountId: customer.id, sessionId: live.id }));

    const demoId = platform.env.PATCHBAY_ACCOUNT ?? '';
    const [demo, statement, owed] = [
      await expectStatement({ pb, accountId: demoId }, usage, {}),
      await expectStatement({ pb, accountId: reseller.id }, usage, {
        bytes: ['400000000', GB],
        allocationMs: ['2000000', MINUTE],
      }),
      await expectStatement({ pb, accountId: customer.id }, usage, {
        bytes: ['300000000', GB],
        allocationMs: ['3500000', MINUTE],
      }),
    ];
    expect(BigInt(owed.charge?.amount ?? 0)).toBe(BigInt(owed.payable));
    expect(BigInt(statement.ownUse)).toBe(0n);
    expect(statement.passedThrough).toBe(statement.payable);
    // The platform collects from all three, pays margins out, and is left with its own price for everything.
    const collected = [demo, statement, owed].map(
      ({ charge, payout }) => BigInt(charge?.amount ?? 0) - BigInt(payout?.amount ?? 0),
    );
    const kept = await ledgerSum(pb, demoId, 'payable');
    expect(collected.reduce((total, amount) => total + amount, 0n)).toBe(-kept);
    expect(BigInt(demo.payable)).toBe(-kept);
    const [child] = statement.children;
    expect(child?.accountId).toBe(customer.id);
    expect(BigInt(child?.margin ?? 0)).toBe(BigInt(child?.receivable ?? 0) - BigInt(child?.cost ?? 0));
    const byMeter = new Map(child?.lines.map((line) => [line.meter, BigInt(line.margin)]));
    expect(byMeter.get('bytes')).toBeLessThan(0n);
    expect(byMeter.get('allocationMs')).toBeGreaterThan(0n);
  }, 120_000);

  test('a direct call has no relay bytes to pay for (QUE-5)', async () => {
    const relayed = async () => {
      const { lines } = await pb.statements.get(customer.id, { period: PERIOD });
      const ofRelay = lines.filter(({ meter }) => ['bytes', 'packets', 'allocationMs'].includes(meter));
      return ofRelay.map(({ meter, quantity, amount }) => `${meter} ${quantity} ${amount}`).sort();
    };
    const before = (await settledUsage(pb, customer.id)).get('network-discovery.bytes') ?? 0n;
    const statementBefore = await relayed();
    const { caller, callee, close } = await placeCall(browser, sample.url);
    await until(() => isPlaying(caller, callee), { what: 'both videos to play', timeoutMs: 20_000 });
    const session = await until(
      async () => {
        for await (const open of pb.sessions.list(customer.id, { state: 'open' })) return open;
        return undefined;
      },
      { what: 'the session to be listed' },
    );
    await until(async () => (await pb.sessions.get(customer.id, { sessionId: session.id })).mode === 'p2p', {
      what: 'the mode to be known',
    });
    await caller.getByRole('button', { name: /hang up|leave/i }).click();
    await close();
    expect((await settledUsage(pb, customer.id)).get('network-discovery.bytes') ?? 0n).toBe(before);
    const bytesOf = (lines: readonly string[]) => lines.filter((line) => line.startsWith('bytes '));
    expect(bytesOf(await relayed())).toEqual(bytesOf(statementBefore));
  }, 120_000);
});

describe.skipIf(chromiumPath === undefined)('the first call of somebody who signed up', () => {
  let platform: RunningPlatform;
  let browser: Browser;

  beforeAll(async () => {
    platform = await startPlatform();
    browser = await launchBrowser(chromiumPath ?? '');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 120_000);

  test('the sample, opened as their sub-account, says who pays, invites one person, makes calls of that account alone, and refuses when its time is over (ACC-7)', async () => {
    const { PATCHBAY_URL: url = '', PATCHBAY_ACCOUNT: demoId = '' } = platform.env;
    const person = { email: 'noa@northwind.example', password: 'a long enough word' };
    const pb = patchbayOf(platform.env);
    await pb.enrolment.signUp({
      ...person,
      name: 'Noa New',
      organisationName: 'Northwind',
      currency: 'EUR',
      timeZone: 'UTC',
    });
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    const topId = await signInTo(page, { url, ...person });

    // No key, no pass: the window that opened is closed again, and what to do is said.
    await page.getByRole('button', { name: OPEN_AS_ACCOUNT }).click();
    await page
      .getByRole('region', { name: /Notifications/ })
      .getByText(/^Create a live key/)
      .waitFor();
    expect(context.pages()).toHaveLength(1);

    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Server');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const secret = (await page.locator('[data-secret]').textContent()) ?? '';
    await page.getByRole('button', { name: 'I have it' }).click();
    const own = patchbayOf({ ...platform.env, PATCHBAY_KEY: secret, PATCHBAY_ACCOUNT: topId });
    const customer = await own.accounts.create(topId, { name: 'Bluebird & Söhne' });
    await openPage(page, `${url}/accounts/${customer.id}`);

    const popup = context.waitForEvent('page');
    await page.getByRole('button', { name: OPEN_AS_ACCOUNT }).click();
    const callee = await popup;
    await callee.getByText(/^Bluebird & Söhne pays until \d/).waitFor();
    // Nothing of the pass stays in the address, and the window knows nothing of the dashboard's.
    expect(new URL(callee.url()).hash).toBe('');
    expect(await callee.evaluate(() => window.opener)).toBeNull();
    // It is kept over a reload.
    await callee.reload();
    await callee.getByText(/^Bluebird & Söhne pays until/).waitFor();
    await callee.getByRole('button', { name: 'Start' }).click();
    await callee.getByText(/It invites one person/).waitFor();
    const link = (await callee.locator('[data-share-link]').getAttribute('data-share-link')) ?? '';

    const invited = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const caller = await invited.newPage();
    await caller.goto(link);
    await caller.getByText(/^Bluebird & Söhne pays until/).waitFor();
    await caller.getByRole('button', { name: 'Join' }).click();
    await until(() => isPlaying(caller, callee), { what: 'both videos to play', timeoutMs: 20_000 });
    const live = page.getByRole('table', { name: 'Live sessions' });
    await live.getByRole('link', { name: /host-/ }).waitFor({ timeout: 8_000 });
    for await (const session of own.sessions.list(customer.id, { state: 'open' }))
      expect(session.accountId).toBe(customer.id);
    for await (const session of pb.sessions.list(demoId, { state: 'open' }))
      throw new Error(`The call is one of the demo account: ${session.id}`);
    await caller.getByRole('button', { name: /hang up/i }).click();
    await caller.getByText('The call has ended').waitFor();

    // The same link when its time is over: nothing starts, and nobody else pays instead.
    const over = new URL(link);
    const fields = new URLSearchParams(over.hash.slice(1));
    fields.set('until', new Date(Date.now() - 60_000).toISOString());
    over.hash = fields.toString();
    const late = await (await browser.newContext({ permissions: ['camera', 'microphone'] })).newPage();
    await late.goto(over.href);
    await late.getByRole('heading', { name: 'This pass has run out' }).waitFor();
    expect(await late.getByRole('button', { name: /start|join/i }).count()).toBe(0);
    // Half of a link is no reason either to let another account pay.
    fields.delete('until');
    over.hash = fields.toString();
    await late.goto(over.href);
    await late.getByRole('heading', { name: 'This link is incomplete' }).waitFor();
    expect(await late.getByRole('button', { name: /start|join|go on/i }).count()).toBe(0);
  }, 120_000);
});

const OPEN_AS_ACCOUNT = 'Open the sample call as this account';
const GB = 1_000_000_000n;
const MINUTE = 60_000n;

type Expected = Readonly<Record<string, readonly [amount: string, per: bigint]>>;

/** Recomputes a statement by hand: each line's quantity times its price, cut once, and the quantities equal the usage. */
async function expectStatement(
  { pb, accountId }: { pb: Patchbay; accountId: string },
  usage: Map<string, bigint>,
  expected: Expected,
) {
  const statement = await pb.statements.get(accountId, { period: PERIOD });
  const prices = (await pb.prices.list(accountId)).items;
  let payable = 0n;
  for (const line of statement.lines) {
    // Without an expectation by hand, the price list's own: the one that names most of the line's dimensions.
    const [listed] = prices
      .filter(
        ({ service, meter, where }) =>
          service === line.service &&
          meter === line.meter &&
          Object.entries(where).every(([name, value]) => line.dimensions[name] === value),
      )
      .sort((left, right) => Object.keys(right.where).length - Object.keys(left.where).length);
    const [price, per] = expected[line.meter] ?? [listed?.amount ?? '0', BigInt(listed?.per ?? 1)];
    const amount = (BigInt(line.quantity) * BigInt(price)) / per;
    expect(BigInt(line.amount)).toBe(amount);
    expect(line.parts.reduce((sum, part) => sum + BigInt(part.amount), 0n)).toBe(amount);
    payable += amount;
  }
  const ofRelay = statement.lines.filter(({ service }) => service === 'network-discovery');
  const quantities = new Map<string, bigint>();
  for (const { meter, quantity } of ofRelay) {
    const name = `network-discovery.${meter}`;
    quantities.set(name, (quantities.get(name) ?? 0n) + BigInt(quantity));
  }
  // Checks are counted and never priced (QUE-5).
  const priced = [...usage].filter(([meter]) => meter !== 'network-discovery.checkBytes');
  expect(new Map([...quantities].sort())).toEqual(new Map(priced.sort()));
  expect(BigInt(statement.payable)).toBe(payable);
  expect(BigInt(statement.ledger.payable)).toBe(payable);
  expect(await ledgerSum(pb, accountId, 'payable')).toBe(-payable);
  return statement;
}

/** What the entries of an account say of the month, summed by hand. */
async function ledgerSum(pb: Patchbay, accountId: string, book: string): Promise<bigint> {
  let sum = 0n;
  for await (const entry of pb.statements.listEntries(accountId, { period: PERIOD }))
    if (entry.book === book) sum += BigInt(entry.amount);
  return sum;
}

/** Payload of a session's allocations, both ways, as the relay said it of each when it ended. */
async function bytesOfAllocations(
  pb: Patchbay,
  { accountId, sessionId }: { readonly accountId: string; readonly sessionId: string },
): Promise<bigint> {
  const { items } = await pb.sessions.listLog(accountId, { sessionId, limit: 500 });
  return items
    .filter(({ kind }) => kind === 'allocation.ended')
    .reduce((sum, { data }) => sum + BigInt(Number(data.bytesIn)) + BigInt(Number(data.bytesOut)), 0n);
}
