import type { FoundDifference } from './found-difference.ts';
import type { RailCall, RailDispute, RailInvoice, RailInvoiceState, RailRefund } from './rail.ts';
import type { Share } from './shares.ts';

export interface CollectedLine {
  readonly key: string;
  readonly text: string;
  readonly minorUnits: bigint;
}

/** A refund that we asked for: its credit note. */
export interface AskedRefund {
  readonly refundId: string;
  readonly minorUnits: bigint;
}

/** How an invoice stands. What the rail said of it is kept as it was seen last. */
export interface InvoiceCollection {
  readonly kind: 'invoice';
  /** 'top-up': money for a balance, and no document of ours. Absent: a month's invoice. */
  readonly purpose?: 'top-up';
  /** A prepaid balance pays it: the rail never hears of it. What the balance only owes is open, until money comes in for it. */
  readonly isPaidFromBalance?: true;
  /** How often what the balance has paid of it changed, after it was issued. */
  readonly coveredCount?: number;
  /** The seller that collects it by a payment account of its own. Absent: the top of the tree collects. */
  readonly collectorId?: string;
  readonly documentId: string;
  readonly accountId: string;
  readonly period: string;
  readonly currency: string;
  readonly number: string;
  readonly sellerName: string;
  readonly dueAtMs: number;
  readonly taxMinorUnits: bigint;
  /** The same tax by tax, in minor units. Absent of what was issued before that was kept. */
  readonly taxes?: readonly bigint[];
  /**
   * In whose name it is, where that is not whoever collects: what is paid of its tax is held for that one. Absent of invoices
   * without tax, and of those that were issued before decision 0023.
   */
  readonly taxSellerId?: string;
  readonly totalMinorUnits: bigint;
  /** What of it pays for credit that its account gave and others used (BIL-5). Absent: nothing. */
  readonly givenCreditMinorUnits?: bigint;
  readonly lines: readonly CollectedLine[];
  readonly shares: readonly Share[];
  readonly invoiceId?: string;
  /** At the rail: who was asked. Absent of what was asked before that was kept. */
  readonly customerId?: string;
  /** What of it is otherwise at the rail. */
  readonly differences?: readonly FoundDifference[];
  readonly addedKeys: readonly string[];
  readonly isSent: boolean;
  readonly isVoidAsked: boolean;
  /** The credit note over all of it, once it is asked to be void. */
  readonly voidNoteId?: string;
  readonly askedRefunds: readonly AskedRefund[];
  /** Of those, the ones that the rail took. */
  readonly takenRefundIds: readonly string[];
  readonly state: RailInvoiceState | 'new';
  readonly payUrl?: string;
  readonly paidMinorUnits: bigint;
  readonly refunds: readonly RailRefund[];
  /** Of those that somebody made at the rail by hand: which have a credit note by now. */
  readonly notedRefundIds?: readonly string[];
  readonly disputes: readonly RailDispute[];
}

/** How an invoice stands of which the rail has heard nothing. */
export const notAskedYet = {
  addedKeys: [],
  isSent: false,
  isVoidAsked: false,
  askedRefunds: [],
  takenRefundIds: [],
  state: 'new',
  paidMinorUnits: 0n,
  refunds: [],
  disputes: [],
} as const satisfies Partial<InvoiceCollection>;

/** A call, and the key under which it has its effect once. */
export interface Step {
  readonly call: RailCall;
  readonly key: string;
}

/** The next thing to ask of the rail. Undefined: nothing, before something happens there. */
export function nextInvoiceStep(
  of: InvoiceCollection,
  { customerId, nowMs }: { readonly customerId: string; readonly nowMs: number },
): Step | undefined {
  const { documentId, accountId, currency, invoiceId } = of;
  if (of.isPaidFromBalance === true) return undefined;
  const key = of.purpose === 'top-up' ? `top-up:${documentId}` : `invoice:${accountId}:${of.period}:1`;
  if (of.state === 'void' || of.state === 'uncollectible') return undefined;
  if (invoiceId === undefined) {
    // An invoice that was never made needs nobody's word to be void.
    if (of.isVoidAsked) return undefined;
    const { number, sellerName, dueAtMs } = of;
    const call: RailCall = {
      type: 'draft-invoice',
      ...{ documentId, accountId, customerId, number, sellerName, currency },
      dueAtMs: Math.max(dueAtMs, nowMs + DUE_MS_MIN),
    };
    return { call, key };
  }
  if (of.state === 'draft' || of.state === 'new') {
    const line = of.lines.find((each) => !of.addedKeys.includes(each.key));
    if (line !== undefined) {
      const { key: lineKey, text, minorUnits } = line;
      const call: RailCall = { type: 'add-line', invoiceId, customerId, lineKey, text, currency, minorUnits };
      return { call, key: `${key}:line:${of.lines.indexOf(line)}` };
    }
    return { call: { type: 'finalise-invoice', invoiceId }, key: `${key}:finalise` };
  }
  if (of.isVoidAsked && of.state === 'open' && of.paidMinorUnits === 0n)
    return { call: { type: 'void-invoice', invoiceId }, key: `${key}:void` };
  const refund = refundsOf(of).find(({ refundId }) => !of.takenRefundIds.includes(refundId));
  if (refund !== undefined)
    return { call: { type: 'refund', invoiceId, currency, ...refund }, key: `refund:${refund.refundId}` };
  if (!of.isSent && of.state === 'open')
    return { call: { type: 'send-invoice', invoiceId }, key: `${key}:send` };
  return undefined;
}

