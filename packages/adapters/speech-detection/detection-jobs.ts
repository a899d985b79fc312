import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';
import { type Findings, heardOf } from '@patchbay/domain/speech-detection/detection-record';
import type { Pool } from 'pg';
import { fileJobQueue } from '../file-jobs/file-job-queue.ts';
import { fileJobStore } from '../file-jobs/file-job-store.ts';
import { detectionTable } from './detection-table.ts';

export interface Listened {
  readonly kind: 'listened';
  readonly media: MediaFacts;
  readonly findings: Findings;
}

/** What accounts have listened to, as they see it. */
export const detectionStore = (pool: Pool) => fileJobStore(pool, detectionTable);

/** What nodes listen to. */
export const detectionQueue = (pool: Pool) =>
  fileJobQueue(pool, detectionTable, ({ media, findings }: Listened) => ({
    media,
    columns: { findings: JSON.stringify(findings) },
    told: heardOf(findings),
  }));

export type DetectionQueue = ReturnType<typeof detectionQueue>;
export type ClaimedDetection = Awaited<ReturnType<DetectionQueue['claim']>>[number];
