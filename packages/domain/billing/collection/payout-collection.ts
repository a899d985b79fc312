import { minorUnitOf, type Nano, nano, settlementStepOf, ZERO } from '../money.ts';
import type { FoundDifference } from './found-difference.ts';
import type { InvoiceCollection, Step } from './invoice-collection.ts';
import type { RailCall, RailTransfer } from './rail.ts';
import { type Backed, type Backing, entitledOf, fundedOf, lackOf, noBacking, surplusOf } from './shares.ts';

export interface PaidTransfer {
  /** 1, 2 … */
  readonly ordinal: number;
  readonly transferId: string;
  readonly minorUnits: bigint;
  readonly reversedMinorUnits: bigint;
  readonly reversalCount: number;
  /** What of the reversed was taken back at the rail, and not because anything here asked for it. */
  readonly returnedMinorUnits?: bigint;
}

/**
 * How a payout stands. Of nothing, it is no document: it has what invoices of a month pay for an account that had no payout
 * then, for those that it has in other months.
 */
export interface PayoutCollection {
  readonly kind: 'payout';
  /** 'tax': of what is held for a seller, which was paid as tax on invoices in its name (decision 0023). Absent: what it earned. */
  readonly purpose?: 'tax';
  /** The seller that pays it out by a payment account of its own. Absent: the top of the tree does. */
  readonly collectorId?: string;
  readonly documentId: string;
  readonly accountId: string;
  readonly period: string;
  readonly currency: string;
  readonly totalMinorUnits: bigint;
  readonly backing: Backing;
  /**
   * What of it is kept because its account gave credit that others used by then (BIL-5). Below zero: more had been kept before
   * than they used in the end. Absent: nothing.
   */
  readonly setOffMinorUnits?: bigint;
  readonly transfers: readonly PaidTransfer[];
  /** What of the returned somebody said is to be sent once more. It only grows, so that saying it twice is saying it once. */
  readonly sentAgainMinorUnits?: bigint;
  /** What of it is otherwise at the rail. */
  readonly differences?: readonly FoundDifference[];
}

export const sentOf = ({ transfers }: Pick<PayoutCollection, 'transfers'>): bigint =>
  transfers.reduce((sum, { minorUnits, reversedMinorUnits }) => sum + minorUnits - reversedMinorUnits, 0n);

/** What somebody took back at the rail, less what was said to be sent again: it is not sent once more before anybody says so. */
export const returnedOf = ({
  transfers,
  sentAgainMinorUnits = 0n,
}: Pick<PayoutCollection, 'transfers' | 'sentAgainMinorUnits'>): bigint =>
  transfers.reduce((sum, { returnedMinorUnits = 0n }) => sum + returnedMinorUnits, -sentAgainMinorUnits);

/** Says that what was taken back at the rail is to be sent once more. Undefined: nothing was that is not to be sent already. */
export function sendingAgain(of: PayoutCollection): PayoutCollection | undefined {
  const returned = returnedOf(of);
  const { sentAgainMinorUnits = 0n } = of;
  return returned > 0n ? { ...of, sentAgainMinorUnits: sentAgainMinorUnits + returned } : undefined;
}

/** What was taken back at the rail is not sent, and not asked back a second time. */
const withoutReturned = (missing: bigint, returned: bigint): bigint =>
  missing <= 0n ? missing : missing > returned ? missing - returned : 0n;

/** What is known of a payout once one of its transfers was read. More than was asked back is gone by hand. */
export function seenTransfer(of: PayoutCollection, read: RailTransfer): PayoutCollection {
  const isNew = of.transfers.some(
    (each) => each.transferId === read.id && read.reversedMinorUnits > each.reversedMinorUnits,
  );
  if (!isNew) return of;
  return {
    ...of,
    transfers: of.transfers.map((each) =>
      each.transferId === read.id
        ? {
            ...each,
            reversedMinorUnits: read.reversedMinorUnits,
            returnedMinorUnits:
              (each.returnedMinorUnits ?? 0n) + read.reversedMinorUnits - each.reversedMinorUnits,
          }
        : each,
    ),
  };
}

/**
 * What those that earn of an invoice wait for, now that it is issued: their payouts of its month, and of those that have
 * none then, a payout of nothing. Whoever sells has what will be held for it of the tax.
 */
