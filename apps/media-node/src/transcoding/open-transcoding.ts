import { objectStoreOf } from '@patchbay/adapters/objects/object-env';
import { sealedObjects } from '@patchbay/adapters/objects/sealed-objects';
import { findObject, writeObject } from '@patchbay/adapters/objects/stored-objects';
import { AddressRule } from '@patchbay/adapters/outgoing/address-rule';
import { safeSender } from '@patchbay/adapters/outgoing/safe-request';
import type { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import type { SpooledUses } from '@patchbay/adapters/spool/spooled-uses';
import { transcodingQueue } from '@patchbay/adapters/transcoding/transcoding-queue';
import type { Logger } from 'pino';
import type { NodeEnv } from '../platform/env.ts';
import { textOf } from '../platform/node-platform.ts';
import { ffmpegTranscoder } from './transcode.ts';
import { TranscodingWorker } from './transcoding-worker.ts';
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

/** What the role jobs works on files with. FFmpeg runs in processes of its own: a crash of one costs the file that it was at. */
export function openTranscoding({ env, pool, masterKey, log, uses }: Options): TranscodingWorker {
  const rule = new AddressRule({ allowLoopback: env.PATCHBAY_ALLOW_LOOPBACK_PEERS === '1' });
  const bounds = { rule, totalMsMax: TRANSFER_MS_MAX };
  const store = objectStoreOf(env);
  const objects = store === undefined ? undefined : sealedObjects(store, masterKey);
  const onFailure = (error: unknown, message: string) => log.warn({ error: textOf(error) }, message);
  sweepWorkFolders().catch((error: unknown) =>
    onFailure(error, 'Folders of work that is over are still there.'),
  );
  return new TranscodingWorker({
    queue: transcodingQueue(pool),
    transcoder: ffmpegTranscoder({ ffmpegPath: env.FFMPEG_PATH }),
    sources: {
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
    },
    store:
      objects === undefined ? undefined : (object, bytes) => writeObject({ pool, objects }, object, bytes),
    send: safeSender(bounds),
    region: env.PATCHBAY_REGION,
    atOnceMax: env.PATCHBAY_TRANSCODING_AT_ONCE,
    count: (usedBy, use) => uses.count(usedBy, use),
    onFailure,
  });
}
