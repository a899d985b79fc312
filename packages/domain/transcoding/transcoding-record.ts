import { type FileJob, fileFailures } from '../file-jobs/file-job.ts';
import type { MediaFormat } from './media-format.ts';

export const jobPurposes = ['convert', 'probe'] as const;
export type JobPurpose = (typeof jobPurposes)[number];

/** Why a file was not worked on to its end, as events and answers name it. */
const jobFailures = [...fileFailures, 'output_too_large', 'output_undelivered'] as const;
export type JobFailure = (typeof jobFailures)[number];

/** A file that an account gave to be looked at or turned into another, and what became of it (TRC). */
export interface TranscodingJob extends FileJob<JobFailure> {
  readonly purpose: JobPurpose;
  /** Of what is made. */
  readonly format?: MediaFormat | undefined;
  /** What was made, as long as it is kept. */
  readonly file?: MadeFile | undefined;
}

export interface MadeFile {
  readonly objectId: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly durationMs?: number | undefined;
}
