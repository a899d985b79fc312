import { objectStoreOf } from '@patchbay/adapters/objects/object-env';
import { sealedObjects } from '@patchbay/adapters/objects/sealed-objects';
import { removeDueObjects, writeObject } from '@patchbay/adapters/objects/stored-objects';
import { AddressRule } from '@patchbay/adapters/outgoing/address-rule';
import { safeSender } from '@patchbay/adapters/outgoing/safe-request';
import type { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { readSsml } from '@patchbay/adapters/speech/read-ssml';
import { speechQueue } from '@patchbay/adapters/speech/speech-store';
import type { SpooledUses } from '@patchbay/adapters/spool/spooled-uses';
import type { Logger } from 'pino';
import { SpeechEngine } from '../media/speech.ts';
import type { NodeEnv } from '../platform/env.ts';
import { textOf } from '../platform/node-platform.ts';
import { PASSAGE_BYTES_MAX, speechEngines } from './engines.ts';
import { soundWriter } from './sound-writer.ts';
import { SpeechWorker } from './speech-worker.ts';
import { TEXT_BYTES_MAX } from './text-of-order.ts';

interface Options {
  readonly env: NodeEnv;
  readonly pool: ReturnType<typeof createApplicationPool>;
  readonly masterKey: Uint8Array;
  readonly log: Logger;
  readonly uses: Pick<SpooledUses, 'count'>;
}

/** What the role jobs speaks with. Engines run in processes of their own: a crash of one costs the text that it spoke. */
export function openSpeech({ env, pool, masterKey, log, uses }: Options) {
  const rule = new AddressRule({ allowLoopback: env.PATCHBAY_ALLOW_LOOPBACK_PEERS === '1' });
  const fetchOf = (responseBytesMax: number) => safeSender({ rule, responseBytesMax, keepsBytes: true });
  const flite = new SpeechEngine();
  const store = objectStoreOf(env);
  const objects = store === undefined ? undefined : sealedObjects(store, masterKey);
  if (objects === undefined) log.warn('No files are stored: PATCHBAY_FILES and PATCHBAY_S3_URL are not set.');
  const worker = new SpeechWorker({
    queue: speechQueue(pool),
    pronounce: speechEngines({ flite, fetch: fetchOf(PASSAGE_BYTES_MAX) }),
    writeSound: soundWriter({ ffmpegPath: env.FFMPEG_PATH }),
    fetch: fetchOf(TEXT_BYTES_MAX),
    readMarkup: readSsml,
    store:
      objects === undefined ? undefined : (object, bytes) => writeObject({ pool, objects }, object, bytes),
    sweep: async () => (objects === undefined ? 0 : await removeDueObjects(pool, objects)),
    region: env.PATCHBAY_REGION,
    atOnceMax: env.PATCHBAY_SPEECH_AT_ONCE,
    count: (usedBy, use) => uses.count(usedBy, use),
    onFailure: (error, message) => log.warn({ error: textOf(error) }, message),
  });
  return {
    worker,
    async stop(): Promise<void> {
      await worker.stop();
      flite.stop();
    },
  };
}
