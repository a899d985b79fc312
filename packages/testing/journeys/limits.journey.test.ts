/**
 * Credentials end what they pay for, at the limit that they state (ACC-7): minted offline with the SDK, used against the
 * started relay by Chromium and by coturn's client.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { IceServer, Patchbay } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { closePair, openPair, type PairProgress, pairProgress } from '../src/relayed-pair.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { type RunningSample, startSample } from '../src/running-sample.ts';
import { patchbayOf, settledUsage } from '../src/sdk-client.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();
const uclient = '/usr/bin/turnutils_uclient';
const hasUclient = existsSync(uclient);
const whyNoUclient = hasUclient
  ? ''
  : ' (skipped: turnutils_uclient is not installed; apt-get install coturn)';
/** Of a started platform with a browser on two cores: how much later than the limit the end may be seen. */
const toleranceMs = 1_000;

describe.skipIf(chromiumPath === undefined)('limits of a credential', () => {
  let platform: RunningPlatform;
  let sample: RunningSample;
  let browser: Browser;
  let platformClient: Patchbay;
  let customer: { id: string };
  let pb: Patchbay;
  let page: Page;

  beforeAll(async () => {
    platform = await startPlatform();
    platformClient = patchbayOf(platform.env);
    sample = await startSample(platform.env);
    browser = await launchBrowser(chromiumPath ?? '');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await sample?.stop();
    await platform?.stop();
  }, 60_000);

  beforeEach(async () => {
    // One account for each test, so that its usage is that test's.
    customer = await platformClient.accounts.create({ name: 'Customer' });
    const key = await platformClient.keys.create(customer.id, { name: 'Limits' });
    pb = patchbayOf({ ...platform.env, PATCHBAY_ACCOUNT: customer.id, PATCHBAY_KEY: key.secret });
    page = await browser.newPage();
    await page.goto(sample.url);
  });

  afterEach(async () => {
    await page?.close();
  });

  /** Sends with `sender` until it has been silent for two seconds. The other side has no limit. */
  async function sendUntilSilent(sender: readonly IceServer[], messageBytes = 500): Promise<PairProgress> {
    await openPair(page, { sender, receiver: pb.iceServers(), messageBytes });
    await until(async () => (await pairProgress(page)).receivedBytes > 0, { what: 'the first message' });
    const ended = await until(
      async () => {
        const progress = await pairProgress(page);
        return progress.nowMs - progress.lastAtMs > 2_000 && progress;
      },
      { what: 'the limit to end it', timeoutMs: 40_000 },
    );
    await closePair(page);
    return ended;
  }

  const lived = ({ firstAtMs, lastAtMs }: PairProgress) => lastAtMs - firstAtMs;

  test('seconds: 8 seconds are 8 seconds', async () => {
    const ended = await sendUntilSilent(pb.iceServers({ secondsMax: 8 }));
    // An allocation is older than its first message, by the time that ICE and DTLS take.
    expect(lived(ended)).toBeGreaterThan(8_000 - 1_500);
    expect(lived(ended)).toBeLessThan(8_000 + toleranceMs);
  });

  test('bytes: 2 MB are relayed and paid for, and not one byte more', async () => {
    const limited = pb.iceServers({ bytesMax: 2_000_000 });
    await openPair(page, { sender: limited, receiver: limited, messageBytes: 1_000 });
    await until(async () => (await pairProgress(page)).receivedBytes > 0, { what: 'the first message' });
    const ended = await until(
      async () => {
        const progress = await pairProgress(page);
        return progress.nowMs - progress.lastAtMs > 2_000 && progress;
      },
      { what: '2 MB to end it', timeoutMs: 60_000 },
    );
    await closePair(page);
    const bytes = Number((await settledUsage(pb, customer.id)).get('network-discovery.bytes') ?? 0n);
    expect(bytes).toBeLessThanOrEqual(2_000_000);
    // The last packet that does not fit is dropped whole.
    expect(bytes).toBeGreaterThan(2_000_000 - 3_000);
    expect(ended.receivedBytes).toBeLessThan(1_000_000);
  });

  test('narrowed: the limit that a holder added ends it first, and does not touch the one that it came from', async () => {
    const wide = pb.iceServers({ secondsMax: 60 });
    const narrow = pb.narrow(wide, { secondsMax: 4 });
    const ended = await sendUntilSilent(narrow);
    expect(lived(ended)).toBeGreaterThan(4_000 - 1_500);
    expect(lived(ended)).toBeLessThan(4_000 + toleranceMs);
    await openPair(page, { sender: wide, receiver: pb.iceServers(), messageBytes: 100 });
    await until(async () => (await pairProgress(page)).receivedBytes > 0, {
      what: 'the wide one to go on',
    });
    await closePair(page);
  });

  test.each<[string, (narrow: IceServer, wide: IceServer) => IceServer]>([
    ['its last caveat byte removed', (narrow) => ({ ...narrow, username: withoutByte(narrow.username, -1) })],
    [
      'a byte of its first caveat removed',
      (narrow) => ({ ...narrow, username: withoutByte(narrow.username, 40) }),
    ],
    ['the whole narrowing removed', (narrow, wide) => ({ ...narrow, username: wide.username })],
  ])('widened: a copy with %s is refused with 401', async (_, widen) => {
    const wide = pb.iceServers({ secondsMax: 60 });
    const narrow = pb.narrow(wide, { secondsMax: 4 });
    const sender = [widen(only(narrow), only(wide))];
    await openPair(page, { sender, receiver: pb.iceServers(), messageBytes: 100 });
    const { errorCodes } = await until(
      async () => {
        const progress = await pairProgress(page);
        return progress.errorCodes.length > 0 && progress;
      },
      { what: 'the refusal' },
    );
    expect(errorCodes).toEqual([401]);
    expect((await pairProgress(page)).receivedBytes).toBe(0);
    await closePair(page);
  });

  test.skipIf(!hasUclient)(`uses: one client may, a second one is refused${whyNoUclient}`, async () => {
    const server = only(pb.iceServers({ usesMax: 1 }));
    const first = await runUclient(server, '127.0.0.2');
    expect(first).toMatch(/Total lost packets 0 /);
    // Another address is another client, whenever it comes.
    const second = await runUclient(server, '127.0.0.3');
    expect(second).toMatch(/error 403/);
    expect(second).not.toMatch(/Total lost packets 0 /);
  });
});

function only(iceServers: readonly IceServer[]): IceServer {
  const [server] = iceServers;
  if (server === undefined) throw new Error('There is no ICE server.');
  return server;
}

/** @param at Counted from the end where it is negative. */
function withoutByte(username: string, at: number): string {
  const bytes = [...Buffer.from(username, 'base64url')];
  bytes.splice(at, 1);
  return Buffer.from(bytes).toString('base64url');
}

/** Everything that coturn's client printed: two clients that send each other ten messages through the relay. */
function runUclient({ urls, username, credential }: IceServer, localAddress: string): Promise<string> {
  const [, host = '', port = ''] = /^turn:([^:]+):(\d+)/.exec(String(urls)) ?? [];
  const login = ['-u', username, '-w', credential];
  const load = ['-y', '-c', '-X', '-n', '10', '-m', '1', '-l', '100'];
  return new Promise((resolve) => {
    execFile(
      uclient,
      [...login, ...load, '-L', localAddress, '-p', port, host],
      { timeout: 20_000 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}
