import type { DomainHandlers } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { documentAnswer, documentHeadAnswer, movementAnswer } from './collecting-answers.ts';
import { RailError } from './collection/rail.ts';
import type { billing } from './definition.ts';
import { unsaidTerms } from './documents/document.ts';
import type { BillingParty, DocumentStore, RailParty, StoredDocument } from './documents/document-store.ts';
import { settlementStepOf } from './money.ts';
import { partiesOf } from './parties.ts';
import { periodAt, periodOf, stateAt } from './period.ts';
import type { BillingPorts } from './ports.ts';
import { listVerifications, verifyMonth } from './verification-handlers.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;

/** What is set where nothing was said: the account's name is what it is called by. */
async function sellerOf(
  accountId: string,
  { documents, billing: store }: Pick<BillingPorts, 'documents' | 'billing'>,
): Promise<BillingParty> {
  const said = await documents.party(accountId);
  if (said !== undefined) return said;
  const names = await store.namesBelow(accountId, [accountId]);
  const numberPrefix = await documents.prefixOf(accountId);
  return { ...unsaidTerms, numberPrefix, legalName: names.get(accountId) ?? accountId, addressLines: [] };
}

const sellerAnswer = async (
  accountId: string,
  { addressLines, taxRules = [], ...party }: BillingParty,
  {
    railOf,
    ownCollecting,
    nowMs,
  }: Pick<BillingPorts, 'railOf' | 'ownCollecting'> & { readonly nowMs: number },
) => ({
  accountId,
  ...party,
  addressLines: [...addressLines],
  taxRules: [...taxRules],
  isCollecting: (await railOf(accountId)) !== undefined,
  collectedBy:
    (await ownCollecting.collectorOf(accountId, periodAt(nowMs).name)) === undefined
      ? ('platform' as const)
      : ('seller' as const),
});

const payeeState = ({ payeeId, isPayable }: RailParty) =>
  payeeId === undefined ? ('none' as const) : isPayable ? ('payable' as const) : ('incomplete' as const);

/** What is left to pay of a period, and where. */
async function openInvoice(accountId: string, period: string, documents: DocumentStore) {
  const invoice = await documents.findInvoice(accountId, period);
  const { document, collection } = invoice ?? {};
  if (document === undefined || collection?.kind !== 'invoice') return undefined;
  const { state, payUrl, totalMinorUnits, paidMinorUnits } = collection;
  if (state !== 'open' || payUrl === undefined) return undefined;
  return { document, payUrl, leftMinorUnits: totalMinorUnits - paidMinorUnits };
}

export const payStatement: Handlers['statements']['pay'] = async (
  context,
  { period },
  { documents, railOf },
) => {
  if ((await railOf(context.entity.accountId)) === undefined)
    throw context.error(
      'billing.not_collecting',
      'Nobody is asked for this money: there is no key of Stripe.',
    );
  const open = await openInvoice(context.entity.accountId, period, documents);
  if (open === undefined)
    throw context.error('billing.nothing_to_pay', `There is no open invoice of ${period}.`);
  const { document, payUrl, leftMinorUnits } = open;
  return {
    documentId: document.id,
    payUrl,
    currency: document.currency,
    leftMinorUnits: leftMinorUnits.toString(),
  };
};

/**
 * An invoice that the caller collects. Of a tree that another collects from, there is none here: the platform of tests gives
 * nothing back that is live (PRD-1), and the platform nothing that a seller collected itself.
 */
async function invoiceBelow(
  context: Parameters<Handlers['statements']['refund']>[0] | Parameters<Handlers['statements']['void']>[0],
  { buyerId, period }: { readonly buyerId: string; readonly period: string },
  { documents, collectorOf }: Pick<BillingPorts, 'documents' | 'collectorOf'>,
) {
  const { accountId, chain } = context.entity;
  const isTop = chain.length === 1;
  const isInTree = !isTop || (await collectorOf(buyerId)) === accountId;
  const invoice = isInTree ? await documents.findInvoice(buyerId, period) : undefined;
  const collectorId = invoice?.collection?.collectorId;
  if (isTop ? collectorId === undefined : collectorId === accountId) {
    if (invoice !== undefined) return invoice;
  } else if (!isTop || invoice !== undefined)
    throw context.error('billing.collector_only', 'Who asked for it gives it back, or asks for it no more.');
  throw context.error('billing.nothing_to_pay', `${buyerId} has no invoice of ${period}.`);
}

