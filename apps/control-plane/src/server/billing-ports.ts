import { aheadReader, booksReader } from '@patchbay/adapters/billing/account-books';
import { bookVerifier } from '@patchbay/adapters/billing/book-verifier';
import { comparisonStore } from '@patchbay/adapters/billing/comparison-store';
import { customerBook } from '@patchbay/adapters/billing/customer-book';
import { documentStore } from '@patchbay/adapters/billing/document-store';
import { ledgerReader } from '@patchbay/adapters/billing/ledger-reader';
import { lineTrail } from '@patchbay/adapters/billing/line-trail';
import { ownCollectingStore } from '@patchbay/adapters/billing/own-collecting-store';
import { reconciliation } from '@patchbay/adapters/billing/rail-differences';
import { reminderBook } from '@patchbay/adapters/billing/reminder-book';
import { shownBrands } from '@patchbay/adapters/prisma/brand-store';
import type { PrismaClient } from '@patchbay/adapters/prisma/client';
import type { MintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { nextPeriod, periodAt } from '@patchbay/domain/billing/period';
import type { BillingPorts } from '@patchbay/domain/billing/ports';
import { PostingBudget } from '@patchbay/domain/billing/posting-budget';
import type { Pool } from 'pg';
import { documentPrinting } from './document-printing.ts';
import type { ControlPlaneEnv } from './env.ts';
import { railOf, testRailOf } from './money-work.ts';
import { ownRails } from './own-rails.ts';

export interface CollectingOptions {
  readonly env: ControlPlaneEnv;
  readonly pool: Pool;
  readonly cipher: MintBranchCipher;
  readonly nowMs: () => number;
  readonly platformAccount: () => Promise<string | undefined>;
}

export type Collecting = ReturnType<typeof collecting>;

/** On whose books an account is, and by what it is asked for money: on those of tests by nothing that is live (PRD-1). */
export function collecting({ env, pool, cipher, nowMs, platformAccount }: CollectingOptions) {
  const booksOf = booksReader(pool);
  const rail = railOf(env);
  const testRail = testRailOf(env);
  const isTest = async (accountId: string) => (await booksOf(accountId))?.isTest === true;
  const ownCollecting = ownCollectingStore(pool, cipher);
  const own = ownRails(ownCollecting, env);
  /** The seller above an account that collects from it itself, this month. */
  const ownCollectorOf = (accountId: string) => ownCollecting.collectorOf(accountId, periodAt(nowMs()).name);
  return {
    ownCollecting,
    ownRails: own,
    ownCollectorOf,
    hasOwnCollector: (accountId: string) => {
      const current = periodAt(nowMs());
      return ownCollecting.isWithin(accountId, [current.name, nextPeriod(current).name]);
    },
    booksOf,
    aheadMsOf: aheadReader(pool, booksOf),
    rail,
    testRail,
    isTest,
    railFor: async (accountId: string) => {
      if (await isTest(accountId)) return testRail;
      const collectorId = await ownCollectorOf(accountId);
      return collectorId === undefined ? rail : await own.of(collectorId);
    },
    /** Who collects: of an account, the top of its tree; of none, the platform. */
    collector: async (ofAccountId?: string) => {
      const accountId =
        ofAccountId === undefined ? await platformAccount() : (await booksOf(ofAccountId))?.topId;
      if (accountId === undefined) throw new Error('There is no platform account yet.');
      return accountId;
    },
  };
}

export interface BillingPortOptions extends Pick<BillingPorts, 'billing' | 'catalogue' | 'asked'> {
  readonly env: ControlPlaneEnv;
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly nowMs: () => number;
  readonly collection: Collecting;
}

export function billingPorts({
  env,
  pool,
  prisma,
  nowMs,
  collection,
  ...given
}: BillingPortOptions): BillingPorts {
  const { catalogue } = given;
  const { booksOf, collector, isTest, ownCollecting, ownRails: own, railFor } = collection;
  return {
    ...given,
    documents: documentStore({ pool, platformAccount: collector }),
    ledger: ledgerReader(pool),
    trail: lineTrail({ pool, catalogue }),
    verifier: bookVerifier({ pool, catalogue, nowMs }),
    customers: customerBook(pool),
    reminders: reminderBook({ pool, platformAccount: collector, nowMs }),
    printing: documentPrinting(shownBrands(prisma)),
    railOf: railFor,
    ownCollecting,
    comparisons: comparisonStore(pool),
    reconciliation: reconciliation(pool),
    checkOwnRail: own.check,
    webhookUrlOf: (accountId) => new URL(`/api/stripe/${accountId}`, env.PATCHBAY_URL).href,
    collectorOf: async (accountId) => (await booksOf(accountId))?.topId,
    isTest,
    returnUrlOf: (accountId) => new URL(`/accounts/${accountId}/payouts`, env.PATCHBAY_URL).href,
    posting: new PostingBudget(),
  };
}
