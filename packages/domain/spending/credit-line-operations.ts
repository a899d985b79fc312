import { idField, idSchema } from '@patchbay/kit/ids';
import { z } from 'zod';
import { amount, nano } from './amounts.ts';

const creditLine = z.object({
  currency: z.string(),
  /** What holds: the narrowest of those that accounts above have set, and nothing before whoever collects has set one. Absent: nothing bounds it. */
  amount: nano.optional(),
  /** Of the credit that it gave, what is not paid for yet. What is left of a credit when it ends counts no more. */
  unpaid: nano,
  /** So much more it may give. Absent: nothing bounds it. */
  left: nano.optional(),
  /** What was set by accounts for which the caller may set it. Of others nothing more is told. */
  set: z.array(z.object({ from: idField('acc'), amount: nano })),
  /** The accounts whose lines the caller may set here by naming them as `from`, the highest first. */
  speakerIds: z.array(z.string()),
});

/** Whose line it is: one of `speakerIds`. Absent: that of the highest account above at which the caller may set it. */
const from = idSchema('acc').optional();

export const creditLineEvents = {
  /** How much of the credit that the account gives may stand unpaid. */
  'credit-line.changed': z.object({ amount: nano, currency: z.string() }),
} as const;

export const creditLineErrors = {
  credit_uncovered: {
    status: 409,
    title: 'The credit line of the account that gives does not cover this.',
    owner: 'config',
    retry: 'never',
    remedy:
      'Give no more than `detail` says is left, take back credit that nobody used, or ask an account above for a higher line: creditLines.set.',
  },
} as const;

export const creditLineResources = {
  creditLines: {
    title: 'Credit lines',
    mount: 'account',
    operations: {
      get: {
        method: 'GET',
        path: '/credit-line',
        summary: 'Read how much credit this account may give to accounts below it, and what is left of that.',
        access: 'read',
        request: z.object({}),
        response: creditLine,
        errors: [],
      },
      set: {
        method: 'PUT',
        path: '/credit-line',
        summary:
          'Set how much of the credit that this account gives may stand unpaid. Only an account above may, and each for itself: the narrowest holds, and none before whoever collects has set one.',
        access: 'bill',
        authority: 'ancestor',
        request: z.strictObject({ amount, from }),
        response: creditLine,
        errors: ['resource.unknown'],
      },
      remove: {
        method: 'DELETE',
        path: '/credit-line',
        summary:
          'Take back what an account above has set as the credit line of this one. Those of others stay.',
        access: 'bill',
        authority: 'ancestor',
        request: z.object({ from }),
        response: creditLine,
        errors: ['resource.unknown'],
      },
    },
  },
} as const;
