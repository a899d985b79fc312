/**
 * Parts of the platform die while people talk. Everything is real: the started platform, kill -9, Chromium, and the
 * accounts' own usage afterwards.
 */
import type { Patchbay } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { seenBy, watchCall } from '../src/call-watch.ts';
import { keepControlPlaneAway, killHard, pidOf } from '../src/platform-processes.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { type RunningSample, startSample } from '../src/running-sample.ts';
import { isPlaying, placeCall, relayedBytes, relayedBytesByConnection } from '../src/sample-call.ts';
import { patchbayOf, settledUsage } from '../src/sdk-client.ts';
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
    (await import('node:fs')).cpSync(`${platform.dataDir}/logs`, '/tmp/recovery-logs', { recursive: true });
    await platform?.stop();
  }, 60_000);

  /** A call through the relay, of an account of its own, so that its usage is the call's. */
  async function startCall(name: string) {
    const account = await pb.accounts.create({ name });
    const key = await pb.keys.create(account.id, { name });
    const env = { ...platform.env, PATCHBAY_ACCOUNT: account.id, PATCHBAY_KEY: key.secret };
    const sample: RunningSample = await startSample(env);
    const { caller, callee, close } = await placeCall(browser, `${sample.url}/?mode=relay`);
    const windows = [caller, callee];
    await until(() => isPlaying(...windows), { what: 'both videos to play', timeoutMs: 20_000 });
    const playingAtMs = Date.now();
    const session = await until(
      async () => {
        for await (const open of pb.sessions.list(account.id, { state: 'open' })) return open;
        return undefined;
      },
      { what: 'the session to be listed' },
    );
    const read = () => pb.sessions.get(account.id, { sessionId: session.id });
    const hangUp = async () => {
      await caller.getByRole('button', { name: /hang up|leave/i }).click();
      return until(
        async () => {
          const ended = await read();
          return ended.state === 'ended' && ended;
        },
        { what: 'the session to end', timeoutMs: 20_000 },
      );
    };
    const end = async () => {
      await close();
      await sample.stop();
    };
    return { accountId: account.id, sessionId: session.id, windows, playingAtMs, read, hangUp, end };
  }

  test('kill -9 of the relay: media is back within 5 seconds without a reload, and at most 1 second of usage is missing, never too much (LIV-3, MET-2)', async () => {
    const call = await startCall('Relay dies');
    const { windows } = call;
    await watchCall(...windows);
    const relayPid = await pidOf(platform, 'relay');
    await until(() => Date.now() - call.playingAtMs > 5_000, { what: 'some seconds of call' });
    const secondBefore = await sumOf(windows, relayedBytes);
    await until(() => Date.now() - call.playingAtMs > 6_000, { what: 'a second more' });
    const bytesBefore = await sumOf(windows, relayedBytes);
    const killedAtMs = await killHard(platform, 'relay');
    await until(async () => (await connectionsOf(windows)) === 2, {
      what: 'a new connection in both windows',
      timeoutMs: 15_000,
    });
    await until(
      async () => (await Promise.all(windows.map(seenBy))).every(({ stillToMs }) => Date.now() - stillToMs > 3_000),
      { what: 'both pictures to move for 3 seconds', timeoutMs: 20_000 },
    );
    const seen = await Promise.all(windows.map(seenBy));
    console.log(seen, { killedAtMs, secondBefore, bytesBefore });
    const log = await pb.sessions.listLog(call.accountId, { sessionId: call.sessionId });
    console.log(JSON.stringify(log.items.filter(({kind}) => kind !== 'quality.sampled').map(({ kind, at, data }) => ({ kind, at, data }))));
    console.log(await pidOf(platform, 'relay'), relayPid);
    const bytesAfter = await sumOf(windows, async (page) => (await relayedBytesByConnection(page))[1] ?? 0n);
    const ended = await call.hangUp();
    const endedAtMs = Date.now();
    await call.end();
    const usage = await settledUsage(pb, call.accountId);
    console.log(usage, { bytesAfter, bytesBefore, ended, endedAtMs });
  });

  test('the control plane is killed and stays away for a minute: the call does not notice, no usage is lost and none is twice (MET-2)', async () => {
    const call = await startCall('Control plane dies');
    const { windows } = call;
    await watchCall(...windows);
    const letItComeBack = await keepControlPlaneAway(platform);
    const awayAtMs = Date.now();
    const isHealthy = async () => (await fetch(`${platform.env.PATCHBAY_URL}/api/health`)).ok;
    await until(
      async () => {
        await expect(isHealthy()).rejects.toThrow();
        return Date.now() - awayAtMs > 60_000;
      },
      { what: 'a minute without the control plane', timeoutMs: 70_000, pollMs: 1_000 },
    );
    const seen = await Promise.all(windows.map(seenBy));
    await letItComeBack();
    await until(isHealthy, { what: 'the control plane to be back', timeoutMs: 30_000, pollMs: 100 });
    console.log('back after', Date.now() - awayAtMs, seen);
    const seenBytes = await sumOf(windows, relayedBytes);
    const ended = await call.hangUp();
    await call.end();
    const usage = await settledUsage(pb, call.accountId);
    console.log(usage, { seenBytes, ended });
  });
});

async function sumOf(windows: readonly Page[], read: (page: Page) => Promise<bigint>): Promise<bigint> {
  return (await Promise.all(windows.map(read))).reduce((sum, value) => sum + value, 0n);
}

const framesOf = async (windows: readonly Page[]) =>
  Math.min(...(await Promise.all(windows.map(seenBy))).map(({ frameCount }) => frameCount));

const connectionsOf = async (windows: readonly Page[]) =>
  (await Promise.all(windows.map(seenBy))).reduce((sum, { connectionCount }) => sum + connectionCount, 0);
