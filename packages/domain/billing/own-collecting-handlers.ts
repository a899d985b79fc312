import type { DomainHandlers } from '@patchbay/kit/definition';
import type { billing } from './definition.ts';
import { ownCollectingState } from './own-collecting.ts';
import { nextPeriod, periodAt } from './period.ts';
import type { BillingPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;
type Ports = Pick<BillingPorts, 'ownCollecting' | 'webhookUrlOf'>;

async function answered(
  { entity: { accountId }, nowMs }: Pick<Parameters<Handlers['collecting']['get']>[0], 'entity' | 'nowMs'>,
  { ownCollecting, webhookUrlOf }: Ports,
) {
  const found = await ownCollecting.find(accountId);
  const { span, keyHint, openInvoiceCount = 0 } = found ?? {};
  return {
    state: ownCollectingState(span, periodAt(nowMs()).name),
    ...span,
    ...(keyHint === undefined ? {} : { keyHint }),
    webhookUrl: webhookUrlOf(accountId),
    openInvoiceCount,
  };
}

/** Invoices that a refusal names. */
const NAMED_MAX = 10;

const whyUnusable = {
  'test-key': 'It is a key of Stripe for tests.',
  'other-account':
    'It is of another account of Stripe, which knows none of the customers that were asked for money already.',
  refused: 'Stripe refuses the key.',
} as const;

/** A seller that asks its customers for money by a Stripe account of its own (BIL-6, decision 0017). */
export const ownCollectingHandlers: Pick<Handlers, 'collecting'> = {
  collecting: {
    get: (context, _request, ports) => answered(context, ports),

    async connect(context, credentials, ports) {
      const { accountId, chain } = context.entity;
      if (chain.length === 1 || (await ports.isTest(accountId)))
        throw context.error(
          'billing.own_collecting_refused',
          'The account at the top of a tree collects already, and what is on the books of tests nobody pays.',
        );
      const before = await answered(context, ports);
      const check = await ports.checkOwnRail(
        credentials,
        await ports.ownCollecting.knownCustomers(accountId),
      );
      if (check === 'unavailable') throw context.error('billing.rail_failed', 'Stripe did not answer.');
      if (check !== 'usable') throw context.error('billing.rail_key_refused', whyUnusable[check]);
      const fromPeriod = nextPeriod(periodAt(context.nowMs())).name;
      if (!(await ports.ownCollecting.connect(accountId, { credentials, fromPeriod })))
        throw context.error(
          'billing.prepaid_below',
          'Prepaid money of an account here is with the platform.',
        );
      const after = await answered(context, ports);
      context.audit({ target: `${accountId}/collecting`, before, after });
      await context.emit('collecting.changed', { state: after.state });
      return after;
    },

    async disconnect(context, { forgetsKey }, ports) {
      const { accountId } = context.entity;
      const before = await answered(context, ports);
      const currentPeriod = periodAt(context.nowMs()).name;
      const change = { currentPeriod, forgetsKey };
      const { refundingNumbers } = await ports.ownCollecting.disconnect(accountId, change);
      if (refundingNumbers.length > 0)
        throw context.error(
          'billing.refunds_open',
          `Money of ${refundingNumbers.slice(0, NAMED_MAX).join(', ')} was asked to go back and is not back yet.`,
        );
      const after = await answered(context, ports);
      context.audit({ target: `${accountId}/collecting`, before, after });
      await context.emit('collecting.changed', { state: after.state });
      return after;
    },
  },
};
