/** The SDK in a real browser, over real signaling. */

import { Coturn, coturnCredential, isCoturnInstalled } from '@patchbay/testing/coturn';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CallSite, type TestParty } from '../testing/call-site.ts';

const site = new CallSite();
const parties: TestParty[] = [];
let count = 0;

beforeAll(async () => {
  site.platform.relayCredential = coturnCredential;
  await site.start();
}, 120_000);
afterAll(() => site.stop());
afterEach(async () => {
  for (const { page } of parties.splice(0)) await page.close();
  site.limits = {};
  site.platform.relay = undefined;
});

/** Two parties with names of their own. The second answers by itself, unless it is silent. */
async function pair(
  query = '',
): Promise<{ alice: TestParty; bob: TestParty; names: readonly [string, string] }> {
  count += 1;
  const names = [`alice${count}`, `bob${count}`] as const;
  const alice = await site.open(names[0]);
  const bob = await site.open(names[1], query);
  parties.push(alice, bob);
  return { alice, bob, names };
}

async function talk() {
  const talking = await pair();
  expect(await talking.alice.do('call', `user:${talking.names[1]}`, { video: true })).toBe('ringing');
  for (const party of [talking.alice, talking.bob]) {
    await party.sees('connected:direct');
    await party.plays(0.5);
  }
  return talking;
}

