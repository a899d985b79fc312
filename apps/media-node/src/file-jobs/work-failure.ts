import type { FileFailure } from '@patchbay/domain/file-jobs/file-job';
import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';

/** Why a file was not worked on to its end. Whatever a program wrote stays with whoever runs the platform. */
export interface WorkFailure<Failure extends string = FileFailure> {
  readonly failure: Failure;
  readonly detail: string;
  /** What a program wrote of it: for our log alone. */
  readonly told?: string | undefined;
  readonly media?: MediaFacts | undefined;
}
