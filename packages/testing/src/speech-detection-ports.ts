import type { FileFailure, FileJob } from '@patchbay/domain/file-jobs/file-job';
import type { DetectionOrder } from '@patchbay/domain/speech-detection/detection-order';
import type { DetectionJob } from '@patchbay/domain/speech-detection/detection-record';
import { type FileJobOptions, memoryFileJobs } from './file-job-ports.ts';
import { unsignedLinks } from './stored-links.ts';

type Known = Pick<DetectionJob, 'kind' | 'priority'>;

/** Speech detection in memory. */
export const memorySpeechDetectionPorts = (options: FileJobOptions = {}) => ({
  ...memoryFileJobs<DetectionOrder, DetectionJob, Known>(
    'dtc',
    (known, job) => ({ ...(job as FileJob<FileFailure>), ...known }),
    options,
  ),
  links: unsignedLinks,
});
