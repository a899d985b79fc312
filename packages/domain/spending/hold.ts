import type { ChainPrices } from '../billing/billing-store.ts';
import { type Nano, nano, sum, ZERO } from '../billing/money.ts';
import type { Tariff } from '../billing/price.ts';
import { pricesPaidBy } from '../billing/price-list.ts';
import { isBinary } from '../billing/session-cells.ts';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { type Balance, type Credit, debtOf, inBurnOrder, isUsable } from './balance.ts';

/** A hold is for so long, and made anew while the session runs: nodes say every 10 seconds what they hold. */
export const HOLD_MS = 30_000;
/** A session that could not be paid for so long does not begin. */
export const HOLD_MS_MIN = 5_000;
/** Of a session whose bit rate nothing bounds: what its hold assumes. */
export const HELD_BITS_PER_SECOND = 2_000_000;
/** The smallest packets that a relay carries by the thousand are of a voice. */
const PACKET_BYTES_MIN = 100;

/** Money that a session may still need: nobody else gets it. */
export interface Hold {
  readonly id: string;
  readonly services: readonly string[];
  readonly amount: Nano;
  readonly expiresAtMs: number;
}

/** What a session costs at most: with its start, and in each second. */
export interface CostBound {
  readonly once: Nano;
  readonly perSecond: Nano;
}

/**
 * The upper bound of a session's cost, over the services that serve it: each meter at the dearest of its prices and tiers.
 * What belongs to a month and not to a session, flat prices and fees, is in no hold.
 */
export function costBound({
  accountId,
  chain,
  catalogue,
  atMs,
  services,
  bitsPerSecondMax = HELD_BITS_PER_SECOND,
}: {
  readonly accountId: string;
  readonly chain: ChainPrices;
  readonly catalogue: MeterCatalogue;
  readonly atMs: number;
  readonly services: readonly string[];
  readonly bitsPerSecondMax?: number | undefined;
}): CostBound {
  const dearest = new Map<string, CostBound>();
  for (const { price } of pricesPaidBy(accountId, chain, { catalogue, atMs })) {
    const name = `${price.service}.${price.meter}`;
    const unit = catalogue.get(name)?.unit;
    if (unit === undefined || !services.includes(price.service)) continue;
    const known = dearest.get(name) ?? { once: ZERO, perSecond: ZERO };
    // What bills the time of sessions counts milliseconds, whatever its meter counts.
    const bound = boundOf(price.tariff, {
      unit: isBinary(price.tariff) ? 'millisecond' : unit,
      bitsPerSecondMax,
    });
    dearest.set(name, {
      once: most([known.once, bound.once]),
      perSecond: most([known.perSecond, bound.perSecond]),
    });
  }
  const all = [...dearest.values()];
  return { once: sum(all.map(({ once }) => once)), perSecond: sum(all.map(({ perSecond }) => perSecond)) };
}

/** At the dearest tier, rounded up. A price below zero is no reason to hold less. */
function boundOf(
  tariff: Tariff,
  { unit, bitsPerSecondMax }: { readonly unit: string; readonly bitsPerSecondMax: number },
): CostBound {
  if (tariff.kind !== 'per-unit') return { once: ZERO, perSecond: ZERO };
  const amount = most([ZERO, tariff.amount, ...(tariff.tiers ?? []).map((tier) => tier.amount)]);
  const costOf = (units: bigint) => nano((units * amount + tariff.per - 1n) / tariff.per);
  const bytesPerSecond = BigInt(Math.ceil(bitsPerSecondMax / 8));
  const unitsPerSecond: Readonly<Record<string, bigint>> = {
    millisecond: 1_000n,
    byte: bytesPerSecond,
    packet: bytesPerSecond / BigInt(PACKET_BYTES_MIN),
  };
  return { once: unit === 'count' ? costOf(1n) : ZERO, perSecond: costOf(unitsPerSecond[unit] ?? 0n) };
}

const most = (amounts: readonly Nano[]): Nano =>
  amounts.reduce((left, right) => (left > right ? left : right), ZERO);

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
export function holdToBegin({ once, perSecond }: CostBound, available: Nano): Nano | undefined {
  const most = holdOf({ once, perSecond }, HOLD_MS);
  const least = holdOf({ once, perSecond }, HOLD_MS_MIN);
  if (available <= 0n || available < least) return undefined;
  return available < most ? available : most;
}

/** How much is held for one that runs: as much as there is, and never a refusal. It ends when its use has used up the money. */
export function holdToGoOn({ perSecond }: CostBound, available: Nano): Nano {
  const most = holdOf({ once: ZERO, perSecond }, HOLD_MS);
  if (available <= 0n) return ZERO;
  return available < most ? available : most;
}

const holdOf = ({ once, perSecond }: CostBound, forMs: number): Nano =>
  nano(once + (perSecond * BigInt(forMs)) / 1_000n);

/** Services for which nothing is left to use; undefined: something is left for each. */
export function usedUpServices(
  request: Omit<HoldRequest, 'holds' | 'services'>,
  serviceNames: readonly string[],
): readonly string[] | undefined {
  const used = serviceNames.filter((name) => availableFor({ ...request, holds: [], services: [name] }) <= 0n);
  return used.length === 0 ? undefined : used;
}
