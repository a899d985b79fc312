import { z } from 'zod';
import { ownCollectingStates } from './own-collecting.ts';

const period = z.string();

const collecting = z.object({
  state: z.enum(ownCollectingStates),
  /** The first month that this account asks its customers for itself, and the last: absent while it goes on. */
  fromPeriod: period.optional(),
  toPeriod: period.optional(),
  /** The last letters of the key. Absent: there is none. */
  keyHint: z.string().optional(),
  /** Where its Stripe tells what happened. */
  webhookUrl: z.string(),
  /** Asked for at its Stripe, and not paid yet. */
  openInvoiceCount: z.int(),
});

/** How it stands is read: of a key, nothing is told. */
export const ownCollectingEvents = {
  'collecting.changed': z.object({ state: z.enum(ownCollectingStates) }),
} as const;

export const ownCollectingErrors = {
  own_collecting_refused: {
    status: 409,
    title: 'This account cannot collect by itself.',
    owner: 'client',
    retry: 'never',
    remedy: 'The account of the platform collects already, and test accounts have no customers that pay.',
  },
  prepaid_below: {
    status: 409,
    title: 'An account here is prepaid.',
    owner: 'client',
    retry: 'never',
    remedy: 'Let each account at and below this one pay after the month first: balances.setTerms.',
  },
  refunds_open: {
    status: 409,
    title: 'Money is on its way back by this key.',
    owner: 'client',
    retry: 'after',
    remedy:
      'Leave the key until Stripe has done what was asked of it: documents.list says how each invoice stands.',
  },
  rail_key_gone: {
    status: 409,
    title: 'The key of Stripe by which it was asked for was taken back.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Give a key of the same Stripe account again: collecting.connect. Or give the money back at Stripe itself.',
  },
  rail_key_refused: {
    status: 422,
    title: 'The key cannot be used.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Give a live secret or restricted key of Stripe that may read and write customers and invoices, and of the same account of Stripe as the key before it.',
  },
} as const;

export const ownCollectingResources = {
  collecting: {
    title: 'Own Stripe account',
    mount: 'account',
    operations: {
      get: {
        method: 'GET',
        path: '/collecting',
        summary: 'Read whether this account asks its customers for money by a Stripe account of its own.',
        access: 'bill',
        request: z.object({}),
        response: collecting,
        errors: [],
      },
      connect: {
        method: 'PUT',
        path: '/collecting',
        summary:
          'Ask all below this account for money by its own Stripe account, from the next month on; or give another key of it.',
        access: 'bill',
        request: z.strictObject({
          /** A secret or restricted key. It is kept sealed, and read back by nobody. */
          secretKey: z
            .string()
            .regex(/^(sk|rk)_(test|live)_\w{1,200}$/, 'A secret or restricted key of Stripe.'),
          /** Of the webhook endpoint there; while one is replaced by the next, both. */
          webhookSecrets: z
            .array(z.string().regex(/^whsec_\w{1,200}$/, 'The secret of a webhook endpoint at Stripe.'))
            .min(1)
            .max(2),
        }),
        response: collecting,
        errors: [
          'billing.own_collecting_refused',
          'billing.prepaid_below',
          'billing.rail_key_refused',
          'billing.rail_failed',
        ],
      },
      disconnect: {
        method: 'POST',
        path: '/collecting/ends',
        summary: 'Leave it to the platform to ask, from the next month on.',
        access: 'bill',
        request: z.strictObject({
          /**
           * Takes the key back at once: what is open at Stripe stays there, and is not followed here any more. Refused while
           * money is on its way back.
           */
          forgetsKey: z.boolean().default(false),
        }),
        response: collecting,
        errors: ['billing.refunds_open'],
      },
    },
  },
} as const;
