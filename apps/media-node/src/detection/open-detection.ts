import type { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { detectionQueue } from '@patchbay/adapters/speech-detection/detection-jobs';
import type { FileWork } from '../file-jobs/open-file-work.ts';
import type { NodeEnv } from '../platform/env.ts';
import { ffmpegTranscoder } from '../transcoding/transcode.ts';
import { type DetectionWorker, detectionWorker } from './detection-worker.ts';
import { openVoiceNetwork } from './voice-activity.ts';

interface Options {
  readonly env: NodeEnv;
  readonly pool: ReturnType<typeof createApplicationPool>;
  readonly files: FileWork;
}

/** What the role jobs listens to files with: FFmpeg decodes them, in processes of its own, and this one listens. */
export function openDetection({ env, pool, files: { worker } }: Options): DetectionWorker {
  return detectionWorker({
    ...worker,
    queue: detectionQueue(pool),
    decoder: ffmpegTranscoder({ ffmpegPath: env.FFMPEG_PATH }),
    openNetwork: openVoiceNetwork,
    atOnceMax: env.PATCHBAY_DETECTION_AT_ONCE,
  });
}
