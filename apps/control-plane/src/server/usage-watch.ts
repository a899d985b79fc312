import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import type { Budget, SpentBudget } from '@patchbay/domain/policy/decide';
import { policyChain } from '@patchbay/domain/policy/policy-chain';
import type { PolicyPorts } from '@patchbay/domain/policy/ports';
import { spentBudgets, usageBudgetsOf } from '@patchbay/domain/policy/spent';

/** What of an account's chain is watched is read again after this time: so much later a new limit is noticed by use. */
const CHAIN_KEEP_MS = 2_000;
const ACCOUNT_COUNT_MAX = 10_000;
const TOLD_COUNT_MAX = 10_000;

interface Watched {
  readonly budgets: readonly Budget[];
  readonly readAtMs: number;
}

export interface UsageWatch {
  /**
   * The accounts at which something was used up by what was just counted: nodes have to hear of each, once. Of `accountIds`
   * some use was counted in some region.
   */
  usedUp(
    used: readonly { readonly accountId: string; readonly region: string }[],
  ): Promise<readonly string[]>;
  /** What of these budgets is used up. */
  spent(budgets: readonly Budget[]): Promise<readonly SpentBudget[]>;
}

/** Notices when usage reaches what a policy lets an account use. Its counters are the totals of usage, so all processes agree. */
export function usageWatch({
  policies,
  usage,
  nowMs,
}: {
  readonly policies: Pick<PolicyPorts['policies'], 'chain'>;
  readonly usage: Pick<UsageStore, 'query'>;
  readonly nowMs: () => number;
}): UsageWatch {
  const watched = new Map<string, Watched>();
  /** By setting, scope, bound and day: what nodes were told of is not told at every batch that follows. */
  const told = new Set<string>();

  async function budgetsOf(accountId: string, region: string): Promise<readonly Budget[]> {
    const key = `${accountId}@${region}`;
    const known = watched.get(key);
    if (known !== undefined && nowMs() - known.readAtMs < CHAIN_KEEP_MS) return known.budgets;
    const stored = await policies.chain({ accountId });
    const chain = [...new Set(stored.map((row) => row.accountId))];
    const budgets = usageBudgetsOf(policyChain({ chain, region }, stored));
    watched.delete(key);
    watched.set(key, { budgets, readAtMs: nowMs() });
    forgetOldest(watched, ACCOUNT_COUNT_MAX);
    return budgets;
  }

  const spent = (budgets: readonly Budget[]) => spentBudgets(budgets, { usage, nowMs: nowMs() });

  return {
    spent,
    async usedUp(used) {
      const accountIds = new Set<string>();
      for (const { accountId, region } of used) {
        const budgets = await budgetsOf(accountId, region);
        for (const budget of budgets) {
          const [reached] = await spent([budget]);
          if (reached === undefined) continue;
          const name = JSON.stringify([reached, budget.max]);
          if (told.has(name)) continue;
          told.add(name);
          forgetOldest(told, TOLD_COUNT_MAX);
          accountIds.add(budget.origin.accountId);
        }
      }
      return [...accountIds];
    },
  };
}

function forgetOldest(kept: Map<string, unknown> | Set<string>, countMax: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= countMax) return;
    kept.delete(oldest);
  }
}
