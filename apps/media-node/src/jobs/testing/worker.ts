import { deliveryStore } from '@patchbay/adapters/hooks/delivery-store';
import { eventCursors } from '@patchbay/adapters/hooks/event-cursors';
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { takeReplayOn } from '@patchbay/adapters/hooks/replay-step';
import { AddressRule } from '@patchbay/adapters/outgoing/address-rule';
import { safeSender } from '@patchbay/adapters/outgoing/safe-request';
import type { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { openClient } from '@patchbay/adapters/prisma/client';
import { mintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { webhookNotices } from '@patchbay/adapters/prisma/webhook-notices';
import { DeliveryWorker, type DeliveryWorkerOptions } from '../delivery-worker.ts';

export interface WorkerSettings extends Partial<DeliveryWorkerOptions> {
  readonly pool: ReturnType<typeof createApplicationPool>;
  readonly databaseUrl: string;
  readonly masterKey: Uint8Array;
  readonly totalMsMax?: number;
}

/** The worker as its role makes it, with receivers on this machine. */
export function workerOn({ pool, databaseUrl, masterKey, totalMsMax = 2_000, ...rest }: WorkerSettings) {
  return new DeliveryWorker({
    cursors: eventCursors(masterKey),
    store: deliveryStore(pool, mintBranchCipher(masterKey)),
    send: safeSender({ rule: new AddressRule({ allowLoopback: true }), totalMsMax }),
    run: async () => ({ error: 'connect_failed' }),
    notices: webhookNotices(openClient(databaseUrl, { connectionsMax: 2 })),
    region: 'local',
    placeEvents: () => placeEvents(pool),
    takeReplayOn: () => takeReplayOn(pool),
    count: () => {},
    onFailure: () => {},
    ...rest,
  });
}