/**
 * What was asked to go back. Of an invoice that is to be void, and was paid before the rail heard of it, that is all of it:
 * its credit note says so already.
 */
function refundsOf(of: InvoiceCollection): readonly AskedRefund[] {
  if (of.voidNoteId === undefined || of.state !== 'paid') return of.askedRefunds;
  return [...of.askedRefunds, { refundId: of.voidNoteId, minorUnits: of.paidMinorUnits }];
}

/** Whether money was asked to go back, and the rail has not said yet that it did, or that it cannot. */
export const isRefunding = (of: InvoiceCollection): boolean =>
  refundsOf(of).some(
    ({ refundId }) =>
      !of.refunds.some((refund) => refund.refundId === refundId && refund.state !== 'pending'),
  );

/** Whether it can be made void: nothing of it was paid, and nobody asked for that yet. */
export const isVoidable = (of: InvoiceCollection): boolean =>
  !of.isVoidAsked &&
  // What was drawn for it is drawn.
  of.isPaidFromBalance !== true &&
  of.paidMinorUnits === 0n &&
  !['paid', 'void'].includes(of.state);

/** Asked to be void. What was never made at the rail is so at once; of anything else the rail has the word. */
export const voidAsked = (of: InvoiceCollection, voidNoteId: string): InvoiceCollection => ({
  ...of,
  isVoidAsked: true,
  voidNoteId,
  ...(of.invoiceId === undefined ? { state: 'void' as const } : {}),
});

/** A rail takes no due date that is past: an invoice that was closed late leaves a day. */
const DUE_MS_MIN = 86_400_000;

/** What the answer to a step says: which thing it was, and nothing of how that stands. */
export function afterInvoiceStep(of: InvoiceCollection, call: RailCall, id: string): InvoiceCollection {
  switch (call.type) {
    case 'draft-invoice':
      return { ...of, invoiceId: id, customerId: call.customerId };
    case 'add-line':
      return { ...of, addedKeys: union(of.addedKeys, [call.lineKey]) };
    case 'send-invoice':
      return { ...of, isSent: true };
    case 'refund':
      return { ...of, takenRefundIds: union(of.takenRefundIds, [call.refundId]) };
    default:
      return of;
  }
}

/** An invoice goes forward only; what ends it, ends it. */
const stateRank = { new: 0, draft: 1, open: 2, uncollectible: 3, void: 4, paid: 5 } as const;
const refundRank = { pending: 0, failed: 1, succeeded: 2 } as const;
const disputeRank = { open: 0, lost: 1, won: 2 } as const;

/**
 * What is known once an invoice was read. Nothing that is known is taken back, so what was read before, and comes late,
 * changes nothing, and in whichever order things are seen the same is known in the end.
 */
export function seen(of: InvoiceCollection, invoice: RailInvoice): InvoiceCollection {
  if (of.invoiceId !== undefined && of.invoiceId !== invoice.id) return of;
  const paid = invoice.paidMinorUnits;
  const payUrl = invoice.payUrl ?? of.payUrl;
  // Its amount was lowered at the rail: there it is paid, and here something of it is left.
  const isShort = invoice.state === 'paid' && paid < of.totalMinorUnits;
  const state = isShort ? 'open' : invoice.state;
  return {
    ...of,
    invoiceId: invoice.id,
    state: stateRank[state] > stateRank[of.state] ? state : of.state,
    ...(payUrl === undefined ? {} : { payUrl }),
    addedKeys: union(of.addedKeys, invoice.lineKeys),
    paidMinorUnits: paid > of.paidMinorUnits ? paid : of.paidMinorUnits,
    refunds: further(of.refunds, invoice.refunds, ({ state }) => refundRank[state]),
    disputes: further(of.disputes, invoice.disputes, ({ state }) => disputeRank[state]),
    takenRefundIds: union(
      of.takenRefundIds,
      invoice.refunds.flatMap(({ refundId }) => refundId ?? []),
    ),
  };
}

const union = (left: readonly string[], right: readonly string[]): readonly string[] =>
  [...new Set([...left, ...right])].sort();

