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

/** Those of which nothing is left. Usage is known here once a node has uploaded it, which it does every 5 seconds. */
export async function spentBudgets(
  budgets: readonly Budget[],
  {
    usage,
    nowMs: realMs,
    aheadMsOf = async () => 0,
  }: {
    readonly usage: Pick<UsageStore, 'query'>;
    readonly nowMs: number;
    /** By how much the clock of an account's usage is ahead of the time (PRD-1). */
    readonly aheadMsOf?: (accountId: string) => Promise<number>;
  },
): Promise<readonly SpentBudget[]> {
  const spent: SpentBudget[] = [];
  for (const { setting, scope, origin, max, timeZone } of budgets) {
    const { counts } = settings[setting];
    if (counts.what !== 'usage') continue;
    const aheadMs = await aheadMsOf(origin.accountId);
    const nowMs = realMs + aheadMs;
    const { startMs, endMs } = calendarWindow(counts.over, timeZone, nowMs);
    const { rows } = await usage.query({
      accountId: origin.accountId,
      fromMs: startMs,
      toMs: throughMinute(nowMs),
      bucket: 'all',
      meter: counts.meter,
      ...(origin.level === 'region' ? { where: { region: origin.region } } : {}),
      groupBy: [],
      scope: 'descendants',
      limit: ROW_COUNT_MAX,
    });
    const used = rows.reduce((sum, { quantity }) => sum + quantity, 0n);
    if (used >= BigInt(max) * BigInt(counts.perUnit))
      spent.push({ setting, scope, max, ...(Number.isFinite(endMs) ? { resetsAtMs: endMs - aheadMs } : {}) });
  }
  return spent;
}
