import { idField } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';

const CSV_LENGTH_MAX = 300_000;

const file = z.strictObject({
  /** With a head that names the columns `account`, an id or the name in another system, and `customer`, such as cus_…. */
  csv: z.string().min(1).max(CSV_LENGTH_MAX),
});

/** Of the platform's account: whose customers at Stripe belong to which accounts. */
export const customerEvents = { 'customers.linked': z.object({ linkCount: z.int() }) } as const;

export const customerErrors = {
  links_refused: {
    status: 422,
    title: 'A line of the file cannot be linked, so none was.',
    owner: 'client',
    retry: 'never',
    remedy: 'Check the file with customers.check: it says of each line what is wrong with it.',
  },
} as const;

export const customerResources = {
  customers: {
    title: 'Customers at Stripe',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/customers',
        summary: 'Read which accounts are known to Stripe as which customers. Of the platform alone.',
        access: 'bill',
        request: pageRequest,
        response: pageOf(z.object({ accountId: idField('acc'), name: z.string(), customerId: z.string() })),
        errors: ['billing.collector_only'],
      },
      check: {
        method: 'POST',
        path: '/customers/checks',
        summary:
          'Read a file of accounts and their customers at Stripe, and say of each line what is wrong with it.',
        access: 'bill',
        isTrial: true,
        request: file,
        response: z.object({
          /** That would be linked. */
          linkCount: z.int(),
          /** Linked so already. */
          unchangedCount: z.int(),
          problems: z.array(z.object({ line: z.int(), detail: z.string() })),
        }),
        errors: ['billing.collector_only', 'billing.not_collecting', 'billing.rail_failed'],
      },
      link: {
        method: 'POST',
        path: '/customers/links',
        summary: 'Link accounts to customers that are at Stripe already: all lines of a file, or none.',
        access: 'bill',
        request: file,
        response: z.object({ linkCount: z.int(), unchangedCount: z.int() }),
        errors: [
          'billing.collector_only',
          'billing.not_collecting',
          'billing.rail_failed',
          'billing.links_refused',
        ],
      },
    },
  },
} as const;
