import type { DomainContext, DomainHandlers, Entity } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import {
  accountsOf,
  headAnswer,
  nameIn,
  priceAnswer,
  profileAnswer,
  spendAnswer,
  statementAnswer,
  statementLineAnswer,
  toldOrigin,
} from './answers.ts';
import type { ChainPrices } from './billing-store.ts';
import { lineCountOf, readStatement } from './closed-statement.ts';
import { collectedTaxHandlers } from './collected-tax-handlers.ts';
import { collectingHandlers, payStatement, refundStatement, voidStatement } from './collecting-handlers.ts';
import { comparisonHandlers } from './comparison-handlers.ts';
import { customerHandlers } from './customer-handlers.ts';
import type { billing } from './definition.ts';
import { exportStatements } from './export-handlers.ts';
import { ledgerHandlers } from './ledger-handlers.ts';
import { pageOfLines } from './line-pages.ts';
import { byMeter } from './meter-lines.ts';
import { ownCollectingHandlers } from './own-collecting-handlers.ts';
import { counterpartyAnswer, partiesIn, partiesOf, sellerAnswer } from './parties.ts';
import { periodOf } from './period.ts';
import type { BillingPorts } from './ports.ts';
import { splitMeter } from './price.ts';
import { tooLargeIn } from './price-bound.ts';
import { effectiveMs, isOver, type PriceChange, pricesFromWire, type WirePrices } from './price-change.ts';
import { levelsAbove, pricesPaidBy, unknownMeter } from './price-list.ts';
import type { EdgeLine } from './rating.ts';
import { reconciliationHandlers } from './reconciliation-handlers.ts';
import { reminderHandlers } from './reminder-handlers.ts';
import { edgeCursorFrom, simulationAnswer } from './simulation-answer.ts';
import type { PayableLine, ReceivableLine } from './statement.ts';
import { trailHandlers } from './trail-handlers.ts';
import { verifyStatements } from './verification-handlers.ts';
import { tariffToWire, termsKey } from './wire-tariff.ts';

/** Periods that one list shows: three years. Each is rated anew. */
const PERIOD_COUNT_MAX = 36;
/** Lines of a statement that reading posts. A longer one waits for the regular accrual: nobody waits for it. */
const POSTED_LINE_COUNT_MAX = 1_000;
const MINUTE_MS = 60_000;
/** Of one question of spend: two months. */
const SPEND_RANGE_MS_MAX = 62 * 86_400_000;

type PriceContext = DomainContext<typeof billing, 'prices', 'set' | 'setForChildren'>;

interface SetRequest {
  readonly service: string;
  readonly prices: WirePrices;
  readonly currency: string;
  readonly effectiveFrom?: string | undefined;
}

/** The account above. The platform buys from nobody, and is named as its own seller. */
const sellerOf = ({ chain, accountId }: Entity): string => chain.at(-2) ?? accountId;

/** Checks a profile's prices and sets them; answers with the chain as it is then. */
async function setPrices(
  context: PriceContext,
  { service, currency, effectiveFrom, prices: wire }: SetRequest,
  ports: BillingPorts & { readonly profile: Pick<PriceChange, 'accountId' | 'childId'> },
): Promise<ChainPrices> {
  const nowMs = context.nowMs();
  const fromMs = effectiveMs(effectiveFrom, nowMs);
  const prices = pricesFromWire(wire);
  for (const price of prices) {
    const problem = unknownMeter(ports.catalogue, service, price);
    if (problem !== undefined) throw context.error('billing.meter_unknown', problem);
    const excess = tooLargeIn(price.tariff);
    if (excess !== undefined) throw context.error('billing.price_too_large', excess);
  }
  if (isOver(fromMs, nowMs)) {
    throw context.error('billing.effective_in_past', 'The minute that effectiveFrom names is over.');
  }
  const { accountId } = context.entity;
  const before = await ports.billing.chainPrices(accountId, nowMs);
  // The platform sells to trees of any currency; every other account stands in one.
  const isFree = context.entity.chain.length === 1;
  if (!isFree && currency !== before.currency) {
    throw context.error('billing.currency_mismatch', `This tree of accounts counts in ${before.currency}.`);
  }
  await ports.billing.setPrices({ ...ports.profile, service, currency, fromMs, prices });
  const after = await ports.billing.chainPrices(accountId, nowMs);
  const [was, is] = [before, after].map((chain) => audited(chain, { ...ports.profile, service }));
  context.audit({ target: `${accountId}/prices/${service}`, before: was, after: is });
  await context.emit('price.set', { accountId, service });
  return after;
}

