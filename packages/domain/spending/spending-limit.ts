import type { Nano } from '../billing/money.ts';
import type { CountedSettingName } from '../policy/settings.ts';

/** Over what a limit counts: a UTC day, a UTC month as statements have it, or all time since it was set. */
export const limitSpans = ['day', 'month', 'total'] as const;
export type LimitSpan = (typeof limitSpans)[number];

/** What happens at the limit. 'notify': nothing but that it is told. */
export const limitActions = ['notify', 'throttle', 'stop'] as const;
export type LimitAction = (typeof limitActions)[number];

/** Shares of a limit at which it is told, in percent; the whole of it always is. */
export const defaultShares: readonly number[] = [50, 80, 100];

/** What one account lets another, or itself, spend with all below it. */
export interface SpendingLimit {
  readonly id: string;
  /** Whose spend it is. */
  readonly accountId: string;
  /** Who set it: the account itself, or one above it. */
  readonly setById: string;
  readonly per: LimitSpan;
  readonly amount: Nano;
  readonly sharesPercent: readonly number[];
  readonly action: LimitAction;
  /** Of each allocation, once a limit that throttles is reached. */
  readonly bitsPerSecondMax?: number | undefined;
  readonly sinceMs: number;
}

/**
 * What replacing the limits of one setter comes to: the others are not its to change (BIL-5). One that goes on being counted
 * under another amount is the same one.
 */
export function limitsAfter<
  Limit extends Pick<SpendingLimit, 'id' | 'per' | 'action'> & { readonly setById: string },
>(
  standing: readonly Limit[],
  setById: string,
  asked: readonly Pick<SpendingLimit, 'per' | 'action'>[],
): {
  readonly before: readonly Limit[];
  readonly goneIds: readonly string[];
  readonly ids: readonly (string | undefined)[];
} {
  const before = standing.filter((limit) => limit.setById === setById);
  const ids = asked.map(
    ({ per, action }) => before.find((one) => one.per === per && one.action === action)?.id,
  );
  return { before, ids, goneIds: before.map(({ id }) => id).filter((id) => !ids.includes(id)) };
}

/** The setting by which nodes refuse what a limit stops: the rule that a refusal names. */
export const settingOfSpan = {
  day: 'spendPerDayMax',
  month: 'spendPerMonthMax',
  total: 'spendTotalMax',
} as const satisfies Readonly<Record<LimitSpan, CountedSettingName>>;

export interface SpendWindow {
  readonly startMs: number;
  /** Absent: it never ends. */
  readonly endMs?: number;
}

/** The window in which a limit counts at a time. Days and months are those of statements: UTC. */
export function spendWindow(
  { per, sinceMs }: Pick<SpendingLimit, 'per' | 'sinceMs'>,
  atMs: number,
): SpendWindow {
  const at = new Date(atMs);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  switch (per) {
    case 'day':
      return { startMs: Date.UTC(year, month, day), endMs: Date.UTC(year, month, day + 1) };
    case 'month':
      return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
    case 'total':
      return { startMs: sinceMs };
  }
}

/** What an account has spent by now, as totals have it. */
export interface SpentSoFar {
  readonly day: Nano;
  readonly month: Nano;
  /** Since its spend is watched: a limit over all time knows what of it came before. */
  readonly total: Nano;
}

/** The shares that are reached, and so whether the whole is. A limit of nothing is reached from the start. */
export function reachedShares(
  { sharesPercent, amount }: Pick<SpendingLimit, 'sharesPercent' | 'amount'>,
  spent: Nano,
): readonly number[] {
  const shares = [...new Set([...sharesPercent, 100])].sort((left, right) => left - right);
  return shares.filter((share) => spent * 100n >= amount * BigInt(share));
}

export const isReached = (limit: Pick<SpendingLimit, 'amount'>, spent: Nano): boolean =>
  spent >= limit.amount;

/**
 * When a limit will be reached if it goes on as since the window began. Undefined: not within the window, or it is
 * reached, or nothing was spent.
 */
export function forecastMs(
  limit: Pick<SpendingLimit, 'per' | 'sinceMs' | 'amount'>,
  spent: Nano,
  nowMs: number,
): number | undefined {
  const { startMs, endMs } = spendWindow(limit, nowMs);
  const elapsedMs = nowMs - startMs;
  if (spent <= 0n || elapsedMs <= 0 || isReached(limit, spent)) return undefined;
  const atMs = startMs + Number((limit.amount * BigInt(elapsedMs)) / spent);
  return endMs !== undefined && atMs >= endMs ? undefined : atMs;
}
