/**
 * Parts of the platform die while people talk, and rights are taken away. Everything is real: the started platform,
 * kill -9, Chromium, and the accounts' own usage afterwards.
 */
import type { Patchbay, TokenAnswer } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { type Seen, seenBy, watchCall } from '../src/call-watch.ts';
import { keepControlPlaneAway, killHard, pidOf } from '../src/platform-processes.ts';
import { allocationsOf } from '../src/relay-log.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { startSample } from '../src/running-sample.ts';
import {
  isPlaying,
  placeCall,
  relayedBytes,
  relayedBytesByConnection,
  type Side,
} from '../src/sample-call.ts';
import { patchbayOf, readUsage, settledUsage } from '../src/sdk-client.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();

describe.skipIf(chromiumPath === undefined)('a part dies during a call', () => {
  let platform: RunningPlatform;
  let browser: Browser;
  let pb: Patchbay;

  beforeAll(async () => {
    platform = await startPlatform();
    pb = patchbayOf(platform.env);
    browser = await launchBrowser(chromiumPath ?? '');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 120_000);

  /** A call through the relay, of an account of its own, so that its usage is the call's. */
  async function startCall(name: string) {
    const account = await pb.accounts.create({ name });
    const key = await pb.keys.create(account.id, { name });
    const env = { ...platform.env, PATCHBAY_ACCOUNT: account.id, PATCHBAY_KEY: key.secret };
    const sample = await startSample(env);
    const own = patchbayOf(env);
    const tokens = new Map<Side, TokenAnswer>();
    const tokenOf = (side: Side, identity: string) => {
      const token = own.token({ identity });
      tokens.set(side, token);
      return token;
    };
    const { caller, callee, close } = await placeCall(browser, `${sample.url}/?mode=relay`, tokenOf);
    const windows = [caller, callee];
    await until(() => isPlaying(...windows), { what: 'both videos to play', timeoutMs: 20_000 });
    await watchCall(...windows);
    const startedAtMs = Date.now();
    const session = await until(
      async () => {
        for await (const open of pb.sessions.list(account.id, { state: 'open' })) return open;
        return undefined;
      },
      { what: 'the session to be listed' },
    );
    const untilEnded = () =>
      until(
        async () => {
          const read = await pb.sessions.get(account.id, { sessionId: session.id });
          return read.state === 'ended' && read;
        },
        { what: 'the session to end', timeoutMs: 20_000 },
      );
    return {
      accountId: account.id,
      sessionId: session.id,
      windows,
      /** When both videos played, in milliseconds since 1970. */
      startedAtMs,
      tokens,
      own,
      untilEnded,
      async hangUp() {
        await caller.getByRole('button', { name: /hang up|leave/i }).click();
        await untilEnded();
      },
      async close() {
        await close();
        await sample.stop();
      },
    };
  }

  type Call = Awaited<ReturnType<typeof startCall>>;

  /** Milliseconds for which both parties were in the session, by its log. */
  async function millisecondsOf({ accountId, sessionId }: Call): Promise<bigint> {
    const { items } = await pb.sessions.listLog(accountId, { sessionId, limit: 200 });
    const atMs = (wanted: string) =>
      items.filter(({ kind }) => kind === wanted).map(({ at }) => Date.parse(at));
    return BigInt((atMs('session.ended')[0] ?? 0) - (atMs('leg.joined')[1] ?? 0));
  }

  /** Of both parties to the millisecond, once their last records are in: the relay's may have come before them. */
  async function expectConnected(call: Call): Promise<void> {
    const due = 2n * (await millisecondsOf(call));
    const counted = async () =>
      (await readUsage(pb, call.accountId, 'signaling')).get('signaling.connectedMs');
    await until(async () => (await counted()) === due, {
      what: `${due} ms of the call to be counted`,
      timeoutMs: 10_000,
      pollMs: 500,
    });
  }

  test('kill -9 of the relay: media is back within 5 seconds without a reload, and at most 1 second of usage is missing, never too much (LIV-3, MET-2)', async () => {
    const call = await startCall('Relay dies');
    const { windows } = call;
    const relayPid = await pidOf(platform, 'relay');
    // Before its first record is complete: what survives is what was kept of one that was still growing.
    const [first] = allocationsOf(platform, call.sessionId);
    const livedMs = () => Date.now() - (first?.startedAtMs ?? Number.NaN);
    await until(() => livedMs() >= 2_800, { what: 'some seconds of call' });
    const secondBefore = await sumOf(windows, relayedBytes);
    const secondBeforeAtMs = Date.now();
    await until(() => Date.now() - secondBeforeAtMs >= 1_000, { what: 'the last second' });
    const killedAtMs = await killHard(platform, 'relay');
    const atKill = await sumOf(windows, relayedBytes);

    const seen = await until(
      async () => {
        const both = await Promise.all(windows.map(seenBy));
        return both.every(isBackFor(3_000)) && both;
      },
      { what: 'both pictures to move again', timeoutMs: 20_000 },
    );
    for (const { stillFromMs, stillToMs, connectionCount } of seen) {
      expect(stillFromMs).toBeGreaterThan(killedAtMs - 1_000);
      expect(stillToMs - killedAtMs).toBeLessThan(5_000);
      // Another connection, in the page that was there before: the watch on it would not have outlived a reload.
      expect(connectionCount).toBe(1);
    }
    expect(await pidOf(platform, 'relay')).not.toBe(relayPid);

    await call.hangUp();
    const afterwards = await sumOf(windows, async (page) => (await relayedBytesByConnection(page))[1] ?? 0n);
    await call.close();
    const usage = await settledUsage(pb, call.accountId);
    const bytes = Number(usage.get('network-discovery.bytes') ?? 0n);
    expect(bytes).toBeGreaterThan(0.98 * Number(secondBefore + afterwards));
    expect(bytes).toBeLessThan(1.02 * Number(atKill + afterwards));

    const spans = allocationsOf(platform, call.sessionId).map(
      ({ startedAtMs, endedAtMs = killedAtMs }) => endedAtMs - startedAtMs,
    );
    expect(spans.length).toBeGreaterThanOrEqual(4);
    const lived = spans.reduce((sum, span) => sum + span, 0);
    const metered = Number(usage.get('network-discovery.allocationMs') ?? 0n);
    expect(metered).toBeGreaterThan(lived - spans.length * 1_000);
    expect(metered).toBeLessThan(lived + spans.length * CLOCK_MS);
    expect(usage.get('network-discovery.allocations')).toBe(BigInt(spans.length));
    await expectConnected(call);
  }, 90_000);

  test('kill -9 of signaling: no picture stands still, no connection is made anew, either side still hears the other hang up, and it is one session whose time is exact (LIV-3, MET-2)', async () => {
    const call = await startCall('Signaling dies');
    const { windows } = call;
    const pid = await pidOf(platform, 'signaling');
    await killHard(platform, 'signaling');
    const seen = await until(
      async () => {
        const both = await Promise.all(windows.map(seenBy));
        return both.every(({ notices }) => notices.length > 0 && notices.at(-1) === '') && both;
      },
      { what: 'both windows to say that they reconnect, and that they have', timeoutMs: 20_000 },
    );
    for (const { stillMs, connectionCount } of seen) {
      expect(stillMs).toBeLessThan(1_000);
      expect(connectionCount).toBe(0);
    }
    expect(await pidOf(platform, 'signaling')).not.toBe(pid);
    await windows[1]?.getByRole('button', { name: /hang up|leave/i }).click();
    await until(() => windows[0]?.locator('video[data-remote]').isHidden(), {
      what: 'the other window to hear of it',
      pollMs: 20,
    });
    expect((await call.untilEnded()).endCode).toBe('signaling.hung_up');
    await call.close();
    const ids: string[] = [];
    for await (const { id } of pb.sessions.list(call.accountId)) ids.push(id);
    expect(ids).toEqual([call.sessionId]);
    const { items } = await pb.sessions.listLog(call.accountId, { sessionId: call.sessionId, limit: 200 });
    expect(items.map(({ sequence }) => sequence)).toEqual(items.map((_line, index) => index + 1));
    const exactly = 2n * (await millisecondsOf(call));
    const usage = await until(
      async () => {
        const read = await readUsage(pb, call.accountId, 'signaling');
        expect(read.get('signaling.connectedMs')).toBe(exactly);
        return read;
      },
      { what: 'the time of both parties, to the millisecond', pollMs: 250 },
    );
    expect(usage.get('signaling.sessions')).toBe(1n);
  }, 120_000);

  test('kill -9 of the control plane, which stays away for a minute: the call does not notice, no usage is lost, none is twice (MET-2)', async () => {
    const call = await startCall('Control plane dies');
    const { windows } = call;
    const letItComeBack = await keepControlPlaneAway(platform);
    const awaySinceMs = Date.now();
    const isHealthy = async () => (await fetch(`${platform.env.PATCHBAY_URL}/api/health`)).ok;
    await until(
      async () => {
        await expect(isHealthy()).rejects.toThrow();
        return Date.now() - awaySinceMs > 60_000;
      },
      { what: 'a minute without the control plane', timeoutMs: 70_000, pollMs: 1_000 },
    );
    await letItComeBack();
    await until(isHealthy, { what: 'the control plane to be back', timeoutMs: 40_000, pollMs: 100 });
    const backAtMs = Date.now();
    await until(
      async () => {
        const { relayBytes, state } = await pb.sessions.get(call.accountId, { sessionId: call.sessionId });
        expect(state).toBe('live');
        // More than a second minute would have to bring is only there with what was kept on disk.
        return BigInt(relayBytes) > 0.9 * Number(await sumOf(windows, relayedBytes)) && true;
      },
      { what: 'the usage of that minute', timeoutMs: 20_000, pollMs: 500 },
    );
    await until(() => Date.now() - backAtMs > 3_000, { what: 'all nodes to be heard again' });
    for (const seen of await Promise.all(windows.map(seenBy))) expect(seen).toMatchObject(undisturbed);

    await call.hangUp();
    const seenBytes = await sumOf(windows, relayedBytes);
    await call.close();
    const usage = await settledUsage(pb, call.accountId);
    const ratio = Number(usage.get('network-discovery.bytes') ?? 0n) / Number(seenBytes);
    expect(ratio).toBeGreaterThan(0.98);
    expect(ratio).toBeLessThan(1.02);
    const spans = allocationsOf(platform, call.sessionId).map(
      ({ startedAtMs, endedAtMs = Number.NaN }) => endedAtMs - startedAtMs,
    );
    const lived = spans.reduce((sum, span) => sum + span, 0);
    const metered = Number(usage.get('network-discovery.allocationMs') ?? 0n);
    // Time begins with media, which a connection has well within a second of its allocation.
    expect(metered).toBeGreaterThan(lived - spans.length * 1_000);
    expect(metered).toBeLessThan(lived + spans.length * CLOCK_MS);
    expect(usage.get('network-discovery.allocations')).toBe(BigInt(spans.length));
    await expectConnected(call);
  }, 150_000);

  test('a suspended account’s call ends within 5 seconds, a revoked credential’s within 2, both windows say why, and a sibling’s call goes on (ACC-7, POL-5)', async () => {
    const suspended = await startCall('To be suspended');
    const sibling = await startCall('Sibling');
    await watchCall(...sibling.windows);

    const suspendedAtMs = Date.now();
    await pb.accounts.update(suspended.accountId, { state: 'suspended' });
    await expectEnd(suspended.windows, 'account.suspended');
    expect(Date.now() - suspendedAtMs).toBeLessThan(5_000);
    expect((await suspended.untilEnded()).endCode).toBe('account.suspended');
    await until(() => Date.now() - suspendedAtMs > 6_000, { what: 'the sibling’s call to go on' });
    for (const seen of await Promise.all(sibling.windows.map(seenBy)))
      expect(seen).toMatchObject(undisturbed);

    const token = sibling.tokens.get('caller')?.token ?? '';
    const revokedAtMs = Date.now();
    await sibling.own.credentials.revoke({ username: token.split('.')[0] ?? '' });
    await expectEnd(sibling.windows, 'credential.revoked');
    expect(Date.now() - revokedAtMs).toBeLessThan(2_000);
    expect((await sibling.untilEnded()).endCode).toBe('credential.revoked');
    for (const { endedAtMs } of allocationsOf(platform, sibling.sessionId))
      expect((endedAtMs ?? Number.NaN) - revokedAtMs).toBeLessThan(2_000);
    await suspended.close();
    await sibling.close();
  }, 120_000);
});

/** Between what happened and the line of a log about it, on a busy machine. */
const CLOCK_MS = 250;

/** Nothing that a person would notice: no notice, no other connection, no picture that stands. */
const undisturbed = {
  notices: [],
  connectionCount: 0,
  stillMs: expect.toSatisfy((ms: number) => ms < 2_000, 'under 2 seconds'),
};

const isBackFor =
  (ms: number) =>
  ({ connectionCount, stillToMs, nowMs }: Seen): boolean =>
    connectionCount > 0 && nowMs - stillToMs > ms;

/** The pictures are gone, and both pages name the reason and lead to the page about it. */
async function expectEnd(windows: readonly Page[], code: string): Promise<void> {
  for (const window of windows) {
    await until(() => window.locator('video[data-remote]').isHidden(), {
      what: 'the call to end',
      pollMs: 20,
    });
    const problem = window.locator('#problem');
    await until(() => problem.isVisible(), { what: 'the reason', pollMs: 20 });
    await until(
      async () => (await problem.locator('a').getAttribute('href', { timeout: 500 }))?.endsWith(code),
      {
        what: `the reason to be ${code}`,
        pollMs: 20,
        timeoutMs: 3_000,
      },
    );
    expect(await problem.textContent()).toMatch(/suspended|revoked/);
  }
}

async function sumOf(windows: readonly Page[], read: (page: Page) => Promise<bigint>): Promise<bigint> {
  return (await Promise.all(windows.map(read))).reduce((sum, value) => sum + value, 0n);
}
