import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { isChanged } from '@patchbay/kit/is-changed';
import { formatDecimal, minorUnitOf, type Nano, nano, subtract, ZERO } from '../billing/money.ts';
import type { CataloguedOperation } from '../tenancy/access.ts';
import { operationOf } from '../tenancy/scopes.ts';
import { leftOf } from './credit-line.ts';
import { creditLineHandlers } from './credit-line-handlers.ts';
import { spending } from './definition.ts';
import type {
  CreditRecord,
  PrepaidTerms,
  SpendingPorts,
  StandingBalance,
  StandingLimit,
  TopUpRecord,
} from './ports.ts';
import { forecastMs, isReached, reachedShares, type SpendingLimit, spendWindow } from './spending-limit.ts';

type Spending = typeof spending;

const setting = operationOf(spending, 'spendingLimits', 'set');
const settingTerms = operationOf(spending, 'balances', 'setTerms');
const giving = operationOf(spending, 'credits', 'give');
const takingBack = operationOf(spending, 'credits', 'takeBack');

const iso = (atMs: number): string => new Date(atMs).toISOString();
const text = (amount: bigint): string => amount.toString();

export const handlers: DomainHandlers<Spending, SpendingPorts> = {
  spendingLimits: {
    async get({ actor, entity, nowMs }, _request, ports) {
      const { accountId, chain } = entity;
      const speakerIds = (await ports.caller(chain, actor)).speakers(setting);
      const answer = await limitsAnswer({ accountId, speakerIds, nowMs: nowMs() }, ports);
      return { ...answer, speakerIds: [...speakerIds] };
    },

    async listDays({ entity }, _request, { limits }) {
      const { currency, days } = await limits.days(entity.accountId);
      return { currency, items: days.map(({ day, amount }) => ({ day, spent: text(amount) })) };
    },

    async set(context, { limits, from }, ports) {
      const { accountId, chain } = context.entity;
      const asked = limits.map((limit) => ({ ...limit, amount: nano(BigInt(limit.amount)) }));
      const invalid = faultOf(asked);
      if (invalid !== undefined) throw context.error('spending.limit_invalid', invalid);
      const speakerIds = (await ports.caller(chain, context.actor)).speakers(setting);
      const setById = from ?? speakerIds[0] ?? accountId;
      // One text for an account above the caller, below, elsewhere or nowhere: which of these it is, is not told (C1).
      if (!speakerIds.includes(setById))
        throw context.error('resource.unknown', `/from: ${setById} is no account that you speak for here.`);
      const nowMs = context.nowMs();
      const before = await ports.limits.set({
        accountId,
        setById,
        limits: asked.map((limit) => ({ ...limit, id: '' })),
        nowMs,
      });
      const isOwn = setById === accountId;
      // Whose limits they are: not always those of who changed them.
      const said = (those: readonly AskedLimit[]) =>
        isOwn ? those.map(written) : { from: setById, limits: those.map(written) };
      context.audit({
        target: `${accountId}/spending-limits${isOwn ? '' : '/above'}`,
        before: said(before),
        after: said(asked),
      });
      if (isChanged(before.map(written), asked.map(written))) await context.emit('limits.changed', {});
      await ports.changed(accountId);
      const { items } = await limitsAnswer({ accountId, speakerIds, nowMs }, ports);
      return { items };
    },
  },

  balances: {
    async get({ entity }, _request, { balances }) {
      return balanceAnswer(await balances.standing(entity.accountId));
    },

    async setTerms(context, { isPrepaid, overdraft }, ports) {
      const { accountId, chain } = context.entity;
      if (isPrepaid && (await ports.hasOwnCollector(accountId)))
        throw context.error(
          'spending.seller_collects',
          'Who asks this account for money does so by a Stripe account of its own.',
        );
      const byId = await speakerOf(context, settingTerms, ports);
      const above = chain.slice(0, chain.indexOf(byId));
      const said = { isPrepaid, overdraft: nano(BigInt(overdraft)) };
      const changed = await ports.balances.setTerms(accountId, { byId, above, ...said });
      if (changed === 'prepaid_above')
        throw context.error(
          'spending.prepaid_above',
          'It was made prepaid from higher up than you stand, and stays so until that is taken back there.',
        );
      const { before, saidBefore, after } = changed;
      context.audit({
        target: `${accountId}/balance`,
        // What was said, and what holds of it: of several above, the least.
        before: { ...termsWritten(before), said: termsWritten(saidBefore) },
        after: {
          ...termsWritten(after),
          said: termsWritten(isPrepaid ? said : { ...said, overdraft: ZERO }),
        },
      });
      if (before.isPrepaid !== after.isPrepaid || before.overdraft !== after.overdraft)
        await context.emit('terms.changed', {
          isPrepaid: after.isPrepaid,
          overdraft: text(after.overdraft),
        });
      await ports.changed(accountId);
      return balanceAnswer(await ports.balances.standing(accountId));
    },

    async setAutomaticTopUp(context, { automaticTopUp }, ports) {
      const { accountId } = context.entity;
      const { terms } = await ports.balances.standing(accountId);
      if (!terms.isPrepaid) throw context.error('spending.not_prepaid', paysAfter);
      await refuseBuying(context, accountId, ports);
      const topUp = automaticTopUp && {
        below: nano(BigInt(automaticTopUp.below)),
        minorUnits: BigInt(automaticTopUp.minorUnits),
      };
      const before = await ports.balances.setTopUp(accountId, topUp);
      context.audit({
        target: `${accountId}/balance`,
        before: termsWritten(before),
        after: termsWritten({ ...before, topUp }),
      });
      if (isChanged(termsWritten(before), termsWritten({ ...before, topUp })))
        await context.emit('automatic-top-up.changed', { isOn: topUp !== undefined });
      return balanceAnswer(await ports.balances.standing(accountId));
    },

    async topUp(context, { minorUnits }, ports) {
      const { accountId } = context.entity;
      const asked = { accountId, minorUnits: BigInt(minorUnits), isAutomatic: false, nowMs: context.nowMs() };
      const standing = await ports.balances.standing(accountId);
      const unit = minorUnitOf(standing.currency);
      // Of a part of a minor unit that is owed, the whole is paid: less than one cannot be.
      if (!isOfUse(standing, { amount: nano(asked.minorUnits * unit), step: unit }))
        throw context.error('spending.not_prepaid', paysAfter);
      await refuseBuying(context, accountId, ports);
      const record = await ports.balances.askTopUp(asked);
      context.audit({ target: record.id, after: { minorUnits } });
      await context.emit('top-up.asked', { topUpId: record.id, minorUnits: text(asked.minorUnits) });
      return topUpAnswer(record);
    },

    async listTopUps({ entity }, page, { balances }) {
      const { items, nextCursor } = await balances.topUps(entity.accountId, page);
      return { items: items.map(topUpAnswer), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async refund(context, _request, ports) {
      const { accountId } = context.entity;
      if (!(await ports.isCollecting(accountId)))
        throw context.error('spending.not_collecting', 'No payment can be given back.');
      const minorUnits = await ports.balances.refundBought(accountId, context.nowMs());
      context.audit({ target: `${accountId}/balance`, after: { refundedMinorUnits: text(minorUnits) } });
      await context.emit('balance.refunded', { minorUnits: text(minorUnits) });
      await ports.changed(accountId);
      return { minorUnits: text(minorUnits) };
    },
  },

  creditLines: creditLineHandlers,

  credits: {
    async list({ actor, entity }, page, { balances, caller }) {
      const { speakerAbove } = await caller(entity.chain, actor);
      const speakerId = speakerAbove(takingBack);
      const { items, nextCursor } = await balances.credits(entity.accountId, page);
      return {
        items: items.map((record) => creditAnswer(record, speakerId)),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },

    async give(context, { amount, services, expiresAt, ...said }, ports) {
      const { accountId, chain } = context.entity;
      const unknown = services?.find((name) => !ports.serviceNames.includes(name));
      if (unknown !== undefined)
        throw context.error(
          'spending.service_unknown',
          `/services: ${unknown} is none of ${ports.serviceNames.join(', ')}.`,
        );
      const nowMs = context.nowMs();
      const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt);
      if (expiresAtMs !== undefined && expiresAtMs <= nowMs)
        throw context.error('spending.expired_already', '/expiresAt: it is over.');
      const given = nano(BigInt(amount));
      if (!isOfUse(await ports.balances.standing(accountId), { amount: given, step: 1n }))
        throw context.error('spending.not_prepaid', paysAfter);
      const givenById = await speakerOf(context, giving, ports);
      const record = await ports.balances.give({
        accountId,
        givenById,
        amount: given,
        services,
        expiresAtMs,
        ...said,
        nowMs,
      });
      if ('uncovered' in record)
        throw context.error(
          'spending.credit_uncovered',
          `/amount: of the credit line of the account that gives, ${formatDecimal(leftOf(record.uncovered))} ${record.uncovered.currency} are left. An account above it can raise it.`,
        );
      context.audit({ target: record.id, after: creditWritten(record) });
      await context.emit('credit.given', { creditId: record.id, amount: text(record.amount) });
      await ports.changed(accountId);
      return creditAnswer(record, givenById);
    },

    async takeBack(context, { creditId }, ports) {
      const { accountId } = context.entity;
      const givenById = await speakerOf(context, takingBack, ports);
      const taken = await ports.balances.takeBack({
        accountId,
        givenById,
        creditId,
        nowMs: context.nowMs(),
      });
      if (taken === undefined)
        throw context.error('resource.unknown', `You gave this account no credit ${creditId}.`);
      const { before, after } = taken;
      context.audit({ target: creditId, before: creditWritten(before), after: creditWritten(after) });
      await context.emit('credit.taken-back', { creditId });
      await ports.changed(accountId);
      return creditAnswer(after, givenById);
    },
  },
};

/**
 * The account for which the caller acts: the highest above at which they may. It bears what is used of a credit, and nobody
 * between pays for it unasked, nor anybody above whom they only see.
 */
async function speakerOf(
  { actor, entity }: Pick<DomainContext<Spending, 'credits', 'give'>, 'actor' | 'entity'>,
  operation: CataloguedOperation,
  ports: Pick<SpendingPorts, 'caller'>,
): Promise<string> {
  const speaker = (await ports.caller(entity.chain, actor)).speakerAbove(operation);
  if (speaker === undefined) throw new Error('Whoever does this acts for an account above.');
  return speaker;
}

const paysAfter = 'What this account uses is asked for after the month.';

/**
 * Whether money that comes in pays for anything: for use of an account that is prepaid, and of one that was, for what its
 * balance owes of that time, up to the next whole `step`. More would lie there, and never be used.
 */
const isOfUse = (
  { terms, balance }: Pick<StandingBalance, 'terms' | 'balance'>,
  { amount, step }: { readonly amount: Nano; readonly step: bigint },
): boolean => terms.isPrepaid || amount < step - balance;

async function refuseBuying(
  { error }: Pick<DomainContext<Spending, 'balances', 'topUp'>, 'error'>,
  accountId: string,
  { isCollecting }: Pick<SpendingPorts, 'isCollecting'>,
): Promise<void> {
  if (!(await isCollecting(accountId)))
    throw error('spending.not_collecting', 'No money can be paid in here.');
}

type AskedLimit = Pick<SpendingLimit, 'per' | 'amount' | 'sharesPercent' | 'action' | 'bitsPerSecondMax'>;

function faultOf(limits: readonly AskedLimit[]): string | undefined {
  const seen = new Set<string>();
  for (const [index, { per, action, bitsPerSecondMax }] of limits.entries()) {
    if ((action === 'throttle') !== (bitsPerSecondMax !== undefined))
      return `/limits/${index}/bitsPerSecondMax: it belongs to the action throttle, and to no other.`;
    if (seen.has(`${per} ${action}`))
      return `/limits/${index}: there is another per ${per} that does ${action}.`;
    seen.add(`${per} ${action}`);
  }
  return undefined;
}

const written = ({ per, amount, sharesPercent, action, bitsPerSecondMax }: AskedLimit) => ({
  per,
  amount: text(amount),
  sharesPercent: [...sharesPercent],
  action,
  ...(bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax }),
});

interface LimitsReading {
  readonly accountId: string;
  /** Whose limits are told to be theirs. */
  readonly speakerIds: readonly string[];
  readonly nowMs: number;
}

async function limitsAnswer(reading: LimitsReading, ports: Pick<SpendingPorts, 'limits'>) {
  const { accountId } = reading;
  const { currency, spent, limits } = await ports.limits.standing(accountId);
  return {
    currency,
    spentToday: text(spent.day),
    spentThisMonth: text(spent.month),
    items: limits.map((each) => limitAnswer(each, reading)),
  };
}

function limitAnswer(
  { limit, spent, reachedAtMs }: StandingLimit,
  { accountId, speakerIds, nowMs }: LimitsReading,
) {
  const { startMs, endMs } = spendWindow(limit, nowMs);
  const atMs = forecastMs(limit, spent, nowMs);
  const reached = isReached(limit, spent);
  return {
    id: limit.id,
    ...written(limit),
    isFromAbove: limit.setById !== accountId,
    ...(limit.setById !== accountId && speakerIds.includes(limit.setById) ? { setById: limit.setById } : {}),
    spent: text(spent),
    sharesReached: [...reachedShares(limit, spent)],
    isReached: reached,
    ...(reached && reachedAtMs !== undefined ? { reachedAt: iso(reachedAtMs) } : {}),
    windowStart: iso(startMs),
    ...(endMs === undefined ? {} : { windowEnd: iso(endMs) }),
    ...(atMs === undefined || atMs > FORECAST_MS_MAX ? {} : { forecastAt: iso(atMs) }),
  };
}

/** Later than that is nothing that anybody plans for, and no time that everything can write. */
const FORECAST_MS_MAX = Date.UTC(2199, 0);

function termsWritten({
  isPrepaid,
  overdraft,
  topUp,
}: Pick<PrepaidTerms, 'isPrepaid' | 'overdraft'> & Partial<PrepaidTerms>) {
  return {
    isPrepaid,
    overdraft: text(overdraft),
    ...(topUp === undefined
      ? {}
      : { automaticTopUp: { below: text(topUp.below), minorUnits: text(topUp.minorUnits) } }),
  };
}

function balanceAnswer({ currency, terms, balance, held, holds }: StandingBalance) {
  return {
    currency,
    ...termsWritten(terms),
    balance: text(balance),
    held: text(held),
    available: text(atLeastZero(subtract(nano(balance + terms.overdraft), held))),
    holds: holds.map(({ holdId, services, amount, expiresAtMs }) => ({
      holdId,
      services: [...services],
      amount: text(amount),
      expiresAt: iso(expiresAtMs),
    })),
  };
}

const atLeastZero = (amount: Nano): Nano => (amount < 0n ? nano(0n) : amount);

/** @param speakerId For whom the reader takes credits back; undefined: for nobody. */
const creditAnswer = (record: CreditRecord, speakerId: string | undefined) => ({
  ...creditWritten(record),
  mayTakeBack: speakerId !== undefined && record.givenById === speakerId && record.left > 0n,
});

/** Who above gave it is nothing that the account is told. */
const creditWritten = (record: CreditRecord) => ({
  id: record.id,
  origin: record.origin,
  amount: text(record.amount),
  left: text(record.left),
  priority: record.priority,
  ...(record.services === undefined ? {} : { services: [...record.services] }),
  reason: record.reason,
  ...(record.expiresAtMs === undefined ? {} : { expiresAt: iso(record.expiresAtMs) }),
  createdAt: iso(record.createdAtMs),
});

const topUpAnswer = (record: TopUpRecord) => ({
  id: record.id,
  minorUnits: text(record.minorUnits),
  isAutomatic: record.isAutomatic,
  state: record.state,
  ...(record.payUrl === undefined ? {} : { payUrl: record.payUrl }),
  ...(record.failure === undefined ? {} : { failure: record.failure }),
  creditedMinorUnits: text(record.keptMinorUnits),
  askedAt: iso(record.askedAtMs),
});
