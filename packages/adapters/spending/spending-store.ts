import { type Period, periodAt } from '@patchbay/domain/billing/period';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { SpentBudget } from '@patchbay/domain/policy/decide';
import { balanceOf } from '@patchbay/domain/spending/balance';
import {
  type CostBound,
  costBound,
  HOLD_MS,
  metersByMonth,
  overMonths,
} from '@patchbay/domain/spending/cost-bound';
import { availableFor, holdToBegin, holdToGoOn, usedUpServices } from '@patchbay/domain/spending/hold';
import { type LimitSpan, settingOfSpan } from '@patchbay/domain/spending/spending-limit';
import type { Pool, PoolClient } from 'pg';
import { type AheadOf, neverAhead } from '../billing/account-books.ts';
import { readChain } from '../billing/price-rows.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import {
  askAutomatically,
  type BalanceFrame,
  payForUse,
  paysFor,
  readTerms,
  sincePeriod,
  taxOf,
} from './balance-changes.ts';
import { lockBalance, readBalance, readHolds } from './balance-rows.ts';
import { crossLimits, type LimitNotice } from './limit-rows.ts';
import { inOrder, readSpent, spendRows } from './spend-rows.ts';

const FORGET_MS = 3_600_000;

export interface SpendingStoreOptions {
  readonly pool: Pool;
  readonly catalogue: MeterCatalogue;
  /** The top of an account's tree. */
  readonly platformAccount: (ofAccountId: string) => Promise<string>;
  /** The tops of all trees: what is held by a node is of accounts below any of them. */
  readonly topAccounts: () => Promise<readonly string[]>;
  readonly serviceNames: readonly string[];
  /** How fast the account's sessions may be: the narrowest of its policies. */
  readonly bitsPerSecondMaxOf: (accountId: string) => Promise<number | undefined>;
  readonly nowMs: () => number;
  readonly aheadMsOf?: AheadOf;
}

export interface WatchedUse {
  readonly accountId: string;
  readonly period: Period;
  /** Undefined: all. */
  readonly meters: ReadonlySet<string> | undefined;
}

export interface Evaluated {
  /** What may go on differs from before: nodes have to hear of it. */
  readonly isChanged: boolean;
  readonly notices: readonly LimitNotice[];
  readonly currency: string;
  /** Below which nothing begins any more, reached just now. */
  readonly usedUp: bigint | undefined;
}

export interface SessionHold {
  readonly accountId: string;
  readonly holdId: string;
  readonly nodeId: string;
  readonly services: readonly string[];
  /** It runs already: as much is held as there is, and it is not refused. */
  readonly isRunning: boolean;
}

