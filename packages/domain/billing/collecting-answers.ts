import type { Collection } from './collection/collection-store.ts';
import { sumsOf } from './collection/invoice-collection.ts';
import {
  earnedOf,
  entitlementOf,
  fundingOf,
  type PayoutCollection,
  returnedOf,
  sentOf,
  setOffOf,
} from './collection/payout-collection.ts';
import type { BillingDocument } from './documents/document.ts';
import type { DocumentLook } from './documents/document-look.ts';
import type { Movement, StoredDocument } from './documents/document-store.ts';
import type { Parties } from './parties.ts';
import { splitMeter } from './price.ts';

function standingAnswer({ collection, failure }: StoredDocument) {
  if (collection === undefined) return {};
  const said = failure === undefined ? {} : { failure };
  if (collection.kind === 'invoice') {
    const { paid, refunded, disputed, lost } = sumsOf(collection);
    const { state, payUrl } = collection;
    return {
      standing: {
        state: state === 'new' ? ('waiting' as const) : state,
        paidMinorUnits: paid.toString(),
        refundedMinorUnits: refunded.toString(),
        disputedMinorUnits: (disputed + lost).toString(),
        ...(payUrl === undefined || state !== 'open' ? {} : { payUrl }),
        ...said,
      },
    };
  }
  const { totalMinorUnits } = collection;
  const setOff = setOffOf(collection);
  const returned = returnedOf(collection);
  return {
    standing: {
      state: payoutStateOf(collection),
      paidMinorUnits: sentOf(collection).toString(),
      refundedMinorUnits: (totalMinorUnits - entitlementOf(collection)).toString(),
      disputedMinorUnits: '0',
      fundedMinorUnits: fundingOf(collection).toString(),
      ...(returned === 0n ? {} : { returnedMinorUnits: returned.toString() }),
      ...(setOff === 0n ? {} : { setOffMinorUnits: setOff.toString() }),
      ...said,
    },
  };
}

const collectedBy = ({ collectorId }: Collection) =>
  collectorId === undefined ? ('platform' as const) : ('seller' as const);

/** Of what its payers got back nobody waits for anything: what is left of it is all of it. */
function payoutStateOf(of: PayoutCollection) {
  const sent = sentOf(of);
  if (sent !== earnedOf(of)) return sent + returnedOf(of) > 0n ? ('open' as const) : ('waiting' as const);
  return entitlementOf(of) > 0n || sent > 0n ? ('paid' as const) : ('void' as const);
}

export const documentHeadAnswer = (stored: StoredDocument, { idOf }: Parties) => {
  const { document } = stored;
  const sellerId = idOf(document.sellerId);
  return {
    id: document.id,
    kind: document.kind,
    number: document.number,
    accountId: document.accountId,
    accountName: document.buyer.legalName,
    ...(sellerId === undefined ? {} : { sellerId }),
    sellerName: document.seller.legalName,
    period: document.period,
    currency: document.currency,
    issuedAt: new Date(document.issuedAtMs).toISOString(),
    ...(document.dueAtMs === undefined ? {} : { dueAt: new Date(document.dueAtMs).toISOString() }),
    netMinorUnits: document.netMinorUnits.toString(),
    totalMinorUnits: document.totalMinorUnits.toString(),
    ...(document.correctsId === undefined ? {} : { correctsId: document.correctsId }),
    ...(document.correctsNumber === undefined ? {} : { correctsNumber: document.correctsNumber }),
    ...(stored.collection === undefined ? {} : { collectedBy: collectedBy(stored.collection) }),
    ...standingAnswer(stored),
  };
};

export const documentAnswer = (
  stored: StoredDocument,
  {
    look,
    parties,
    isTest,
  }: { readonly look: DocumentLook; readonly parties: Parties; readonly isTest: boolean },
) => {
  const { document } = stored;
  return {
    ...documentHeadAnswer(stored, parties),
    look,
    isTest,
    seller: partyAnswer(document.seller, parties),
    buyer: partyAnswer(document.buyer, parties),
    lines: document.lines.map((line) => ({
      kind: line.kind,
      period: line.period,
      ...(line.meter === undefined ? {} : splitMeter(line.meter)),
      ...(line.quantity === undefined ? {} : { quantity: line.quantity }),
      ...(line.price === undefined ? {} : { amountPerUnit: { ...line.price } }),
      ...(line.childId === undefined
        ? {}
        : { childId: line.childId, childName: parties.nameOf(line.childId) }),
      amount: line.amount.toString(),
      ...(line.minorUnits === undefined ? {} : { minorUnits: line.minorUnits.toString() }),
    })),
    carriedIn: document.carriedIn.toString(),
    residue: document.residue.toString(),
    taxLines: document.taxLines.map(({ name, basisPoints, minorUnits, isReverseCharge }) => ({
      ...(isReverseCharge === undefined ? {} : { isReverseCharge }),
      name,
      basisPoints,
      minorUnits: minorUnits.toString(),
    })),
  };
};

function partyAnswer(
  { accountId, legalName, addressLines, country, taxId }: BillingDocument['seller'],
  { idOf }: Parties,
) {
  const id = idOf(accountId);
  return {
    ...(id === undefined ? {} : { accountId: id }),
    legalName,
    addressLines: [...addressLines],
    ...(country === undefined ? {} : { country }),
    ...(taxId === undefined ? {} : { taxId }),
  };
}

export const movementAnswer = ({
  transactionId,
  atMs,
  accountId,
  accountName,
  book,
  period,
  currency,
  amount,
  sourceRef,
}: Movement) => {
  const [what = '', documentId = ''] = sourceRef.split('/');
  return {
    transactionId,
    at: new Date(atMs).toISOString(),
    accountId,
    accountName,
    what: what.split(':')[0] ?? what,
    // What a balance paid is of no document: behind the stroke is its own id.
    ...(documentId.startsWith('doc') ? { documentId } : {}),
    period,
    book,
    currency,
    amount: amount.toString(),
  };
};
