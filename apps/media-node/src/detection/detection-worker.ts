import type {
  ClaimedDetection,
  DetectionQueue,
  Listened,
} from '@patchbay/adapters/speech-detection/detection-jobs';
import { usesOfDetection } from '@patchbay/domain/speech-detection/detection-usage';
import { VOICE_RATE_HZ, type VoiceNetwork } from '@patchbay/dsp/voice-network';
import { type AnyFileWorker, type FileInHand, FileWorker, type WorkDone } from '../file-jobs/file-worker.ts';
import type { WorkFailure } from '../file-jobs/work-failure.ts';
import type { SoundDecoder } from '../transcoding/transcode.ts';
import { SoundListener } from './sound-listener.ts';

/** Before its end is written. */
const PERCENT_MAX = 99;

export interface DetectionWorkerOptions extends AnyFileWorker {
  readonly queue: DetectionQueue;
  readonly decoder: SoundDecoder;
  readonly openNetwork: () => Promise<VoiceNetwork>;
}

export type DetectionWorker = FileWorker<ClaimedDetection, Listened>;

/** Listens to files. */
export function detectionWorker(options: DetectionWorkerOptions): DetectionWorker {
  return new FileWorker({
    ...options,
    userAgent: 'Patchbay-Speech-Detection/1',
    work: (job, hand) => listen(job, { ...options, ...hand }),
  });
}

async function listen(
  { order: { kind, rules, mediaSecondsMax } }: ClaimedDetection,
  { decoder, openNetwork, inputFile, signal, onProgress }: DetectionWorkerOptions & FileInHand,
): Promise<WorkDone<Listened> | WorkFailure> {
  const probed = await decoder.probe(inputFile, { mediaSecondsMax, signal });
  if ('failure' in probed) return probed;
  const { media } = probed;
  const { durationMs } = media;
  const listener = new SoundListener(await openNetwork(), { kind, rules });
  const broken = await decoder.decode({
    ...{ ...probed, inputFile, signal, rateHz: VOICE_RATE_HZ, secondsMax: mediaSecondsMax },
    onSamples: (samples) => {
      listener.push(samples);
      if (durationMs !== undefined && durationMs > 0)
        onProgress(Math.min(PERCENT_MAX, Math.floor((100 * listener.heardMs) / durationMs)));
    },
  });
  if (broken !== undefined) return { ...broken, media };
  const findings = listener.end();
  if (findings.durationMs === 0)
    return { failure: 'input_broken', detail: 'Nothing of its sound could be decoded.', media };
  return {
    end: { kind: 'listened', media, findings },
    usesOf: (processMs) => usesOfDetection({ kind, findings, processMs }),
  };
}
