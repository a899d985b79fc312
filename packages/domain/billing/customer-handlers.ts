import type { DomainHandlers } from '@patchbay/kit/definition';
import { RailError } from './collection/rail.ts';
import { type CheckedLinks, checkLinks } from './customer-links.ts';
import type { billing } from './definition.ts';
import type { BillingPorts } from './ports.ts';

type Handlers = DomainHandlers<typeof billing, BillingPorts>;
type Context = Parameters<Handlers['customers']['link']>[0] | Parameters<Handlers['customers']['check']>[0];

/** Problems that a refusal names; a check names all. */
const NAMED_COUNT_MAX = 5;

/**
 * Whose card is charged is said here, and the customers are those of whoever collects: so it is its word alone, and of nobody
 * between.
 */
export const customerHandlers: Pick<Handlers, 'customers'> = {
  customers: {
    async list(context, page, { customers }) {
      if (context.entity.chain.length !== 1)
        throw context.error('billing.collector_only', 'Customers at Stripe are those of the platform.');
      const { items, nextCursor } = await customers.list(context.entity.accountId, page);
      return { items: [...items], ...(nextCursor === undefined ? {} : { nextCursor }) };
    },

    async check(context, { csv }, ports) {
      const { links, unchangedCount, problems } = await checked(context, csv, ports);
      return { linkCount: links.length, unchangedCount, problems: [...problems] };
    },

    async link(context, { csv }, ports) {
      const { links, unchangedCount, problems } = await checked(context, csv, ports);
      if (problems.length > 0) {
        const named = problems.slice(0, NAMED_COUNT_MAX).map(({ line, detail }) => `line ${line}: ${detail}`);
        throw context.error(
          'billing.links_refused',
          `${problems.length} of the lines are wrong. ${named.join(' ')}`,
        );
      }
      const { accountId } = context.entity;
      if (links.length > 0 && !(await ports.customers.link(accountId, links)))
        throw context.error(
          'billing.links_refused',
          'An account was linked otherwise meanwhile. Check the file anew.',
        );
      context.audit({
        target: `${accountId}/customers`,
        before: {},
        after: Object.fromEntries(links.map((link) => [link.accountId, link.customerId])),
      });
      if (links.length > 0) await context.emit('customers.linked', { linkCount: links.length });
      return { linkCount: links.length, unchangedCount };
    },
  },
};

async function checked(
  context: Context,
  csv: string,
  { railOf, customers }: BillingPorts,
): Promise<CheckedLinks> {
  if (context.entity.chain.length !== 1)
    throw context.error('billing.collector_only', 'Customers at Stripe are those of the platform.');
  const rail = await railOf(context.entity.accountId);
  if (rail === undefined)
    throw context.error(
      'billing.not_collecting',
      'This platform asks nobody for money: it has no key of Stripe.',
    );
  try {
    return await checkLinks(context.entity.accountId, csv, {
      customers,
      readCustomer: (customerId) => rail.readCustomer(customerId),
    });
  } catch (cause) {
    if (cause instanceof RailError) throw context.error('billing.rail_failed', cause.message);
    throw cause;
  }
}
