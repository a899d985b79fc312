import type { Pool } from 'pg';
import { fileJobStore } from '../file-jobs/file-job-store.ts';
import { transcodingTable } from './transcoding-table.ts';

/** What accounts have turned into others, as they see it. */
export const transcodingStore = (pool: Pool) => fileJobStore(pool, transcodingTable);
