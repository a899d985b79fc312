import { bookVerifier, type VerificationLog } from '@patchbay/adapters/billing/book-verifier';
import { createApplicationPool, jobLimits } from '@patchbay/adapters/postgres/application-pool';
import type { Job } from '@patchbay/adapters/postgres/job-runs';
import type { PrismaClient } from '@patchbay/adapters/prisma/client';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { periodOf } from '@patchbay/domain/billing/period';
import type { MonthRecount, VerificationRun } from '@patchbay/domain/billing/verification';
import { verifiedLineAnswer } from '@patchbay/domain/billing/verification-handlers';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { Logger } from 'pino';
import { connectionCounts } from './database-connections.ts';
import { JobRunner } from './job-runner.ts';

const DAY_MS = 86_400_000;
/** A month is recomputed every night for so long after statements of it were closed. */
const CLOSED_DAYS = 40;

export interface VerificationPorts {
  readonly verifier: Pick<MonthRecount, 'recount'> & Pick<VerificationLog, 'closedSince'>;
  readonly platformAccount: () => Promise<string>;
  /** Keeps a run and writes its event, both or neither. */
  readonly keep: (platformId: string, run: VerificationRun, event: VerificationEvent) => Promise<void>;
  readonly isStopped: () => boolean;
  readonly nowMs: () => number;
}

export interface VerificationEvent {
  readonly type: 'billing.verified' | 'billing.disagrees';
  readonly data: object;
}

/** Recomputes from raw records every month that was closed lately (BIL-3): an alarm if a line differs. */
export function verificationJob({
  verifier,
  platformAccount,
  keep,
  isStopped,
  nowMs,
}: VerificationPorts): Job {
  return {
    name: 'billing-verify',
    everyMs: DAY_MS,
    run: async () => {
      const platformId = await platformAccount();
      const said: string[] = [];
      const differing: string[] = [];
      for (const period of await verifier.closedSince(platformId, nowMs() - CLOSED_DAYS * DAY_MS)) {
        const run = await verifier.recount(platformId, periodOf(period), { isStopped });
        // Stopped on the way: no run is half of one. The next process goes on from there.
        if (run === undefined) break;
        await keep(platformId, run, eventOf(run));
        said.push(`${period}: ${run.lineCount} lines of ${run.accountCount} accounts`);
        if (run.differingCount > 0) differing.push(`${run.differingCount} of ${period}`);
      }
      if (differing.length > 0)
        throw new Error(`Lines of closed months differ from their recomputation: ${differing.join(', ')}.`);
      return said.length === 0 ? 'no month was closed lately' : `${said.join('; ')}: they agree`;
    },
  };
}

function eventOf({
  period,
  accountCount,
  lineCount,
  goneCount,
  differingCount,
  differences,
}: VerificationRun): VerificationEvent {
  const counted = { period, accountCount, lineCount, goneCount };
  return differingCount === 0
    ? { type: 'billing.verified', data: counted }
    : {
        type: 'billing.disagrees',
        data: { ...counted, differingCount, differences: differences.map(verifiedLineAnswer) },
      };
}

export interface VerificationWorkOptions {
  readonly databaseUrl: string;
  readonly onLost: (error: Error) => void;
  readonly prisma: PrismaClient;
  readonly catalogue: MeterCatalogue;
  readonly platformAccount: () => Promise<string>;
  readonly isStopped: () => boolean;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Apart from the other tasks, with connections of its own: a long month holds up nothing that moves money. */
export function verificationWork({ databaseUrl, onLost, prisma, log, ...options }: VerificationWorkOptions) {
  const { nowMs } = options;
  const pool = createApplicationPool(databaseUrl, onLost, {
    ...jobLimits,
    connectionCountMax: connectionCounts.verification,
  });
  const verifier = bookVerifier({ pool, catalogue: options.catalogue, nowMs });
  const events = eventStore(prisma);
  const job = verificationJob({
    ...options,
    verifier,
    keep: (accountId, run, event) =>
      atomically(prisma, async () => {
        await verifier.keep(accountId, run);
        await events.append(eventOfHandler({ accountId, ...event, atMs: nowMs() }));
      }),
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
