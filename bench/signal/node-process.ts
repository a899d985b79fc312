/**
 * A signaling node as a process of its own, so that its processor time and memory can be told from the load generator's. Its live
 * state goes to disk before anybody is told of it, as in the product; credentials, relays, records and log are in memory.
 * Argument: the folder of its state.
 */
import process from 'node:process';
import { StateJournal } from '../../apps/media-node/src/platform/state-journal.ts';
import { startSignaling } from '../../apps/media-node/src/signaling/signaling-server.ts';
import { MemoryPlatform } from '../../apps/media-node/src/signaling/testing/memory-platform.ts';

const [folder = ''] = process.argv.slice(2);
const silentLog = { info() {}, warn() {}, error() {} };
const platform = new MemoryPlatform();
/** Whoever comes is let in by the name that its token begins with. */
platform.authenticate = (token) => {
  const [identity = ''] = token.split('.');
  return Promise.resolve(platform.verify(platform.token({ identity })));
};
const signaling = await startSignaling({
  listen: { host: '127.0.0.1', port: 0 },
  region: 'bench',
  platform,
  state: StateJournal.open({ folder, onFailure: () => {} }),
  // One machine is all of the clients.
  door: { acceptsPerSecond: 1_000_000, acceptBurst: 1_000_000, strangersPerSourceMax: 100_000 },
  log: silentLog,
});
// Nobody reads them here.
setInterval(() => {
  platform.usage.splice(0);
  platform.events.splice(0);
}, 5_000).unref();
process.once('SIGTERM', () => void signaling.stop().then(() => process.exit(0)));
process.stdout.write(`${signaling.port}\n`);