/** What the audit log keeps: the profile that was changed, and nothing of what those above pay. */
const audited = (
  { prices }: ChainPrices,
  { accountId, childId, service }: Pick<PriceChange, 'accountId' | 'childId' | 'service'>,
) =>
  prices
    .filter(
      (price) => price.accountId === accountId && price.childId === childId && price.service === service,
    )
    .map(({ id, meter, where, tariff, currency, fromMs }) => ({
      id,
      meter,
      where,
      ...tariffToWire(tariff),
      currency,
      effectiveFrom: new Date(fromMs).toISOString(),
    }));

/** A buyer is told what it pays, and nothing of who set it above (PRD-2). */
async function paid(
  context: Parameters<typeof partiesOf>[0],
  chain: ChainPrices,
  { billing, ...at }: Parameters<typeof pricesPaidBy>[2] & Pick<BillingPorts, 'billing'>,
) {
  const prices = pricesPaidBy(context.entity.accountId, chain, at).map(priceAnswer);
  const sellerId = sellerOf(context.entity);
  const ids = new Set([sellerId, ...prices.map(({ setByAccountId }) => setByAccountId)]);
  const { idOf, nameOf } = await partiesOf(context, { ids: [...ids] }, { billing });
  return {
    items: prices.map(({ setByAccountId, ...price }) => {
      const setById = idOf(setByAccountId);
      return {
        ...price,
        origin: toldOrigin(price.origin, idOf(sellerId) !== undefined),
        ...(setById === undefined ? {} : { setByAccountId: setById }),
        setByName: nameOf(setById ?? sellerId),
      };
    }),
  };
}

/** A profile as it holds now, and as it will: all of it, or what a change of the one named would replace. */
const profile = (
  accountId: string,
  { prices }: ChainPrices,
  {
    catalogue,
    only,
  }: Pick<BillingPorts, 'catalogue'> & { readonly only?: Pick<PriceChange, 'childId' | 'service'> },
) => ({
  items: prices
    .filter((price) => price.accountId === accountId)
    .filter(
      (price) => only === undefined || (price.childId === only.childId && price.service === only.service),
    )
    .map((price) => profileAnswer(price, catalogue.get(`${price.service}.${price.meter}`)?.unit ?? 'count')),
});

