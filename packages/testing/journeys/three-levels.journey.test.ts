/**
 * What the platform around every service is for, from end to end: a company, its reseller and a customer of that one. A limit
 * is set, relay traffic flows, a trigger is crossed, the traffic is held, everybody can see why, the company's own server
 * hears of it, and reads all of it again from a cursor. Once by the SDK alone and once by the dashboard; and an account high
 * above live relay sessions is suspended.
 */
import type { IceServer, Patchbay, WebhookEvent } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { failOnErrors, openPage, settled, signInTo } from '../src/dashboard-browser.ts';
import { askInPage, choose, createAccount, createKey, mintOn } from '../src/dashboard-steps.ts';
import { type EventReceiver, startEventReceiver } from '../src/event-receiver.ts';
import { closePair, openPair, pairProgress } from '../src/relayed-pair.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { patchbayOf } from '../src/sdk-client.ts';
import { askForAllocation, openTurnPair } from '../src/turn-pair.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();
/** 50 messages a second: 400 kbit/s. */
const MESSAGE_BYTES = 1_000;
/** What the trigger allows, and what it holds the traffic to. */
const LIMIT_BYTES = 150_000;
const HELD_BITS_PER_SECOND = 16_000;
/** How soon a narrower limit and a suspension reach what runs (POL-5). */
const APPLIED_MS_MAX = 5_000;

let platform: RunningPlatform;
let pb: Patchbay;
let url: string;
const receivers: EventReceiver[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  pb = patchbayOf(platform.env);
  url = platform.env.PATCHBAY_URL ?? '';
}, 120_000);

afterAll(async () => {
  for (const receiver of receivers) await receiver.stop();
  await platform?.stop();
}, 120_000);

async function receiverOf(): Promise<EventReceiver> {
  const receiver = await startEventReceiver();
  receivers.push(receiver);
  return receiver;
}

/** The SDK as an account uses it, with a key of its own. */
async function clientOf(accountId: string): Promise<Patchbay> {
  const { secret } = await pb.keys.create(accountId, { name: 'Own' });
  return patchbayOf({ ...platform.env, PATCHBAY_ACCOUNT: accountId, PATCHBAY_KEY: secret });
}

const thisHour = () => {
  const now = Date.now();
  return { from: new Date(now - 3_600_000).toISOString(), to: new Date(now + 60_000).toISOString() };
};

/** Bytes of the relay as an account sees them, of itself and all below it. */
async function relayedBytesOf(client: Patchbay, accountId: string, direction?: 'out'): Promise<bigint> {
  const { rows } = await client.usage.query(accountId, {
    ...thisHour(),
    bucket: 'all',
    scope: 'descendants',
    meter: 'network-discovery.bytes',
    ...(direction === undefined ? {} : { where: `direction:${direction}` }),
  });
  return rows.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
}

const fired = (events: readonly WebhookEvent[]) =>
  events.filter(({ type }) => type === 'triggers.trigger.fired');

