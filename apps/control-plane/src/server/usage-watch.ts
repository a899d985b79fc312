import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import { rememberingAllTime } from '@patchbay/domain/policy/all-time-use';
import type { Budget, SpentBudget } from '@patchbay/domain/policy/decide';
import { policyChain } from '@patchbay/domain/policy/policy-chain';
import type { PolicyPorts } from '@patchbay/domain/policy/ports';
import { spentBudgets, type UseSpansOf, usageBudgetsOf, usageSettings } from '@patchbay/domain/policy/spent';

/** What of an account's chain is watched is read again after this time: so much later a new limit is noticed by use. */
const CHAIN_KEEP_MS = 2_000;
const ACCOUNT_COUNT_MAX = 10_000;
const TOLD_COUNT_MAX = 10_000;

interface Watched {
  readonly budgets: readonly Budget[];
  readonly readAtMs: number;
}

interface Used {
  readonly accountId: string;
  readonly region: string;
}

export interface UsageWatch {
  /**
   * The accounts at which something was used up by what was just counted: nodes have to hear of each, once. Of `accountIds`
   * some use was counted in some region.
   */
  usedUp(used: readonly Used[]): Promise<readonly string[]>;
  /** What of these budgets is used up. */
  spent(budgets: readonly Budget[]): Promise<readonly SpentBudget[]>;
}

/** Notices when usage reaches what a policy lets an account use. Its counters are the totals of usage, so all processes agree. */
export function usageWatch({
  policies,
  chainOf,
  usage: read,
  nowMs,
  spansOf,
}: {
  readonly policies: Pick<PolicyPorts['policies'], 'chain' | 'saying'>;
  /** From the platform's account down. */
  readonly chainOf: (accountId: string) => Promise<readonly { readonly id: string }[]>;
  readonly usage: Pick<UsageStore, 'query'>;
  readonly nowMs: () => number;
  readonly spansOf?: UseSpansOf;
}): UsageWatch {
  const usage = rememberingAllTime(read);
  const watched = new Map<string, Watched>();
  /** By setting, scope, bound and day: what nodes were told of is not told at every batch that follows. */
  const told = new Set<string>();

  const keyOf = ({ accountId, region }: Used) => `${accountId}@${region}`;

  const knownOf = (used: Used): readonly Budget[] | undefined => {
    const known = watched.get(keyOf(used));
    return known !== undefined && nowMs() - known.readAtMs < CHAIN_KEEP_MS ? known.budgets : undefined;
  };

  function watch(used: Used, budgets: readonly Budget[]): void {
    watched.delete(keyOf(used));
    watched.set(keyOf(used), { budgets, readAtMs: nowMs() });
    forgetOldest(watched, ACCOUNT_COUNT_MAX);
  }

  async function budgetsOf({ accountId, region }: Used): Promise<readonly Budget[]> {
    const stored = await policies.chain({ accountId });
    // Also of those at which nothing is stored: what is said from above is of one of them.
    const chain = (await chainOf(accountId)).map(({ id }) => id);
    return usageBudgetsOf(policyChain({ chain, region }, stored));
  }

  /** A batch has up to a thousand accounts, and hardly any has a limit: those that have none are found out by one question. */
  async function readWhatIsUnknown(used: readonly Used[]): Promise<void> {
    const unknown = used.filter((each) => knownOf(each) === undefined);
    if (unknown.length === 0) return;
    const accountIds = unknown.map(({ accountId }) => accountId);
    const bounded = await policies.saying({ accountIds, settings: usageSettings });
    for (const each of unknown) watch(each, bounded.has(each.accountId) ? await budgetsOf(each) : []);
  }

  const spent = (budgets: readonly Budget[]) =>
    spentBudgets(budgets, { usage, nowMs: nowMs(), ...(spansOf === undefined ? {} : { spansOf }) });

  return {
    spent,
    async usedUp(used) {
      const accountIds = new Set<string>();
      await readWhatIsUnknown(used);
      for (const each of used) {
        for (const budget of knownOf(each) ?? (await budgetsOf(each))) {
          const [reached] = await spent([budget]);
          if (reached === undefined) continue;
          const name = JSON.stringify(reached);
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
