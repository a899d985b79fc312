/**
 * Money of three levels, from the first price to the last payout: the platform sells to a reseller, the reseller with a margin
 * to its customer, and that one below cost to its own customer. A relayed session is billed at each level, the month ends and
 * is closed, invoices are paid at Stripe's page, a part goes back, the reseller is paid out, and what came in is what went
 * out, to the last unit. Once by the SDK alone and once by the pages, on one platform and in one month.
 */
import { minorUnitOf } from '@patchbay/domain/billing/money';
import { type Patchbay, perGB, perMinute } from '@patchbay/sdk-node';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { failOnErrors, openPage, type SignIn, settled, signInTo } from '../src/dashboard-browser.ts';
import { askInPage, choose, createAccount, createKey, mintOn } from '../src/dashboard-steps.ts';
import { type Chain, chainPrices, MINUTE_PRICE, moneyOf, owedBy, type Used } from '../src/money-chain.ts';
import { createPlatformClock, type PlatformClock } from '../src/platform-clock.ts';
import { all, monthAfter, settledUse } from '../src/relay-use.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { patchbayOf } from '../src/sdk-client.ts';
import { type Delivery, deliverEvents } from '../src/stripe/deliver-events.ts';
import { type FakeStripe, startFakeStripe } from '../src/stripe/fake-stripe.ts';
import { openTurnPair } from '../src/turn-pair.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();
const MESSAGE_BYTES = 1_000;
/** A few units of money at the prices of the chain. */
const RELAYED_BYTES = 100_000;
const PATIENCE_MS = 30_000;
const CENT = minorUnitOf('EUR');
const HOUR_MS = 3_600_000;
const nothing: Used = { bytes: 0n, allocationMs: 0n };

let clock: PlatformClock;
let stripe: FakeStripe;
let platform: RunningPlatform;
let delivery: Delivery;
let url: string;

/** The SDK as an account uses it. */
const clientOf = (accountId: string, key: string): Patchbay =>
  patchbayOf({ ...platform.env, PATCHBAY_ACCOUNT: accountId, PATCHBAY_KEY: key });

async function clientFor(by: Patchbay, accountId: string): Promise<Patchbay> {
  const { secret } = await by.keys.create(accountId, { name: 'Own' });
  return clientOf(accountId, secret);
}

/** Half to even, as invoices are (BIL-3). */
function cents(amount: bigint): bigint {
  const [whole, twice] = [amount / CENT, (amount % CENT) * 2n];
  return twice > CENT || (twice === CENT && whole % 2n === 1n) ? whole + 1n : whole;
}

