import { type Nano, nano, sum, ZERO } from '../billing/money.ts';
import { type Balance, type Credit, debtOf, inBurnOrder, isUsable } from './balance.ts';
import { type CostBound, HOLD_MS } from './cost-bound.ts';

/** A session that could not be paid for so long does not begin. */
export const HOLD_MS_MIN = 5_000;

/** Money that a session may still need: nobody else gets it. */
export interface Hold {
  readonly id: string;
  readonly services: readonly string[];
  readonly amount: Nano;
  readonly expiresAtMs: number;
}

export interface HoldRequest {
  readonly balance: Balance;
  /** So far below zero may it come. */
  readonly overdraft: Nano;
  /** Those of other sessions. */
  readonly holds: readonly Hold[];
  readonly services: readonly string[];
  readonly atMs: number;
}

/**
 * What nobody holds of the money that a session may use. Each hold takes from the credits in the order in which use will:
 * so that a credit for one service is not promised to a session of another.
 */
export function availableFor({ balance, overdraft, holds, services, atMs }: HoldRequest): Nano {
  let credits: readonly Credit[] = balance.credits;
  let below = nano(overdraft - debtOf(balance));
  for (const hold of holds.filter(({ expiresAtMs }) => expiresAtMs > atMs)) {
    let due = hold.amount;
    for (const credit of usableBy(credits, hold.services, atMs)) {
      const taken = credit.left < due ? credit.left : due;
      credits = credits.map((each) =>
        each.id === credit.id ? { ...each, left: nano(each.left - taken) } : each,
      );
      due = nano(due - taken);
    }
    below = nano(below - due);
  }
  return nano(sum(usableBy(credits, services, atMs).map(({ left }) => left)) + below);
}

const usableBy = (credits: readonly Credit[], services: readonly string[], atMs: number) =>
  inBurnOrder(credits).filter((credit) => services.every((service) => isUsable(credit, { service, atMs })));

/** How much is held for a session that begins. Undefined: it cannot be paid for, and does not begin. */
export function holdToBegin(bound: CostBound, available: Nano): Nano | undefined {
  const most = holdOf(bound, HOLD_MS);
  const least = holdOf(bound, HOLD_MS_MIN);
  if (available <= 0n || available < least) return undefined;
  return available < most ? available : most;
}

/** How much is held for one that runs: as much as there is, and never a refusal. It ends when its use has used up the money. */
export function holdToGoOn(bound: Omit<CostBound, 'once'>, available: Nano): Nano {
  const most = holdOf({ ...bound, once: ZERO }, HOLD_MS);
  if (available <= 0n) return ZERO;
  return available < most ? available : most;
}

const holdOf = ({ once, atOnce, perSecond }: CostBound, forMs: number): Nano =>
  nano(once + atOnce + (perSecond * BigInt(forMs)) / 1_000n);

/** Services for which nothing is left to use; undefined: something is left for each. */
export function usedUpServices(
  request: Omit<HoldRequest, 'holds' | 'services'>,
  serviceNames: readonly string[],
): readonly string[] | undefined {
  const used = serviceNames.filter((name) => availableFor({ ...request, holds: [], services: [name] }) <= 0n);
  return used.length === 0 ? undefined : used;
}