/** What money lets happen, as use comes: one account at a time, whichever process asks. */
export function spendingStore(options: SpendingStoreOptions) {
  const { pool, catalogue, platformAccount, topAccounts, serviceNames, bitsPerSecondMaxOf, nowMs } = options;
  const { aheadMsOf = neverAhead } = options;
  const rows = spendRows({ catalogue });

  const inBooks = async <Result>(
    accountId: string,
    work: (frame: BalanceFrame) => Promise<Result>,
  ): Promise<Result> => {
    const platformId = await platformAccount(accountId);
    const atMs = nowMs() + (await aheadMsOf(accountId));
    return await inAccountScope(pool, platformId, (client) =>
      work({ client, accountId, platformId, nowMs: atMs }),
    );
  };

  async function evaluate(frame: BalanceFrame, { accountId, period, meters }: WatchedUse, isForced: boolean) {
    const { client } = frame;
    await lockBalance(client, accountId);
    const { currency } = await rows.rateMonth(client, { accountId, period, meters }, frame.nowMs);
    const spent = await readSpent(client, accountId, frame.nowMs);
    const crossed = await crossLimits(client, { accountId, spent, nowMs: frame.nowMs });
    const terms = await readTerms(client, accountId);
    if (!terms.isPrepaid) return { ...crossed, currency, usedUp: undefined };
    const standing = async () =>
      usedUpServices(
        {
          balance: await readBalance(client, accountId, sincePeriod(frame.nowMs)),
          overdraft: terms.overdraft,
          atMs: frame.nowMs,
        },
        serviceNames,
      );
    const before = await standing();
    const balance = paysFor(terms, period.name)
      ? await payForUse(frame, { period: period.name, isForced })
      : await readBalance(client, accountId, sincePeriod(frame.nowMs));
    const after = await standing();
    await askAutomatically(frame, terms, balance);
    const isUsedUpNow = after !== undefined && (before === undefined || before.length < after.length);
    return {
      ...crossed,
      isChanged: crossed.isChanged || JSON.stringify(before) !== JSON.stringify(after),
      currency,
      usedUp: isUsedUpNow ? balanceOf(balance) : undefined,
    };
  }

  /** What sessions of some services cost an account at most from now on, by its prices and what it used in the month. */
  async function boundsOf(
    { client, accountId, nowMs: atMs }: Omit<BalanceFrame, 'platformId'>,
    bitsPerSecondMax: number | undefined,
  ): Promise<(services: readonly string[]) => Promise<CostBound>> {
    // A hold that reaches over the end of the month holds what the next may owe as well.
    const months = [
      { period: periodAt(atMs), atMs },
      ...(periodAt(atMs + HOLD_MS).fromMs > atMs
        ? [{ period: periodAt(atMs + HOLD_MS), atMs: periodAt(atMs + HOLD_MS).fromMs }]
        : []),
    ];
    const taxBasisPoints = await taxOf(client, accountId);
    const inMonths = await inOrder(months, async (month) => ({
      ...month,
      chain: await readChain(client, accountId, month.period),
    }));
    const known = new Map<string, CostBound>();
    return async (services) => {
      const key = services.toSorted().join(' ');
      const before = known.get(key);
      if (before !== undefined) return before;
      const bounds = await inOrder(inMonths, async ({ period, chain, atMs: fromMs }) => {
        const of = { accountId, book: { ...chain, catalogue }, atMs: fromMs, services };
        const used = await rows.useOf(client, { accountId, period, chain, meters: metersByMonth(of) });
        return costBound({ ...of, ...used, period, bitsPerSecondMax, taxBasisPoints });
      });
      const bound = overMonths(bounds);
      known.set(key, bound);
      return bound;
    };
  }

  async function extend(
    frame: BalanceFrame,
    {
      heldIds,
      bitsPerSecondMax,
    }: { readonly heldIds: ReadonlySet<string>; readonly bitsPerSecondMax: number | undefined },
  ): Promise<void> {
    const { client, accountId, nowMs: atMs } = frame;
    await lockBalance(client, accountId);
    const terms = await readTerms(client, accountId);
    const balance = await readBalance(client, accountId, sincePeriod(atMs));
    const boundOf = await boundsOf(frame, bitsPerSecondMax);
    for (const hold of await readHolds(client, accountId, nowMs())) {
      if (!heldIds.has(hold.id)) continue;
      const others = (await readHolds(client, accountId, nowMs())).filter(({ id }) => id !== hold.id);
      const available = availableFor({
        balance,
        overdraft: terms.overdraft,
        holds: others,
        services: hold.services,
        atMs,
      });
      await client.query(
        'UPDATE prepaid_hold SET amount = $3, expires_at = $4 WHERE account_id = $1 AND hold_id = $2',
        [
          ...[accountId, hold.id, holdToGoOn(await boundOf(hold.services), available).toString()],
          new Date(nowMs() + HOLD_MS),
        ],
      );
    }
  }

  return {
    /** Of these accounts, whose spend is watched: each with those whose limit or balance its use counts for. */
    async watched(accountIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
      const { rows: found } = await pool.query<{ account_id: string; watched_id: string }>(
        'SELECT account_id, watched_id FROM spending_watched($1)',
        [accountIds],
      );
      const byAccount = Map.groupBy(found, ({ account_id }) => account_id);
      return new Map([...byAccount].map(([id, each]) => [id, each.map(({ watched_id }) => watched_id)]));
    },

    /** All that is watched. */
    async accounts(): Promise<readonly string[]> {
      const { rows: found } = await pool.query<{ account_id: string }>(
        'SELECT account_id FROM spending_accounts()',
      );
      return found.map(({ account_id }) => account_id);
    },

    /** Removes holds whose time was over long ago. */
    async forgetHolds(): Promise<void> {
      for (const topId of await topAccounts())
        await inAccountScope(pool, topId, (client) =>
          client.query('DELETE FROM prepaid_hold WHERE expires_at < $1', [new Date(nowMs() - FORGET_MS)]),
        );
    },

    /** Rates what was touched anew, holds it against limits, and pays for it out of what is prepaid: all or nothing. */
    evaluate: (use: WatchedUse, { isForced = false } = {}): Promise<Evaluated> =>
      inBooks(use.accountId, (frame) => evaluate(frame, use, isForced)),

    /** What of an account's money is used up by now: its own balance, and limits of its own and above it. */
    async spent(accountId: string): Promise<readonly SpentBudget[]> {
      const aheadMs = await aheadMsOf(accountId);
      return await inAccountScope(pool, accountId, async (client) => {
        const { rows: reached } = await client.query<{
          account_id: string;
          per: LimitSpan;
          until: Date | number;
        }>('SELECT account_id, per, until FROM spending_reached($1)', [accountId]);
        const limits = reached.map(({ account_id: scope, per, until }) => ({
          setting: settingOfSpan[per],
          scope,
          ...(until instanceof Date ? { resetsAtMs: until.getTime() - aheadMs } : {}),
        }));
        const terms = await readTerms(client, accountId);
        if (!terms.isPrepaid) return limits;
        const atMs = nowMs() + aheadMs;
        const balance = await readBalance(client, accountId, sincePeriod(atMs));
        const services = usedUpServices({ balance, overdraft: terms.overdraft, atMs }, serviceNames);
        if (services === undefined) return limits;
        return [...limits, { setting: 'prepaidBalance' as const, scope: accountId, services: [...services] }];
      });
    },

    /** Holds money for a session. False: there is not enough that nobody else holds, and it does not begin. */
    async hold({ accountId, holdId, nodeId, services, isRunning }: SessionHold): Promise<boolean> {
      const terms = await inAccountScope(pool, accountId, (client) => readTerms(client, accountId));
      if (!terms.isPrepaid) return true;
      const bitsPerSecondMax = await bitsPerSecondMaxOf(accountId);
      return await inBooks(accountId, async ({ client, nowMs: atMs }) => {
        const beganMs = nowMs();
        await lockBalance(client, accountId);
        const boundOf = await boundsOf({ client, accountId, nowMs: atMs }, bitsPerSecondMax);
        const bound = await boundOf(services);
        await client.query('DELETE FROM prepaid_hold WHERE account_id = $1 AND expires_at <= $2', [
          accountId,
          new Date(beganMs),
        ]);
        const holds = (await readHolds(client, accountId, beganMs)).filter(({ id }) => id !== holdId);
        const balance = await readBalance(client, accountId, sincePeriod(atMs));
        const available = availableFor({ balance, overdraft: terms.overdraft, holds, services, atMs });
        const amount = isRunning ? holdToGoOn(bound, available) : holdToBegin(bound, available);
        if (amount === undefined) return false;
        await client.query(
          `INSERT INTO prepaid_hold (account_id, hold_id, node_id, services, amount, began_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (account_id, hold_id) DO UPDATE SET node_id = excluded.node_id, services = excluded.services,
             amount = excluded.amount, expires_at = excluded.expires_at`,
          [
            ...[accountId, holdId, nodeId, services, amount.toString()],
            ...[new Date(beganMs), new Date(beganMs + HOLD_MS)],
          ],
        );
        return true;
      });
    },

    /** Gives back what was held for a session that did not begin after all, of one account. */
    async dropHold({
      accountId,
      holdId,
      nodeId,
    }: Pick<SessionHold, 'accountId' | 'holdId' | 'nodeId'>): Promise<void> {
      await inAccountScope(pool, accountId, (client) =>
        client.query('DELETE FROM prepaid_hold WHERE account_id = $1 AND hold_id = $2 AND node_id = $3', [
          accountId,
          holdId,
          nodeId,
        ]),
      );
    },

    /** What ended holds nothing any more; what a node says that it holds goes on being held for. */
    async releaseHolds({
      nodeId,
      releasedIds,
      keptIds,
    }: {
      readonly nodeId: string;
      readonly releasedIds: readonly string[];
      readonly keptIds?: readonly string[] | undefined;
    }): Promise<void> {
      const topIds = await topAccounts();
      for (const topId of releasedIds.length === 0 ? [] : topIds)
        await inAccountScope(pool, topId, (client) =>
          client.query('DELETE FROM prepaid_hold WHERE node_id = $1 AND hold_id = ANY ($2)', [
            nodeId,
            releasedIds,
          ]),
        );
      if (keptIds === undefined || keptIds.length === 0) return;
      const heldIds = new Set(keptIds);
      for (const topId of topIds) {
        const { rows: accounts } = await inAccountScope(pool, topId, (client) =>
          client.query<{ account_id: string }>(
            'SELECT DISTINCT account_id FROM prepaid_hold WHERE node_id = $1 AND hold_id = ANY ($2) ORDER BY 1',
            [nodeId, keptIds],
          ),
        );
        for (const { account_id: accountId } of accounts) {
          const bitsPerSecondMax = await bitsPerSecondMaxOf(accountId);
          await inBooks(accountId, (frame) => extend(frame, { heldIds, bitsPerSecondMax }));
        }
      }
    },
  };
}

export type SpendingStore = ReturnType<typeof spendingStore>;