export const refundStatement: Handlers['statements']['refund'] = async (
  context,
  { buyerId, period, minorUnits },
  ports,
) => {
  const { documents, ownCollecting } = ports;
  const { document, collection } = await invoiceBelow(context, { buyerId, period }, ports);
  // By which key it would go back: nobody would ever do what was asked.
  const { collectorId } = collection ?? {};
  if (collectorId !== undefined && (await ownCollecting.find(collectorId))?.keyHint === undefined)
    throw context.error('billing.rail_key_gone', 'Nobody here can ask that Stripe account to give it back.');
  const step = settlementStepOf(document.currency);
  if (BigInt(minorUnits) % step !== 0n)
    throw platformError(
      'request.invalid',
      `/minorUnits: Money of this currency moves in ${step} minor units.`,
    );
  const nowMs = context.nowMs();
  const note = await documents.refund({
    accountId: buyerId,
    period,
    minorUnits: BigInt(minorUnits),
    nowMs,
  });
  if (note === undefined)
    throw context.error('billing.refund_exceeds', 'That much was not paid, or went back already.');
  const { number, currency, correctsId } = note;
  context.audit({
    target: `${buyerId}/documents/${note.id}`,
    after: { number, minorUnits, currency, correctsId },
  });
  await context.emit('refunded', { documentId: note.id, number }, buyerId);
  ports.asked('collecting');
  return await printable(context, { document: note }, ports);
};

/** As with a refund: others would have earned of it. */
export const voidStatement: Handlers['statements']['void'] = async (context, { buyerId, period }, ports) => {
  await invoiceBelow(context, { buyerId, period }, ports);
  const note = await ports.documents.cancel({ accountId: buyerId, period, nowMs: context.nowMs() });
  if (note === undefined)
    throw context.error('billing.already_paid', 'Something of it was paid, or it is void already.');
  const { number, totalMinorUnits, currency, correctsId } = note;
  context.audit({
    target: `${buyerId}/documents/${note.id}`,
    after: { number, minorUnits: totalMinorUnits.toString(), currency, correctsId },
  });
  await context.emit('voided', { documentId: note.id, number }, buyerId);
  ports.asked('collecting');
  return await printable(context, { document: note }, ports);
};

/** A document with all that stands on its page. */
async function printable(
  context: Parameters<typeof partiesOf>[0],
  stored: StoredDocument,
  { billing: store, printing, isTest }: Pick<BillingPorts, 'billing' | 'printing' | 'isTest'>,
) {
  const { accountId, sellerId, seller, lines } = stored.document;
  const look = await printing.lookOf({ accountId: sellerId, legalName: seller.legalName });
  const childIds = lines.flatMap(({ childId }) => childId ?? []);
  const parties = await partiesOf(context, { ids: [accountId, sellerId, ...childIds] }, { billing: store });
  return documentAnswer(stored, { look, parties, isTest: await isTest(accountId) });
}

/** As with a refund: whoever paid it out says so, and nobody else. */
const sendPayoutAgain: Handlers['payouts']['sendAgain'] = async (context, { documentId }, ports) => {
  const { accountId: collectorId, chain } = context.entity;
  const { documents, ownCollecting, collectorOf } = ports;
  const stored = await documents.find(collectorId, documentId);
  if (stored?.collection?.kind !== 'payout')
    throw context.error('resource.unknown', `This account has no payout note ${documentId}.`);
  const { accountId, number } = stored.document;
  const payer = stored.collection.collectorId ?? (await collectorOf(accountId));
  if (payer !== collectorId)
    throw context.error('billing.collector_only', 'Whoever paid it out sends it again.');
  // By which key it would be sent: nobody would ever do what was asked.
  if (chain.length > 1 && (await ownCollecting.find(collectorId))?.keyHint === undefined)
    throw context.error('billing.rail_key_gone', 'Nobody here can ask that Stripe account to send it.');
  const minorUnits = await documents.sendAgain({ accountId, documentId, nowMs: context.nowMs() });
  if (minorUnits === undefined)
    throw context.error('billing.nothing_returned', 'Nothing of it was taken back that is not sent again.');
  context.audit({
    target: `${accountId}/documents/${documentId}`,
    before: { number, returnedMinorUnits: minorUnits.toString() },
    after: { number, returnedMinorUnits: '0' },
  });
  const { period, currency } = stored.document;
  const moved = { documentId, period, currency, minorUnits: minorUnits.toString() };
  await context.emit('payout.asked-again', moved, accountId);
  ports.asked('collecting');
  return await printable(context, (await documents.find(collectorId, documentId)) ?? stored, ports);
};

export const collectingHandlers: Pick<
  Handlers,
  'sellers' | 'documents' | 'payments' | 'payouts' | 'closings'
