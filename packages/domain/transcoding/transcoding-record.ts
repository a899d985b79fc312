import type { MediaFacts } from './media-facts.ts';
import type { MediaFormat } from './media-format.ts';
import type { Priority } from './transcoding-order.ts';

/** `awaiting`: its file is still to be uploaded. */
export const jobStates = ['awaiting', 'queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

export const jobPurposes = ['convert', 'probe'] as const;
export type JobPurpose = (typeof jobPurposes)[number];

/** Why a file was not worked on to its end, as events and answers name it. */
export const jobFailures = [
  'input_unreachable',
  'input_empty',
  'input_unsupported',
  'input_broken',
  'input_too_large',
  'input_unsuitable',
  'upload_missing',
  'output_too_large',
  'output_undelivered',
  'took_too_long',
  'unavailable',
  'failed',
] as const;
export type JobFailure = (typeof jobFailures)[number];

/** A file that an account gave to be looked at or turned into another, and what became of it (TRC). */
export interface TranscodingJob {
  readonly id: string;
  readonly accountId: string;
  readonly purpose: JobPurpose;
  readonly state: JobState;
  readonly priority: Priority;
  /** Of what is made. */
  readonly format?: MediaFormat | undefined;
  /** 0 to 100. */
  readonly progressPercent: number;
  /** Of the file that came in, once it was looked at. */
  readonly media?: MediaFacts | undefined;
  readonly createdAt: Date;
  readonly startedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
  readonly failure?: { readonly reason: JobFailure; readonly detail: string } | undefined;
  /** What was made, as long as it is kept. */
  readonly file?: MadeFile | undefined;
}

export interface MadeFile {
  readonly objectId: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly durationMs?: number | undefined;
}

export const isOver = (state: JobState): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled';
