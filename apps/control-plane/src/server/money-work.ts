import { setTimeout as wait } from 'node:timers/promises';
import { type AheadOf, testTop } from '@patchbay/adapters/billing/account-books';
import { accountAccrual, billingStore } from '@patchbay/adapters/billing/billing-store';
import { closeClockedMonths, closeMonths } from '@patchbay/adapters/billing/closing';
import { collectionStore, railNotices } from '@patchbay/adapters/billing/collection-store';
import { reminderBook } from '@patchbay/adapters/billing/reminder-book';
import { usagePushes } from '@patchbay/adapters/billing/usage-pushes';
import { createApplicationPool, jobLimits } from '@patchbay/adapters/postgres/application-pool';
import { runJob } from '@patchbay/adapters/postgres/job-runs';
import { stripeRail } from '@patchbay/adapters/stripe/stripe-rail';
import type { PaymentRail } from '@patchbay/domain/billing/collection/rail';
import type { PushedMeters } from '@patchbay/domain/billing/collection/usage-push';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { Logger } from 'pino';
import { billingJobs, CLOSE_JOB, COLLECT_JOB, COLLECT_TESTS_JOB, TEST_CLOCK_JOB } from './billing-jobs.ts';
import { connectionCounts } from './database-connections.ts';
import type { ControlPlaneEnv } from './env.ts';
import { rootOf } from './failure-log.ts';
import { JobRunner } from './job-runner.ts';
import { isTestKey, type OwnRails } from './own-rails.ts';
import type { NoticePorts } from './rail-notices.ts';
import { type ReminderPorts, reminderJob } from './reminder-work.ts';
import { usagePushJob } from './usage-push-work.ts';

/** By then the transaction that asked for something is over. */
const SOON_MS = 200;
/** How often, and how many times, what another round has in hand is tried again: for ten seconds. */
const AGAIN_MS = 500;
const ATTEMPT_COUNT_MAX = 20;