> = {
  sellers: {
    async get(context, _request, ports) {
      const { accountId } = context.entity;
      return sellerAnswer(accountId, await sellerOf(accountId, ports), { ...ports, nowMs: context.nowMs() });
    },

    async set(context, { taxId, country, email, numberPrefix, ...said }, ports) {
      const { accountId } = context.entity;
      const before = await ports.documents.party(accountId);
      const after: BillingParty = {
        ...said,
        // Left out, its series goes on: whoever sets a name alone does not mean to number anew.
        numberPrefix: numberPrefix ?? (await ports.documents.prefixOf(accountId)),
        ...(taxId === undefined ? {} : { taxId }),
        ...(country === undefined ? {} : { country }),
        ...(email === undefined ? {} : { email }),
      };
      if ((await ports.documents.setParty(accountId, after)) === 'taken')
        throw context.error(
          'billing.number_prefix_taken',
          `Another seller of this name or tax id has numbers that begin with ${after.numberPrefix}.`,
        );
      context.audit({ target: `${accountId}/seller`, before, after });
      if (isChanged(before, after)) await context.emit('seller.changed', {});
      return sellerAnswer(accountId, after, { ...ports, nowMs: context.nowMs() });
    },
  },

  documents: {
    async list(context, query, { documents, billing }) {
      const { items, nextCursor } = await documents.list(context.entity.accountId, query);
      const ids = items.map(({ document }) => document.sellerId);
      const parties = await partiesOf(context, { ids }, { billing });
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map((stored) => documentHeadAnswer(stored, parties)),
      };
    },

    async get(context, { documentId }, ports) {
      const stored = await ports.documents.find(context.entity.accountId, documentId);
      if (stored === undefined)
        throw context.error('resource.unknown', `This account has no document ${documentId}.`);
      return await printable(context, stored, ports);
    },

    async getPdf(context, { documentId }, ports) {
      const stored = await ports.documents.find(context.entity.accountId, documentId);
      if (stored === undefined)
        throw context.error('resource.unknown', `This account has no document ${documentId}.`);
      const { sellerId } = stored.document;
      const pdf = await ports.printing.pdfOf(await printable(context, stored, ports), sellerId);
      return {
        fileName: `${stored.document.number}.pdf`,
        mediaType: 'application/pdf' as const,
        base64: Buffer.from(pdf).toString('base64'),
      };
    },
  },

  payments: {
    async list(context, page, { documents }) {
      const { items, nextCursor } = await documents.movements(context.entity.accountId, page);
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map(movementAnswer),
      };
    },
  },

  payouts: {
    async get(context, _request, { documents, ownCollecting }) {
      const { accountId } = context.entity;
      const collectorId = await ownCollecting.collectorOf(accountId, periodAt(context.nowMs()).name);
      return { state: payeeState(await documents.railParty(accountId, collectorId)) };
    },

    async setUp(context, _request, ports) {
      const { railOf, documents, ownCollecting, returnUrlOf } = ports;
      const { accountId } = context.entity;
      const collectorId = await ownCollecting.collectorOf(accountId, periodAt(context.nowMs()).name);
      const rail = await railOf(accountId);
      if (rail === undefined)
        throw context.error('billing.not_collecting', 'Nobody is paid out here: there is no key of Stripe.');
      const { country, email } = await sellerOf(accountId, ports);
      if (country === undefined)
        throw context.error('billing.seller_incomplete', 'Say in which country the account is.');
      try {
        const before = await documents.railParty(accountId, collectorId);
        const contact = email === undefined ? {} : { email };
        const payeeId =
          before.payeeId ??
          (await rail.perform({ type: 'create-payee', accountId, country, ...contact }, `payee:${accountId}`))
            .id;
        const { isPayable } = await rail.readPayee(payeeId);
        await documents.setRailParty(accountId, { payeeId, isPayable }, collectorId);
        const { url } = await rail.payeeLink(payeeId, returnUrlOf(accountId));
        const state = payeeState({ payeeId, isPayable });
        context.audit({
          target: `${accountId}/payee`,
          before: { state: payeeState(before) },
          after: { state },
        });
        if (payeeState(before) !== state) await context.emit('payee.changed', { state });
        return { state, url };
      } catch (cause) {
        if (!(cause instanceof RailError)) throw cause;
        throw context.error('billing.rail_failed', cause.message);
      }
    },

    sendAgain: sendPayoutAgain,
  },

  closings: {
    listVerifications,
    verify: verifyMonth,

    async list(context, _request, { documents, isTest }) {
      if (context.entity.chain.length !== 1 || (await isTest(context.entity.accountId)))
        throw context.error('billing.collector_only', 'The platform closes months, for all that is live.');
      const closings = await documents.closings();
      return {
        items: closings.map(({ askedAtMs, issuedAtMs, ...closing }) => ({
          ...closing,
          state: issuedAtMs === undefined ? ('settling' as const) : ('closed' as const),
          askedAt: new Date(askedAtMs).toISOString(),
          ...(issuedAtMs === undefined ? {} : { issuedAt: new Date(issuedAtMs).toISOString() }),
        })),
      };
    },

    async close(context, { period }, { documents, isTest, asked }) {
      if (context.entity.chain.length !== 1 || (await isTest(context.entity.accountId)))
        throw context.error('billing.collector_only', 'The platform closes months, for all that is live.');
      if (stateAt(periodOf(period), context.nowMs()) === 'open')
        throw context.error('billing.period_running', `${period} goes on.`);
      const isNew = await documents.askClosing(period);
      context.audit({ target: `${context.entity.accountId}/closings/${period}`, after: { period } });
      if (isNew) await context.emit('closing.asked', { period });
      asked('closing');
      return { period, isNew };
    },
  },
};
