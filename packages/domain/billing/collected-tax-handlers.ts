import type { DomainHandlers, Entity } from '@patchbay/kit/definition';
import type { CollectedMonth } from './collected-tax-operations.ts';
import { type CollectedTaxRow, collectedTaxRows } from './collected-tax-rows.ts';
import type { billing } from './definition.ts';
import {
  type CollectedDocument,
  collectedDocument,
  heldTax,
  nothingCollected,
  withCollected,
} from './documents/collected-tax.ts';
import type { DocumentStore, StoredTax } from './documents/document-store.ts';
import type { BillingPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

/** Documents that are in memory at once. */
const PAGE_DOCUMENTS = 1_000;
/** That an answer, and a page, names one by one. */
const LISTED_DOCUMENTS_MAX = 500;

const heldAnswer = ({ held, failure }: StoredTax) => {
  const { paidMinorUnits, passedOnMinorUnits, setOffMinorUnits, heldMinorUnits, returnedMinorUnits } =
    heldTax(held);
  return {
    ...{ period: held.period, currency: held.currency },
    paidTaxMinorUnits: paidMinorUnits.toString(),
    passedOnMinorUnits: passedOnMinorUnits.toString(),
    setOffMinorUnits: setOffMinorUnits.toString(),
    heldMinorUnits: heldMinorUnits.toString(),
    returnedMinorUnits: returnedMinorUnits.toString(),
    ...(failure === undefined ? {} : { failure }),
  };
};

const nothingHeld = {
  ...{ paidTaxMinorUnits: '0', passedOnMinorUnits: '0', setOffMinorUnits: '0' },
  ...{ heldMinorUnits: '0', returnedMinorUnits: '0' },
};

async function* issuedIn(documents: DocumentStore, { accountId: sellerId, chain }: Entity, period: string) {
  for (let afterId: string | undefined; ; ) {
    const part = await documents.issuedIn(sellerId, {
      ...{ from: period, to: period, limit: PAGE_DOCUMENTS },
      afterId,
    });
    for (const stored of part) yield collectedDocument(stored, chain.length === 1);
    afterId = part.at(-1)?.document.id;
    if (part.length < PAGE_DOCUMENTS) return;
  }
}

const listedAnswer = (one: CollectedDocument) => ({
  id: one.document.id,
  number: one.document.number,
  ...(one.document.correctsNumber === undefined ? {} : { correctsNumber: one.document.correctsNumber }),
  issuedAt: new Date(one.document.issuedAtMs).toISOString(),
  buyerName: one.document.buyer.legalName,
  netMinorUnits: one.netMinorUnits.toString(),
  taxMinorUnits: (one.totalMinorUnits - one.netMinorUnits).toString(),
  totalMinorUnits: one.totalMinorUnits.toString(),
  paidMinorUnits: one.paidMinorUnits.toString(),
  paidTaxMinorUnits: one.paidTaxMinorUnits.toString(),
});

async function collectedMonth(
  { entity, nowMs }: { readonly entity: Entity; readonly nowMs: () => number },
  request: { readonly period: string; readonly currency?: string | undefined },
  { documents, billing: store }: Pick<BillingPorts, 'documents' | 'billing'>,
): Promise<CollectedMonth> {
  const { accountId } = entity;
  const { period } = request;
  const currency = request.currency ?? (await store.chainPrices(accountId, nowMs())).currency;
  let sums = nothingCollected;
  let documentCount = 0;
  const listed: CollectedDocument[] = [];
  for await (const one of issuedIn(documents, entity, period)) {
    if (one.document.currency !== currency) continue;
    sums = withCollected(sums, one);
    documentCount++;
    if (listed.length < LISTED_DOCUMENTS_MAX) listed.push(one);
  }
  const said = await documents.party(accountId);
  const names = await store.namesBelow(accountId, [accountId]);
  const taxes = await documents.heldTaxes(accountId, period);
  const held = taxes.find((each) => each.held.currency === currency);
  return {
    ...(held === undefined ? nothingHeld : heldAnswer(held)),
    ...{ period, currency, documentCount },
    // As it stands on the last of its documents.
    sellerName:
      listed.at(-1)?.document.seller.legalName ?? said?.legalName ?? names.get(accountId) ?? accountId,
    netMinorUnits: sums.netMinorUnits.toString(),
    taxes: sums.taxes.map(({ minorUnits, ...rate }) => ({ ...rate, minorUnits: minorUnits.toString() })),
    totalMinorUnits: sums.totalMinorUnits.toString(),
    paidMinorUnits: sums.paidMinorUnits.toString(),
    // By the documents, of which what is held is the sum.
    paidTaxMinorUnits: sums.paidTaxMinorUnits.toString(),
    earned: sums.earned.toString(),
    passedThrough: sums.passedThrough.toString(),
    documents: listed.map(listedAnswer),
  };
}

/** As with a payout: whoever passed it on says so, and nobody else. */
const sendAgain: Handlers['collectedTaxes']['sendAgain'] = async (context, { sellerId, period }, ports) => {
  const { accountId: collectorId, chain } = context.entity;
  const { documents, ownCollecting, collectorOf } = ports;
  const top = await collectorOf(sellerId);
  const ofCollector = (await documents.heldTaxes(sellerId, period)).filter(
    ({ held }) => (held.collectorId ?? top) === collectorId,
  );
  if (ofCollector.length === 0)
    throw context.error('billing.collector_only', 'Whoever passed it on sends it again.');
  const tax = ofCollector.find(({ held }) => heldTax(held).returnedMinorUnits > 0n);
  if (tax === undefined)
    throw context.error('billing.nothing_returned', 'Nothing of it was taken back that is not sent again.');
  // By which key it would be sent: nobody would ever do what was asked.
  if (chain.length > 1 && (await ownCollecting.find(collectorId))?.keyHint === undefined)
    throw context.error('billing.rail_key_gone', 'Nobody here can ask that Stripe account to send it.');
  const { documentId, currency } = tax.held;
  const minorUnits = await documents.sendAgain({ accountId: sellerId, documentId, nowMs: context.nowMs() });
  if (minorUnits === undefined)
    throw context.error('billing.nothing_returned', 'Nothing of it was taken back that is not sent again.');
  context.audit({
    target: `${sellerId}/collected-taxes/${period}`,
    before: { returnedMinorUnits: minorUnits.toString(), currency },
    after: { returnedMinorUnits: '0', currency },
  });
  await context.emit('tax.asked-again', { period, currency, minorUnits: minorUnits.toString() }, sellerId);
  ports.asked('collecting');
  const after = await documents.heldTaxes(sellerId, period);
  return heldAnswer(after.find(({ held }) => held.documentId === documentId) ?? tax);
};

export const collectedTaxHandlers: Pick<Handlers, 'collectedTaxes'> = {
  collectedTaxes: {
    async list(context, _request, { documents }) {
      return { items: (await documents.heldTaxes(context.entity.accountId)).map(heldAnswer) };
    },

    get: collectedMonth,

    async getPdf(context, request, ports) {
      const month = await collectedMonth(context, request, ports);
      const seller = { accountId: context.entity.accountId, legalName: month.sellerName };
      const pdf = await ports.printing.pdfOfCollected(month, seller);
      return {
        fileName: `tax-${month.period}.pdf`,
        mediaType: 'application/pdf' as const,
        base64: Buffer.from(pdf).toString('base64'),
      };
    },

    async export(context, { from, to = from, after, limit }, { documents }) {
      const { accountId, chain } = context.entity;
      const stored = await documents.issuedIn(accountId, { from, to, afterId: after, limit });
      const rows: CollectedTaxRow[] = stored.flatMap((each) =>
        collectedTaxRows(collectedDocument(each, chain.length === 1)),
      );
      const last = stored.at(-1)?.document.id;
      return { rows, ...(stored.length === limit && last !== undefined ? { nextAfter: last } : {}) };
    },

    sendAgain,
  },
};
