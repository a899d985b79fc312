/** A call of two that moves between its modes while they talk. How long the gaps are, `npm run bench -- modes` measures. */
import { Coturn, coturnCredential, isCoturnInstalled } from '@patchbay/testing/coturn';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { MovingSite } from './testing/moving-site.ts';

const RECOVERY_MS_MAX = 5_000;
/** Beside everything else that runs here; a call that is broken first and made after is silent for longer. */
const GAP_MS_MAX = 1_500;
const moving = new MovingSite();
const { platform } = moving.site;

beforeAll(() => moving.start(), 120_000);
afterEach(async () => {
  platform.relay = undefined;
  await moving.closePages();
});
afterAll(() => moving.stop());

it.skipIf(!isCoturnInstalled())(
  'through every mode and back: both see and hear each other all the time, and no page is told of a break (LIV-2; needs coturn)',
  async () => {
    platform.relayCredential = coturnCredential;
    const coturn = await Coturn.onFreePort();
    await coturn.start();
    try {
      const call = await moving.talk();
      platform.relay = { nodeId: 'nod_1', boot: 'b1', urls: [coturn.url] };
      const ways = [
        ['relay', 'pathChanged:relay'],
        ['media', 'pathChanged:direct'],
        ['p2p', undefined],
        ['media', undefined],
        ['relay', 'pathChanged:relay'],
      ] as const;
      for (const [index, [mode, told]] of ways.entries()) {
        await call.move(mode);
        for (const party of call.parties) {
          if (told !== undefined) await party.sees(told);
          await call.flows(party);
          expect(await party.do('state')).toMatchObject({ state: 'connected', generation: index + 1 });
        }
      }
      await moving.isIdle();
      for (const party of call.parties) {
        const told = (await party.seen()).filter((event) => /^(re|dis)connect/.test(event));
        expect(told).toEqual([]);
        const { pictureMs, soundMs } = await call.gapsOf(party);
        expect(pictureMs).toBeLessThan(GAP_MS_MAX);
        expect(soundMs).toBeLessThan(GAP_MS_MAX);
      }
    } finally {
      coturn.kill();
    }
  },
  120_000,
);

it('a screen that is shared in a call of sound comes through the node as well (SDK-1)', async () => {
  const call = await moving.talk({ video: false });
  await call.move('media');
  await call.alice.do('shareScreen');
  await call.bob.sees('track:video');
  await call.flows(call.bob, { pictures: 5 });
  await call.alice.do('stopSharing');
  await call.bob.sees('media:{"audio":true,"video":false,"screen":false}', 2);
}, 120_000);

it('what is muted is not sent on, whatever an application does (LIV-1)', async () => {
  const call = await moving.talk({ video: false });
  await call.move('media');
  await call.flows(call.bob, { pictures: 0 });
  // An application that does not obey: it sends whatever it is told.
  await call.alice.page.evaluate(() => {
    const native = Object.getOwnPropertyDescriptor(MediaStreamTrack.prototype, 'enabled');
    if (native === undefined) throw new Error('No property.');
    Object.defineProperty(MediaStreamTrack.prototype, 'enabled', { ...native, set: () => {} });
  });
  await call.order({ type: 'mute', muted: { audio: true } });
  const isSilent = async () => {
    const before = (await call.gapsOf(call.bob)).heardMs;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return (await call.gapsOf(call.bob)).heardMs === before;
  };
  await expect.poll(isSilent, { timeout: 10_000 }).toBe(true);
}, 120_000);

it('kill -9 of the shard between two: they are through another one within five seconds, and the application does nothing (LIV-3)', async () => {
  const call = await moving.talk();
  await call.move('media');
  for (const party of call.parties) await call.flows(party);
  for (const pid of moving.pids) process.kill(pid, 'SIGKILL');
  const killedMs = performance.now();
  for (const party of call.parties) await party.sees('reconnected');
  expect(performance.now() - killedMs).toBeLessThan(RECOVERY_MS_MAX);
  for (const party of call.parties) {
    await call.flows(party);
    expect((await party.seen()).some((event) => event.startsWith('disconnected'))).toBe(false);
  }
}, 120_000);
