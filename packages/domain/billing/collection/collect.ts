import { periodOf } from '../period.ts';
import type {
  Collection,
  CollectionChange,
  CollectionStore,
  HeldCollection,
  PendingStep,
} from './collection-store.ts';
import { invoiceDifferences, missingAt, tooLargeFor, transferDifferences } from './differences.ts';
import { type Difference, withFound } from './found-difference.ts';
import {
  afterInvoiceStep,
  type InvoiceCollection,
  isRefunding,
  nextInvoiceStep,
  type Step,
  seen,
} from './invoice-collection.ts';
import {
  afterPayoutStep,
  nextPayoutStep,
  type PaidTransfer,
  type PayoutCollection,
  seenTransfer,
  setOffOf,
} from './payout-collection.ts';
import { settleInvoice, settlePayout } from './postings.ts';
import { type PaymentRail, RailError, type RailInvoice, type RailTransfer } from './rail.ts';

export interface CollectPorts {
  readonly store: CollectionStore;
  /** Of the platform. Undefined: it collects nothing. */
  readonly rail: PaymentRail | undefined;
  /** Of a seller that collects itself. Undefined: it took its key back. */
  readonly ownRailOf?: (collectorId: string) => Promise<PaymentRail | undefined>;
  readonly nowMs: () => number;
  /** Hears what nobody foresaw of one document: whoever runs the platform is to see it. */
  readonly onFault?: (cause: unknown) => void;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A rail knows a key for a day: what was begun so long ago is looked for before it is made. */
const KEY_KNOWN_MS = 12 * HOUR_MS;
/** Without a notice: an open invoice may have been paid, a paid one may be disputed. */
const OPEN_AGAIN_MS = 6 * HOUR_MS;
const PAID_AGAIN_MS = DAY_MS;
/** After that no bank takes a payment back. */
const PAID_WATCHED_MS = 180 * DAY_MS;
/** Of one payout that are read again. Few have more than one. */
const TRANSFER_COUNT_MAX = 20;
const UNAVAILABLE_AGAIN_MS = HOUR_MS / 12;
const REFUSED_AGAIN_MS = 6 * HOUR_MS;
/** After a fault that nobody foresaw; twice as long after each, up to a day. */
const FAULT_AGAIN_MS = HOUR_MS / 12;
/** Of one document at a time, so that none keeps the others waiting for long. */
const STEP_COUNT_MAX = 300;

/**
 * Brings one document as far as it comes. A fault of one is that one's alone: it is noted, told, and tried again later and
 * later, and no other waits for it. Only where not even that can be noted does it throw: then nothing can be collected.
 */
export async function collectDocument(documentId: string, ports: CollectPorts): Promise<void> {
  const { store, nowMs, onFault } = ports;
  try {
    await bringOn(documentId, ports);
  } catch (cause) {
    const againAtMs = (faultCount: number) =>
      nowMs() + Math.min(FAULT_AGAIN_MS * 2 ** Math.min(faultCount - 1, FAULT_DOUBLED_MAX), DAY_MS);
    await store.fault(documentId, { failure: FAULT, againAtMs });
    onFault?.(cause);
  }
}

const FAULT = 'It could not be brought on by a fault of the platform. It is tried again by itself.';
/** Beyond a day nothing is doubled. */
const FAULT_DOUBLED_MAX = 10;

/**
 * Reads how a document stands at the rail, and takes step after step. Each step is kept before it is made, and what became of
 * it after: a process that dies in between is continued by the next, which makes the same step with the same key.
 */
async function bringOn(documentId: string, ports: CollectPorts): Promise<void> {
  const { store, nowMs } = ports;
  let held = await store.change(documentId, () => undefined);
  if (held === undefined) return;
  const rail = await railFor(held.collection, ports);
  if (rail === undefined) {
    await store.change(documentId, () => ({ failure: NO_RAIL, nextAtMs: nowMs() + REFUSED_AGAIN_MS }));
    return;
  }
  const taken = async (step: PendingStep): Promise<{ readonly id: string }> => {
    const isOld = nowMs() - step.sinceMs > KEY_KNOWN_MS;
    return (isOld ? await rail.find(step.call) : undefined) ?? (await rail.perform(step.call, step.key));
  };
  const read = async <Thing>(railId: string, ask: () => Promise<Thing>): Promise<Thing> => {
    try {
      return await ask();
    } catch (cause) {
      if (cause instanceof RailError && cause.failure === 'refused')
        await store.change(documentId, (now) => missed(now, railId, nowMs()));
      throw cause;
    }
  };
  const look = async ({ collection, pending }: HeldCollection): Promise<void> => {
    if (collection.kind === 'payout') {
      for (const { transferId } of watchedTransfers(collection, pending, nowMs())) {
        const transfer = await read(transferId, () => rail.readTransfer(transferId));
        await store.change(documentId, (now) => observedTransfer(now, transfer, nowMs()));
      }
      return;
    }
    const { invoiceId } = collection;
    if (invoiceId === undefined) return;
    const invoice = await read(invoiceId, () => rail.readInvoice(invoiceId));
    await store.change(documentId, (now) => observed(now, invoice, nowMs()));
  };
  const amountMax = rail.amountMax(held.collection.currency);
  if (isTooLarge(held.collection, amountMax)) {
    await store.change(documentId, (now) => refusedAsTooLarge(now, { amountMax, nowMs: nowMs() }));
    return;
  }
  try {
    await look(held);
    for (let count = 0; count < STEP_COUNT_MAX; count++) {
      held = await store.change(documentId, (now) => planned(now, { nowMs: nowMs(), amountMax }));
      const step = held?.pending;
      if (held === undefined || step === undefined) return;
      const { id } = await taken(step);
      held = await store.change(documentId, (now) => answered(now, step, id));
      if (held !== undefined && movesInvoice(step)) await look(held);
    }
    await store.change(documentId, () => ({ nextAtMs: nowMs() }));
  } catch (cause) {
    if (!(cause instanceof RailError)) throw cause;
    await store.change(documentId, (now) => failed(now, cause, nowMs()));
  }
}

const NO_RAIL = 'Whoever collects it has no key of Stripe here.';

const railFor = async (
  { collectorId }: HeldCollection['collection'],
  { rail, ownRailOf }: CollectPorts,
): Promise<PaymentRail | undefined> => (collectorId === undefined ? rail : await ownRailOf?.(collectorId));

const movesInvoice = ({ call }: Step): boolean =>
  ['finalise-invoice', 'void-invoice', 'refund'].includes(call.type);

/** The step that comes next, or when to look again if there is none. */
function planned(
  held: HeldCollection,
  { nowMs, amountMax }: { readonly nowMs: number; readonly amountMax: bigint },
): CollectionChange | undefined {
  if (held.pending !== undefined) return undefined;
  const step = nextStep(held, { nowMs, amountMax });
  if (step === undefined) return { nextAtMs: lookAgainMs(held, nowMs), failure: null };
  const key = held.refusedCount === 0 ? step.key : `${step.key}:again:${held.refusedCount}`;
  return { pending: { ...step, key, sinceMs: nowMs }, nextAtMs: nowMs };
}

function nextStep(
  { collection, others, customerId, payeeId, name, email }: HeldCollection,
  { nowMs, amountMax }: { readonly nowMs: number; readonly amountMax: bigint },
) {
  if (collection.kind === 'payout') return nextPayoutStep(collection, { payeeId, others, amountMax });
  const { accountId } = collection;
  const step = nextInvoiceStep(collection, { customerId: customerId ?? '', nowMs });
  if (step === undefined || customerId !== undefined) return step;
  const contact = email === undefined ? {} : { email };
  return {
    call: { type: 'create-customer', accountId, name, ...contact },
    key: `customer:${accountId}`,
  } as const;
}

/** Nothing is made at the rail of an invoice that it would never take: no draft is left there for good. */
const isTooLarge = (of: Collection, amountMax: bigint): of is InvoiceCollection =>
  of.kind === 'invoice' &&
  of.state === 'new' &&
  of.invoiceId === undefined &&
  of.isPaidFromBalance !== true &&
  of.totalMinorUnits > amountMax;

function refusedAsTooLarge(
  { collection }: HeldCollection,
  { amountMax, nowMs }: { readonly amountMax: bigint; readonly nowMs: number },
): CollectionChange | undefined {
  if (!isTooLarge(collection, amountMax)) return undefined;
  const found = [tooLargeFor(collection, amountMax)];
  return {
    collection: withDifferences(collection, [collection.documentId], { found, nowMs }),
    failure: `Stripe takes no invoice of more than ${amountMax} minor units: it is paid in another way, or made void.`,
    nextAtMs: nowMs + REFUSED_AGAIN_MS,
  };
}

/** Of a payout, after the end of its month: until then what was sent is read again. */
const isWatched = ({ period }: PayoutCollection, nowMs: number): boolean =>
  nowMs < periodOf(period).toMs + PAID_WATCHED_MS;

/** Those that are read again: not while a reversal of ours is under way, whose answer counts it. The newest, of many. */
function watchedTransfers(
  of: PayoutCollection,
  pending: PendingStep | undefined,
  nowMs: number,
): readonly PaidTransfer[] {
  if (pending?.call.type === 'reverse-transfer' || !isWatched(of, nowMs)) return [];
  return of.transfers.slice(-TRANSFER_COUNT_MAX);
}

function lookAgainMs({ collection }: HeldCollection, nowMs: number): number {
  // Something has to happen to an invoice before a payout has anything to do: that is when it is due.
  if (collection.kind === 'payout') {
    // Nothing is paid in its name yet: somebody may, however late.
    if (collection.purpose === 'tax' && collection.totalMinorUnits === 0n) return nowMs + PAID_AGAIN_MS;
    if (collection.totalMinorUnits === 0n && setOffOf(collection) >= 0n) return Number.POSITIVE_INFINITY;
    const isSent = collection.transfers.length > 0 && isWatched(collection, nowMs);
    return nowMs + (isSent ? PAID_AGAIN_MS : OPEN_AGAIN_MS);
  }
  const { state, dueAtMs } = collection;
  if (state === 'void' || state === 'new') return Number.POSITIVE_INFINITY;
  if (state === 'paid') {
    // What a bank holds, and what goes back, is followed to its end, however long that takes.
    const isUnderWay = isRefunding(collection) || collection.disputes.some((each) => each.state === 'open');
    const isWatchedStill = nowMs <= dueAtMs + PAID_WATCHED_MS || isUnderWay;
    return isWatchedStill ? nowMs + PAID_AGAIN_MS : Number.POSITIVE_INFINITY;
  }
  return nowMs + OPEN_AGAIN_MS;
}

function answered(held: HeldCollection, step: Step, id: string): CollectionChange | undefined {
  // Somebody else had its answer first.
  if (held.pending?.key !== step.key) return undefined;
  const { call } = step;
  const done = { pending: null, refusedCount: 0, failure: null } as const;
  if (call.type === 'create-customer') return { ...done, customerId: id };
  const { collection } = held;
  if (collection.kind === 'invoice') return { ...done, collection: afterInvoiceStep(collection, call, id) };
  const after = afterPayoutStep(collection, call, id);
  return { ...done, collection: after, transactions: settlePayout(collection, after, held.platformId) };
}

/** What is known of an invoice once it was read, with all that follows from it, and where it is otherwise than it was asked. */
function observed(held: HeldCollection, invoice: RailInvoice, nowMs: number): CollectionChange | undefined {
  const { collection, notes, platformId } = held;
  if (collection.kind !== 'invoice') return undefined;
  const found = invoiceDifferences(collection, invoice);
  const after = withDifferences(seen(collection, invoice), [invoice.id], { found, nowMs });
  return { collection: after, ...settleInvoice({ before: collection, after, notes, platformId }) };
}

/** What was paid out and came back at the rail is not the payee's any more: the books say so. */
function observedTransfer(
  held: HeldCollection,
  transfer: RailTransfer,
  nowMs: number,
): CollectionChange | undefined {
  const { collection, pending, platformId } = held;
  if (collection.kind !== 'payout' || pending?.call.type === 'reverse-transfer') return undefined;
  const now = seenTransfer(collection, transfer);
  const after = withDifferences(now, [transfer.id], { found: transferDifferences(now, transfer), nowMs });
  return { collection: after, transactions: settlePayout(collection, after, platformId) };
}

const missed = ({ collection }: HeldCollection, railId: string, nowMs: number): CollectionChange => ({
  collection: withDifferences(collection, [railId], { found: [missingAt(railId)], nowMs }),
});

function withDifferences<Of extends Collection>(
  of: Of,
  railIds: readonly string[],
  { found, nowMs }: { readonly found: readonly Difference[]; readonly nowMs: number },
): Of {
  if (of.differences === undefined && found.length === 0) return of;
  return { ...of, differences: withFound(of.differences ?? [], { railIds, found, nowMs }) };
}

/** Whether it is made again with the same key depends on whether it may have had its effect. */
function failed(held: HeldCollection, error: RailError, nowMs: number): CollectionChange {
  const failure = error.message;
  if (error.failure === 'refused' && held.pending !== undefined) {
    const refusedCount = held.refusedCount + 1;
    return { pending: null, refusedCount, failure, nextAtMs: nowMs + REFUSED_AGAIN_MS };
  }
  return { failure, nextAtMs: nowMs + UNAVAILABLE_AGAIN_MS };
}
