import { deliveryStore } from '@patchbay/adapters/hooks/delivery-store';
import { eventCursors } from '@patchbay/adapters/hooks/event-cursors';
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { takeReplayOn } from '@patchbay/adapters/hooks/replay-step';
import { AddressRule } from '@patchbay/adapters/outgoing/address-rule';
import { safeSender } from '@patchbay/adapters/outgoing/safe-request';
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { openClient } from '@patchbay/adapters/prisma/client';
import { mintBranchCipher, readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { webhookNotices } from '@patchbay/adapters/prisma/webhook-notices';
import { SpooledUses } from '@patchbay/adapters/spool/spooled-uses';
import type { Logger } from 'pino';
import { openDetection } from '../detection/open-detection.ts';
import { openFileWork } from '../file-jobs/open-file-work.ts';
import type { NodeEnv } from '../platform/env.ts';
import { startHeartbeat } from '../platform/fleet-view.ts';
import { openNodePlatform, textOf } from '../platform/node-platform.ts';
import { openSpeech } from '../speech/open-speech.ts';
import { openTranscoding } from '../transcoding/open-transcoding.ts';
import { DeliveryWorker } from './delivery-worker.ts';
import { runByControlPlane } from './run-delivery.ts';

/** Notices are rare; everything else goes through the pool. */
const NOTICE_CONNECTION_COUNT_MAX = 2;

/**
 * Runs the jobs role until the returned function is called: what the platform does when nobody asks. It is the one role
 * that opens the database. Any number of such nodes may run.
 */
export async function runJobs(env: NodeEnv, log: Logger): Promise<() => Promise<void>> {
  const { DATABASE_URL: databaseUrl, PATCHBAY_MASTER_KEY: masterKey } = env;
  if (databaseUrl === undefined || masterKey === undefined)
    throw new Error('The role jobs works on the database: it needs DATABASE_URL and PATCHBAY_MASTER_KEY.');
  const node = await openNodePlatform(env, 'jobs', log);
  const pool = createApplicationPool(databaseUrl, (error) =>
    log.warn({ error: error.message }, 'A database connection was lost.'),
  );
  const prisma = openClient(databaseUrl, { connectionsMax: NOTICE_CONNECTION_COUNT_MAX });
  const allowLoopback = env.PATCHBAY_ALLOW_LOOPBACK_PEERS === '1';
  if (allowLoopback) log.warn('Webhooks are sent to loopback addresses of this machine.');
  const uses = new SpooledUses({ region: env.PATCHBAY_REGION });
  const worker = new DeliveryWorker({
    cursors: eventCursors(readMasterKey(masterKey)),
    store: deliveryStore(pool, mintBranchCipher(readMasterKey(masterKey))),
    send: safeSender({ rule: new AddressRule({ allowLoopback }) }),
    run: runByControlPlane(node.client),
    notices: webhookNotices(prisma),
    region: env.PATCHBAY_REGION,
    placeEvents: () => placeEvents(pool),
    takeReplayOn: () => takeReplayOn(pool),
    count: (usedBy, use) => uses.count(usedBy, use),
    onFailure: (error, message) => log.warn({ error: textOf(error) }, message),
  });
  const speech = openSpeech({ env, pool, masterKey: readMasterKey(masterKey), log, uses });
  const files = openFileWork({ env, pool, masterKey: readMasterKey(masterKey), log, uses });
  const transcoding = openTranscoding({ env, pool, files });
  const detection = openDetection({ env, pool, files });
  let isDraining = false;
  // Nobody is served here, so nobody loses a right here.
  node.start({
    revokeKey: () => {},
    revokeCredential: () => {},
    stopAccount: () => {},
    reviewAccount: async () => true,
    endSession: () => {},
  });
  uses.start(node.usage, (error) => log.error({ error: textOf(error) }, 'The spool cannot be written.'));
  worker.start();
  speech.worker.start();
  transcoding.start();
  detection.start();
  const stopHeartbeat = startHeartbeat({
    client: node.client,
    fleet: node.fleet,
    report: () => ({
      boot: node.usage.boot,
      urls: {},
      load: {
        requests: worker.requestCount,
        speeches: speech.worker.speechCount,
        transcodings: transcoding.jobCount,
        detections: detection.jobCount,
      },
      isDraining,
    }),
    onFailure: (error) => log.warn({ error: textOf(error) }, 'The control plane did not hear the heartbeat.'),
  });
  log.info('Jobs are done here.');
  return async () => {
    isDraining = true;
    await worker.stop();
    await speech.stop();
    await transcoding.stop();
    await detection.stop();
    await uses.stop();
    stopHeartbeat();
    await node.stop();
    await prisma.$disconnect();
    await pool.end();
  };
}
