import type { Pool } from 'pg';

/** A task of the platform that runs again and again, in one process at a time. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** Says what it did, in a few words. */
  run(): Promise<string>;
}

export interface JobRun {
  readonly job: string;
  readonly startedAt: Date;
  /** Absent while it runs, and after a crash. */
  readonly finishedAt: Date | undefined;
  readonly error: string | undefined;
  readonly found: string | undefined;
}

/**
 * Runs a job if it is due and no other process has it in hand, and keeps what became of it. The lock belongs to a
 * connection, so it ends with a process that is killed; a run that did not finish is due at once.
 * @returns whether it ran. @throws what the job threw.
 */
export async function runJob(pool: Pool, { name, everyMs, run }: Job): Promise<boolean> {
  const client = await pool.connect();
  let failure: Error | undefined;
  // Lost while it is ours, it would end the process; the next statement on it says so too.
  const onLost = (error: Error) => {
    failure = error;
  };
  client.on('error', onLost);
  try {
    const lock = "hashtextextended('patchbay.job.' || $1, 0)";
    const locked = await client.query<{ ok: boolean }>(`SELECT pg_try_advisory_lock(${lock}) AS ok`, [name]);
    if (locked.rows[0]?.ok !== true) return false;
    try {
      const begun = await client.query(
        `INSERT INTO job_run AS j (job, started_at) VALUES ($1, clock_timestamp())
         ON CONFLICT (job) DO UPDATE SET started_at = excluded.started_at, finished_at = NULL
         WHERE j.finished_at IS NULL OR j.started_at <= clock_timestamp() - $2 * interval '1 millisecond'`,
        [name, everyMs],
      );
      if (begun.rowCount === 0) return false;
      const outcome = await run().then(
        (found) => ({ found, error: undefined }),
        (cause: unknown) => ({ found: undefined, error: cause }),
      );
      const { found = null, error } = outcome;
      const said = error === undefined ? null : error instanceof Error ? error.message : String(error);
      await client.query(
        'UPDATE job_run SET finished_at = clock_timestamp(), error = $2, found = $3 WHERE job = $1',
        [name, said, found],
      );
      if (error !== undefined) throw error;
      return true;
    } finally {
      await client.query(`SELECT pg_advisory_unlock(${lock})`, [name]);
    }
  } catch (cause) {
    failure = cause instanceof Error ? cause : new Error(String(cause));
    throw cause;
  } finally {
    // A connection that failed may still hold the lock: it is closed, which gives the lock back.
    client.off('error', onLost);
    client.release(failure);
  }
}

/** The last run of each job. */
export async function listJobRuns(pool: Pool): Promise<readonly JobRun[]> {
  const { rows } = await pool.query<{
    job: string;
    started_at: Date;
    finished_at: Date | null;
    error: string | null;
    found: string | null;
  }>('SELECT job, started_at, finished_at, error, found FROM job_run ORDER BY job');
  return rows.map((row) => ({
    job: row.job,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    error: row.error ?? undefined,
    found: row.found ?? undefined,
  }));
}