export interface MoneyWorkOptions {
  readonly databaseUrl: string;
  readonly onLost: (error: Error) => void;
  /** Who collects. */
  readonly platformAccount: () => Promise<string>;
  /** Undefined: months close into documents, and nothing is collected. */
  readonly rail: PaymentRail | undefined;
  /** Undefined: what is on the books of tests nobody is asked for. */
  readonly testRail: PaymentRail | undefined;
  /** Of sellers that collect themselves. */
  readonly ownRails: OwnRails;
  /** What is told to the rail of use, besides what is asked for. */
  readonly meters: PushedMeters;
  readonly catalogue: MeterCatalogue;
  /** Nodes ask anew what an account may use. */
  readonly onBalanceChanged: (accountId: string) => Promise<void>;
  /** Of whoever is reminded of an invoice. */
  readonly reminding: Omit<ReminderPorts, 'rounds' | 'billing' | 'catalogue' | 'isStopped' | 'nowMs'>;
  readonly aheadMsOf: AheadOf;
  readonly isStopped: () => boolean;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/**
 * Closes months and collects (BIL-4, BIL-6), and hears what the rail tells. Apart from the other tasks, with connections of its
 * own: a rail that answers slowly holds up nothing but money.
 */
export function moneyWork({ databaseUrl, onLost, rail, catalogue, log, ...options }: MoneyWorkOptions) {
  const { testRail } = options;
  const { isStopped, nowMs, onBalanceChanged, platformAccount } = options;
  const limits = { ...jobLimits, connectionCountMax: connectionCounts.collecting };
  const pool = createApplicationPool(databaseUrl, onLost, limits);
  const over = { pool, platformAccount, nowMs };
  const notices = railNotices(over);
  const overTests = { ...over, platformAccount: async () => (await testTop(pool)) ?? '', isOfTests: true };
  const testNotices = railNotices(overTests);
  const closing = {
    ...over,
    isStopped,
    isCollecting: rail !== undefined,
    isCollectingTests: testRail !== undefined,
    accrual: accountAccrual({ pool, catalogue, nowMs, aheadMsOf: options.aheadMsOf }),
  };
  const jobs = billingJobs({
    isStopped,
    closeMonths: () => closeMonths(closing),
    closeClockedMonths: () => closeClockedMonths(closing),
    collecting: {
      store: collectionStore({ ...over, onBalanceChanged }),
      ...{ rail, notices, nowMs },
      ownRailOf: (collectorId) => options.ownRails.of(collectorId),
    },
    collectingTests:
      testRail === undefined
        ? undefined
        : {
            store: collectionStore({ ...overTests, onBalanceChanged }),
            ...{ rail: testRail, notices: testNotices, nowMs },
            isThere: async () => (await testTop(pool)) !== undefined,
          },
  });
  const reminders = reminderJob({
    ...options.reminding,
    ...{ isStopped, nowMs, catalogue },
    rounds: reminderBook(over),
    billing: billingStore({ pool, catalogue, nowMs }),
  });
  const pushes =
    rail === undefined || options.meters.size === 0
      ? []
      : [usagePushJob({ pushes: usagePushes(over), rail, meters: options.meters, isStopped, nowMs })];
  const runner = new JobRunner({ pool, log, jobs: [...jobs, reminders, ...pushes] });
  const waiting = new Set<string>();
  /**
   * What was asked for is done soon. Whoever has the job in hand may have looked before, so it is tried until it is free; the
   * regular round finds what this one does not.
   */
  const runSoon = async (name: string, afterMs: number): Promise<void> => {
    const job = jobs.find((each) => each.name === name);
    // One that waits has not looked yet.
    if (job === undefined || waiting.has(name)) return;
    waiting.add(name);
    const run = () => {
      waiting.delete(name);
      return job.run();
    };
    try {
      for (let attempt = 0; attempt < ATTEMPT_COUNT_MAX; attempt++) {
        await wait(attempt === 0 ? afterMs : AGAIN_MS, undefined, { ref: false });
        if (isStopped() || (await runJob(pool, { name, everyMs: 0, run }))) return;
      }
      waiting.delete(name);
    } catch (error) {
      waiting.delete(name);
      log.error(
        { job: name, error: rootOf(error) },
        'What was asked of the books is done in the next round.',
      );
    }
  };
  const heard: NoticePorts = {
    rail,
    nowMs,
    keep: (notice) => notices.keep(notice),
    heard: () => void runSoon(COLLECT_JOB, 0),
  };
  return {
    runner,
    notices: heard,
    /** Of the books of tests. */
    testNotices: {
      rail: testRail,
      nowMs,
      keep: testNotices.keep,
      heard: () => void runSoon(COLLECT_TESTS_JOB, 0),
    },
    /** Of a seller that collects itself: what it signs with its own secret is told of its own rail, whatever it says. */
    async noticesOf(collectorId: string): Promise<NoticePorts> {
      const rail = await options.ownRails.of(collectorId);
      return { ...heard, rail, keep: (notice) => notices.keep({ ...notice, collectorId }) };
    },
    clockAdvanced: () => void runSoon(TEST_CLOCK_JOB, SOON_MS),
    asked: async (what: 'closing' | 'collecting') => {
      if (what === 'closing') await runSoon(CLOSE_JOB, SOON_MS);
      // What a month that closes is to bring in is asked for at once, too.
      await runSoon(COLLECT_JOB, SOON_MS);
    },
    async close(): Promise<void> {
      await runner.stop();
      await pool.end();
    },
  };
}

type RailEnv = Pick<
  ControlPlaneEnv,
  | 'STRIPE_SECRET_KEY'
  | 'STRIPE_WEBHOOK_SECRETS'
  | 'STRIPE_TEST_SECRET_KEY'
  | 'STRIPE_TEST_WEBHOOK_SECRETS'
  | 'STRIPE_API_URL'
>;

const placeOf = ({ STRIPE_API_URL: apiUrl }: RailEnv) => (apiUrl === undefined ? {} : { apiUrl });

/** Whatever collects what is live, if anything does. */
export function railOf(env: RailEnv) {
  if (env.STRIPE_SECRET_KEY === undefined) return undefined;
  return stripeRail({
    secretKey: env.STRIPE_SECRET_KEY,
    webhookSecrets: env.STRIPE_WEBHOOK_SECRETS,
    ...placeOf(env),
  });
}

/** Whatever collects what is on the books of tests. A live key is none for it, wherever it came from (PRD-1). */
export function testRailOf(env: RailEnv) {
  const { STRIPE_TEST_SECRET_KEY: secretKey, STRIPE_TEST_WEBHOOK_SECRETS: webhookSecrets } = env;
  if (secretKey === undefined) return undefined;
  if (!isTestKey(secretKey)) throw new Error('STRIPE_TEST_SECRET_KEY is no key of the test mode.');
  return stripeRail({ secretKey, webhookSecrets, ...placeOf(env) });
}
