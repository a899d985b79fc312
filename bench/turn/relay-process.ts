import { setInterval } from 'node:timers';
import { createMemoryPlatform, silentLog } from '../../apps/media-node/src/relay/memory-platform.ts';
import { startRelay } from '../../apps/media-node/src/relay/relay.ts';

/**
 * The relay as a process of its own, so that its processor time can be told from the load generator's. Meters,
 * limits and ticks are on, as in the product; only the platform is in memory. Arguments: username, password.
 */
const [username = 'bench', password = 'bench'] = process.argv.slice(2);
const platform = createMemoryPlatform();
const limits = [
  { counterId: 'bench', kind: 'bytes', max: 2 ** 50, used: 0, counts: 'total', outcome: 'end' },
] as const;
platform.addCredential(username, password, { limits });
const relay = await startRelay({
  listen: { host: '127.0.0.1', port: 0 },
  relayHost: '127.0.0.1',
  region: 'bench',
  platform,
  log: silentLog,
  allowLoopbackPeers: true,
});
// Records would pile up over a long run; nobody reads them here.
setInterval(() => platform.records.splice(0), 10_000).unref();
process.once('SIGTERM', () => void relay.stop().then(() => process.exit(0)));
process.stdout.write(`${relay.port}\n`);
