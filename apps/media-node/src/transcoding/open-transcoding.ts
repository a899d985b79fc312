import { writeObject } from '@patchbay/adapters/objects/stored-objects';
import type { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { transcodingQueue } from '@patchbay/adapters/transcoding/transcoding-queue';
import type { FileWork } from '../file-jobs/open-file-work.ts';
import type { NodeEnv } from '../platform/env.ts';
import { ffmpegTranscoder } from './transcode.ts';
import { type TranscodingWorker, transcodingWorker } from './transcoding-worker.ts';

interface Options {
  readonly env: NodeEnv;
  readonly pool: ReturnType<typeof createApplicationPool>;
  readonly files: FileWork;
}

/** What the role jobs turns files into others with. FFmpeg runs in processes of its own: a crash of one costs the file that it was at. */
export function openTranscoding({ env, pool, files: { objects, send, worker } }: Options): TranscodingWorker {
  return transcodingWorker({
    ...worker,
    queue: transcodingQueue(pool),
    transcoder: ffmpegTranscoder({ ffmpegPath: env.FFMPEG_PATH }),
    store:
      objects === undefined ? undefined : (object, bytes) => writeObject({ pool, objects }, object, bytes),
    send,
    atOnceMax: env.PATCHBAY_TRANSCODING_AT_ONCE,
  });
}