describe.skipIf(chromiumPath === undefined)('money of three levels', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let platformId: string;
  let asPlatform: Patchbay;
  let period: string;

  beforeAll(async () => {
    clock = createPlatformClock();
    stripe = await startFakeStripe({ nowMs: clock.nowMs });
    platform = await startPlatform({
      env: {
        ...clock.env,
        STRIPE_SECRET_KEY: 'sk_test_x',
        STRIPE_WEBHOOK_SECRETS: stripe.webhookSecret,
        STRIPE_API_URL: stripe.url,
      },
    });
    url = platform.env.PATCHBAY_URL ?? '';
    delivery = deliverEvents(stripe, `${url}/api/stripe`);
    browser = await launchBrowser(chromiumPath ?? '');
    context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(PATIENCE_MS);
    page = await context.newPage();
    const ownId = await signInTo(page, operator());
    const own = (await askInPage(page, 'accounts.get', { accountId: ownId })) as { parentId: string };
    platformId = own.parentId;
    await at(platformId, 'keys');
    asPlatform = clientOf(platformId, await createKey(page, 'Operator'));
    period = new Date().toISOString().slice(0, 7);
  }, 150_000);

  afterAll(async () => {
    await browser?.close();
    await delivery?.stop();
    await platform?.stop();
    await stripe?.close();
    clock?.remove();
  }, 120_000);

  const operator = (): SignIn => {
    const { PATCHBAY_EMAIL: email = '', PATCHBAY_PASSWORD: password = '' } = platform.env;
    return { url, email, password };
  };
  const at = async (accountId: string, place: string, on = page) => {
    await openPage(on, `${url}/accounts/${accountId}/${place}`);
    await settled(on);
  };
  const ledger = () => all(asPlatform.ledger.export(platformId, { from: period, scope: 'descendants' }));

  /** What each level is, and what it owes by hand, once its use is in. */
  interface Level {
    readonly chain: Chain;
    readonly asReseller: Patchbay;
    readonly asCustomer: Patchbay;
    readonly asEnd: Patchbay;
    readonly used: { readonly end: Used; readonly customer: Used };
  }
  let bySdk: Level;

  test('by SDK alone: each level sets its price, a relayed session is billed at each, and every side of every statement is what was used, to the nano unit (BIL-2, BIL-3)', async () => {
    const reseller = await asPlatform.accounts.create({ name: 'Reseller' });
    const asReseller = await clientFor(asPlatform, reseller.id);
    const customer = await asReseller.accounts.create({ name: 'Customer' });
    const asCustomer = await clientFor(asReseller, customer.id);
    const end = await asCustomer.accounts.create({ name: 'End customer' });
    const asEnd = await clientFor(asCustomer, end.id);
    await asPlatform.prices.set(reseller.id, 'network-discovery', {
      bytes: perGB(chainPrices.platform, 'EUR'),
      allocationMs: perMinute(MINUTE_PRICE, 'EUR'),
    });
    await asReseller.prices.setForChildren(reseller.id, 'network-discovery', {
      bytes: perGB(chainPrices.reseller, 'EUR'),
    });
    await asCustomer.prices.set(end.id, 'network-discovery', { bytes: perGB(chainPrices.customer, 'EUR') });

    const pair = await openTurnPair({
      sender: asEnd.iceServers(),
      receiver: asCustomer.iceServers(),
      messageBytes: MESSAGE_BYTES,
    });
    await until(() => pair.progress().payloadBytes > RELAYED_BYTES, { what: 'enough to be relayed' });
    expect(await pair.close()).toEqual([0, 0]);
    const used = {
      end: await settledUse(asEnd, end.id, period),
      customer: await settledUse(asCustomer, customer.id, period),
    };
    expect(used.end.bytes).toBeGreaterThan(BigInt(RELAYED_BYTES));
    bySdk = {
      chain: { resellerId: reseller.id, customerId: customer.id, endId: end.id },
      ...{ asReseller, asCustomer, asEnd, used },
    };

    const owed = owedBy(used.end, used.customer);
    const ofEnd = await asEnd.statements.get(end.id, { period });
    expect(BigInt(ofEnd.payable)).toBe(owed.end);
    expect(BigInt(ofEnd.charge?.minorUnits ?? 0)).toBe(cents(owed.end));
    const ofCustomer = await asCustomer.statements.get(customer.id, { period });
    expect(BigInt(ofCustomer.receivable)).toBe(owed.end);
    expect(BigInt(ofCustomer.margin)).toBe(-owed.customerSubsidy);
    expect(BigInt(ofCustomer.charge?.amount ?? 0)).toBe(owed.customerOwn + owed.customerSubsidy);
    const ofReseller = await asReseller.statements.get(reseller.id, { period });
    expect(BigInt(ofReseller.margin)).toBe(owed.resellerMargin);
    expect(BigInt(ofReseller.payout?.minorUnits ?? 0)).toBe(owed.resellerMargin / CENT);
    const atPlatform = await asPlatform.statements.get(platformId, { period });
    const ofChain = atPlatform.children.find(({ accountId }) => accountId === reseller.id);
    expect(BigInt(ofChain?.receivable ?? 0)).toBe(owed.platform);
    // What is collected of those who pay is what those who earn get.
    expect(owed.end + owed.customerOwn + owed.customerSubsidy).toBe(owed.resellerMargin + owed.platform);
  }, 90_000);

  let byPages: { readonly chain: Chain; readonly used: Used };

  test('in the dashboard: prices are typed at each level with who pays whom beside them, and the statements of all levels say what a relayed session costs', async () => {
    await at(platformId, 'accounts');
    const resellerId = await createAccount(page, 'Page reseller');
    await at(resellerId, 'accounts');
    const customerId = await createAccount(page, 'Page customer');
    await at(customerId, 'accounts');
    const endId = await createAccount(page, 'Page end customer');

    const price = async (sellerId: string, buyer: string, [meter, amount]: readonly [string, string]) => {
      if (!page.url().endsWith(`${sellerId}/prices`)) await at(sellerId, 'prices');
      await page.getByRole('combobox', { name: 'Prices for' }).click();
      await page.getByRole('option', { name: buyer }).click();
      await page.getByLabel(`Price of ${meter}`, { exact: false }).first().fill(amount);
    };
    const save = async () => {
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('The prices hold from this minute on.').first().waitFor();
    };
    const flow = page.getByRole('region', { name: /Who pays whom/ });
    const flowSays = (pattern: RegExp) =>
      until(async () => pattern.test((await flow.innerText()).replace(/\s+/g, ' ')), {
        what: `the calculator to say ${pattern}`,
      });
    await price(platformId, 'Page reseller', ['Bytes', chainPrices.platform]);
    await price(platformId, 'Page reseller', ['Allocation time', MINUTE_PRICE]);
    await save();
    await price(resellerId, 'all children', ['Bytes', chainPrices.reseller]);
    await page.getByLabel('Quantity').fill('10');
    await flowSays(/keeps, as margin 200,000\.00/);
    await save();
    await price(customerId, 'Page end customer', ['Bytes', chainPrices.customer]);
    await page.getByLabel('Quantity').fill('10');
    await flowSays(/gives, as subsidy 100,000\.00/);
    await save();

    await at(endId, 'keys');
    const asEnd = clientOf(endId, await createKey(page, 'Minting'));
    await at(endId, 'credentials?try=network-discovery');
    const servers = await mintOn(page, platform.env.PATCHBAY_TURN_URL ?? '');
    const pair = await openTurnPair({ sender: servers, receiver: servers, messageBytes: MESSAGE_BYTES });
    await until(() => pair.progress().payloadBytes > RELAYED_BYTES, { what: 'enough to be relayed' });
    expect(await pair.close()).toEqual([0, 0]);
    const used = await settledUse(asEnd, endId, period);
    byPages = { chain: { resellerId, customerId, endId }, used };

    const owed = owedBy(used, nothing);
    for (const [accountId, sum, minorUnits] of [
      [endId, 'To be paid', cents(owed.end)],
      [customerId, 'To be paid', cents(owed.customerSubsidy)],
      [resellerId, 'To be paid out', owed.resellerMargin / CENT],
    ] as const) {
      await at(accountId, `statements/${period}`);
      await page.getByText('agrees with the ledger').waitFor();
      const region = page.getByRole('region', { name: sum, exact: true });
      expect(minorUnitsIn(await region.innerText())).toBe(minorUnits);
    }
  }, 90_000);

  test('the month ends: it cannot be closed before, is closed on the page, and is closed once', async () => {
    const close = () => asPlatform.closings.close(platformId, { period });
    await expect(close()).rejects.toMatchObject({ code: 'billing.period_running' });
    await at(platformId, 'statements');
    const closing = page.getByRole('button', { name: 'Close a month …' });
    expect(await closing.count()).toBe(0);

    await clock.setTo(monthAfter(period).getTime() + HOUR_MS);
    // That may be longer than anybody stays signed in.
    await context.clearCookies();
    await signInTo(page, operator());
    await at(platformId, 'statements');
    await closing.click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('button', { name: 'Close it' }).isDisabled()).toBe(true);
    await dialog.getByLabel(/^Type “/).fill(monthName(period));
    await dialog.getByRole('button', { name: 'Close it' }).click();
    await page.getByText('closes.', { exact: false }).first().waitFor();
    await closing.waitFor({ state: 'detached' });
    expect(await close()).toEqual({ period, isNew: false });
  }, 120_000);

  test('by SDK alone: invoices are paid at their page, a payout leaves for what was paid, a part goes back, and what came in is what went out at every level (BIL-4, BIL-6)', async () => {
    const { chain, asReseller, asCustomer, asEnd } = bySdk;
    const { resellerId, customerId, endId } = chain;
    const owed = owedBy(bySdk.used.end, bySdk.used.customer);
    await asReseller.sellers.set(resellerId, {
      legalName: 'Reseller GmbH',
      addressLines: ['1 Way'],
      country: 'DE',
    });
    const { url: setUpUrl } = await asReseller.payouts.setUp(resellerId, {});
    expect((await fetch(setUpUrl, { method: 'POST', redirect: 'manual' })).status).toBe(303);

    const standing = async (client: Patchbay, accountId: string, kind: 'invoice' | 'payout-note') =>
      (await all(client.documents.list(accountId, { kind }))).find((document) => document.period === period)
        ?.standing;
    const invoiceOf = (client: Patchbay, accountId: string) =>
      until(async () => (await standing(client, accountId, 'invoice'))?.state === 'open' && true, {
        what: 'an open invoice',
        timeoutMs: PATIENCE_MS,
        pollMs: 100,
      }).then(() => client.statements.pay(accountId, { period }));
    const becomes = (ask: () => ReturnType<typeof standing>, wanted: object) =>
      until(
        async () => {
          const is = await ask();
          expect(is).toMatchObject(wanted);
          return is;
        },
        { what: JSON.stringify(wanted), timeoutMs: PATIENCE_MS, pollMs: 100 },
      );
    const invoiceBecomes = (wanted: object) => becomes(() => standing(asEnd, endId, 'invoice'), wanted);
    const payout = () => standing(asReseller, resellerId, 'payout-note');

    const [ofEnd, ofCustomer] = [await invoiceOf(asEnd, endId), await invoiceOf(asCustomer, customerId)];
    expect(BigInt(ofEnd.leftMinorUnits)).toBe(cents(owed.end));
    expect(BigInt(ofCustomer.leftMinorUnits)).toBe(cents(owed.customerOwn + owed.customerSubsidy));
    await becomes(payout, { state: 'waiting', fundedMinorUnits: '0' });

    await fetch(ofEnd.payUrl, { method: 'POST' });
    await invoiceBecomes({ state: 'paid', paidMinorUnits: ofEnd.leftMinorUnits });
    const inPart = await becomes(payout, { state: 'open' });
    expect(inPart?.paidMinorUnits).toBe(inPart?.fundedMinorUnits);
    expect(BigInt(inPart?.paidMinorUnits ?? 0)).toBeLessThan(owed.resellerMargin / CENT);
    await fetch(ofCustomer.payUrl, { method: 'POST' });
    const earned = owed.resellerMargin / CENT;
    await becomes(payout, { state: 'paid', paidMinorUnits: `${earned}` });

    const back = cents(owed.end) / 3n;
    await asPlatform.statements.refund(platformId, { buyerId: endId, period, minorUnits: `${back}` });
    await invoiceBecomes({ refundedMinorUnits: `${back}` });
    const left = await until(
      async () => {
        const is = await payout();
        return is?.refundedMinorUnits !== '0' && is?.state === 'paid' && is;
      },
      { what: 'the payout to be less', timeoutMs: PATIENCE_MS, pollMs: 100 },
    );
    expect(BigInt(left.paidMinorUnits) + BigInt(left.refundedMinorUnits)).toBe(earned);

    const money = moneyOf(await ledger(), { ...chain, platformId });
    process.stdout.write(`${money.printed}\n`);
    expect(money.unbalanced).toEqual([]);
    expect(money.edges.map(({ payable, receivable }) => payable + receivable)).toEqual([0n, 0n, 0n]);
    expect(money.edges.map(({ receivable }) => receivable)).toEqual([
      owed.platform,
      owed.platform + owed.resellerMargin,
      owed.end,
    ]);
    expect(money.in).toBe(cents(owed.end) + cents(owed.customerOwn + owed.customerSubsidy) - back);
    expect(money.out).toBe(BigInt(left.paidMinorUnits));
    expect(money.in).toBe(money.out + money.kept);
    expect(money.kept).toBe(BigInt(stripe.state.balance));

    // Each sees its own side, and those below it; nobody what stands above.
    const whose = async (client: Patchbay, accountId: string) =>
      new Set(
        (await all(client.ledger.export(accountId, { from: period, scope: 'descendants' }))).map(
          (entry) => entry.accountId,
        ),
      );
    expect(await whose(asEnd, endId)).toEqual(new Set([endId]));
    expect(await whose(asCustomer, customerId)).toEqual(new Set([customerId, endId]));
    expect(await whose(asReseller, resellerId)).toEqual(new Set([resellerId, customerId, endId]));
    for (const [client, above] of [
      [asEnd, customerId],
      [asCustomer, resellerId],
      [asReseller, platformId],
    ] as const)
      await expect(client.statements.get(above, { period })).rejects.toMatchObject({ status: 404 });
  }, 120_000);

  test('in the dashboard: who owes pays at the page of Stripe and sees nobody above, the reseller is paid out of that, a part goes back, and the ledger comes to what is there', async () => {
    const { chain, used } = byPages;
    const { resellerId, customerId, endId } = chain;
    const owed = owedBy(used, nothing);
    const payouts = page.getByRole('table', { name: 'Payouts' });
    const note = payouts.getByRole('row').nth(1);
    /** Of a column that is not there, nothing. */
    const cell = async (header: string) => {
      const column = (await payouts.getByRole('columnheader').allInnerTexts()).indexOf(header);
      return column < 0 ? 0n : minorUnitsIn(await note.getByRole('cell').nth(column).innerText());
    };

    await at(resellerId, 'documents');
    await page.getByRole('button', { name: 'Name and tax' }).click();
    await page.getByLabel('Country, such as DE').fill('DE');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await at(resellerId, 'payouts');
    await page.getByRole('button', { name: 'Set up at Stripe' }).click();
    await page.getByRole('button', { name: 'Pay me out' }).click();
    await page.waitForURL(`${url}/accounts/${resellerId}/payouts`);
    await page.getByText('Payouts go to your account at Stripe').waitFor();
    await note.getByText('waits for its payers').waitFor();
    expect(await cell('Sent')).toBe(0n);

    // The end customer's own person: comes in by a link, pays, and sees of the money what is its own.
    await at(endId, 'team');
    await page.getByRole('button', { name: 'Add somebody' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Pat Payer');
    await page.getByLabel('E-mail').fill('pat@payer.example');
    await choose(page, 'Role', 'billing');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const link = (await page.getByRole('dialog').locator('[data-secret]').textContent()) ?? '';
    const theirs = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    });
    theirs.setDefaultTimeout(PATIENCE_MS);
    const own = await theirs.newPage();
    failOnErrors(own);
    await openPage(own, new URL(link, url).href);
    await own.getByLabel('Password', { exact: true }).fill('a long enough password');
    await own.getByRole('button', { name: 'Set the password' }).click();
    await own.waitForURL(new RegExp(`/accounts/${endId}`));
    await pay(own, endId, cents(owed.end));
    await at(endId, `ledger?period=${period}`, own);
    const whose = own.getByRole('table', { name: 'Transactions' }).getByRole('row');
    expect(await whose.count()).toBeGreaterThan(1);
    expect(await whose.filter({ hasText: 'Page reseller' }).count()).toBe(0);
    await at(customerId, 'documents', own);
    await own.getByRole('alert').first().waitFor();
    expect(await own.getByRole('table', { name: 'Documents' }).count()).toBe(0);
    await theirs.close();

    await pay(page, customerId, cents(owed.customerSubsidy));
    const earned = owed.resellerMargin / CENT;
    await until(
      async () => {
        await at(resellerId, 'payouts');
        return (await cell('Sent')) === earned;
      },
      { what: 'the payout to be sent', timeoutMs: PATIENCE_MS, pollMs: 500 },
    );

    const back = cents(owed.end) / 4n;
    await at(platformId, 'documents');
    await page.getByRole('combobox', { name: 'Whose' }).click();
    await page.getByRole('option', { name: 'Of all below too' }).click();
    await page
      .getByRole('row', { name: /Invoice Page end customer/ })
      .getByRole('link')
      .click();
    await page.getByRole('button', { name: 'Give back …' }).click();
    await page.getByLabel('Amount').fill(`${back / 100n}.${`${back % 100n}`.padStart(2, '0')}`);
    await page.getByRole('dialog').getByRole('button', { name: 'Give back', exact: true }).click();
    await page.getByText('Given back').first().waitFor();
    await until(
      async () => {
        await at(resellerId, 'payouts');
        return (await cell('Lost')) > 0n && (await cell('Sent')) + (await cell('Lost')) === earned;
      },
      { what: 'the payout to be less', timeoutMs: PATIENCE_MS, pollMs: 500 },
    );
    const sent = await cell('Sent');

    // What stands on the pages of each level is what moved; the platform has what Stripe has.
    const moneyAt = async (accountId: string) => {
      await at(accountId, `ledger?period=${period}`);
      const row = page.getByRole('table', { name: 'Balances' }).getByRole('row', { name: /^Money/ });
      return minorUnitsIn(await row.getByRole('cell').last().innerText());
    };
    const levels = [await moneyAt(endId), await moneyAt(customerId), await moneyAt(resellerId)];
    expect(levels).toEqual([back - cents(owed.end), -cents(owed.customerSubsidy), sent]);
    expect(await moneyAt(platformId)).toBe(BigInt(stripe.state.balance));
    const money = moneyOf(await ledger(), { ...chain, platformId });
    process.stdout.write(`${money.printed}\n`);
    expect(money.unbalanced).toEqual([]);
    expect(money.edges.map(({ payable, receivable }) => payable + receivable)).toEqual([0n, 0n, 0n]);
    expect(money.in).toBe(money.out + money.kept);
  }, 120_000);

  /** Opens the invoice of the account in the list of its documents, pays at Stripe's page, and is back when it says so. */
  async function pay(on: Page, accountId: string, minorUnits: bigint): Promise<void> {
    await until(
      async () => {
        await at(accountId, 'documents', on);
        return (await on.getByRole('row', { name: /Invoice/ }).count()) === 1;
      },
      { what: 'the invoice to be listed', timeoutMs: PATIENCE_MS, pollMs: 500 },
    );
    const invoice = on.getByRole('row', { name: /Invoice/ });
    expect(minorUnitsIn(await invoice.getByRole('cell').last().innerText())).toBe(minorUnits);
    await invoice.getByRole('link').click();
    const [hosted] = await Promise.all([
      on.waitForEvent('popup'),
      on.getByRole('link', { name: 'Pay', exact: true }).click(),
    ]);
    await hosted.getByRole('button', { name: `Pay ${minorUnits}` }).click();
    await hosted.getByRole('heading', { name: 'Paid' }).waitFor();
    await hosted.close();
    await until(
      async () => {
        await at(accountId, 'documents', on);
        return (await invoice.getByText('paid', { exact: true }).count()) === 1;
      },
      { what: 'the invoice to be paid', timeoutMs: PATIENCE_MS, pollMs: 500 },
    );
  }
});

/** As a person types it. */
const monthName = (period: string): string =>
  new Date(`${period}-15`).toLocaleString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** The first amount with cents in a text, such as '-1,234.50 EUR'. */
function minorUnitsIn(text: string): bigint {
  const [, sign = '', amount = ''] = /([-−]?)([\d,]+\.\d\d)(?!\d)/.exec(text) ?? [];
  const minorUnits = BigInt(amount.replace(/[,.]/g, '') || 0);
  return sign === '' ? minorUnits : -minorUnits;
}
