import { createApplicationPool, jobLimits } from '@patchbay/adapters/postgres/application-pool';
import type { Job } from '@patchbay/adapters/postgres/job-runs';
import { type AuditChecks, auditChecks } from '@patchbay/adapters/prisma/audit-checks';
import type { PrismaClient } from '@patchbay/adapters/prisma/client';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { Logger } from 'pino';
import { connectionCounts } from './database-connections.ts';
import { rootOf } from './failure-log.ts';
import { JobRunner } from './job-runner.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Accounts of one run: the rest waits for the next hour, and nobody's chain is looked at twice in a day. */
const CHAINS_PER_RUN_MAX = 20_000;
const PAGE_ACCOUNTS = 500;

export interface AuditCheckPorts {
  readonly checks: Pick<AuditChecks, 'due' | 'brokenAt' | 'brokenCount'>;
  /** Keeps what was found and tells the account of a break that was not known, both or neither. */
  readonly keep: (accountId: string, brokenAt: number | undefined) => Promise<void>;
  readonly isStopped: () => boolean;
  readonly onUnread: (accountId: string, error: unknown) => void;
  readonly nowMs: () => number;
}

/** Looks at the chain of audit entries of every account once a day (C53): an alarm as long as one is broken. */
export function auditCheckJob({ checks, keep, isStopped, onUnread, nowMs }: AuditCheckPorts): Job {
  return {
    name: 'audit-chains',
    everyMs: HOUR_MS,
    run: async () => {
      const sinceMs = nowMs() - DAY_MS;
      let [checkedCount, unreadCount] = [0, 0];
      let ids: readonly string[] = [''];
      while (ids.length > 0 && checkedCount + unreadCount < CHAINS_PER_RUN_MAX) {
        ids = await checks.due({ sinceMs, afterId: ids.at(-1) ?? '', limit: PAGE_ACCOUNTS });
        for (const accountId of ids) {
          // What is kept is done: the next process goes on behind it.
          if (isStopped()) return `${checkedCount} chains were looked at before the end of the process`;
          try {
            await keep(accountId, await checks.brokenAt(accountId));
            checkedCount += 1;
          } catch (error) {
            // One that cannot be read keeps nobody from the others, and is no whole one either.
            onUnread(accountId, error);
            unreadCount += 1;
          }
        }
      }
      const brokenCount = await checks.brokenCount();
      if (brokenCount + unreadCount > 0)
        throw new Error(
          `Audit logs in which an entry is missing or not as it was written: ${brokenCount}. Not readable: ${unreadCount}.`,
        );
      return `${checkedCount} chains were looked at, and all are whole`;
    },
  };
}

export interface AuditWorkOptions {
  readonly databaseUrl: string;
  readonly onLost: (error: Error) => void;
  readonly prisma: PrismaClient;
  readonly isStopped: () => boolean;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Apart from the other tasks, with connections of its own: long chains hold up nothing. */
export function auditWork({ databaseUrl, onLost, prisma, isStopped, nowMs, log }: AuditWorkOptions) {
  const pool = createApplicationPool(databaseUrl, onLost, {
    ...jobLimits,
    connectionCountMax: connectionCounts.audit,
  });
  const checks = auditChecks(pool, prisma);
  const job = auditCheckJob({
    checks,
    keep: (accountId, brokenAt) => keepAndTell({ checks, prisma, nowMs }, accountId, brokenAt),
    isStopped,
    onUnread: (accountId, error) =>
      log.error({ accountId, error: rootOf(error) }, 'The chain of an audit log could not be read.'),
    nowMs,
  });
  const runner = new JobRunner({ pool, log, jobs: [job] });
  return {
    runner,
    async close(): Promise<void> {
      await runner.stop();
      await pool.end();
    },
  };
}

interface Telling {
  readonly checks: Pick<AuditChecks, 'keep'>;
  readonly prisma: PrismaClient;
  readonly nowMs: () => number;
}

/** Told once for each break: what stays broken is said by the task and the measure. */
export async function keepAndTell(
  { checks, prisma, nowMs }: Telling,
  accountId: string,
  brokenAt: number | undefined,
): Promise<void> {
  await atomically(prisma, async () => {
    const isNews = await checks.keep(accountId, brokenAt);
    if (!isNews || brokenAt === undefined) return;
    const data = { accountId, brokenAt };
    await eventStore(prisma).append(eventOfHandler({ accountId, type: 'audit.broken', data, atMs: nowMs() }));
  });
}