export function weighed(
  {
    shares,
    period,
    currency,
    collectorId,
    taxSellerId,
  }: Pick<InvoiceCollection, 'shares' | 'period' | 'currency' | 'collectorId' | 'taxSellerId'>,
  notes: readonly PayoutCollection[],
): readonly PayoutCollection[] {
  const earned = shares.map(({ accountId, weight }): PayoutCollection => {
    const note = notes.find((each) => each.accountId === accountId && each.purpose === undefined) ?? {
      kind: 'payout' as const,
      ...(collectorId === undefined ? {} : { collectorId }),
      documentId: `earned/${accountId}/${period}/${collectorId ?? ''}`,
      ...{ accountId, period, currency },
      totalMinorUnits: 0n,
      backing: noBacking,
      transfers: [],
    };
    return { ...note, backing: { ...note.backing, weight: nano(note.backing.weight + weight) } };
  });
  if (taxSellerId === undefined) return earned;
  const of = { period, currency, collectorId };
  const known = notes.find(({ documentId }) => documentId === taxHeldId(of, taxSellerId));
  return [...earned, known ?? noTaxHeld(of, taxSellerId)];
}

/** What tax is held apart by, for each seller. */
interface TaxedMonth {
  readonly period: string;
  readonly currency: string;
  readonly collectorId?: string | undefined;
}

/** What of the invoices in a seller's name, of one month, is tax and held for it: nothing yet. */
export function noTaxHeld({ period, currency, collectorId }: TaxedMonth, sellerId: string): PayoutCollection {
  return {
    kind: 'payout',
    purpose: 'tax',
    ...(collectorId === undefined ? {} : { collectorId }),
    documentId: taxHeldId({ period, currency, collectorId }, sellerId),
    accountId: sellerId,
    ...{ period, currency },
    ...held(currency, 0n),
    transfers: [],
  };
}

export const taxHeldId = ({ period, currency, collectorId = '' }: TaxedMonth, sellerId: string): string =>
  `tax/${sellerId}/${period}/${currency}/${collectorId}`;

/** With so many minor units more, or less. */
export const withTaxHeld = (of: PayoutCollection, changeMinorUnits: bigint): PayoutCollection =>
  changeMinorUnits === 0n ? of : { ...of, ...held(of.currency, of.totalMinorUnits + changeMinorUnits) };

/** All of it was paid: nothing else has to come in before it leaves. */
function held(
  currency: string,
  totalMinorUnits: bigint,
): Pick<PayoutCollection, 'totalMinorUnits' | 'backing'> {
  const whole = nano(totalMinorUnits * minorUnitOf(currency));
  return { totalMinorUnits, backing: { weight: whole, paid: whole, lost: nano(0n) } };
}

const backedOf = ({ totalMinorUnits, currency, backing }: PayoutCollection): Backed => ({
  ...{ totalMinorUnits, backing },
  unit: minorUnitOf(currency),
});

/** Minor units that its account may get in the end, before what is kept of it. */
export const entitlementOf = (of: PayoutCollection): bigint => entitledOf(backedOf(of));

/**
 * What one payout gets of what others of its account have behind them and do not need: the oldest that lacks something
 * first, so that nothing is given twice. Only by whoever pays both out, and in one currency.
 */
export function spareFor(of: PayoutCollection, others: readonly PayoutCollection[]): Nano {
  const all = [...others.filter((other) => isOfOnePayer(of, other)), of].sort((left, right) =>
    placeOf(left) < placeOf(right) ? -1 : 1,
  );
  let left = all.reduce((total, each) => total + surplusOf(backedOf(each)), 0n);
  for (const each of all) {
    const lack = lackOf(backedOf(each));
    const given = lack < left ? lack : left;
    if (each.documentId === of.documentId) return nano(given);
    left -= given;
  }
  return ZERO;
}

const placeOf = ({ period, documentId }: PayoutCollection): string => `${period} ${documentId}`;

const isOfOnePayer = (of: PayoutCollection, other: PayoutCollection): boolean =>
  other.documentId !== of.documentId &&
  other.purpose === of.purpose &&
  other.accountId === of.accountId &&
  other.collectorId === of.collectorId &&
  other.currency === of.currency;

