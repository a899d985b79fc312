import {
  type TranscodingOrder,
  transcodingOrderSchema,
} from '@patchbay/domain/transcoding/transcoding-order';
import type { JobFailure, TranscodingJob } from '@patchbay/domain/transcoding/transcoding-record';
import { type FileJobRow, type FileJobTable, fileJobFromRow } from '../file-jobs/file-job-table.ts';

interface ShownRow extends FileJobRow {
  readonly purpose: TranscodingJob['purpose'];
  readonly format: NonNullable<TranscodingJob['format']> | null;
  readonly object_id: string | null;
  /** Of the file that came of it, as long as that is kept. */
  readonly media_type: string | null;
  readonly size_bytes: string | null;
  readonly duration_ms: number | null;
}

type Known = Pick<TranscodingJob, 'purpose' | 'priority' | 'format'>;
type Claimed = Pick<TranscodingJob, 'purpose'>;

export const transcodingTable: FileJobTable<TranscodingOrder, TranscodingJob, Known, Claimed> = {
  service: 'transcoding',
  idPrefix: 'trc',
  table: 'transcoding_job',
  claimFunction: 'transcoding_claim',
  shown: `SELECT j.*, o.media_type, o.size_bytes, o.duration_ms FROM transcoding_job j
    LEFT JOIN stored_object o ON o.id = j.object_id AND (o.expires_at IS NULL OR o.expires_at > now())`,
  readOrder: (order) => transcodingOrderSchema.parse(order),
  fromRow(row: ShownRow) {
    const { object_id: objectId, media_type: mediaType, size_bytes: sizeBytes } = row;
    const isThere = objectId !== null && mediaType !== null && sizeBytes !== null;
    return {
      ...fileJobFromRow<JobFailure>(row),
      purpose: row.purpose,
      format: row.format ?? undefined,
      file: isThere
        ? { objectId, mediaType, sizeBytes: Number(sizeBytes), durationMs: row.duration_ms ?? undefined }
        : undefined,
    };
  },
  knownColumns: ({ purpose, format }) => ({ purpose, format: format ?? null }),
  claimedFromRow({ purpose }: ShownRow) {
    return { purpose };
  },
  toldOf: ({ purpose }) => ({ purpose }),
  madeObjectId: ({ file }) => file?.objectId,
};