function further<Thing extends { readonly id: string }>(
  known: readonly Thing[],
  read: readonly Thing[],
  rankOf: (thing: Thing) => number,
): readonly Thing[] {
  const things = new Map(known.map((thing) => [thing.id, thing]));
  for (const thing of read) {
    const before = things.get(thing.id);
    if (before === undefined || rankOf(thing) > rankOf(before)) things.set(thing.id, thing);
  }
  return [...things.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** In minor units: what came in, what went back, what a bank holds, and what nobody is asked for any more. */
export interface InvoiceSums {
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly disputed: bigint;
  readonly lost: bigint;
  readonly givenUp: bigint;
}

export function sumsOf(of: InvoiceCollection): InvoiceSums {
  const total = (things: readonly { readonly minorUnits: bigint }[]): bigint =>
    things.reduce((sum, { minorUnits }) => sum + minorUnits, 0n);
  return {
    paid: of.paidMinorUnits,
    refunded: total(of.refunds.filter(({ state }) => state === 'succeeded')),
    disputed: total(of.disputes.filter(({ state }) => state === 'open')),
    lost: total(of.disputes.filter(({ state }) => state === 'lost')),
    givenUp: of.state === 'void' ? of.totalMinorUnits - of.paidMinorUnits : 0n,
  };
}

/** Of an invoice, what nobody keeps: of what was paid, what went back or is held by a bank, and what is not asked for any more. */
export const goneOf = (sums: InvoiceSums): bigint => {
  const back = sums.refunded + sums.disputed + sums.lost;
  return (back < sums.paid ? back : sums.paid) + sums.givenUp;
};

/** Of an invoice, what was paid and is there: not given back, and not held by a bank. */
export const keptOfInvoice = (sums: InvoiceSums): bigint => sums.paid + sums.givenUp - goneOf(sums);

/**
 * What of the credit in an invoice nobody pays for any more: its giver bears that again. Of part of an invoice it is a part, cut off;
 * of all of it all.
 */
export const goneCreditOf = (
  { givenCreditMinorUnits = 0n, totalMinorUnits }: InvoiceCollection,
  sums: InvoiceSums,
): bigint => (totalMinorUnits === 0n ? 0n : (givenCreditMinorUnits * goneOf(sums)) / totalMinorUnits);

/** What of the credit in an invoice is asked for, and was not paid: rounded up, so that what stands for it is never less. */
export function unpaidCreditOf(of: InvoiceCollection): bigint {
  const { givenCreditMinorUnits = 0n, totalMinorUnits } = of;
  const { paid, givenUp } = sumsOf(of);
  if (totalMinorUnits === 0n) return 0n;
  const unpaid = totalMinorUnits - paid - givenUp;
  return unpaid <= 0n ? 0n : (givenCreditMinorUnits * unpaid + totalMinorUnits - 1n) / totalMinorUnits;
}

/**
 * What went back beyond what was paid: a bank takes all of a payment, whatever was given back of it before. That is lost to
 * whoever collects, and nobody's gain.
 */
export const takenBeyondOf = ({ paid, refunded, lost }: InvoiceSums): bigint =>
  refunded + lost > paid ? refunded + lost - paid : 0n;

/** What can still be given back: what was paid, less what went back or is asked to. */
export function refundableOf(of: InvoiceCollection): bigint {
  // No payment stands behind it that a rail could give back.
  if (of.isPaidFromBalance === true) return 0n;
  const { paid, refunded, disputed, lost } = sumsOf(of);
  const settledIds = new Set(
    of.refunds.flatMap(({ refundId, state }) =>
      refundId === undefined || state === 'pending' ? [] : [refundId],
    ),
  );
  const underWay = of.askedRefunds
    .filter(({ refundId }) => !settledIds.has(refundId))
    .reduce((sum, { minorUnits }) => sum + minorUnits, 0n);
  const left = paid - refunded - disputed - lost - underWay;
  return left < 0n ? 0n : left;
}

/** Refunds that somebody made at the rail by hand, and that no document says yet. A top-up has no document to correct. */
export const unnotedRefunds = ({
  purpose,
  refunds,
  notedRefundIds = [],
}: InvoiceCollection): readonly RailRefund[] =>
  purpose === 'top-up'
    ? []
    : refunds.filter(
        ({ id, refundId, state }) =>
          state === 'succeeded' && refundId === undefined && !notedRefundIds.includes(id),
      );

/** What of a top-up was given back, or was asked to be and did not fail. */
export function givenBackOf(of: InvoiceCollection): bigint {
  const known = new Set(
    of.refunds.filter(({ state }) => state !== 'pending').map(({ refundId }) => refundId),
  );
  return of.askedRefunds
    .filter(({ refundId }) => !known.has(refundId))
    .reduce((sum, { minorUnits }) => sum + minorUnits, sumsOf(of).refunded);
}

/** Never below zero: more may go back than came in, and a balance bears no more than what came in for it. */
export const toppedUp = ({ paid, back }: { readonly paid: bigint; readonly back: bigint }): bigint =>
  back < paid ? paid - back : 0n;

/**
 * What of a top-up is there to be used: what was paid, less what went back, is held by a bank, or was asked to go back and
 * did not fail to.
 */
export function toppedUpOf(of: InvoiceCollection): bigint {
  const { paid, disputed, lost } = sumsOf(of);
  return toppedUp({ paid, back: givenBackOf(of) + disputed + lost });
}