/** Minor units of it that were paid by those that it was earned of. */
export const fundingOf = (of: PayoutCollection, others: readonly PayoutCollection[] = []): bigint =>
  fundedOf(backedOf(of), spareFor(of, others));

/**
 * Minor units that are kept of it now. Where those that it was earned of get something back, no more than is left is kept: the
 * rest stands in the giver's book again, for the next payout.
 */
export function setOffOf(of: PayoutCollection): bigint {
  const { setOffMinorUnits = 0n } = of;
  const entitled = entitlementOf(of);
  return setOffMinorUnits < entitled ? setOffMinorUnits : entitled;
}

/** What is kept of it before anybody has paid what it was earned of: keeping of a promise is no paying (BIL-5). */
export function unpaidSetOffOf(of: PayoutCollection, others: readonly PayoutCollection[] = []): bigint {
  const unpaid = setOffOf(of) - fundingOf(of, others);
  return unpaid > 0n ? unpaid : 0n;
}

/** Minor units that its account is still to get in the end, sent or not. */
export const earnedOf = (of: PayoutCollection): bigint => entitlementOf(of) - setOffOf(of);

/** Minor units that may have left by now. What is kept is kept of what came in first: none of it has to be asked back. */
export function sendableOf(of: PayoutCollection, others: readonly PayoutCollection[] = []): bigint {
  const left = fundingOf(of, others) - setOffOf(of);
  return left < 0n ? 0n : left;
}

/**
 * Sends, in transfers of what the rail takes at most, what is funded, is not kept and was not sent, and takes back what was sent
 * and is funded no more: after a refund, or when a bank takes a payment back.
 */
export function nextPayoutStep(
  of: PayoutCollection,
  {
    payeeId,
    others = [],
    amountMax,
  }: {
    readonly payeeId: string | undefined;
    /** Of the same account. */
    readonly others?: readonly PayoutCollection[];
    readonly amountMax?: bigint;
  },
): Step | undefined {
  const { documentId, accountId, currency, period, transfers } = of;
  const key = of.purpose === 'tax' ? documentId : `payout:${accountId}:${period}:1`;
  const step = settlementStepOf(currency);
  const sendable = sendableOf(of, others);
  // What a rail does not take waits for what comes in next.
  const missing = withoutReturned(sendable - (sendable % step) - sentOf(of), returnedOf(of));
  if (missing > 0n && payeeId !== undefined) {
    const ordinal = transfers.length + 1;
    return {
      call: {
        type: 'create-transfer',
        documentId,
        ordinal,
        payeeId,
        period,
        currency,
        minorUnits: amountMax === undefined || missing < amountMax ? missing : amountMax,
      },
      key: `${key}:${ordinal}`,
    };
  }
  if (missing >= 0n) return undefined;
  const last = transfers.findLast(({ minorUnits, reversedMinorUnits }) => minorUnits > reversedMinorUnits);
  if (last === undefined) return undefined;
  const left = last.minorUnits - last.reversedMinorUnits;
  const ordinal = last.reversalCount + 1;
  return {
    call: {
      type: 'reverse-transfer',
      transferId: last.transferId,
      ordinal,
      currency,
      minorUnits: -missing < left ? -missing : left,
    },
    key: `${key}:${last.ordinal}:reversal:${ordinal}`,
  };
}

export function afterPayoutStep(of: PayoutCollection, call: RailCall, id: string): PayoutCollection {
  if (call.type === 'create-transfer') {
    if (of.transfers.some(({ ordinal }) => ordinal === call.ordinal)) return of;
    const { ordinal, minorUnits } = call;
    const made = { ordinal, transferId: id, minorUnits, reversedMinorUnits: 0n, reversalCount: 0 };
    return { ...of, transfers: [...of.transfers, made] };
  }
  if (call.type !== 'reverse-transfer') return of;
  return {
    ...of,
    transfers: of.transfers.map((each) =>
      each.transferId === call.transferId && each.reversalCount < call.ordinal
        ? {
            ...each,
            reversedMinorUnits: each.reversedMinorUnits + call.minorUnits,
            reversalCount: call.ordinal,
          }
        : each,
    ),
  };
}