export const handlers: DomainHandlers<typeof billing, BillingPorts> = {
  ...collectingHandlers,
  ...collectedTaxHandlers,
  ...customerHandlers,
  ...ownCollectingHandlers,
  ...comparisonHandlers,
  ...ledgerHandlers,
  ...reminderHandlers,
  ...reconciliationHandlers,

  prices: {
    async list(context, _request, { billing: store, catalogue }) {
      const atMs = context.nowMs();
      return await paid(context, await store.chainPrices(context.entity.accountId, atMs), {
        ...{ catalogue, atMs },
        billing: store,
      });
    },

    async get({ entity, nowMs }, { service }, { billing: store, catalogue }) {
      const { accountId } = entity;
      const chain = await store.chainPrices(accountId, nowMs());
      return profile(sellerOf(entity), chain, { catalogue, only: { childId: accountId, service } });
    },

    async set(context, request, ports) {
      const { accountId } = context.entity;
      const change = { accountId: sellerOf(context.entity), childId: accountId };
      const chain = await setPrices(context, request, { ...ports, profile: change });
      // What was set for later is not paid yet: the answer is of the time from which it holds.
      const atMs = Math.max(context.nowMs(), effectiveMs(request.effectiveFrom, context.nowMs()));
      return await paid(context, chain, { ...ports, atMs });
    },

    async listForChildren(context, _request, ports) {
      const { accountId } = context.entity;
      return profile(accountId, await ports.billing.chainPrices(accountId, context.nowMs()), ports);
    },

    async getForChildren({ entity: { accountId }, nowMs }, { service }, { billing: store, catalogue }) {
      return profile(accountId, await store.chainPrices(accountId, nowMs()), {
        catalogue,
        only: { service },
      });
    },

    async setForChildren(context, request, ports) {
      const { accountId } = context.entity;
      return profile(
        accountId,
        await setPrices(context, request, { ...ports, profile: { accountId } }),
        ports,
      );
    },

    async simulate(context, { services, childId, currency, period, cursor, limit }, ports) {
      const { accountId, chain } = context.entity;
      const known = await ports.billing.chainPrices(accountId, context.nowMs());
      if (chain.length > 1 && currency !== known.currency) {
        throw context.error(
          'billing.currency_mismatch',
          `This tree of accounts counts in ${known.currency}.`,
        );
      }
      const isChild = known.edges.some((edge) => edge.sellerId === accountId && edge.buyerId === childId);
      if (childId !== undefined && !isChild) {
        throw context.error('resource.unknown', `There is no child ${childId} of this account.`);
      }
      const changed = Object.entries(services).map(([service, wire]) => {
        const prices = pricesFromWire(wire);
        const problem = prices.map((price) => unknownMeter(ports.catalogue, service, price)).find(Boolean);
        if (problem !== undefined) throw context.error('billing.meter_unknown', problem);
        const excess = prices.map(({ tariff }) => tooLargeIn(tariff)).find(Boolean);
        if (excess !== undefined) throw context.error('billing.price_too_large', excess);
        return [service, prices] as const;
      });
      const change = {
        accountId,
        ...(childId === undefined ? {} : { childId }),
        currency,
        services: Object.fromEntries(changed),
      };
      const query = { period: periodOf(period), change, cursor: edgeCursorFrom(cursor), limit };
      const page = await ports.billing.simulate(query);
      const ids = new Set(page.edges.flatMap(({ sellerId, buyerId }) => [sellerId, buyerId]));
      const nameOf = nameIn(await ports.billing.namesBelow(accountId, [...ids]));
      return { period, currency, ...simulationAnswer(page, nameOf) };
    },

    async explain(context, _request, { billing: store, catalogue }) {
      const { accountId, chain: path } = context.entity;
      const { visibleIds = [accountId] } = context;
      const atMs = context.nowMs();
      const chain = await store.chainPrices(accountId, atMs);
      const parties = await partiesOf(context, { ids: path }, { billing: store });
      const items = pricesPaidBy(accountId, chain, { catalogue, atMs }).map(({ price }) => {
        const { service, meter, where } = price;
        const levels = levelsAbove(visibleIds, chain, { service, meter, dimensions: where, atMs });
        return {
          service,
          meter,
          where: { ...where },
          levels: levels.map(({ buyerId, sellerId, origin, ...level }) => ({
            buyerId,
            buyerName: parties.nameOf(buyerId),
            ...sellerAnswer(sellerId, parties),
            ...tariffToWire(level.price.tariff),
            origin: toldOrigin(origin, parties.idOf(sellerId) !== undefined),
          })),
        };
      });
      return { items };
    },
  },

  spend: {
    async get(context, { from, to, sessionId, detail }, { billing: store, catalogue }) {
      const fromMs = Math.floor(Date.parse(from) / MINUTE_MS) * MINUTE_MS;
      const toMs = Math.ceil(Date.parse(to) / MINUTE_MS) * MINUTE_MS;
      if (toMs < fromMs || toMs - fromMs > SPEND_RANGE_MS_MAX) {
        throw platformError('request.invalid', 'The range ends before it begins, or is longer than 62 days.');
      }
      const { accountId } = context.entity;
      const spend = await store.spend({
        accountId,
        fromMs,
        toMs,
        ...(sessionId === undefined ? {} : { sessionId }),
      });
      const lines = detail === 'meters' ? byMeter(spend.lines, () => ({})) : spend.lines;
      return spendAnswer({ ...spend, lines }, catalogue);
    },
  },

  statements: {
    pay: payStatement,
    refund: refundStatement,
    void: voidStatement,
    ...trailHandlers,
    export: exportStatements,
    verify: verifyStatements,

    async list(context, { from = '' }, { billing: store }) {
      const { accountId } = context.entity;
      const periods = (await store.listPeriods(accountId))
        .filter(({ name }) => name >= from)
        .slice(0, PERIOD_COUNT_MAX);
      const months = [];
      for (const period of periods) {
        const closed = await store.readClosed(accountId, period);
        const { statement: now } = await store.read(accountId, period);
        months.push({ closed, statement: readStatement(closed, { now, detail: 'meters' }) });
      }
      const ids = months.flatMap(({ statement }) => statement.sellers.map(({ sellerId }) => sellerId));
      const parties = await partiesOf(context, { ids: [accountId, ...ids] }, { billing: store });
      return {
        items: months.map(({ statement, closed }) =>
          headAnswer(statement, { parties, nowMs: context.nowMs(), closed }),
        ),
      };
    },

    async get(context, { period, detail }, { billing: store, catalogue, posting }) {
      const { accountId } = context.entity;
      const read = await store.read(accountId, periodOf(period));
      const mayPost =
        read.isBehind &&
        lineCountOf(read.statement) <= POSTED_LINE_COUNT_MAX &&
        posting.take(`${accountId} ${period}`, context.nowMs());
      const accrued = mayPost ? await store.accrue(accountId, periodOf(period)) : read;
      const closed = await store.readClosed(accountId, periodOf(period));
      const statement = readStatement(closed, { now: accrued.statement, detail });
      const parties = await partiesOf(context, { ids: accountsOf(statement) }, { billing: store });
      return statementAnswer(
        { ...accrued, statement },
        { catalogue, parties, nowMs: context.nowMs(), closed },
      );
    },

    async listLines(context, { period, childId, cursor, limit, ...asked }, { billing: store, catalogue }) {
      const { accountId } = context.entity;
      const { service, meter, amount, per, terms } = asked;
      const whole = service === undefined || meter === undefined ? {} : { meter: `${service}.${meter}` };
      const kept = (await store.readClosed(accountId, periodOf(period)))?.kept;
      const { lines, children } =
        kept?.isByLine === true
          ? kept.statement
          : await store.readLines({ accountId, period: periodOf(period), ...whole });
      const all =
        childId === undefined ? lines : children.find((child) => child.accountId === childId)?.lines;
      const isAsked = ({ meter: metered, tariff }: EdgeLine) => {
        const [of, at] = [splitMeter(metered), tariffToWire(tariff)];
        return (
          (service ?? of.service) === of.service &&
          (meter ?? of.meter) === of.meter &&
          (amount ?? at.amount) === at.amount &&
          (per ?? at.per) === at.per &&
          (terms ?? termsKey(at)) === termsKey(at)
        );
      };
      const page = pageOfLines<PayableLine | ReceivableLine>((all ?? []).filter(isAsked), { cursor, limit });
      const ids = page.items.flatMap((line) => ('parts' in line ? line.parts : []));
      const parties = await partiesOf(
        context,
        { ids: ids.map((part) => part.accountId) },
        { billing: store },
      );
      const printed = { catalogue, parties, nowMs: context.nowMs(), closed: undefined };
      return { ...page, items: page.items.map((line) => statementLineAnswer(line, printed)) };
    },

    async listEntries(context, { period, ...page }, { billing: store }) {
      const { items, nextCursor } = await store.listEntries(context.entity.accountId, periodOf(period), page);
      const parties = await partiesOf(context, partiesIn(items), { billing: store });
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map(({ transactionId, atMs, book, counterpartyId, currency, amount, sourceRef }) => ({
          transactionId,
          at: new Date(atMs).toISOString(),
          book,
          ...counterpartyAnswer(counterpartyId, parties),
          currency,
          amount: amount.toString(),
          sourceRef: parties.textOf(sourceRef),
        })),
      };
    },
  },
};
