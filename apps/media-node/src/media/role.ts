import { availableParallelism } from 'node:os';
import { AddressRule } from '@patchbay/adapters/outgoing/address-rule';
import { safeSender } from '@patchbay/adapters/outgoing/safe-request';
import type { Logger } from 'pino';
import type { NodeEnv } from '../platform/env.ts';
import { startHeartbeat } from '../platform/fleet-view.ts';
import { MediaNodeLines } from '../platform/media-line.ts';
import { openNodePlatform, textOf } from '../platform/node-platform.ts';
import { settledWithin } from '../platform/settled-within.ts';
import { runRooms } from '../rooms/room-role.ts';
import { MediaHost } from './media-host.ts';
import { SOUND_BYTES_MAX, soundMaker } from './sounds.ts';
import { SpeechEngine } from './speech.ts';

const DRAIN_LOOK_MS = 100;
/** What a shard takes to load WebRTC on a busy machine. */
const START_MS_MAX = 10_000;

/**
 * Runs the media role until the returned function is called: legs of the platform's own, in processes of their own. Then it
 * takes no new ones, and ends those that are left after PATCHBAY_DRAIN_SECONDS.
 */
export async function runMedia(env: NodeEnv, log: Logger): Promise<() => Promise<void>> {
  const node = await openNodePlatform(env, 'media', log);
  const { PATCHBAY_REGION: region } = env;
  const speech = new SpeechEngine();
  let lines: MediaNodeLines | undefined;
  const rule = new AddressRule({ allowLoopback: env.PATCHBAY_ALLOW_LOOPBACK_PEERS === '1' });
  const clipsOf = soundMaker({
    fetch: safeSender({ rule, responseBytesMax: SOUND_BYTES_MAX, keepsBytes: true }),
    speak: speech.speak,
  });
  const conferencing = runRooms({
    node,
    region,
    log,
    clipsOf,
    mixerCount: env.PATCHBAY_MIXERS,
    legs: {
      mixed: (leg, address) => host.roomMixed(leg, address),
      over: (leg, result) => host.roomOver(leg, result),
      note: (leg, note) => host.note(leg, note),
    },
  });
  const host: MediaHost = new MediaHost({
    // One core is left to everything else.
    shardCountMax: env.PATCHBAY_MEDIA_SHARDS ?? Math.max(1, availableParallelism() - 1),
    legsPerShard: env.PATCHBAY_MEDIA_LEGS_PER_SHARD,
    clipsOf,
    rooms: conferencing.rooms,
    send: (line, frame) => lines?.send(line, frame),
    onRoom: () => lines?.beat(),
    onShardDied: (how, legCount) =>
      log.error({ how, legCount }, 'A media shard ended unasked and is started again.'),
    onUnable: (detail) =>
      log.error(
        { detail },
        'The role media answers no calls: @roamhq/wrtc 0.10.0 has no binary for this machine. The other roles run.',
      ),
  });
  lines = new MediaNodeLines({
    identity: node.identity,
    boot: node.usage.boot,
    linkUrls: () => node.fleet.urlsOf({ role: 'signaling', region, use: 'link' }),
    heartbeat: () => host.load(),
    onWord: (line, word) => host.hear(line, word),
    onLost: (line) => host.lose(line),
  });
  // Whoever loses a right is ended by signaling, and the leg with the session.
  node.start({
    revokeKey: () => {},
    revokeCredential: () => {},
    stopAccount: () => {},
    reviewAccount: async () => true,
    endSession: () => {},
    obeyRoom: (order) => conferencing.obey(order),
  });
  // Nobody is told of it before it can answer.
  await settledWithin(host.known, START_MS_MAX);
  lines.start();
  const stopHeartbeat = startHeartbeat({
    client: node.client,
    fleet: node.fleet,
    report: () => {
      const { legCount, legCountMax, isDraining } = host.load();
      const load = { legs: legCount, legsMax: legCountMax, ...(host.isUnable ? { unable: 1 } : {}) };
      return { boot: node.usage.boot, urls: {}, load, isDraining };
    },
    onRefreshed: () => lines?.beat(),
    onFailure: (error) => log.warn({ error: textOf(error) }, 'The control plane did not hear the heartbeat.'),
  });
  log.info('Media is served here.');
  return async () => {
    host.isDraining = true;
    lines?.beat();
    const endMs = performance.now() + env.PATCHBAY_DRAIN_SECONDS * 1_000;
    while (host.load().legCount > 0 && performance.now() < endMs)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    stopHeartbeat();
    await host.stop();
    await conferencing.stop();
    speech.stop();
    lines?.stop();
    await node.stop();
  };
}
