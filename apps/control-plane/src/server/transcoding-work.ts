import { objectData } from '@patchbay/adapters/objects/stored-objects';
import { transcodingStore } from '@patchbay/adapters/transcoding/transcoding-store';
import type { ServicePorts } from '@patchbay/services/handlers.generated';
import type { Pool } from 'pg';
import type { StoredMedia } from './stored-media.ts';

/** Transcoding as the API offers it. What works on files is a node. */
export function transcodingWork({ pool, media }: { readonly pool: Pool; readonly media: StoredMedia }) {
  const jobs = transcodingStore(pool);
  const ports: ServicePorts['transcoding'] = { jobs, links: media.links };
  return {
    ports,
    jobs,
    data: objectData(
      pool,
      {
        name: 'transcoded',
        mediaType: 'application/octet-stream',
        dataClass: 'transcodedFiles',
        readBy: 'transcoding.getJob',
      },
      { table: 'transcoding_job', field: 'jobId' },
    ),
  };
}
