import { type CallOptions, type IdLike, PatchbayError } from '@patchbay/sdk';
import { pause } from './pause.ts';

/** A file of your own, of `uri` or of `objectId`: one of them. */
export interface OwnFile {
  /** It is uploaded. */
  readonly file?: Uint8Array | Blob;
  /** Default: that of the client. */
  readonly accountId?: IdLike<'acc'>;
}

/** What is known of a job on a file, whichever service does it. */
export interface FileJob {
  readonly id: string;
  readonly state: 'awaiting' | 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly progressPercent: number;
  readonly uploadUrl?: string;
  readonly failure?: { readonly code: string; readonly detail: string };
}

/** Between two looks at a job. */
const LOOK_MS = 1_000;

type Code = PatchbayError['code'];

/** The codes of a service, where a job of it did not come to its end, or its file was not taken. */
export interface FileJobCodes {
  readonly over: Code;
  readonly notTaken: Code;
}

export type Call<Method> = <Answer>(method: Method, asked: object, options: CallOptions) => Promise<Answer>;

/** Calls the methods of one service, of one account or of that of the key. */
export const callerOf =
  <Generated extends object>(generated: Generated, accountId: string | undefined): Call<keyof Generated> =>
  <Answer>(method: keyof Generated, asked: object, options: CallOptions) =>
    // Each of them takes the account first, or leaves it to the key: no overload says so of all.
    (generated[method] as (...parameters: readonly unknown[]) => Promise<Answer>)(
      ...(accountId === undefined ? [] : [accountId]),
      asked,
      options,
    );

/** Gives a file to a service, and answers its job once it is completed. Whoever does not wait for it any more cancels it. */
export async function endedFileJob<Job extends FileJob, Method extends string>(
  {
    method,
    file,
    fields,
  }: {
    readonly method: Method;
    readonly file: Uint8Array | Blob | undefined;
    readonly fields: object;
  },
  {
    call,
    send,
    codes,
    options,
    onProgress = () => undefined,
  }: {
    readonly call: Call<Method | 'getJob' | 'cancelJob'>;
    readonly send: typeof fetch;
    readonly codes: FileJobCodes;
    readonly options: CallOptions;
    readonly onProgress?: ((percent: number) => void) | undefined;
  },
): Promise<Job> {
  const { signal } = options;
  const upload = file === undefined ? {} : { uploadBytes: 'size' in file ? file.size : file.byteLength };
  const looking = signal === undefined ? {} : { signal };
  let job = await call<Job>(method, { ...fields, ...upload }, options);
  try {
    if (file !== undefined && job.uploadUrl !== undefined)
      await sendFile(job.uploadUrl, file, { signal, send, code: codes.notTaken });
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
  if (failure !== undefined) throw new PatchbayError({ code: failure.code as Code, message: failure.detail });
  if (job.state === 'cancelled')
    throw new PatchbayError({ code: codes.over, message: 'It was cancelled while it was waited for.' });
  return job;
}

async function sendFile(
  url: string,
  file: Uint8Array | Blob,
  {
    signal,
    send,
    code,
  }: { readonly signal: AbortSignal | undefined; readonly send: typeof fetch; readonly code: Code },
): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' };
  const body = file instanceof Uint8Array ? new Blob([Uint8Array.from(file)]) : file;
  const sent = await send(url, { method: 'PUT', headers, body, ...(signal === undefined ? {} : { signal }) });
  if (sent.ok) return;
  const problem = (await sent.json().catch(() => ({}))) as { code?: Code; detail?: string };
  throw new PatchbayError({
    code: problem.code ?? code,
    message: problem.detail ?? `The file was not taken: status ${sent.status}.`,
  });
}
