/** The sample as a person uses it: its own server, its own page, real signaling, two windows of a real browser. */
import { parseBearerToken, verify } from '@patchbay/protocol/credential/credential';
import { effectiveOf } from '@patchbay/protocol/credential/effective';
import { createSecret, mintBranch } from '@patchbay/protocol/credential/secret';
import { findChromium, launchBrowser } from '@patchbay/testing/browser';
import { type RunningSample, startSample } from '@patchbay/testing/running-sample';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SignalingServer, startSignaling } from './signaling-server.ts';
import { MemoryPlatform } from './testing/memory-platform.ts';

const random = new Uint8Array(32).fill(7);
const key = createSecret({ keyId: 'key_00k0000000000000000000000000a', mode: 'test', random });

/** Believes what the key of this test has signed. */
class KeyPlatform extends MemoryPlatform {
  override authenticate(token: string) {
    const parsed = parseBearerToken(token);
    const verified = 'type' in parsed ? parsed : verify(mintBranch({ bytes: random }), parsed);
    const effective = verified.type === 'credential' ? effectiveOf(verified) : verified;
    if ('type' in effective) return Promise.resolve(this.verify('unknown'));
    const { identity = '', expiresAtMs } = effective;
    return Promise.resolve(this.verify(this.token({ identity, limits: { expiresAtMs } })));
  }
}

const platform = new KeyPlatform();
let signaling: SignalingServer;
let sample: RunningSample;
let browser: Browser;

beforeAll(async () => {
  const log = { info() {}, warn() {}, error() {} };
  const listen = { host: '127.0.0.1', port: 0 };
  signaling = await startSignaling({ listen, platform, region: 'eu', log });
  const PATCHBAY_SIGNAL_URL = `ws://127.0.0.1:${signaling.port}`;
  sample = await startSample({ PATCHBAY_URL: 'http://127.0.0.1:9', PATCHBAY_KEY: key, PATCHBAY_SIGNAL_URL });
  browser = await launchBrowser(findChromium() ?? '');
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await sample?.stop();
  await signaling?.stop();
});

async function open(url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: /start|join/i }).click();
  return page;
}

const plays = (page: Page) =>
  page.waitForFunction(
    () => (document.querySelector<HTMLVideoElement>('video[data-remote]')?.currentTime ?? 0) > 0.5,
    undefined,
    { timeout: 20_000 },
  );

describe('the video call sample', () => {
  it('one person starts, the other opens the link, they see each other, share, mute, and hang up', async () => {
    const anna = await open(sample.url);
    const link = await anna.locator('[data-share-link]').getAttribute('data-share-link');
    expect(link).toMatch(/\?call=user%3Aguest-[0-9a-f]{12}$/);
    const ben = await open(link ?? '');
    await Promise.all([plays(anna), plays(ben)]);
    await ben
      .locator('#quality')
      .filter({ hasText: /Direct · \d+ ms · [\d.]+ [kM]bit\/s/ })
      .waitFor();

    await anna.getByRole('button', { name: 'Mute' }).click();
    await ben.locator('#remote-note').filter({ hasText: 'Muted' }).waitFor();
    await anna.keyboard.press('m');
    await ben.locator('#remote-note').waitFor({ state: 'hidden' });
    await anna.getByRole('button', { name: 'Share screen' }).click();
    await ben.locator('.remote[data-screen=true]').waitFor();

    await ben.getByRole('button', { name: 'Hang up' }).click();
    await anna.getByRole('heading', { name: 'The call has ended' }).waitFor();
    // The link is still good, and the same window rings again.
    await ben.getByRole('button', { name: 'Join' }).click();
    await Promise.all([plays(anna), plays(ben)]);
    await anna.close();
    await ben.getByRole('heading', { name: 'The call has ended' }).waitFor();
    await ben.close();
  }, 120_000);

  it('a name in a link lets nobody pass for it', async () => {
    const ask = (headers: Record<string, string>) =>
      fetch(`${sample.url}/api/token`, { method: 'POST', headers }).then(({ status }) => status);
    const guest = await fetch(`${sample.url}/api/guest`, { method: 'POST' }).then((response) =>
      response.json(),
    );
    const other = await fetch(`${sample.url}/api/guest`, { method: 'POST' }).then((response) =>
      response.json(),
    );
    expect(await ask({ 'x-guest': guest.name, 'x-guest-proof': guest.proof })).toBe(200);
    expect(await ask({ 'x-guest': guest.name, 'x-guest-proof': other.proof })).toBe(401);
    expect(await ask({ 'x-guest': guest.name })).toBe(401);
  });

  it('a link to somebody who is gone is told in words', async () => {
    const page = await open(`${sample.url}/?call=user:nobody`);
    await page.getByRole('alert').filter({ hasText: 'The other person is not there right now.' }).waitFor();
    await page.close();
  }, 120_000);
});
