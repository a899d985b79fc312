import type { SpentBudget } from '@patchbay/domain/policy/decide';
import type { PolicyChain } from '@patchbay/domain/policy/policy-level';
import { usageBudgetsOf } from '@patchbay/domain/policy/spent';
import type { UsageWatch } from './usage-watch.ts';

export type SpentNow = (accountId: string, levels: PolicyChain) => Promise<readonly SpentBudget[]>;

/** What is used up now along the levels of an account: use, and money. Nodes are told it, and decide by it. */
export const spentNow =
  (
    usageWatch: Pick<UsageWatch, 'spent'>,
    spending: { readonly spent: (accountId: string) => Promise<readonly SpentBudget[]> },
  ): SpentNow =>
  async (accountId, levels) => [
    ...(await usageWatch.spent(usageBudgetsOf(levels))),
    ...(await spending.spent(accountId)),
  ];
