import type { DetectionOrder } from '@patchbay/domain/speech-detection/detection-order';
import type { DetectionJob } from '@patchbay/domain/speech-detection/detection-record';
import type { AskedFileJob, FileJobs, UploadLinks } from '../file-request.ts';

type Known = Pick<DetectionJob, 'kind' | 'priority'>;
export type AskedDetection = AskedFileJob<DetectionOrder, Known>;

/** What speech detection needs from the world. */
export interface SpeechDetectionPorts {
  readonly jobs: FileJobs<DetectionOrder, DetectionJob, Known>;
  readonly links: UploadLinks;
}
