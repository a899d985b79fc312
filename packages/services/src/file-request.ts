import type { FileJob } from '@patchbay/domain/file-jobs/file-job';
import {
  FILE_BYTES_MAX,
  type FileOrder,
  priorities,
  UPLOAD_MS_MAX,
  URI_LENGTH_MAX,
} from '@patchbay/domain/file-jobs/file-order';
import type { Entity } from '@patchbay/kit/definition';
import type { ErrorDefinition } from '@patchbay/kit/errors';
import { idSchema } from '@patchbay/kit/ids';
import type { SignedLink } from '@patchbay/kit/signed-link';
import { z } from 'zod';
import { limitShape } from './credential-request.ts';

export const fileAddress = z.url({ protocol: /^https?$/ }).max(URI_LENGTH_MAX);

/** Where a file comes from: one of them. */
export const fileInputShape = {
  uri: fileAddress.optional().describe('A public http or https address that it is fetched from.'),
  objectId: idSchema('obj').optional().describe('A file of this account that a service left.'),
  uploadBytes: z
    .int()
    .min(1)
    .max(FILE_BYTES_MAX)
    .optional()
    .describe('How long the file is that you will send to uploadUrl of the answer.'),
} as const;

/** Whose work on a file is, and when it is its turn. */
export const fileOwnerShape = {
  priority: z.enum(priorities).default('normal').describe('Among the jobs of the account.'),
  applicationId: limitShape.applicationId,
  /** Whose it is: an endpoint of the account, by its name. */
  identity: limitShape.identity,
} as const;

/** What the configuration of each service on files bounds. @param secondsMax of what is taken, and where nobody says so. */
export const fileConfigShape = ({
  seconds,
  secondsMax,
}: {
  readonly seconds: number;
  readonly secondsMax: number;
}) =>
  ({
    inputBytesMax: z
      .int()
      .min(1)
      .max(FILE_BYTES_MAX)
      .default(FILE_BYTES_MAX)
      .describe('The largest file that is taken.'),
    mediaSecondsMax: z
      .int()
      .min(1)
      .max(secondsMax)
      .default(seconds)
      .describe('The longest sound or film that is taken.'),
    concurrentMax: z
      .int()
      .min(1)
      .max(16)
      .default(2)
      .describe('Files of the account that are worked on at a time. The others wait.'),
  }) as const;

interface FileInput {
  readonly uri?: string | undefined;
  readonly objectId?: string | undefined;
  readonly uploadBytes?: number | undefined;
}

/**
 * What of a file is to be taken, by what was asked and what is configured.
 * @param invalid makes the refusal of a request that says it wrongly.
 */
export function fileOrderOf(
  { uri, objectId, uploadBytes }: FileInput,
  {
    config: { inputBytesMax, mediaSecondsMax },
    invalid,
  }: {
    readonly config: Pick<FileOrder, 'inputBytesMax' | 'mediaSecondsMax'>;
    readonly invalid: (detail: string) => Error;
  },
): FileOrder {
  const inputs: FileOrder['input'][] = [
    ...(uri === undefined ? [] : [{ kind: 'uri' as const, uri }]),
    ...(objectId === undefined ? [] : [{ kind: 'object' as const, objectId }]),
    ...(uploadBytes === undefined ? [] : [{ kind: 'upload' as const }]),
  ];
  const [input, other] = inputs;
  if (input === undefined || other !== undefined)
    throw invalid('The file is one of uri, objectId and uploadBytes.');
  if (uploadBytes !== undefined && uploadBytes > inputBytesMax)
    throw invalid(`uploadBytes: at most ${inputBytesMax} are taken here.`);
  return { input, inputBytesMax, mediaSecondsMax };
}

/** Until whoever was told that too many wait asks again. */
export const WAITING_RETRY_MS = 5_000;

export interface AskedFileJob<Order extends FileOrder, Known> {
  readonly entity: Entity;
  readonly order: Order;
  readonly known: Known;
  /** Of a file that is to be uploaded: how long it will be. */
  readonly uploadBytes?: number | undefined;
  /** At a time, of the account. */
  readonly concurrentMax: number;
  /** Whose nodes may do it. Absent: those of all regions. */
  readonly regions?: readonly string[] | undefined;
}

interface OneJob {
  readonly accountId: string;
  readonly jobId: string;
}