test('by SDK alone: three levels, a limit, use, a crossing, the throttle and its reason, the webhook, the replay, and sums that agree', async () => {
  const company = await pb.accounts.create({ name: 'Company' });
  const asCompany = await clientOf(company.id);
  const reseller = await asCompany.accounts.create({ name: 'Reseller' });
  const asReseller = await clientOf(reseller.id);
  const customer = await asReseller.accounts.create({ name: 'Customer' });
  const asCustomer = await clientOf(customer.id);

  const receiver = await receiverOf();
  const { id: webhookId, secret } = await asCompany.webhooks.create({
    url: receiver.url,
    eventTypes: ['*'],
    scope: 'descendants',
  });
  receiver.learnSecret(secret);
  // Behind its own making, of which it is not told.
  const before = await until(
    async () => (await asCompany.events.list({ types: 'hooks.webhook.created' }).page()).items.at(-1)?.cursor,
    { what: 'the place of its making' },
  );

  await asCompany.policy.set(customer.id, { concurrentSessionsMax: 2 });
  const trigger = await asReseller.triggers.create({
    name: 'Allowance',
    counter: { meter: 'network-discovery.bytes' },
    target: { accountId: customer.id },
    condition: { kind: 'recurring', limit: LIMIT_BYTES, per: 'month' },
    action: { kind: 'throttle', bitsPerSecondMax: HELD_BITS_PER_SECOND },
  });

  const pair = await openTurnPair({
    sender: asCustomer.iceServers(),
    receiver: asCustomer.iceServers(),
    messageBytes: MESSAGE_BYTES,
  });
  await until(() => pair.progress().payloadBytes > 0, { what: 'the first message' });
  // Two clients are two sessions: there is no third, and it can be asked why.
  const third = asCustomer.iceServers();
  const refusal = await askForAllocation(third);
  expect(refusal.code).toBe(486);
  expect(refusal.phrase).toContain('concurrentSessionsMax is reached');

  await until(async () => (await pair.payloadBytesInASecond()) < (2 * HELD_BITS_PER_SECOND) / 8, {
    what: 'the traffic to be held',
    timeoutMs: 20_000,
  });
  pair.pause();
  expect(pair.progress().payloadBytes).toBeGreaterThan(LIMIT_BYTES / 4);

  // Why it is slow: whoever set the trigger is told which, the customer that somebody above did.
  const seenAt = async (client: Patchbay) => {
    const { effective, origins } = await client.networkDiscovery.getConfig(customer.id);
    return { bitsPerSecondMax: effective.bitsPerSecondMax, origin: origins.bitsPerSecondMax };
  };
  const held = { bitsPerSecondMax: HELD_BITS_PER_SECOND };
  expect(await seenAt(asReseller)).toMatchObject({
    ...held,
    origin: { level: 'trigger', triggerId: trigger.id },
  });
  expect(await seenAt(asCustomer)).toEqual({ ...held, origin: { level: 'account' } });
  // Why the third was refused: by the session's log, which says rule and level to whoever may see them.
  const username = third.find((server) => server.username !== undefined)?.username ?? '';
  const why = await until(
    async () => {
      const answer = await asCompany.why.get(customer.id, { subject: username });
      return answer.moments.length > 0 && answer;
    },
    { what: 'the refusal to be in the log', timeoutMs: 15_000 },
  );
  expect(JSON.stringify(why.moments)).toContain('concurrentSessionsMax is reached');

  // The company's own server heard of it, once.
  await until(() => fired(receiver.taken).length > 0, { what: 'the webhook', timeoutMs: 15_000 });
  expect(fired(receiver.taken)).toMatchObject([
    { accountId: reseller.id, data: { triggerId: trigger.id, targetAccountId: customer.id } },
  ]);
  expect(await pair.close()).toEqual([0, 0]);

  // What came out at the other end is what the relay counted out, to the byte; and each level sees the same sum.
  const payloadBytes = BigInt(pair.progress().payloadBytes);
  await until(async () => (await relayedBytesOf(asCustomer, customer.id, 'out')) === payloadBytes, {
    what: 'the usage of the relay to be what came out of it',
    timeoutMs: 15_000,
    pollMs: 200,
  });
  const own = await relayedBytesOf(asCustomer, customer.id);
  expect(await relayedBytesOf(asReseller, reseller.id)).toBe(own);
  expect(await relayedBytesOf(asCompany, company.id)).toBe(own);
  expect(BigInt((await asReseller.triggers.get({ triggerId: trigger.id })).value)).toBe(own);
  let ofSessions = 0n;
  await until(
    async () => {
      ofSessions = 0n;
      for await (const { relayBytes } of asCompany.sessions.list(customer.id, {
        kind: 'relay',
        state: 'all',
      }))
        ofSessions += BigInt(relayBytes);
      return ofSessions === own;
    },
    { what: 'the sessions to add up', timeoutMs: 10_000 },
  );

  // From the cursor on, everything again, in order, each once: what the webhook told, and nothing else.
  const replay = async (cursor: string) => {
    const events: WebhookEvent[] = [];
    for await (const event of asCompany.events.list({ cursor, scope: 'descendants' }))
      events.push(event as WebhookEvent);
    return events;
  };
  const replayed = await until(
    async () => {
      const events = await replay(before);
      const told = new Set(receiver.taken.map(({ id }) => id));
      return events.every(({ id }) => told.has(id)) && events;
    },
    { what: 'the webhook to have told all of it', timeoutMs: 15_000 },
  );
  expect(new Set(replayed.map(({ id }) => id)).size).toBe(replayed.length);
  expect(fired(replayed)).toHaveLength(1);
  const middle = Math.floor(replayed.length / 2);
  const fromMiddle = await replay(replayed[middle - 1]?.cursor ?? '');
  // What happened since then, such as sessions that ended, comes behind it.
  expect(fromMiddle.slice(0, replayed.length - middle)).toEqual(replayed.slice(middle));

  // The same cursor sends the webhook all of it again, with the ids that it had.
  await asCompany.replays.start({ webhookId, cursor: before });
  await untilToldTwice(receiver, replayed);
  expect(receiver.refusedCount()).toBe(0);
}, 120_000);

const timesTold = ({ taken }: EventReceiver, { id }: Pick<WebhookEvent, 'id'>) =>
  taken.filter((event) => event.id === id).length;

/** A replay sent each of these once more, and the receiver can see that it had them. */
async function untilToldTwice(
  receiver: EventReceiver,
  events: readonly Pick<WebhookEvent, 'id'>[],
): Promise<void> {
  await until(() => events.every((event) => timesTold(receiver, event) >= 2), {
    what: 'the webhook to have told all of it again',
    timeoutMs: 20_000,
  });
  expect(events.map((event) => timesTold(receiver, event))).toEqual(events.map(() => 2));
}

