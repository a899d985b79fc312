import type { TranscodingOrder } from '@patchbay/domain/transcoding/transcoding-order';
import type { TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import type { SignedLink } from '@patchbay/kit/signed-link';
import type { AskedFileJob, FileJobs, UploadLinks } from '../file-request.ts';

type Known = Pick<TranscodingJob, 'purpose' | 'priority' | 'format'>;
export type AskedJob = AskedFileJob<TranscodingOrder, Known>;

/** What transcoding needs from the world. */
export interface TranscodingPorts {
  readonly jobs: FileJobs<TranscodingOrder, TranscodingJob, Known>;
  readonly links: UploadLinks & {
    /** Signs the path at which a file is read without a key. */
    pathOf(file: SignedLink): string;
  };
}