/** Jobs on files of one service. All of it is of the account that is named. */
export interface FileJobs<Order extends FileOrder, Job extends FileJob, Known> {
  /** Gives a job to the nodes. 'too_many': as many wait as may. 'no_object': the account has not the file it names. */
  ask(asked: AskedFileJob<Order, Known>): Promise<Job | 'too_many' | 'no_object'>;
  find(job: OneJob): Promise<Job | undefined>;
  list(page: {
    readonly accountId: string;
    readonly cursor?: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly items: readonly Job[]; readonly nextCursor?: string }>;
  /** As it stood before. 'over': it has ended already. Undefined: there is none. */
  cancel(job: OneJob): Promise<Job | 'over' | undefined>;
  /** As it stood. Undefined: there is none. */
  remove(job: OneJob): Promise<Job | undefined>;
}

export interface UploadLinks {
  /** Signs the path at which the file of a job is taken, once. */
  uploadPathOf(job: SignedLink): string;
  /** The address of a path, at the host that a request came to. */
  urlOf(path: string, baseUrl: string | undefined): string;
}

/** What the answers of all jobs on files say. */
export function fileJobAnswer(
  service: string,
  { id, state, priority, progressPercent, media, failure, createdAt, startedAt, finishedAt }: FileJob,
) {
  return {
    ...{ id, state, priority, progressPercent, createdAt: createdAt.toISOString() },
    ...(media === undefined ? {} : { media }),
    ...(startedAt === undefined ? {} : { startedAt: startedAt.toISOString() }),
    ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
    ...(failure === undefined
      ? {}
      : { failure: { code: `${service}.${failure.reason}`, detail: failure.detail } }),
  };
}

/** Who reads of a job may not send its file: the link to do so is told to whoever asked for it alone. */
export function uploadAnswer(
  { id, accountId, state, createdAt }: FileJob,
  { links, baseUrl }: { readonly links: UploadLinks; readonly baseUrl: string | undefined },
) {
  if (state !== 'awaiting') return {};
  const expiresMs = createdAt.getTime() + UPLOAD_MS_MAX;
  const path = links.uploadPathOf({ accountId, id, expiresMs });
  return { uploadUrl: links.urlOf(path, baseUrl), uploadExpiresAt: new Date(expiresMs).toISOString() };
}

const ofClient = { owner: 'client', retry: 'never' } as const;

/** What whoever asks for work on a file may be refused, and why a file was not worked on to its end. */
export const fileErrors = {
  object_unknown: {
    ...{ ...ofClient, status: 422, title: 'There is no such file in this account.' },
    remedy: 'Name the objectId of a file that a service left, and that is still kept.',
  },
  too_many_waiting: {
    status: 429,
    title: 'As many jobs of this account wait as may.',
    owner: 'capacity',
    retry: 'after',
    remedy: 'Wait until some are done, or cancel some. Jobs of other accounts do not count.',
  },
  not_awaited: {
    ...{ ...ofClient, status: 409, title: 'No file is to come for this job.' },
    remedy: 'A file is uploaded once, within an hour of asking. Ask for another job.',
  },
  upload_invalid: {
    ...{ ...ofClient, status: 422, title: 'The file that came is not as long as it was said to be.' },
    remedy: 'Send exactly as many bytes as uploadBytes said.',
  },
  uploads_busy: {
    status: 503,
    title: 'As many files are coming in as may.',
    owner: 'capacity',
    retry: 'after',
    remedy: 'Send it again in a moment: the link holds for an hour.',
  },
  is_over: {
    ...{ ...ofClient, status: 409, title: 'The job is over.' },
    remedy: 'Nothing of it can be cancelled any more. removeJob takes it away, and its file.',
  },
  upload_missing: {
    ...{ ...ofClient, status: 422, title: 'The file never came.' },
    remedy: 'Send it to uploadUrl within an hour of asking.',
  },
  input_unreachable: {
    ...{ ...ofClient, status: 422, title: 'The file could not be fetched.' },
    remedy: 'Serve it at a public http or https address, within two minutes.',
  },
  input_empty: {
    ...{ ...ofClient, status: 422, title: 'The file is empty.' },
    remedy: 'Send a file with something in it.',
  },
  input_unsupported: {
    ...{ ...ofClient, status: 422, title: 'This is no file of sound, film or picture that is read.' },
    remedy:
      'Send one of those that docs/transcoding.md lists. Playlists, and whatever else names other files, are never read.',
  },
  input_broken: {
    ...{ ...ofClient, status: 422, title: 'What is in the file cannot be read.' },
    remedy: 'It may have been cut off. Try it in a player, and send it whole.',
  },
  input_too_large: {
    ...{ ...ofClient, status: 413, title: 'There is more in the file than is worked on.' },
    remedy:
      'Send a smaller one. inputBytesMax and mediaSecondsMax in the configuration say how much one may have, docs/transcoding.md the rest.',
  },
  input_unsuitable: {
    ...{ ...ofClient, status: 422, title: 'The file has not what was asked for.' },
    remedy: 'Look at it with probe, and ask for what is in it.',
  },
  took_too_long: {
    ...{ ...ofClient, status: 422, title: 'It took more time than one file may.' },
    remedy: 'Ask for a part of it, a smaller picture, or another codec.',
  },
  unavailable: {
    status: 503,
    title: 'What this needs is not installed on the nodes.',
    owner: 'config',
    retry: 'never',
    remedy: 'Install what `detail` names on the nodes of the role jobs.',
  },
  failed: {
    status: 502,
    title: 'The file was not worked on to its end.',
    owner: 'platform',
    retry: 'now',
    remedy: 'Ask for it once more.',
  },
} as const satisfies Readonly<Record<string, ErrorDefinition>>;
