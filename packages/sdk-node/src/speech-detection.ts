import { type CallOptions, type Operations, PatchbayError } from '@patchbay/sdk';
import { callerOf, endedFileJob, type OwnFile } from './file-job.ts';
import type {
  SpeechDetectionCreateJobRequest,
  SpeechDetectionGetJobResponse,
} from './operation-types.generated.ts';

export interface ListenRequest extends Omit<SpeechDetectionCreateJobRequest, 'uploadBytes'>, OwnFile {
  /** Told how far it is, 0 to 100, each second. */
  readonly onProgress?: (percent: number) => void;
}

export interface SpeechDetectionMethods {
  /**
   * Listens to a file and answers what was heard: `pb.speechDetection.listen({ file, kind: 'answering-machine' })`. It waits until it
   * is heard, however long that takes: end it with a signal, and the job is cancelled. Rejects as `createJob` does, and with what a
   * job fails with.
   */
  listen(
    request: ListenRequest,
    options?: CallOptions,
  ): Promise<NonNullable<SpeechDetectionGetJobResponse['findings']>>;
}

type Job = SpeechDetectionGetJobResponse;
type Generated = Operations['speechDetection'];

const codes = { over: 'speech-detection.is_over', notTaken: 'speech-detection.upload_invalid' } as const;

/** The generated methods, and the one that sends a file and waits for what is heard in it. */
export function withSpeechDetection(
  generated: Generated,
  send: typeof fetch = fetch,
): Generated & SpeechDetectionMethods {
  return {
    ...generated,
    async listen({ accountId, file, onProgress, ...fields }, options = {}) {
      const call = callerOf(generated, accountId);
      const asked = { method: 'createJob', file, fields } as const;
      const { findings } = await endedFileJob<Job, 'createJob'>(asked, {
        ...{ call, send, codes, options, onProgress },
      });
      if (findings === undefined)
        throw new PatchbayError({
          code: 'speech-detection.failed',
          message: 'It says nothing of what was heard.',
        });
      return findings;
    },
  };
}
