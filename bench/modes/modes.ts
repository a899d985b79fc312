import { MovingSite } from '../../apps/media-node/src/media/testing/moving-site.ts';
import { Coturn, coturnCredential, isCoturnInstalled } from '../../packages/testing/src/coturn.ts';

/** LIV-2, as it must be shown: what may be missing of sound or picture while a call moves. */
const GAP_MS_MAX = 300;
const ROUND_COUNT = 3;
const ways = ['relay', 'p2p', 'media', 'p2p', 'relay', 'media', 'relay'] as const;

interface Options {
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** A call of two in Chromium goes through every mode and back: the longest pause of sound and picture that either party has. */
export async function run({ json, signal }: Options): Promise<void> {
  if (!isCoturnInstalled()) throw new Error('It needs coturn: apt-get install coturn');
  const moving = new MovingSite();
  const coturn = await Coturn.onFreePort();
  const { platform } = moving.site;
  platform.relayCredential = coturnCredential;
  try {
    await coturn.start();
    await moving.start();
    const gaps = { soundMs: [] as number[], pictureMs: [] as number[] };
    for (let round = 0; round < ROUND_COUNT; round++) {
      const call = await moving.talk();
      platform.relay = { nodeId: 'nod_1', boot: 'b1', urls: [coturn.url] };
      for (const mode of ways) {
        signal.throwIfAborted();
        await call.move(mode);
        for (const party of call.parties) await call.flows(party, { pictures: 60, soundMs: 3_000 });
      }
      for (const party of call.parties) {
        const { soundMs, pictureMs } = await call.gapsOf(party);
        gaps.soundMs.push(Math.round(soundMs));
        gaps.pictureMs.push(Math.round(pictureMs));
      }
      platform.relay = undefined;
      await moving.closePages();
    }
    const worst = Math.max(...gaps.soundMs, ...gaps.pictureMs);
    const result = {
      bench: 'modes',
      case: `longest gap of a call of sound and 320x240 at 20 frames/s, ${ways.length} moves, ${ROUND_COUNT} rounds of two parties`,
      peer: `${GAP_MS_MAX} ms`,
      ratio: Math.round((GAP_MS_MAX / worst) * 100) / 100,
      ...gaps,
    };
    process.stdout.write(
      `${
        json
          ? JSON.stringify(result)
          : Object.entries(result)
              .map((each) => each.join(': '))
              .join('  ')
      }\n`,
    );
    if (worst > GAP_MS_MAX) throw new Error('A party saw or heard nothing for longer than it may.');
  } finally {
    await moving.stop();
    coturn.kill();
  }
}
