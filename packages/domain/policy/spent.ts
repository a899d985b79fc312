import { throughMinute } from '../metering/counted-range.ts';
import type { UsageStore } from '../metering/usage-store.ts';
import { type Budget, budgetsOf, type SpentBudget } from './decide.ts';
import { calendarWindow } from './local-time.ts';
import type { PolicyChain } from './policy-level.ts';
import { settings } from './settings.ts';

/** More sets of dimensions than a meter has: all of them are summed. */
const ROW_COUNT_MAX = 1_000;

/** The settings that bound what was used. */
export const usageSettings: readonly string[] = Object.entries(settings)
  .filter(([, setting]) => 'counts' in setting && setting.counts.what === 'usage')
  .map(([name]) => name);

/** What along a chain is bounded by what was used: asked of the totals of accounts, over all nodes and processes. */
export const usageBudgetsOf = (chain: PolicyChain): readonly Budget[] =>
  budgetsOf(chain).filter(({ setting }) => usageSettings.includes(setting));

/** Where the use of an account is written, and by which times. */
interface UseSpan {
  readonly accountId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The spans that have what an account used between two times. Use of test accounts is written by their clock, and what those used whose
 * place they took when they began anew is with these (PRD-1).
 */
export type UseSpansOf = (
  accountId: string,
  range: { readonly fromMs: number; readonly nowMs: number },
) => Promise<readonly UseSpan[]>;

const asWritten: UseSpansOf = async (accountId, { fromMs, nowMs }) => [{ accountId, fromMs, toMs: nowMs }];

/**
 * Those of which nothing is left. Usage is known here once a node has uploaded it, which it does every 5 seconds.
 * Windows are those of the time that it is, also of test accounts: nodes serve by that, whatever a clock says.
 */
export async function spentBudgets(
  budgets: readonly Budget[],
  {
    usage,
    nowMs,
    spansOf = asWritten,
  }: {
    readonly usage: Pick<UsageStore, 'query'>;
    readonly nowMs: number;
    readonly spansOf?: UseSpansOf;
  },
): Promise<readonly SpentBudget[]> {
  const spent: SpentBudget[] = [];
  for (const { setting, scope, origin, max, timeZone } of budgets) {
    const { counts } = settings[setting];
    if (counts.what !== 'usage') continue;
    const { startMs, endMs } = calendarWindow(counts.over, timeZone, nowMs);
    let used = 0n;
    for (const { accountId, fromMs, toMs } of await spansOf(origin.accountId, { fromMs: startMs, nowMs })) {
      const { rows } = await usage.query({
        accountId,
        fromMs,
        toMs: throughMinute(toMs),
        bucket: 'all',
        meter: counts.meter,
        ...(origin.level === 'region' ? { where: { region: origin.region } } : {}),
        groupBy: [],
        scope: 'descendants',
        limit: ROW_COUNT_MAX,
      });
      used += rows.reduce((sum, { quantity }) => sum + quantity, 0n);
    }
    if (used >= BigInt(max) * BigInt(counts.perUnit))
      spent.push({ setting, scope, max, ...(Number.isFinite(endMs) ? { resetsAtMs: endMs } : {}) });
  }
  return spent;
}
