/**
 * Money and sessions as a person sees them: prices set in the pages, a call that is watched while it runs, and the
 * figures of the pages held against those of the API to the nano unit. Everything is real, as in the first call.
 */
import { readFile } from 'node:fs/promises';
import { Patchbay } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { openPage, signInTo } from '../src/dashboard-browser.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { type RunningSample, startSample } from '../src/running-sample.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();
const PERIOD = new Date().toISOString().slice(0, 7);
const MINUTE_MS = 60_000;
/** What design.md promises of live pages. */
const LIVE_MS_MAX = 5_000;

describe.skipIf(chromiumPath === undefined)('the pages of money and sessions', () => {
  let platform: RunningPlatform;
  let sample: RunningSample;
  let browser: Browser;
  let page: Page;
  let pb: Patchbay;
  let demoId: string;
  let reseller: { id: string };
  let customer: { id: string };

  const open = (accountId: string, path: string) =>
    openPage(page, `${platform.env.PATCHBAY_URL}/accounts/${accountId}/${path}`);

  beforeAll(async () => {
    platform = await startPlatform();
    const { env } = platform;
    demoId = env.PATCHBAY_ACCOUNT ?? '';
    pb = new Patchbay({
      url: env.PATCHBAY_URL ?? '',
      key: env.PATCHBAY_KEY ?? '',
      signalUrl: env.PATCHBAY_SIGNAL_URL ?? '',
      accountId: demoId,
    });
    reseller = await pb.accounts.create({ name: 'Reseller' });
    customer = await pb.accounts.create(reseller.id, { name: 'Customer' });
    const key = await pb.keys.create(customer.id, { name: 'Video call' });
    sample = await startSample({ ...env, PATCHBAY_ACCOUNT: customer.id, PATCHBAY_KEY: key.secret });
    browser = await launchBrowser(chromiumPath ?? '');
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await signInTo(page, {
      url: env.PATCHBAY_URL ?? '',
      email: env.PATCHBAY_EMAIL ?? '',
      password: env.PATCHBAY_PASSWORD ?? '',
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await sample?.stop();
    await platform?.stop();
  }, 120_000);

  const paidFor = async (accountId: string, meter: string) =>
    (await pb.prices.list(accountId)).items.find((price) => price.meter === meter)?.amount;
  const chooseTarget = async (name: string) => {
    await page.getByRole('combobox', { name: 'Prices for' }).click();
    await page.getByRole('option', { name }).click();
  };
  const save = async () => {
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The prices hold from this minute on.').first().waitFor();
  };

  test('a price that cannot be read is answered at its field, and nothing is saved', async () => {
    await open(demoId, 'prices');
    await chooseTarget('Reseller');
    const bytes = page.getByLabel('Price of Bytes', { exact: false }).first();
    const paidBefore = await paidFor(reseller.id, 'bytes');
    for (const [typed, said] of [
      ['0,40', 'With a point: 0.40'],
      ['-1', 'Not below zero'],
      ['free', 'Digits and one point'],
    ] as const) {
      await bytes.fill(typed);
      expect(await bytes.getAttribute('aria-invalid')).toBe('true');
      const noteId = await bytes.getAttribute('aria-describedby');
      expect(await page.locator(`[id="${noteId}"]`).innerText()).toContain(said);
      expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    }
    await bytes.press('Enter');
    expect(await paidFor(reseller.id, 'bytes')).toBe(paidBefore);
  });

  test('who pays whom follows what is typed, before it is saved, with a margin above and a subsidy below (BIL-2)', async () => {
    await open(demoId, 'prices');
    await chooseTarget('Reseller');
    const flow = page.getByRole('region', { name: /Who pays whom/ });
    await page.getByLabel('Price of Bytes', { exact: false }).first().fill('0.40');
    await page.getByLabel('Quantity').fill('1000');
    await until(async () => (await flow.innerText()).includes('400.00'), { what: 'the preview to follow' });
    expect(await flow.innerText()).toContain('not saved yet');
    expect(await paidFor(reseller.id, 'bytes')).not.toBe('400000000');
    await page.getByLabel('Price of Allocation time', { exact: false }).first().fill('0.0020');
    await save();
    expect(await paidFor(reseller.id, 'bytes')).toBe('400000000');
    expect(await flow.innerText()).not.toContain('not saved yet');

    await open(reseller.id, 'prices');
    await chooseTarget('Customer');
    await page.getByLabel('Price of Bytes', { exact: false }).first().fill('0.30');
    await page.getByLabel('Price of Allocation time', { exact: false }).first().fill('0.0035');
    await page.getByText('subsidy 0.10').waitFor();
    await page.getByText('margin 0.0015').waitFor();
    await until(
      async () => /gives, as subsidy\s+100\.00/.test((await flow.innerText()).replace(/\s+/g, ' ')),
      { what: 'the subsidy to be drawn' },
    );
    await save();
    expect(await paidFor(customer.id, 'bytes')).toBe('300000000');
  });

  test('a call shows within 5 seconds and its figures move, without a reload; its use follows by meter and as CSV', async () => {
    await open(reseller.id, 'sessions');
    await page.getByText('No session yet').waitFor();
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));

    const call = await placeCall(browser, `${sample.url}/?mode=relay`);
    const connectedAtMs = Date.now();
    const live = page.getByRole('table', { name: 'Live sessions' }).getByRole('row').nth(1);
    await until(async () => (await live.innerText()).includes('relayed'), {
      what: 'the session to be listed as relayed',
      timeoutMs: LIVE_MS_MAX,
    });
    expect(Date.now() - connectedAtMs).toBeLessThan(LIVE_MS_MAX);
    expect(await live.innerText()).toContain('Customer');

    await live.getByRole('link').first().click();
    await page.waitForURL(/sessions\/ses_/);
    const counters = page.getByRole('region', { name: 'Counters' });
    const relayed = async () => {
      const text = await counters.innerText();
      return /Relayed\s+([\d.]+\s*[kMG]?B)/.exec(text)?.[1];
    };
    const first = await until(async () => ((await relayed()) ?? '0 B') !== '0 B' && relayed(), {
      what: 'relayed bytes',
      timeoutMs: LIVE_MS_MAX,
    });
    await until(async () => (await relayed()) !== first, { what: 'them to rise', timeoutMs: LIVE_MS_MAX });
    await until(async () => (await page.locator('figure canvas').count()) === 3, { what: 'three charts' });
    expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true);

    await call.hangUp();
    await page.getByText('hung up').first().waitFor({ timeout: LIVE_MS_MAX });
    await settled(pb, customer.id);

    await open(customer.id, 'usage?range=hour&group=direction');
    const exactly = page.getByText(/^exactly/);
    await exactly.waitFor();
    const total = BigInt((await exactly.innerText()).replace(/\D/g, ''));
    expect(total).toBe(await usedBytes(pb, customer.id));
    const table = page.getByRole('table', { name: 'Usage by group' });
    const groups = await table.getByRole('row').allInnerTexts();
    expect(groups.filter((text) => /^(in|out)\b/.test(text))).toHaveLength(2);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    const [head = '', ...rows] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect(head).toBe('at,meter,unit,direction,quantity,records');
    expect(rows.reduce((sum, row) => sum + BigInt(row.split(',')[4] ?? 0), 0n)).toBe(total);
  });

  test('the statement of each account of the chain says what the API says, to the nano unit, and prints on paper (BIL-3, BIL-4)', async () => {
    for (const accountId of [customer.id, reseller.id, demoId]) {
      const read = () => pb.statements.get(accountId, { period: PERIOD });
      let statement = await read();
      expect(BigInt(statement.payable)).toBeGreaterThan(0n);
      await open(accountId, `statements/${PERIOD}`);
      const lines = page.getByRole('table', { name: 'Lines of the statement' });
      await lines.waitFor();
      await page.getByText('agrees with the ledger').waitFor();
      const sum = (label: string) => page.getByRole('region', { name: label, exact: true });
      const minor = (text: string) => nanoOf(text) / 10_000_000n;
      const shownSum = async (label: string) => {
        const [, text = ''] = /([\d,]+\.\d\d)/.exec(await sum(label).innerText()) ?? [];
        return minor(text);
      };
      expect(await shownSum('To be paid')).toBe(BigInt(statement.charge?.minorUnits ?? -1));
      const hasEarned = statement.children.length > 0;
      expect(await sum('To be paid out').count()).toBe(hasEarned ? 1 : 0);
      if (hasEarned)
        expect(await shownSum('To be paid out')).toBe(BigInt(statement.payout?.minorUnits ?? -1));
      const owed = lines
        .getByRole('row', { name: /^All use at/ })
        .getByRole('cell')
        .last();
      expect(nanoOf(await owed.innerText())).toBe(BigInt(statement.payable));

      await page.getByRole('button', { name: 'Open all' }).click();
      const drawn = lines.locator('tr[data-line]');
      // To read it is use as well (MET-6): the first reading of each kind begins a line.
      await until(
        async () => {
          statement = await read();
          return (await drawn.count()) === statement.lines.length;
        },
        { what: 'each line to be drawn', timeoutMs: 30_000, pollMs: 1_000 },
      );
      const shown = await drawn.evaluateAll((rows) =>
        rows.map((row) => (row.lastElementChild as HTMLElement).innerText),
      );
      const sorted = (amounts: readonly bigint[]) => amounts.toSorted((a, b) => Number(a - b));
      expect(sorted(shown.map(nanoOf))).toEqual(sorted(statement.lines.map(({ amount }) => BigInt(amount))));

      const children = page.getByRole('table', { name: 'Children' });
      expect(await children.count()).toBe(statement.children.length > 0 ? 1 : 0);
      if (statement.children.length > 0) {
        const sums = children.getByRole('row', { name: /^All children/ }).getByRole('cell');
        expect(nanoOf(await sums.nth(3).innerText())).toBe(BigInt(statement.receivable));
        expect(nanoOf(await sums.last().innerText())).toBe(BigInt(statement.margin));
      }
      await expectPrintable(page);
    }
  });

  test('an account whose children pay less than they cost is asked for the rest, and nothing is paid out to it (BIL-2)', async () => {
    const [owed, subsidised] = [
      await pb.statements.get(customer.id, { period: PERIOD }),
      await pb.statements.get(reseller.id, { period: PERIOD }),
    ];
    // By hand, from what the customer used: bytes at 0.30 and 0.40 per GB, minutes at 0.0035 and 0.0020.
    const at = (meter: string, price: bigint, per: bigint) =>
      owed.lines
        .filter((line) => line.meter === meter)
        .reduce((sum, { quantity }) => sum + (BigInt(quantity) * price) / per, 0n);
    const subsidy =
      at('bytes', 400_000_000n, 1_000_000_000n) -
      at('bytes', 300_000_000n, 1_000_000_000n) +
      at('allocationMs', 2_000_000n, 60_000n) -
      at('allocationMs', 3_500_000n, 60_000n);
    expect(-BigInt(subsidised.margin)).toBe(subsidy);
    const asked = subsidy > 0n ? subsidy : 0n;
    expect(BigInt(subsidised.charge?.amount ?? 0)).toBe(asked);
    expect(BigInt(subsidised.payout?.amount ?? 0)).toBe(asked - subsidy);
    expect(BigInt(owed.charge?.amount ?? 0)).toBe(BigInt(owed.payable));
  });

  test('prices that are typed stay when another target or page is looked at, and come back as they were', async () => {
    await open(demoId, 'prices');
    await chooseTarget('Reseller');
    const bytes = page.getByLabel('Price of Bytes', { exact: false }).first();
    await bytes.fill('0.77');
    await chooseTarget('all children');
    expect(await bytes.inputValue()).not.toBe('0.77');
    await page.getByRole('link', { name: 'Usage' }).first().click();
    await page.waitForURL(/usage/);
    await page.getByRole('link', { name: 'Prices' }).first().click();
    await page.waitForURL(/prices/);
    await chooseTarget('Reseller');
    expect(await bytes.inputValue()).toBe('0.77');
    await page.getByRole('button', { name: 'As it was' }).click();
    expect(await bytes.inputValue()).toBe('0.40');
  });

  test('spend today follows the price that held when each unit was used, and not the price of now', async () => {
    const payable = BigInt((await pb.statements.get(customer.id, { period: PERIOD })).payable);
    // A new price holds from the running minute on: it has to be a later one than that of the last use.
    const minuteMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const { rows: ofThisMinute } = await pb.usage.query(customer.id, {
      ...{ from: new Date(minuteMs).toISOString(), to: new Date(minuteMs + MINUTE_MS).toISOString() },
      bucket: 'minute',
    });
    if (ofThisMinute.length > 0)
      await until(() => Date.now() > minuteMs + MINUTE_MS, {
        what: 'the next minute',
        timeoutMs: MINUTE_MS + 5_000,
      });
    await pb.prices.set(customer.id, 'network-discovery', {
      bytes: { amount: '900000000000', per: '1000000000', currency: 'EUR' },
    });
    const day = new Date().toISOString().slice(0, 10);
    const spend = await pb.spend.get(customer.id, {
      from: `${day}T00:00:00.000Z`,
      to: new Date(Date.now() + MINUTE_MS).toISOString(),
    });
    expect(BigInt(spend.amount)).toBe(payable);
    await open(customer.id, '');
    const today = page.getByRole('link', { name: /Spend today/ });
    await until(async () => /Spend today\s+[\d.]+/.test(await today.innerText()), { what: 'the spend' });
    const [, text = ''] = /Spend today\s+([\d.]+)/.exec(await today.innerText()) ?? [];
    // The page rounds to cents, and what is little to its first three digits: by half a cent and half a percent at most.
    const distance = nanoOf(text) - payable;
    const error = distance < 0n ? -distance : distance;
    expect(error).toBeLessThanOrEqual(5_000_000n);
    expect(error * 200n).toBeLessThanOrEqual(payable);
  }, 240_000);
});

