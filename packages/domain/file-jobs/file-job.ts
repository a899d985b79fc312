import type { Priority } from './file-order.ts';
import type { MediaFacts } from './media-facts.ts';

/** `awaiting`: its file is still to be uploaded. */
export const jobStates = ['awaiting', 'queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** Why no file is worked on to its end, as events and answers of each service name it. */
export const fileFailures = [
  'input_unreachable',
  'input_empty',
  'input_unsupported',
  'input_broken',
  'input_too_large',
  'input_unsuitable',
  'upload_missing',
  'took_too_long',
  'unavailable',
  'failed',
] as const;
export type FileFailure = (typeof fileFailures)[number];

/** What an account gave a file to be done with, whatever it is. */
export interface FileJob<Failure extends string = string> {
  readonly id: string;
  readonly accountId: string;
  readonly state: JobState;
  readonly priority: Priority;
  /** 0 to 100. */
  readonly progressPercent: number;
  /** Of the file that came in, once it was looked at. */
  readonly media?: MediaFacts | undefined;
  readonly createdAt: Date;
  readonly startedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
  readonly failure?: { readonly reason: Failure; readonly detail: string } | undefined;
}

export const isOver = (state: JobState): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled';
