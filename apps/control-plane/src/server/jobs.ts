import type { Job } from '@patchbay/adapters/postgres/job-runs';
import type { DecisionStore } from '@patchbay/adapters/prisma/decision-store';
import type { RecheckRound } from '@patchbay/adapters/prisma/proof-rechecks';
import type { TriggerOutbox } from '@patchbay/adapters/prisma/trigger-outbox';
import type { BillingStore } from '@patchbay/domain/billing/billing-store';
import { nextPeriod, type Period, periodAt, unsettledPeriods } from '@patchbay/domain/billing/period';
import { REFUSED_PER_ACCOUNT_MAX } from '@patchbay/domain/decisions/refused-request';
import { dayOf } from '@patchbay/domain/metering/usage-record';
import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import type { RetentionRound } from '@patchbay/domain/privacy/ports';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** After that few batches add to a minute any more. */
const MINUTE_IS_OVER_MS = 2 * MINUTE_MS;
/** In one run of the task; the rest waits for the next. */
const FOLD_COUNT_MAX = 50;
/** Whole days that the nightly check recomputes: late use changes the last ones most. */
const CHECKED_DAY_COUNT = 3;

export interface JobPorts {
  readonly billing: Pick<BillingStore, 'accrueAll' | 'countMismatches' | 'oldestUnsettled'>;
  readonly usage: Pick<UsageStore, 'countMismatches' | 'countRefused' | 'foldMinutes'>;
  /** Sends the mails that are due, and says how many they were. */
  readonly deliverMails: () => Promise<number>;
  /** Writes to those who can mend webhooks that fail or were disabled: of how many (HKS-2). */
  readonly mailWebhookTroubles: () => Promise<number>;
  readonly decisions: Pick<DecisionStore, 'forget'>;
  readonly triggers: Pick<TriggerOutbox, 'forget'>;
  readonly retention: {
    /** Answers, failed sign-ins and messages that have had their time. */
    prune(): Promise<number>;
    /** What is past the time for which its account keeps it (PRD-4). */
    removeOld(): Promise<Pick<RetentionRound, 'accountCount' | 'removed'>>;
  };
  readonly proofs: {
    /** Looks again for the records of all that was proved by one (PRD-2, PRD-3). */
    recheck(): Promise<RecheckRound>;
  };
  readonly nowMs: () => number;
}

