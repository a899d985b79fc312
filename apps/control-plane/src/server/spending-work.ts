import type { AheadOf } from '@patchbay/adapters/billing/account-books';
import { aheadOf } from '@patchbay/adapters/metering/ahead';
import { createApplicationPool, jobLimits } from '@patchbay/adapters/postgres/application-pool';
import type { Job } from '@patchbay/adapters/postgres/job-runs';
import { accountChain } from '@patchbay/adapters/prisma/account-store';
import { billingPeople } from '@patchbay/adapters/prisma/billing-people';
import type { PrismaClient } from '@patchbay/adapters/prisma/client';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import type { LimitNotice } from '@patchbay/adapters/spending/limit-rows';
import { spendingStore, type WatchedUse } from '@patchbay/adapters/spending/spending-store';
import { formatDecimal, nano } from '@patchbay/domain/billing/money';
import { periodAt } from '@patchbay/domain/billing/period';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import { effectivePolicy } from '@patchbay/domain/policy/effective-policy';
import { policyChain } from '@patchbay/domain/policy/policy-chain';
import type { PolicyPorts } from '@patchbay/domain/policy/ports';
import { balanceMail, spendingMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { connectionCounts } from './database-connections.ts';
import { rootOf } from './failure-log.ts';
import { JobRunner } from './job-runner.ts';
import { SpendingWatch } from './spending-watch.ts';

const MINUTE_MS = 60_000;

export interface SpendingWorkOptions {
  readonly databaseUrl: string;
  readonly onLost: (error: Error) => void;
  readonly prisma: PrismaClient;
  /** For what nodes ask, apart from what is rated behind them. */
  readonly pool: Pool;
  readonly catalogue: MeterCatalogue;
  readonly serviceNames: readonly string[];
  readonly platformAccount: (ofAccountId: string) => Promise<string>;
  readonly topAccounts: () => Promise<readonly string[]>;
  readonly aheadMsOf: AheadOf;
  readonly policies: Pick<PolicyPorts['policies'], 'chain'>;
  readonly publish: (message: BusMessage) => Promise<void>;
  readonly mails: Mails;
  readonly isMailAvailable: boolean;
  readonly isProofAsked: boolean;
  readonly nameOf: (accountId: string) => Promise<string>;
  readonly isStopped: () => boolean;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Rates watched accounts as their use comes, and does what follows: limits, balances, and whoever has to hear of them (BIL-5). */
export function spendingWork(options: SpendingWorkOptions) {
  const { prisma, pool, publish, log, nowMs, isStopped } = options;
  const storeOf = (of: Pool) =>
    spendingStore({
      pool: of,
      catalogue: options.catalogue,
      platformAccount: options.platformAccount,
      topAccounts: options.topAccounts,
      aheadMsOf: options.aheadMsOf,
      serviceNames: options.serviceNames,
      bitsPerSecondMaxOf: async (accountId) => {
        const stored = await options.policies.chain({ accountId });
        const chain = (await accountChain(prisma, accountId)).map(({ id }) => id);
        return effectivePolicy(policyChain({ chain }, stored)).bitsPerSecondMax?.value;
      },
      nowMs,
    });
  const store = storeOf(pool);
  const peopleOf = billingPeople(prisma, options);
  const events = eventStore(prisma);

  async function evaluate(use: WatchedUse, isForced = false): Promise<void> {
    await atomically(prisma, async () => {
      const { notices, isChanged, currency, usedUp } = await store.evaluate(use, { isForced });
      for (const notice of notices) await tell(notice, currency);
      if (usedUp !== undefined) await tellUsedUp(use.accountId, { balance: usedUp, currency });
      // Told when it is committed: nodes ask what may go on, and are to hear of it.
      if (isChanged) await publish({ type: 'account.changed', accountId: use.accountId });
    });
  }

  async function tell({ limit, sharePercent, spent, windowStartMs }: LimitNotice, currency: string) {
    const { id: limitId, accountId, setById, per, amount, action } = limit;
    const data = {
      limitId,
      per,
      sharePercent,
      spent: spent.toString(),
      amount: amount.toString(),
      currency,
      action,
      windowStart: new Date(windowStartMs).toISOString(),
    };
    await emit(accountId, 'spending.limit.reached', data);
    const accountName = await options.nameOf(accountId);
    const said = {
      accountName,
      sharePercent,
      per,
      action,
      spent: `${formatDecimal(spent)} ${currency}`,
      amount: `${formatDecimal(amount)} ${currency}`,
      path: `/accounts/${accountId}/balance`,
    };
    // The one that set it looks after it as well, where that is another.
    for (const teamId of new Set([accountId, setById]))
      await write(teamId, (name) => spendingMail({ ...said, name }));
  }

  async function tellUsedUp(
    accountId: string,
    { balance, currency }: { readonly balance: bigint; readonly currency: string },
  ): Promise<void> {
    await emit(accountId, 'spending.balance.used-up', { balance: balance.toString(), currency });
    const accountName = await options.nameOf(accountId);
    const left = `${formatDecimal(nano(balance))} ${currency}`;
    await write(accountId, (name) =>
      balanceMail({ name, accountName, left, path: `/accounts/${accountId}/balance` }),
    );
  }

  const emit = (accountId: string, type: string, data: object) =>
    events.append(eventOfHandler({ accountId, type, data, atMs: nowMs() }));

  async function write(accountId: string, letterFor: (name: string) => ReturnType<typeof spendingMail>) {
    if (!options.isMailAvailable) return;
    for (const { email, name } of await peopleOf(accountId))
      await options.mails.send({ accountId, to: email, reader: { accountId }, ...letterFor(name) });
  }

  const onFailure = (error: unknown) =>
    log.warn({ error: rootOf(error) }, 'What was spent could not be rated; the regular round does it again.');
  const watch = new SpendingWatch({
    store,
    evaluate,
    aheadOf: (uses) => aheadOf(pool, uses),
    nowMs,
    onFailure,
  });
  const jobPool = createApplicationPool(options.databaseUrl, options.onLost, {
    ...jobLimits,
    connectionCountMax: connectionCounts.spending,
  });
  const round: Job = {
    // What no use shows: a fee, a price that changed, a credit that expired, a process that was killed in the middle.
    name: 'spending',
    everyMs: MINUTE_MS,
    run: async () => {
      const rounds = storeOf(jobPool);
      await rounds.forgetHolds();
      const accountIds = await rounds.accounts();
      let failedCount = 0;
      for (const accountId of accountIds) {
        if (isStopped()) break;
        const atMs = nowMs() + (await options.aheadMsOf(accountId));
        const use = { accountId, period: periodAt(atMs), meters: undefined };
        await evaluate(use, true).catch((error: unknown) => {
          failedCount++;
          onFailure(error);
        });
      }
      if (failedCount > 0)
        throw new Error(`${failedCount} of ${accountIds.length} accounts could not be rated.`);
      return `${accountIds.length} accounts rated`;
    },
  };
  const runner = new JobRunner({ pool: jobPool, log, jobs: [round] });
  return {
    store,
    watch,
    runner,
    round,
    async close(): Promise<void> {
      await watch.stop();
      await runner.stop();
      await jobPool.end();
    },
  };
}
