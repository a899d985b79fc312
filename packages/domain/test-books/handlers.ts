import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { sumsOf } from '../billing/collection/invoice-collection.ts';
import { AHEAD_DAYS_MAX, type testBooks } from './definition.ts';
import { dueMonths } from './due-months.ts';
import type { TestBooksPorts, TestClock } from './ports.ts';

const DAY_MS = 86_400_000;

const notOne = (accountId: string) => `${accountId} is not the highest of a customer's test accounts.`;

type ClockContext = Pick<DomainContext<typeof testBooks, 'testClocks', 'get'>, 'entity' | 'error'>;

async function clockOf({ entity: { accountId }, error }: ClockContext, { clocks }: TestBooksPorts) {
  const clock = await clocks.find(accountId);
  if (clock === undefined) throw error('test-books.no_test_account', notOne(accountId));
  if (clock === 'none')
    throw error('test-books.no_clock', `The test accounts of ${accountId} have no clock.`);
  return clock;
}

const dueOf = ({ aheadMs, sinceMs, closings }: TestClock, nowMs: number) =>
  dueMonths({
    sinceMs,
    clockMs: nowMs + aheadMs,
    closed: closings.filter(({ isClosed }) => isClosed).map(({ period }) => period),
  });

function toAnswer(accountId: string, clock: TestClock, nowMs: number) {
  return {
    accountId,
    now: new Date(nowMs + clock.aheadMs).toISOString(),
    aheadMs: clock.aheadMs,
    state: dueOf(clock, nowMs).length === 0 ? ('ready' as const) : ('closing' as const),
    months: clock.closings.map(({ isClosed, keptCount, ...month }) => ({
      ...month,
      state: isClosed ? ('closed' as const) : ('closing' as const),
      doneCount: keptCount,
    })),
  };
}

export const handlers: DomainHandlers<typeof testBooks, TestBooksPorts> = {
  testClocks: {
    async get(context, _request, ports) {
      return toAnswer(context.entity.accountId, await clockOf(context, ports), ports.nowMs());
    },

    async create(context, _request, ports) {
      const { accountId } = context.entity;
      // As it was, where there is one already.
      const isNew = (await ports.clocks.find(accountId)) === 'none';
      if (isNew) await ports.clocks.advance(accountId, 0);
      const clock = await ports.clocks.find(accountId);
      if (clock === undefined || clock === 'none')
        throw context.error('test-books.no_test_account', notOne(accountId));
      const answer = toAnswer(accountId, clock, ports.nowMs());
      context.audit({ target: `${accountId}/test-clock`, after: { aheadMs: answer.aheadMs } });
      if (isNew) await context.emit('clock.created', {});
      return answer;
    },

    async advance(context, { to }, ports) {
      const { accountId } = context.entity;
      const before = await clockOf(context, ports);
      const nowMs = ports.nowMs();
      const aheadMs = Date.parse(to) - nowMs;
      if (aheadMs <= before.aheadMs)
        throw context.error(
          'test-books.goes_back',
          `The clock tells ${new Date(context.nowMs()).toISOString()} already.`,
        );
      if (aheadMs > AHEAD_DAYS_MAX * DAY_MS)
        throw context.error('test-books.too_far', `${to} is more than ${AHEAD_DAYS_MAX} days from now.`);
      const [due] = dueOf(before, nowMs);
      if (due !== undefined) throw context.error('test-books.still_closing', `${due.name} is being closed.`);
      if ((await ports.clocks.advance(accountId, aheadMs)) !== 'advanced')
        throw context.error('test-books.goes_back', 'Somebody else set the clock further ahead.');
      const after = await clockOf(context, ports);
      context.audit({
        target: `${accountId}/test-clock`,
        before: { aheadMs: before.aheadMs },
        after: { aheadMs },
      });
      await context.emit('clock.advanced', { now: to });
      // In another month limits count anew.
      await ports.changed(accountId);
      ports.advanced();
      return toAnswer(accountId, after, nowMs);
    },

    async reset(context, _request, ports) {
      const { accountId } = context.entity;
      const newId = await ports.clocks.reset(accountId);
      if (newId === undefined) throw context.error('test-books.no_test_account', notOne(accountId));
      context.audit({ target: `${accountId}/test-clock`, after: { replacedBy: newId } });
      context.audit({ accountId: newId, target: `${newId}/test-clock`, after: { replaces: accountId } });
      await context.emit('clock.reset', { replacedId: accountId }, newId);
      await ports.changed(accountId);
      return { accountId: newId };
    },
  },

  testPayments: {
    async create(context, { period, outcome }, ports) {
      const { accountId } = context.entity;
      const made = await ports.payments.make({ accountId, period, outcome, nowMs: context.nowMs() });
      if (made === undefined)
        throw context.error('test-books.no_test_account', `${accountId} is no test account.`);
      if (made === 'none')
        throw context.error('test-books.nothing_to_pay', `${accountId} has no invoice of ${period}.`);
      if (made === 'impossible')
        throw context.error('test-books.not_possible', `The invoice of ${period} cannot be ${outcome}.`);
      const { paid, refunded, disputed } = sumsOf(made);
      context.audit({ target: `${accountId}/documents/${made.documentId}`, after: { outcome } });
      await context.emit('payment.made', { documentId: made.documentId, outcome });
      return {
        documentId: made.documentId,
        outcome,
        state: made.state,
        paidMinorUnits: paid.toString(),
        refundedMinorUnits: refunded.toString(),
        disputedMinorUnits: disputed.toString(),
      };
    },
  },
};