test('suspended three levels above live relay sessions: they are gone within 5 seconds, as their clients see it, and siblings go on (POL-5)', async () => {
  const top = await pb.accounts.create({ name: 'Top' });
  const chainBelow = async (name: string) => {
    let accountId: string = top.id;
    for (const level of ['first', 'second', 'third', 'fourth'])
      accountId = (await pb.accounts.create(accountId, { name: `${name}, ${level}` })).id;
    return accountId;
  };
  const suspendedId = await chainBelow('Suspended');
  const [, firstId = ''] = await chainIdsOf(suspendedId, top.id);
  const siblingId = await chainBelow('Sibling');
  const open = async (client: Patchbay) =>
    openTurnPair({ sender: client.iceServers(), receiver: client.iceServers(), messageBytes: 200 });
  const asSuspended = await clientOf(suspendedId);
  const pairs = await Promise.all([open(asSuspended), open(asSuspended)]);
  const sibling = await open(await clientOf(siblingId));
  await until(() => [...pairs, sibling].every((pair) => pair.progress().payloadBytes > 0), {
    what: 'all of them to carry something',
  });

  const askedAtMs = performance.now();
  await pb.accounts.update(firstId, { state: 'suspended' });
  // Silent for ten times as long as between two messages.
  await until(() => pairs.every((pair) => performance.now() - pair.progress().lastAtMs > 1_000), {
    what: 'the sessions below to end',
    timeoutMs: APPLIED_MS_MAX + 2_000,
  });
  const endedAfterMs = pairs.map((pair) => pair.progress().lastAtMs - askedAtMs);
  for (const ms of endedAfterMs) expect(ms).toBeLessThan(APPLIED_MS_MAX);
  // Their allocations are gone, and none is given again.
  for (const code of (await Promise.all(pairs.map((pair) => pair.close()))).flat())
    expect([403, 437]).toContain(code);
  expect((await askForAllocation(asSuspended.iceServers())).code).toBe(403);
  const before = sibling.progress().payloadBytes;
  await until(() => sibling.progress().payloadBytes > before + 2_000, { what: 'the sibling to go on' });
  expect(await sibling.close()).toEqual([0, 0]);
}, 120_000);

/** The accounts from `fromId` down to the one below it. */
async function chainIdsOf(accountId: string, fromId: string): Promise<readonly string[]> {
  const ids: string[] = [accountId];
  for (let id = accountId; id !== fromId; ) {
    id = (await pb.accounts.get(id)).parentId ?? fromId;
    ids.unshift(id);
  }
  return ids;
}