describe('a call in Chromium (SDK-1, SDK-2)', () => {
  it('two pages see each other directly, with nothing relayed; quality is reported; hanging up reaches both', async () => {
    const { alice, bob, names } = await talk();
    await bob.sees(`incoming:${names[0]}`);
    const hasQuality = () => site.platform.eventsOf('quality.sampled').length >= 4;
    await expect.poll(hasQuality, { timeout: 10_000 }).toBe(true);
    const { quality, localKinds } = await bob.do('state');
    expect(quality).toMatchObject({ path: 'direct', transport: 'udp', level: 'good' });
    expect(quality?.receivedBitsPerSecond).toBeGreaterThan(50_000);
    expect(localKinds?.toSorted()).toEqual(['audio', 'video']);
    // ICE says 'connected' and then 'completed': that is one event, and no reconnection.
    for (const party of [alice, bob]) {
      const told = (await party.seen()).filter((event) => /^(re)?connected/.test(event));
      expect(told).toEqual(['connected:direct']);
    }
    await alice.do('mute');
    await bob.sees('media:{"audio":false,"video":true,"screen":false}');
    await alice.do('hangUp');
    await bob.sees('disconnected:signaling.hung_up');
    await alice.sees('disconnected:signaling.hung_up');
  }, 120_000);

  it('a lost WebSocket is resumed while the picture goes on, and what happens meanwhile is not lost (SIG)', async () => {
    const { alice, bob } = await talk();
    await bob.do('loseSocket');
    await alice.do('mute');
    await bob.sees('pb:reconnecting');
    await bob.plays(0.2);
    await bob.sees('pb:reconnected:true');
    await bob.sees('media:{"audio":false,"video":true,"screen":false}');
    expect(await bob.do('state')).toMatchObject({ state: 'connected', generation: 0 });
    expect((await bob.seen()).filter((event) => event.startsWith('disconnected'))).toEqual([]);
  }, 120_000);

  it('an interruption is answered by a new generation on both sides, before the old one goes (LIV-3)', async () => {
    const { alice, bob } = await talk();
    site.platform.relay = { nodeId: 'nod_1', boot: 'b1', urls: ['turn:127.0.0.1:9?transport=udp'] };
    await alice.do('interrupt');
    for (const party of [alice, bob]) {
      await party.sees('reconnecting');
      await party.sees('reconnected');
      await party.plays(1);
      expect(await party.do('state')).toMatchObject({ state: 'connected', generation: 1, connections: 2 });
      // The same tracks go on in the same element: the page does nothing.
      expect((await party.seen()).filter((event) => event === 'track:video')).toHaveLength(1);
    }
    expect(site.platform.eventsOf('recovery.completed')).toHaveLength(1);
  }, 120_000);

  it.skipIf(!isCoturnInstalled())(
    'a relayed call whose relay is killed is back within 5 seconds of its restart being noticed, through the relay (LIV-3; needs coturn)',
    async () => {
      const coturn = await Coturn.onFreePort();
      await coturn.start();
      try {
        const { platform } = site;
        platform.relay = { nodeId: 'nod_1', boot: 'b1', urls: [coturn.url] };
        platform.tell({ type: 'relayAlive', nodeId: 'nod_1', boot: 'b1' });
        const { alice, bob, names } = await pair();
        await alice.do('call', `user:${names[1]}`, { video: true, mode: 'relay' });
        for (const party of [alice, bob]) {
          await party.sees('connected:relay');
          await party.plays(0.5);
        }
        coturn.kill();
        platform.relay = undefined;
        platform.tell({ type: 'relayDead', nodeId: 'nod_1' });
        await coturn.start();
        platform.relay = { nodeId: 'nod_1', boot: 'b2', urls: [coturn.url] };
        platform.tell({ type: 'relayAlive', nodeId: 'nod_1', boot: 'b2' });
        for (const party of [alice, bob]) {
          await party.sees('reconnected');
          await party.plays(0.5);
          expect(await party.do('state')).toMatchObject({ state: 'connected', generation: 1 });
        }
        const tookMs = platform.events.flatMap((event) =>
          event.type === 'recovery.completed' ? event.data.tookMs : [],
        );
        expect(tookMs.at(-1)).toBeLessThan(5_000);
      } finally {
        coturn.kill();
      }
    },
    60_000,
  );

  it('a relay that is needed and not asked for before is used when the direct path fails (QUE-5; needs coturn)', async ({
    skip,
  }) => {
    skip(!isCoturnInstalled(), 'coturn is not installed');
    const coturn = await Coturn.onFreePort();
    await coturn.start();
    try {
      site.platform.relay = { nodeId: 'nod_1', boot: 'b1', urls: [coturn.url] };
      // This party loses every candidate of its own devices: only what a relay gives is left.
      const { alice, bob, names } = await pair('&relay-only-network');
      await alice.do('call', `user:${names[1]}`, { video: true });
      for (const party of [alice, bob]) {
        await party.sees('connected:relay');
        await party.plays(0.5);
        expect(await party.do('state')).toMatchObject({ generation: 1 });
      }
    } finally {
      coturn.kill();
    }
  }, 120_000);

  it('a limit ends the call and the page is told which', async () => {
    site.limits = { seconds: [{ prefixId: 'crd_root', seconds: 4, counts: 'session', outcome: 'end' }] };
    const { alice, bob } = await talk();
    for (const party of [alice, bob]) {
      await party.sees('limitReached:limit.session_seconds');
      await party.sees('disconnected:limit.session_seconds');
    }
  }, 120_000);

  it('a token is replaced before it expires, and the call goes on past its end', async () => {
    const lifetimeMs = 8_000;
    site.limits = { expiresAtMs: Date.now() + lifetimeMs };
    const { alice, names } = await talk();
    site.limits = {};
    await new Promise((resolve) => setTimeout(resolve, lifetimeMs));
    expect(site.tokensAsked.get(names[0])).toBeGreaterThan(1);
    expect(await alice.do('state')).toMatchObject({ state: 'connected' });
  }, 120_000);

  it('an audio call turns into video when the screen is shared, and back', async () => {
    const { alice, bob, names } = await pair();
    await alice.do('call', `user:${names[1]}`, {});
    await bob.sees('connected:direct');
    await bob.sees('track:audio');
    await alice.do('shareScreen');
    await bob.sees('track:video');
    await bob.sees('media:{"audio":true,"video":false,"screen":true}');
    await bob.plays(0.3);
    await alice.do('stopSharing');
    await bob.sees('media:{"audio":true,"video":false,"screen":false}', 2);
  }, 120_000);

  it('a refusal is an error with its code, and a caller who gives up stops the ringing', async () => {
    const { alice, bob, names } = await pair('&silent');
    expect(await alice.do('call', 'user:nobody', {})).toBe('signaling.endpoint_unavailable');
    await alice.do('call', `user:${names[1]}`, {});
    await bob.sees(`incoming:${names[0]}`);
    await alice.do('hangUp');
    await bob.sees('cancelled:signaling.cancelled');
  }, 120_000);

  it('a page that is left ends its call for the other at once', async () => {
    const { alice, bob } = await talk();
    await alice.page.goto('about:blank');
    await bob.sees('disconnected:signaling.hung_up');
  }, 120_000);

  it('the doctor says what works and what does not', async () => {
    const { alice } = await pair();
    const { checks } = await alice.do('doctor');
    expect(checks.map(({ name, outcome }) => `${name}:${outcome}`)).toEqual([
      'secure-page:passed',
      'signaling:passed',
      'direct-udp:skipped',
      'relay-udp:skipped',
      'relay-tcp:skipped',
    ]);
  }, 120_000);
});
