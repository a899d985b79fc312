import { objectStoreOf } from '@patchbay/adapters/objects/object-env';
import { sealedObjects } from '@patchbay/adapters/objects/sealed-objects';
import { findObject } from '@patchbay/adapters/objects/stored-objects';
import { AddressRule } from '@patchbay/adapters/outgoing/address-rule';
import { safeSender } from '@patchbay/adapters/outgoing/safe-request';
import type { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import type { SpooledUses } from '@patchbay/adapters/spool/spooled-uses';
import type { Logger } from 'pino';
import type { NodeEnv } from '../platform/env.ts';
import { textOf } from '../platform/node-platform.ts';
import type { AnyFileWorker } from './file-worker.ts';
import type { InputSources } from './input-file.ts';
import { sweepWorkFolders } from './work-folder.ts';

/** Of a file that comes or goes: a slow line takes as long for a hundred megabytes. */
const TRANSFER_MS_MAX = 120_000;

interface Options {
  readonly env: NodeEnv;
  readonly pool: ReturnType<typeof createApplicationPool>;
  readonly masterKey: Uint8Array;
  readonly log: Logger;
  readonly uses: Pick<SpooledUses, 'count'>;
}

/** What the role jobs works on files with, whatever is done to them. What processes left behind that are no more goes first. */
export function openFileWork({ env, pool, masterKey, log, uses }: Options) {
  const rule = new AddressRule({ allowLoopback: env.PATCHBAY_ALLOW_LOOPBACK_PEERS === '1' });
  const bounds = { rule, totalMsMax: TRANSFER_MS_MAX };
  const store = objectStoreOf(env);
  const objects = store === undefined ? undefined : sealedObjects(store, masterKey);
  const onFailure = (error: unknown, message: string) => log.warn({ error: textOf(error) }, message);
  sweepWorkFolders().catch((error: unknown) =>
    onFailure(error, 'Folders of work that is over are still there.'),
  );
  const sources: InputSources = {
    fetchTo: ({ bytesMax, takeBytes, signal }) =>
      safeSender({ ...bounds, responseBytesMax: bytesMax, takeBytes, signal }),
    stored:
      objects === undefined
        ? undefined
        : {
            find: (file) => findObject(pool, file),
            read: ({ id: key, accountId, sizeBytes }) =>
              objects.read({ key, accountId, sizeBytes }, { first: 0, last: sizeBytes - 1 }),
          },
  };
  return {
    objects,
    send: safeSender(bounds),
    worker: {
      ...{ sources, region: env.PATCHBAY_REGION, onFailure },
      count: (usedBy, use) => uses.count(usedBy, use),
    } satisfies Omit<AnyFileWorker, 'atOnceMax'>,
  };
}

export type FileWork = ReturnType<typeof openFileWork>;
