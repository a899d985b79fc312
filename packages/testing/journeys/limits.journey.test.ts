/**
 * Credentials end what they pay for, at the limit that they state (ACC-7): minted offline with the SDK, used against the
 * started relay by Chromium and by coturn's client.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { IceServer, Patchbay, TokenAnswer } from '@patchbay/sdk-node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { closePair, openPair, type PairProgress, pairProgress } from '../src/relayed-pair.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { type RunningSample, startSample } from '../src/running-sample.ts';
import {
  isPlaying,
  openWindow,
  placeCall,
  reasonShown,
  relayedBytes,
  type SampleCall,
  type ShownReason,
  type Side,
  type TokenOf,
} from '../src/sample-call.ts';
import { patchbayOf, readUsage, settledUsage } from '../src/sdk-client.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();
const uclient = '/usr/bin/turnutils_uclient';
const hasUclient = existsSync(uclient);
const whyNoUclient = hasUclient
  ? ''
  : ' (skipped: turnutils_uclient is not installed; apt-get install coturn)';
/** Type, length, flags and 48 bits: a limit as the last caveat of a username. */
const limitBytes = 9;
const widenings: readonly (readonly [string, Widen])[] = [
  ['the narrowing taken away', (_narrow, wide) => wide],
  ['its last limit taken away', (narrow) => withBytes(narrow, (bytes) => bytes.subarray(0, -limitBytes))],
  [
    'its last limit raised',
    (narrow) => withBytes(narrow, (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(255)])),
  ],
];
const withBytes = (username: string, change: (bytes: Buffer) => Buffer) =>
  change(Buffer.from(username, 'base64url')).toString('base64url');

