import { cutAndCarry, halfEven, type Nano, nano, subtract, sum, ZERO } from './money.ts';

/** An amount that becomes money: whole minor units now, and a fraction that waits for the next period. */
export interface Settled {
  /** Of this period, exact. */
  readonly amount: Nano;
  /** The fraction that the period before left over. */
  readonly carriedIn: Nano;
  readonly minorUnits: bigint;
  /** amount + carriedIn − the minor units: carried to the next period. */
  readonly residue: Nano;
}

/**
 * What an account and whoever collects from it owe each other for a period (decision 0006). What the children's use costs the
 * account is taken out of what the children pay: nobody is asked for it twice. An account that collects itself has what they
 * pay already, and is asked for all that they cost it (decision 0017).
 */
export interface Settlement {
  /** The account's own use, at its seller's price. */
  readonly ownUse: Nano;
  /** What its children's use costs it, at the same price: out of what they pay, as far as it reaches. */
  readonly passedThrough: Nano;
  /** Of the children that pay more than their use costs. */
  readonly margins: Nano;
  /** Of those that pay less: what is missing, above zero. */
  readonly subsidies: Nano;
  /**
   * To be paid: own use, and subsidies as far as margins do not cover them; of one that collects itself, own use and all that
   * its children cost it. Rounded once, half to even (BIL-3).
   */
  readonly charge: Settled;
  /** To be paid out: margins less subsidies. Cut off, so that nothing unearned leaves (BIL-4). */
  readonly payout: Settled;
}

export interface SettlementRequest {
  readonly ownUse: Nano;
  /** In the account's currency. */
  readonly children: readonly { readonly cost: Nano; readonly margin: Nano }[];
  readonly carried: { readonly charge: Nano; readonly payout: Nano };
  /** The currency's minor unit. */
  readonly unit: Nano;
  /** How many minor units money moves in (`settlementStepOf`). Default: one. */
  readonly step?: bigint;
  /** What the children pay comes to the account itself. */
  readonly isOwnCollector?: boolean;
}

export function settle(request: SettlementRequest): Settlement {
  const { ownUse, children, carried, unit, step = 1n, isOwnCollector = false } = request;
  const margins = sum(children.map(({ margin }) => atLeastZero(margin)));
  const subsidies = sum(children.map(({ margin }) => atLeastZero(nano(-margin))));
  const margin = subtract(margins, subsidies);
  const passedThrough = sum(children.map(({ cost }) => cost));
  const charge = nano(ownUse + (isOwnCollector ? passedThrough : atLeastZero(nano(-margin))));
  const payout = isOwnCollector ? ZERO : atLeastZero(margin);
  const due = nano(charge + carried.charge);
  const whole = nano(unit * step);
  const asked = halfEven(due, whole) * step;
  const paidOut = cutAndCarry(carried.payout, payout, whole);
  return {
    ownUse,
    passedThrough,
    margins,
    subsidies,
    charge: {
      amount: charge,
      carriedIn: carried.charge,
      minorUnits: asked,
      residue: subtract(due, nano(asked * unit)),
    },
    payout: {
      amount: payout,
      carriedIn: carried.payout,
      minorUnits: paidOut.units * step,
      residue: paidOut.carry,
    },
  };
}

const atLeastZero = (amount: Nano): Nano => (amount < 0n ? ZERO : amount);
