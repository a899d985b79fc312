import type { LagCounts } from '@patchbay/domain/metering/ingest-lag';
import type { Pool } from 'pg';

/** Adds to what all processes counted in this minute: `platform_measures` of the database reads it. */
export const noteIngestLag = async (pool: Pool, counts: LagCounts): Promise<void> => {
  await pool.query('SELECT usage_lag_note($1, $2)', [[...counts.keys()], [...counts.values()]]);
};
