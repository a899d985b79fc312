/** A worker in a process of its own, for a test to kill. Its settings come as one JSON argument. */
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { workerOn } from './worker.ts';

const { databaseUrl, masterKey, leaseMs } = JSON.parse(process.argv[2] ?? '{}') as {
  databaseUrl: string;
  masterKey: string;
  leaseMs: number;
};
workerOn({
  pool: createApplicationPool(databaseUrl),
  databaseUrl,
  masterKey: Buffer.from(masterKey, 'base64'),
  leaseMs,
}).start();