/** '1,234.5' as nano units. */
function nanoOf(text: string): bigint {
  const [, sign = '', major = '0', fraction = ''] = /(-?)([\d,]+)(?:\.(\d{1,9}))?/.exec(text) ?? [];
  const nano = BigInt(major.replaceAll(',', '') + fraction.padEnd(9, '0'));
  return sign === '-' ? -nano : nano;
}

/** On A4 nothing is cut off at the right, and nothing of the screen's frame is printed. */
async function expectPrintable(page: Page): Promise<void> {
  const screen = page.viewportSize();
  await page.emulateMedia({ media: 'print' });
  // A4 less the margins of 16 mm, at 96 pixels an inch.
  await page.setViewportSize({ width: 672, height: 1_000 });
  expect(await page.getByRole('navigation').locator('visible=true').count()).toBe(0);
  expect(await page.getByRole('button').locator('visible=true').count()).toBe(0);
  const cut = await page
    .locator('table')
    .evaluateAll(
      (tables) => tables.filter((one) => one.getBoundingClientRect().right > innerWidth + 1).length,
    );
  expect(cut).toBe(0);
  expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-');
  await page.emulateMedia({ media: 'screen' });
  if (screen !== null) await page.setViewportSize(screen);
}

/** Two windows of the sample in a call through the relay. */
async function placeCall(browser: Browser, url: string) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const join = async (address: string) => {
    const window = await context.newPage();
    await window.goto(address);
    await window.getByRole('button', { name: /start|join/i }).click();
    return window;
  };
  const callee = await join(url);
  const link = await until(
    async () => (await callee.locator('[data-share-link]').getAttribute('data-share-link')) ?? undefined,
    { what: 'the link to share' },
  );
  const caller = await join(link);
  const hangUp = caller.getByRole('button', { name: /hang up/i });
  await caller.locator('body[data-stage="call"]').waitFor({ timeout: 20_000 });
  return {
    async hangUp() {
      await hangUp.click();
      await caller.locator('body:not([data-stage="call"])').waitFor();
      await context.close();
    },
  };
}

async function usedBytes(pb: Patchbay, accountId: string): Promise<bigint> {
  const [from, to] = [Date.now() - 60 * MINUTE_MS, Date.now() + MINUTE_MS].map((ms) =>
    new Date(ms).toISOString(),
  );
  const { rows } = await pb.usage.query(accountId, {
    from: from ?? '',
    to: to ?? '',
    meter: 'network-discovery.bytes',
  });
  return rows.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
}

/** Until all use is in: two readings that are further apart than an upload agree. */
async function settled(pb: Patchbay, accountId: string): Promise<void> {
  let last = { bytes: -1n, atMs: Date.now() };
  await until(
    async () => {
      const bytes = await usedBytes(pb, accountId);
      if (bytes !== last.bytes) last = { bytes, atMs: Date.now() };
      return Date.now() - last.atMs > 6_000;
    },
    { what: 'the usage to settle', timeoutMs: 40_000, pollMs: 500 },
  );
}
