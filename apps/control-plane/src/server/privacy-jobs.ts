import type { Job } from '@patchbay/adapters/postgres/job-runs';
import { expireErasures, workOnErasures } from '@patchbay/adapters/privacy/erasure-writer';
import { expireExports } from '@patchbay/adapters/privacy/export-store';
import { makeExports } from '@patchbay/adapters/privacy/export-writer';
import type { Pool } from 'pg';

/** Somebody looks at the page and waits. */
export const PRIVACY_ASK_MS = 3_000;

interface Ports {
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly isStopped: () => boolean;
}

/** What accounts asked for and is too long for a request (C23). */
export function privacyJobs({ pool, nowMs, isStopped }: Ports): readonly Job[] {
  return [
    {
      name: 'exports',
      everyMs: 0,
      run: async () => {
        const expired = await expireExports(pool, nowMs());
        return `${await makeExports(pool, { nowMs, isStopped })} made, ${expired} expired`;
      },
    },
    {
      name: 'erasures',
      everyMs: 0,
      run: async () => {
        const expired = await expireErasures(pool, nowMs());
        return `${await workOnErasures(pool, { nowMs, isStopped })} worked on, ${expired} not confirmed in time`;
      },
    },
  ];
}
