import {
  type AnsweredFile,
  type CallOptions,
  type IdLike,
  type Operations,
  PatchbayError,
} from '@patchbay/sdk';
import type {
  TranscodingCreateJobRequest,
  TranscodingGetJobResponse,
  TranscodingProbeRequest,
} from './operation-types.generated.ts';
import { pause } from './pause.ts';

/** A file of your own, of `uri` or of `objectId`: one of them. */
interface OwnFile {
  /** It is uploaded. */
  readonly file?: Uint8Array | Blob;
  /** Default: that of the client. */
  readonly accountId?: IdLike<'acc'>;
}

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

/** Between two looks at a job. */
const LOOK_MS = 1_000;

/** The generated methods, and those that send a file and wait for what comes of it. */
export function withTranscoding(
  generated: Generated,
  send: typeof fetch = fetch,
): Generated & TranscodingMethods {
  const callerOf =
    (accountId: string | undefined) =>
    <Answer>(method: keyof Generated, asked: object, options: CallOptions) =>
      // Each of them takes the account first, or leaves it to the key: no overload says so of all.
      (generated[method] as (...parameters: readonly unknown[]) => Promise<Answer>)(
        ...(accountId === undefined ? [] : [accountId]),
        asked,
        options,
      );

  async function ended(
    method: 'createJob' | 'probe',
    asked: { readonly file?: Uint8Array | Blob | undefined; readonly fields: object },
    {
      call,
      options,
      onProgress,
    }: {
      readonly call: ReturnType<typeof callerOf>;
      readonly options: CallOptions;
      readonly onProgress: (percent: number) => void;
    },
  ): Promise<Job> {
    const { file, fields } = asked;
    const { signal } = options;
    const upload = file === undefined ? {} : { uploadBytes: 'size' in file ? file.size : file.byteLength };
    const looking = signal === undefined ? {} : { signal };
    let job = await call<Job>(method, { ...fields, ...upload }, options);
    try {
      if (file !== undefined && job.uploadUrl !== undefined) await sendFile(job.uploadUrl, file, signal);
      while (job.state === 'awaiting' || job.state === 'queued' || job.state === 'running') {
        await pause(LOOK_MS, signal);
        job = await call<Job>('getJob', { jobId: job.id }, looking);
        onProgress(job.progressPercent);
      }
    } catch (error) {
      // Nobody waits for it any more: what it takes of the account is given back.
      await call('cancelJob', { jobId: job.id, state: 'cancelled' }, {}).catch(() => undefined);
      throw error;
    }
    const { failure } = job;
    if (failure !== undefined)
      throw new PatchbayError({ code: failure.code as PatchbayError['code'], message: failure.detail });
    if (job.state === 'cancelled')
      throw new PatchbayError({
        code: 'transcoding.is_over',
        message: 'It was cancelled while it was waited for.',
      });
    return job;
  }

  async function sendFile(url: string, file: Uint8Array | Blob, signal: AbortSignal | undefined) {
    const headers = { 'content-type': 'application/octet-stream' };
    const body = file instanceof Uint8Array ? new Blob([Uint8Array.from(file)]) : file;
    const sent = await send(url, {
      method: 'PUT',
      headers,
      body,
      ...(signal === undefined ? {} : { signal }),
    });
    if (sent.ok) return;
    const problem = (await sent.json().catch(() => ({}))) as {
      code?: PatchbayError['code'];
      detail?: string;
    };
    throw new PatchbayError({
      code: problem.code ?? 'transcoding.upload_invalid',
      message: problem.detail ?? `The file was not taken: status ${sent.status}.`,
    });
  }

  return {
    ...generated,
    async transcode({ accountId, file, onProgress = () => undefined, ...fields }, options = {}) {
      const call = callerOf(accountId);
      const { id: jobId } = await ended('createJob', { file, fields }, { call, options, onProgress });
      const { signal } = options;
      return await call<AnsweredFile>('result', { jobId }, signal === undefined ? {} : { signal });
    },
    async inspect({ accountId, file, ...fields }, options = {}) {
      const call = callerOf(accountId);
      const { media } = await ended(
        'probe',
        { file, fields },
        { call, options, onProgress: () => undefined },
      );
      if (media === undefined)
        throw new PatchbayError({ code: 'transcoding.failed', message: 'It says nothing of what is in it.' });
      return media;
    },
  };
}
