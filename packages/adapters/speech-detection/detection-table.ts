import type { FileFailure } from '@patchbay/domain/file-jobs/file-job';
import { type DetectionOrder, detectionOrderSchema } from '@patchbay/domain/speech-detection/detection-order';
import { type DetectionJob, findingsSchema } from '@patchbay/domain/speech-detection/detection-record';
import { type FileJobRow, type FileJobTable, fileJobFromRow } from '../file-jobs/file-job-table.ts';

interface DetectionRow extends FileJobRow {
  readonly kind: DetectionJob['kind'];
  readonly findings: unknown;
}

type Known = Pick<DetectionJob, 'kind' | 'priority'>;

export const detectionTable: FileJobTable<DetectionOrder, DetectionJob, Known, Pick<DetectionJob, 'kind'>> = {
  service: 'speech-detection',
  idPrefix: 'dtc',
  table: 'speech_detection_job',
  claimFunction: 'speech_detection_claim',
  shown: 'SELECT j.* FROM speech_detection_job j',
  readOrder: (order) => detectionOrderSchema.parse(order),
  fromRow(row: DetectionRow) {
    return {
      ...fileJobFromRow<FileFailure>(row),
      kind: row.kind,
      findings: row.findings === null ? undefined : findingsSchema.parse(row.findings),
    };
  },
  knownColumns: ({ kind }) => ({ kind }),
  claimedFromRow({ kind }: DetectionRow) {
    return { kind };
  },
  toldOf: ({ kind }) => ({ kind }),
  // What is heard stands in its row: no file is made.
  madeObjectId: () => undefined,
};