describe.skipIf(chromiumPath === undefined)('in the dashboard', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser(chromiumPath ?? '');
  }, 120_000);
  afterAll(() => browser?.close());

  test('three levels, a limit, use, a crossing, the throttle and its reason, the webhook and its log, the replay, and sums that agree', async () => {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    failOnErrors(page);
    const { PATCHBAY_EMAIL: email = '', PATCHBAY_PASSWORD: password = '' } = platform.env;
    const companyId = await signInTo(page, { url, email, password });
    const at = async (accountId: string, place: string) => {
      await openPage(page, `${url}/accounts/${accountId}/${place}`);
      await settled(page);
    };
    await at(companyId, 'accounts');
    const resellerId = await createAccount(page, 'Story reseller');
    await at(resellerId, 'accounts');
    const customerId = await createAccount(page, 'Story customer');

    const receiver = await receiverOf();
    await at(companyId, 'webhooks');
    await page.getByRole('button', { name: 'New webhook' }).click();
    await page.getByLabel('Address', { exact: true }).fill(receiver.url);
    await choose(page, 'Of', 'this account and those below');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    receiver.learnSecret((await page.locator('[data-secret]').textContent()) ?? '');
    await page.getByRole('button', { name: 'I have it' }).click();
    const cursor = await until(
      async () => {
        const made = { accountId: companyId, types: 'hooks.webhook.created' };
        const { items } = (await askInPage(page, 'events.list', made)) as {
          items: readonly { cursor: string }[];
        };
        return items.at(-1)?.cursor;
      },
      { what: 'the place of its making' },
    );

    await at(customerId, 'policy');
    await page.getByLabel('Find a setting').fill('concurrent');
    await page.getByLabel('Concurrent sessions, max', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The policy is saved.').first().waitFor();

    await at(resellerId, 'triggers');
    await page.getByRole('button', { name: 'New trigger' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Story allowance');
    await choose(page, 'Of', 'Story customer');
    await page.getByLabel('Limit', { exact: true }).fill(String(LIMIT_BYTES));
    await choose(page, 'Then', 'hold the bit rate');
    await page.getByLabel('Bit rate', { exact: true }).fill(String(HELD_BITS_PER_SECOND / 1_000));
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await at(customerId, 'keys');
    await createKey(page, 'Minting');
    const turnUrl = platform.env.PATCHBAY_TURN_URL ?? '';
    const mint = async () => {
      await at(customerId, 'credentials?try=network-discovery');
      return await mintOn(page, turnUrl);
    };
    const [used, refused] = [await mint(), await mint()];

    // The traffic is a browser's own, through the relay alone.
    const calling = await context.newPage();
    await openPair(calling, { sender: used, receiver: used, messageBytes: MESSAGE_BYTES });
    await until(async () => (await pairProgress(calling)).receivedBytes > 0, { what: 'the first message' });
    const late = await context.newPage();
    await openPair(late, { sender: refused, receiver: refused, messageBytes: MESSAGE_BYTES });
    await until(async () => (await pairProgress(late)).errorCodes.includes(486), { what: 'the refusal' });
    await closePair(late);
    await late.close();

    await at(resellerId, 'triggers');
    const firing = page.getByRole('table', { name: 'Firings' }).getByRole('row', { name: /Story allowance/ });
    await firing.waitFor({ timeout: 25_000 });
    await firing.getByText('done').waitFor();
    expect(await firing.textContent()).toContain('Story customer');
    await until(async () => (await receivedInASecond(calling)) < (2 * HELD_BITS_PER_SECOND) / 8, {
      what: 'the traffic to be held',
      timeoutMs: 20_000,
    });
    const { receivedBytes } = await pairProgress(calling);
    expect(receivedBytes).toBeGreaterThan(0);
    await closePair(calling);
    await calling.close();

    await at(customerId, 'services/network-discovery');
    await page
      .getByText(/held by a trigger that fired/)
      .first()
      .waitFor();
    await at(customerId, `why?of=${encodeURIComponent(refused[0]?.username ?? '')}`);
    const decision = page.getByRole('article', { name: 'Decision' });
    await decision.getByText('concurrentSessionsMax is reached', { exact: false }).first().waitFor();

    await until(() => fired(receiver.taken).length > 0, { what: 'the webhook', timeoutMs: 15_000 });
    expect(fired(receiver.taken)).toMatchObject([{ accountId: resellerId }]);
    await at(companyId, 'webhooks');
    await page.getByRole('link', { name: receiver.url }).click();
    const told = page.getByRole('row', { name: /triggers\.trigger\.fired/ });
    await told.waitFor();
    expect(await told.textContent()).toContain('delivered');

    // The sums of the three levels, once the last of it is in, and the replay of what the webhook told.
    const sumAt = async (accountId: string) => {
      const { rows } = (await askInPage(page, 'usage.query', {
        accountId,
        ...thisHour(),
        bucket: 'all',
        scope: 'descendants',
        meter: 'network-discovery.bytes',
      })) as { rows: readonly { quantity: string }[] };
      return rows.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
    };
    await until(
      async () => {
        const sums = [await sumAt(customerId), await sumAt(resellerId)];
        const { items } = (await askInPage(page, 'triggers.list', { accountId: resellerId })) as {
          items: readonly { value: string }[];
        };
        return (sums[0] ?? 0n) > 0n && sums[0] === sums[1] && BigInt(items[0]?.value ?? 0) === sums[0];
      },
      { what: 'the sums to agree', timeoutMs: 15_000 },
    );
    const replayed = await until(
      async () => {
        const { items } = (await askInPage(page, 'events.list', {
          accountId: companyId,
          cursor,
          scope: 'descendants',
          limit: 100,
        })) as { items: readonly { id: WebhookEvent['id'] }[] };
        const heard = new Set(receiver.taken.map(({ id }) => id));
        return items.length > 0 && items.every(({ id }) => heard.has(id)) && items;
      },
      { what: 'the webhook to have told all of it', timeoutMs: 15_000 },
    );
    expect(new Set(replayed.map(({ id }) => id)).size).toBe(replayed.length);
    await page.getByRole('button', { name: 'Send again …' }).click();
    await choose(page, 'From', 'a cursor');
    await page.getByLabel('Cursor', { exact: true }).fill(cursor);
    await page.getByRole('dialog').getByRole('button', { name: 'Send again', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await untilToldTwice(receiver, replayed);
    expect(receiver.refusedCount()).toBe(0);
    await context.close();
  }, 120_000);
});

async function receivedInASecond(page: Page): Promise<number> {
  const before = await pairProgress(page);
  const after = await until(
    async () => {
      const progress = await pairProgress(page);
      return progress.nowMs - before.nowMs >= 1_000 && progress;
    },
    { what: 'a second' },
  );
  return ((after.receivedBytes - before.receivedBytes) * 1_000) / (after.nowMs - before.nowMs);
}
