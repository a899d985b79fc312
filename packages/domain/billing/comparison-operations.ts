import { idField, idSchema } from '@patchbay/kit/ids';
import { z } from 'zod';

const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');
const minorUnits = z.string().regex(/^-?\d+$/);
const CSV_LENGTH_MAX = 300_000;

const accounts = z.object({
  items: z.array(
    z.object({
      childId: idField('acc'),
      name: z.string(),
      currency: z.string(),
      fromPeriod: period,
      /** The last month. Absent: it goes on. */
      toPeriod: period.optional(),
    }),
  ),
});

export const comparisonEvents = {
  'comparison.changed': z.object({ childId: idField('acc') }),
  'comparison.figures-kept': z.object({ figureCount: z.int() }),
} as const;

export const comparisonErrors = {
  period_past: {
    status: 422,
    title: 'This month cannot be changed any more.',
    owner: 'client',
    retry: 'never',
    remedy: 'Name the month that goes on, or one after it.',
  },
  not_compared: {
    status: 409,
    title: 'This customer is asked for money already.',
    owner: 'client',
    retry: 'never',
    remedy: 'Look at comparisons.listAccounts.',
  },
  figures_refused: {
    status: 422,
    title: 'A line of the file is wrong, so none was kept.',
    owner: 'client',
    retry: 'never',
    remedy: 'Mend the lines that `detail` names, and send the file again.',
  },
} as const;

export const comparisonResources = {
  comparisons: {
    title: 'Comparisons',
    mount: 'account',
    operations: {
      listAccounts: {
        method: 'GET',
        path: '/compared-accounts',
        summary: 'Read which customers are rated and not asked for money, and in which months.',
        access: 'bill',
        request: z.object({}),
        response: accounts,
        errors: [],
      },
      list: {
        method: 'GET',
        path: '/comparisons/{period}',
        summary: 'Read what another asked each customer for in a month, and what our documents say.',
        access: 'bill',
        request: z.object({ period }),
        response: z.object({
          items: z.array(
            z.object({
              childId: idField('acc'),
              name: z.string(),
              currency: z.string(),
              documentId: idField('doc').optional(),
              /** With tax. Absent: the month is not closed, or came to nothing. */
              oursMinorUnits: minorUnits.optional(),
              theirsMinorUnits: minorUnits.optional(),
              /** Ours less theirs. */
              differenceMinorUnits: minorUnits.optional(),
            }),
          ),
        }),
        errors: [],
      },
      start: {
        method: 'POST',
        path: '/compared-accounts',
        summary:
          'Rate a customer, with all below it, and ask it for nothing: of whoever collects from it alone.',
        access: 'bill',
        request: z.strictObject({ childId: idSchema('acc'), fromPeriod: period }),
        response: accounts,
        errors: [
          'billing.collector_only',
          'billing.period_past',
          'billing.prepaid_below',
          'resource.unknown',
        ],
      },
      collect: {
        method: 'POST',
        path: '/compared-accounts/ends',
        summary: 'Ask a customer that was compared for money, from a month on.',
        access: 'bill',
        request: z.strictObject({ childId: idSchema('acc'), collectFrom: period }),
        response: accounts,
        errors: ['billing.collector_only', 'billing.period_past', 'billing.not_compared', 'resource.unknown'],
      },
      importFigures: {
        method: 'POST',
        path: '/compared-figures',
        summary: 'Say what another asked customers for, from a file: all of its lines, or none.',
        access: 'bill',
        request: z.strictObject({
          /** With a head that names the columns `account`, an id or the name in another system, `period` and `total`. */
          csv: z.string().min(1).max(CSV_LENGTH_MAX),
        }),
        response: z.object({ figureCount: z.int() }),
        errors: ['billing.figures_refused'],
      },
    },
  },
} as const;
