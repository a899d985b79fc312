import { type AnsweredFile, type CallOptions, type Operations, PatchbayError } from '@patchbay/sdk';
import { callerOf, endedFileJob, type OwnFile } from './file-job.ts';
import type {
  TranscodingCreateJobRequest,
  TranscodingGetJobResponse,
  TranscodingProbeRequest,
} from './operation-types.generated.ts';

export interface TranscodeRequest extends Omit<TranscodingCreateJobRequest, 'uploadBytes'>, OwnFile {
  /** Told how far it is, 0 to 100, each second. */
  readonly onProgress?: (percent: number) => void;
}

export interface InspectRequest extends Omit<TranscodingProbeRequest, 'uploadBytes'>, OwnFile {}

export interface TranscodingMethods {
  /**
   * Turns a file into another and answers that: `pb.transcoding.transcode({ file, format: 'wav' })`. It waits until it is made, however
   * long that takes: end it with a signal, and the job is cancelled. Rejects as `createJob` does, and with what a job fails with.
   */
  transcode(request: TranscodeRequest, options?: CallOptions): Promise<AnsweredFile>;
  /** Looks at what is in a file: `pb.transcoding.inspect({ uri })`. Rejects as `transcode` does. */
  inspect(
    request: InspectRequest,
    options?: CallOptions,
  ): Promise<NonNullable<TranscodingGetJobResponse['media']>>;
}

type Job = TranscodingGetJobResponse;
type Generated = Operations['transcoding'];

const codes = { over: 'transcoding.is_over', notTaken: 'transcoding.upload_invalid' } as const;

/** The generated methods, and those that send a file and wait for what comes of it. */
export function withTranscoding(
  generated: Generated,
  send: typeof fetch = fetch,
): Generated & TranscodingMethods {
  return {
    ...generated,
    async transcode({ accountId, file, onProgress, ...fields }, options = {}) {
      const call = callerOf(generated, accountId);
      const asked = { method: 'createJob', file, fields } as const;
      const { id: jobId } = await endedFileJob<Job, 'createJob'>(asked, {
        ...{ call, send, codes, options, onProgress },
      });
      const { signal } = options;
      return await call<AnsweredFile>('result', { jobId }, signal === undefined ? {} : { signal });
    },
    async inspect({ accountId, file, ...fields }, options = {}) {
      const call = callerOf(generated, accountId);
      const asked = { method: 'probe', file, fields } as const;
      const { media } = await endedFileJob<Job, 'probe'>(asked, { call, send, codes, options });
      if (media === undefined)
        throw new PatchbayError({ code: 'transcoding.failed', message: 'It says nothing of what is in it.' });
      return media;
    },
  };
}