/** As long as shows the same as 30 seconds would. */
const callSeconds = 8;
/** How soon a narrower limit reaches what runs (POL-5). */
const appliedMsMax = 5_000;
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
  }, 120_000);

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

  const wideAndNarrow = () => {
    const wide = pb.iceServers({ secondsMax: 60 });
    return [wide, pb.narrow(wide, { secondsMax: 4 })] as const;
  };

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

  test.each(widenings)('widened: a copy with %s is refused by the relay with 401', async (_, widen) => {
    const [wide, narrow] = wideAndNarrow();
    const sender = [{ ...only(narrow), username: widen(only(narrow).username, only(wide).username) }];
    await openPair(page, { sender, receiver: pb.iceServers(), messageBytes: 100 });
    const { errorCodes } = await until(
      async () => {
        const progress = await pairProgress(page);
        return progress.errorCodes.length > 0 && progress;
      },
      { what: 'the refusal' },
    );
    expect(new Set(errorCodes)).toEqual(new Set([401]));
    expect((await pairProgress(page)).receivedBytes).toBe(0);
    await closePair(page);
  });

  test('uses: one browser may have several allocations; when it has left, nobody else may come from its address', async () => {
    const once = pb.iceServers({ usesMax: 1 });
    await openPair(page, { sender: once, receiver: once, messageBytes: 100 });
    await until(async () => (await pairProgress(page)).receivedBytes > 0, { what: 'the first message' });
    await closePair(page);
    const { errorCodes } = await until(
      async () => {
        await openPair(page, { sender: once, receiver: pb.iceServers(), messageBytes: 100 });
        const refused = await until(
          async () => {
            const progress = await pairProgress(page);
            return (progress.errorCodes.length > 0 || progress.receivedBytes > 0) && progress;
          },
          { what: 'an answer' },
        );
        await closePair(page);
        return refused.errorCodes.length > 0 && refused;
      },
      // A client that starts anew at once is still the same: that is two seconds.
      { what: 'the use to be over', pollMs: 2_500 },
    );
    expect(new Set(errorCodes)).toEqual(new Set([403]));
  });

  test('configuration: what an instance type is narrowed to holds for what runs, and what is removed ends (ACC-6, POL-5)', async () => {
    const application = await pb.applications.create({ name: 'Shop', instanceTypes: ['paid'] });
    const paid = { applicationId: application.id, instanceType: 'paid' };
    await openPair(page, { sender: pb.iceServers(paid), receiver: pb.iceServers(), messageBytes: 1_000 });
    await until(async () => (await pairProgress(page)).receivedBytes > 0, { what: 'the first message' });
    const bytesInASecond = async () => {
      const before = await pairProgress(page);
      const after = await until(
        async () => {
          const progress = await pairProgress(page);
          return progress.nowMs - before.nowMs >= 1_000 && progress;
        },
        { what: 'a second' },
      );
      return ((after.receivedBytes - before.receivedBytes) * 1_000) / (after.nowMs - before.nowMs);
    };
    // 50 messages a second of 1,000 bytes: a tenth of it fits into the new rate.
    expect(await bytesInASecond()).toBeGreaterThan(25_000);
    await pb.networkDiscovery.putInstanceTypeConfig({ ...paid, bitsPerSecondMax: 40_000 });
    await until(async () => (await bytesInASecond()) < 7_500, {
      what: 'the narrower rate',
      timeoutMs: appliedMsMax,
    });
    await pb.applications.update({ applicationId: application.id, instanceTypes: [] });
    const ended = await until(
      async () => {
        const progress = await pairProgress(page);
        return progress.nowMs - progress.lastAtMs > 2_000 && progress;
      },
      { what: 'the end', timeoutMs: appliedMsMax + 2_000 },
    );
    await closePair(page);
    expect(ended.receivedBytes).toBeGreaterThan(0);
    await openPair(page, { sender: pb.iceServers(paid), receiver: pb.iceServers(), messageBytes: 100 });
    const { errorCodes } = await until(
      async () => {
        const progress = await pairProgress(page);
        return progress.errorCodes.length > 0 && progress;
      },
      { what: 'the refusal' },
    );
    expect(new Set(errorCodes)).toEqual(new Set([403]));
    await closePair(page);
    const now = Date.now();
    const range = { from: new Date(now - 3_600_000).toISOString(), to: new Date(now + 60_000).toISOString() };
    await until(
      async () => {
        const { rows } = await pb.usage.query({ ...range, groupBy: 'application', scope: 'own' });
        return rows.some(({ group, quantity }) => group.application === application.id && quantity !== '0');
      },
      { what: 'the usage of the application', timeoutMs: 15_000, pollMs: 500 },
    );
  });

  test.skipIf(!hasUclient)(`uses: one client may, a second one is refused${whyNoUclient}`, async () => {
    const server = only(pb.iceServers({ usesMax: 1 }));
    const first = await runUclient(server, '127.0.0.2');
    expect(first).toMatch(/Total lost packets 0 /);
    // Another address is another client, whenever it comes.
    const second = await runUclient(server, '127.0.0.3');
    expect(second).toMatch(/error 403/);
    expect(second).not.toMatch(/Total lost packets 0 /);
    // A customer of TURN alone finds both, the one that was refused with the reason, and can end the other, which
    // coturn's client leaves behind (NDS, MET-7, LIV-1).
    const listed = async () => {
      const found: [state: string, endCode: string | undefined, hasBytes: boolean, id: string][] = [];
      for await (const { id, state, endCode, relayBytes } of pb.sessions.list(customer.id, { kind: 'relay' }))
        found.push([state, endCode, BigInt(relayBytes) > 0n, id]);
      return found;
    };
    const [refused, used] = await until(
      async () => {
        const found = await listed();
        return found.length === 2 && found[1]?.[2] === true && found;
      },
      { what: 'both sessions, and the bytes of one', timeoutMs: 15_000 },
    );
    expect(refused?.slice(0, 3)).toEqual(['ended', 'credential.used_up', false]);
    expect(used?.slice(0, 2)).toEqual(['live', undefined]);
    await pb.sessions.update(customer.id, { sessionId: used?.[3] ?? '', state: 'ended' });
    await until(async () => (await listed())[1]?.[1] === 'session.ended_by_account', {
      what: 'the session to have ended',
    });
  });

  test.skipIf(!hasUclient)(`networks: a credential bound to one serves no other${whyNoUclient}`, async () => {
    const server = only(pb.iceServers({ sourceCidrs: ['127.0.0.2/32'] }));
    expect(await runUclient(server, '127.0.0.2')).toMatch(/Total lost packets 0 /);
    expect(await runUclient(server, '127.0.0.3')).toMatch(/error 403/);
  });

  describe('in a call of the sample', () => {
    let call: SampleCall | undefined;
    afterEach(async () => {
      await call?.close();
      call = undefined;
    });

    /** A relayed call in which both videos play, each window with the token that it is given. */
    async function playing(tokenOf: TokenOf): Promise<SampleCall> {
      const placed = await placeCall(browser, `${sample.url}/?mode=relay`, tokenOf);
      call = placed;
      await until(() => isPlaying(placed.caller, placed.callee), { what: 'both videos', timeoutMs: 20_000 });
      return placed;
    }

    /** Waits until both windows say why the call ended. */
    async function ended({ caller, callee }: SampleCall, timeoutMs: number): Promise<readonly ShownReason[]> {
      const reasons: ShownReason[] = [];
      for (const window of [caller, callee])
        reasons.push(await until(() => reasonShown(window), { what: 'the reason on the page', timeoutMs }));
      return reasons;
    }

    /** How long signaling had both parties connected, by the usage that it reported. */
    const connectedMs = (atLeastMs: number) =>
      until(
        async () => {
          const used =
            Number((await readUsage(pb, customer.id, 'signaling')).get('signaling.connectedMs') ?? 0n) / 2;
          return used >= atLeastMs && used;
        },
        { what: 'the connected time', timeoutMs: 15_000, pollMs: 500 },
      );

    test(`seconds: ${callSeconds} seconds are a call of ${callSeconds} seconds, and each page says that the time is used up`, async () => {
      const running = await playing((_side, identity) => pb.token({ identity, secondsMax: callSeconds }));
      const reasons = await ended(running, callSeconds * 1_000 + toleranceMs);
      for (const { code, text } of reasons) {
        expect(code).toBe('limit.credential_seconds');
        expect(text).toMatch(/The time for this call is used up\./);
      }
      expect(await connectedMs(callSeconds * 1_000)).toBeLessThan(callSeconds * 1_000 + toleranceMs);
    });

    test('bytes: 2 MB end the call of who has them, and each page says that the data is used up', async () => {
      const running = await playing((side, identity) =>
        pb.token({ identity, ...(side === 'callee' ? { bytesMax: 2_000_000 } : {}) }),
      );
      for (const { code, text } of await ended(running, 60_000)) {
        expect(code).toBe('limit.credential_bytes');
        expect(text).toMatch(/The data for this call is used up\./);
      }
      // What the other party's relay passed is the same media, and not limited.
      const bytes = await until(
        async () => {
          const used = Number(
            (await readUsage(pb, customer.id, 'network-discovery')).get('network-discovery.bytes') ?? 0n,
          );
          return used > 2 * 2_000_000 * 0.9 && used;
        },
        { what: 'the usage of both', timeoutMs: 15_000, pollMs: 500 },
      );
      expect(bytes).toBeLessThan(2 * 2_000_000 * 1.1);
    });

    test('narrowed: the call ends at the limit that the holder of the token added', async () => {
      const running = await playing((side, identity) => {
        const { token, ...rest } = pb.token({ identity, secondsMax: 60 });
        return { ...rest, token: side === 'caller' ? pb.narrow(token, { secondsMax: 5 }) : token };
      });
      for (const { code } of await ended(running, 5_000 + toleranceMs))
        expect(code).toBe('limit.credential_seconds');
      expect(await connectedMs(5_000)).toBeLessThan(5_000 + toleranceMs);
    });

    test('uses: a token with one use carries its call over the loss of the relay, and no second browser', async () => {
      const tokens = new Map<Side, TokenAnswer>();
      const running = await playing((side, identity) => {
        const token = tokens.get(side) ?? pb.token({ identity, usesMax: 1 });
        tokens.set(side, token);
        return token;
      });
      const beforeBytes = await relayedBytes(running.caller);
      killRelay(platform);
      await until(async () => (await relayedBytes(running.caller)) > beforeBytes + 300_000n, {
        what: 'the call to be back',
        timeoutMs: 20_000,
      });
      const [used] = tokens.values();
      if (used === undefined) throw new Error('No window asked for a token.');
      const second = await openWindow(browser, sample.url, () => used);
      const reason = await until(() => reasonShown(second), { what: 'the refusal on the page' });
      await second.context().close();
      expect(reason.code).toBe('credential.used_up');
      expect(reason.text).toMatch(/This pass has been used already/);
      expect(await reasonShown(running.caller)).toBeUndefined();
    });

    test.each(widenings)(
      'widened: a token with %s is refused, and the page says that it is not genuine',
      async (_, widen) => {
        const window = await openWindow(browser, sample.url, (identity) => {
          const { token: wide, ...rest } = pb.token({ identity, secondsMax: 60 });
          const [username = '', password = ''] = pb.narrow(wide, { secondsMax: 4 }).split('.');
          return { ...rest, token: `${widen(username, wide.split('.')[0] ?? '')}.${password}` };
        });
        const reason = await until(() => reasonShown(window), { what: 'the refusal on the page' });
        await window.context().close();
        expect(reason.code).toBe('credential.signature');
        expect(reason.text).toMatch(/This pass is not genuine/);
      },
    );
  });
});

/** What a holder of a narrowed credential might write as its username, to have what it was narrowed from. */
type Widen = (narrow: string, wide: string) => string;

function only(iceServers: readonly IceServer[]): IceServer {
  const [server] = iceServers;
  if (server === undefined) throw new Error('There is no ICE server.');
  return server;
}

/** Ends the relay as a crash would. Its supervisor starts it again. */
function killRelay(platform: RunningPlatform): void {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const processes = lines.map((line) => {
    const [pid, parentPid, ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), parentPid: Number(parentPid), args: args.join(' ') };
  });
  const isOurs = (parentPid: number): boolean =>
    parentPid === platform.process.pid ||
    processes.some(({ pid, parentPid: above }) => pid === parentPid && pid > 1 && isOurs(above));
  const relay = processes.find(({ parentPid, args }) => args.endsWith('--role relay') && isOurs(parentPid));
  if (relay === undefined) throw new Error('The relay does not run.');
  process.kill(relay.pid, 'SIGKILL');
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