/** The regular tasks of the platform, in the order in which they are asked whether they are due. */
export function platformJobs(ports: JobPorts): readonly Job[] {
  const { billing, usage, decisions, deliverMails, triggers, retention, proofs, nowMs } = ports;
  const { mailWebhookTroubles } = ports;
  /** Settles what is over and not settled, and every period after it: each carries into the next. */
  const settleAll = async (): Promise<void> => {
    const running = periodAt(nowMs());
    const oldest = await billing.oldestUnsettled(running);
    if (oldest === undefined) return;
    for (let period: Period = oldest; period.fromMs <= running.fromMs; period = nextPeriod(period)) {
      await billing.accrueAll(period);
    }
  };
  const accrue = async (periods: readonly Period[]): Promise<string> => {
    const said: string[] = [];
    // The oldest first: each month carries into the next.
    for (const period of periods) said.push(`${period.name}: ${await billing.accrueAll(period)} accounts`);
    return said.join(', ');
  };
  return [
    {
      // So that the ledger has what nobody looked at; a month that ends is booked within these minutes (BIL-3).
      name: 'accrual',
      everyMs: 5 * MINUTE_MS,
      run: () => {
        const at = nowMs();
        // For the first hour of a month the one before is part of it: it has just ended.
        return accrue([
          ...new Map([periodAt(at - 60 * MINUTE_MS), periodAt(at)].map((each) => [each.name, each])).values(),
        ]);
      },
    },
    {
      // Late use still changes what is over.
      name: 'late-accrual',
      everyMs: 60 * MINUTE_MS,
      run: () => accrue(unsettledPeriods(nowMs())),
    },
    {
      // What nodes reported and nobody counted is on no statement. It stays an alarm for a day (MET-1).
      name: 'refused-usage',
      everyMs: 5 * MINUTE_MS,
      run: async () => {
        const counts = [...(await usage.countRefused(nowMs() - DAY_MS))];
        if (counts.length > 0) {
          const said = counts.map(([reason, count]) => `${count} ${reason}`).join(', ');
          throw new Error(`Usage of the last 24 hours was kept and not counted: ${said}.`);
        }
        return 'all usage of the last 24 hours was counted';
      },
    },
    {
      // Months are read as days and quarters of an hour, which is what has been folded, and the minutes that have not yet.
      name: 'fold-usage',
      everyMs: MINUTE_MS,
      run: async () => {
        let foldedCount = 0;
        for (let fold = 0; fold < FOLD_COUNT_MAX; fold++) {
          const folded = await usage.foldMinutes(nowMs() - MINUTE_IS_OVER_MS);
          foldedCount += folded.foldedCount;
          if (folded.isDone) break;
        }
        return `${foldedCount} rows of minute totals were folded`;
      },
    },
    {
      // A log that anybody with a key can fill has an end (PRD-8).
      name: 'forget-refused',
      everyMs: 60 * MINUTE_MS,
      run: async () => {
        const count = await decisions.forget({ perAccount: REFUSED_PER_ACCOUNT_MAX });
        return `${count} refused requests were forgotten`;
      },
    },
    {
      name: 'trigger-counters',
      everyMs: DAY_MS,
      run: async () => `${await triggers.forget()} counters of triggers were forgotten`,
    },
    {
      // What nobody asks for any more.
      name: 'prune',
      everyMs: 10 * MINUTE_MS,
      run: async () => `${await retention.prune()} rows were old`,
    },
    {
      // What each account keeps no longer, class by class (PRD-4).
      name: 'retention',
      everyMs: 60 * MINUTE_MS,
      run: async () => {
        const { accountCount, removed } = await retention.removeOld();
        const said = Object.entries(removed).map(([name, count]) => `${count} of ${name}`);
        return `${accountCount} accounts: ${said.length === 0 ? 'nothing was old' : said.join(', ')}`;
      },
    },
    {
      // Totals and ledger against a recomputation from what they were made of: an alarm if one differs (MET-2, BIL-3).
      name: 'nightly-check',
      everyMs: DAY_MS,
      run: async () => {
        const today = dayOf({ toMs: nowMs() });
        const firstDay = dayOf({ toMs: nowMs() - CHECKED_DAY_COUNT * DAY_MS });
        const totals = await usage.countMismatches(firstDay, today);
        await settleAll();
        const ledger = await billing.countMismatches();
        if (totals + ledger > 0) {
          throw new Error(
            `${totals} totals of usage from ${firstDay} to before ${today}, and ${ledger} of the ledger, differ from their recomputation.`,
          );
        }
        const unsettled = await billing.oldestUnsettled(periodAt(nowMs()));
        if (unsettled !== undefined) {
          throw new Error(
            `What is asked and paid out for ${unsettled.name} is not what the ledger says is owed.`,
          );
        }
        return `usage from ${firstDay} to before ${today}, and the ledger, agree`;
      },
    },
    {
      // A name that changed hands is not somebody's for ever (PRD-2, PRD-3).
      name: 'proofs',
      everyMs: DAY_MS,
      run: async () => {
        const { checkedCount, missingCount, lapsedCount } = await proofs.recheck();
        return `${checkedCount} proofs were looked at: ${missingCount} missing, ${lapsedCount} lapsed`;
      },
    },
    {
      name: 'webhook-mails',
      everyMs: MINUTE_MS / 2,
      run: async () => `of ${await mailWebhookTroubles()} webhooks mails were written`,
    },
    {
      // A mail is sent when it is written: this sends what failed then, or was left by a process that ended.
      name: 'mail',
      everyMs: MINUTE_MS / 2,
      run: async () => `${await deliverMails()} mails were due`,
    },
  ];
}
