import type { FileJob } from '@patchbay/domain/file-jobs/file-job';
import type { TranscodingOrder } from '@patchbay/domain/transcoding/transcoding-order';
import type { JobFailure, TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import { type FileJobOptions, memoryFileJobs } from './file-job-ports.ts';
import { unsignedLinks } from './stored-links.ts';

type Known = Pick<TranscodingJob, 'purpose' | 'priority' | 'format'>;

/** Transcoding in memory. */
export const memoryTranscodingPorts = (options: FileJobOptions = {}) => ({
  ...memoryFileJobs<TranscodingOrder, TranscodingJob, Known>(
    'trc',
    (known, job) => ({ ...(job as FileJob<JobFailure>), ...known }),
    options,
  ),
  links: unsignedLinks,
});
