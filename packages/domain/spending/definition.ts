import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { amount, nano } from './amounts.ts';
import { creditLineErrors, creditLineEvents, creditLineResources } from './credit-line-operations.ts';
import { defaultShares, limitActions, limitSpans } from './spending-limit.ts';

/** Of one account, by each that set some. */
export const LIMIT_COUNT_MAX = 12;
const SHARE_COUNT_MAX = 5;
const SERVICE_COUNT_MAX = 64;
const REASON_LENGTH_MAX = 200;
/** What is given is above nothing. */
const givenAmount = amount.regex(/[1-9]/, 'An amount that is given is above zero.');
const minorUnits = z
  .string()
  .regex(
    /^[1-9]\d{0,7}$/,
    'An amount of money is a count of minor units, such as cents: above zero, of at most 8 digits, as Stripe takes it.',
  );
const dateTime = z.iso.datetime();
const reason = z.string().trim().min(1).max(REASON_LENGTH_MAX);

const limitRequest = z.strictObject({
  /** UTC days and months, as statements have them; 'total': from now on. */
  per: z.enum(limitSpans),
  amount,
  /** Shares at which it is told, in percent. The whole always is. */
  sharesPercent: z
    .array(z.int().min(1).max(100))
    .max(SHARE_COUNT_MAX)
    .default([...defaultShares]),
  /** 'notify': nothing more. 'throttle': each allocation is held to `bitsPerSecondMax`. 'stop': nothing begins, and what runs ends. */
  action: z.enum(limitActions).default('notify'),
  bitsPerSecondMax: z.int().min(8_000).max(1_000_000_000).optional(),
});

const standingLimit = z.object({
  id: idField('spl'),
  per: z.enum(limitSpans),
  amount: nano,
  sharesPercent: z.array(z.int()),
  action: z.enum(limitActions),
  bitsPerSecondMax: z.int().optional(),
  /** Set by an account above: it can be read here and not changed. */
  isFromAbove: z.boolean(),
  /** Which account above: of those for which the caller may set limits here. Of others nothing more is told. */
  setById: idField('acc').optional(),
  spent: nano,
  sharesReached: z.array(z.int()),
  isReached: z.boolean(),
  reachedAt: dateTime.optional(),
  windowStart: dateTime,
  windowEnd: dateTime.optional(),
  /** When it will be reached if it goes on as since the window began. */
  forecastAt: dateTime.optional(),
});

const limitsAnswer = z.object({
  currency: z.string(),
  /** With all below the account, at the prices that it pays: since the UTC day, and the month, began. */
  spentToday: nano,
  spentThisMonth: nano,
  items: z.array(standingLimit),
  /** The accounts whose limits the caller may set here by naming them as `from`, the highest first, this one by a role here alone. */
  speakerIds: z.array(z.string()),
});

const balanceAnswer = z.object({
  currency: z.string(),
  /** Whether use is paid out of the balance, or asked for after the month. */
  isPrepaid: z.boolean(),
  /** What is left, less what is owed. */
  balance: nano,
  /** Of it, what sessions that run may still need. */
  held: nano,
  available: nano,
  /** So far below zero may the balance come. */
  overdraft: nano,
  automaticTopUp: z.object({ below: nano, minorUnits: z.string() }).optional(),
  holds: z.array(
    z.object({
      /** The session, or a client's use of a credential on a relay. */
      holdId: z.string(),
      services: z.array(z.string()),
      amount: nano,
      expiresAt: dateTime,
    }),
  ),
});

const credit = z.object({
  id: idField('cdt'),
  /** 'given': by the account that you buy from, or one above it. */
  origin: z.enum(['given', 'bought']),
  amount: nano,
  left: nano,
  priority: z.int(),
  services: z.array(z.string()).optional(),
  reason: z.string(),
  expiresAt: dateTime.optional(),
  createdAt: dateTime,
  /** Whether you gave it, and something of it is left: you may take that back. */
  mayTakeBack: z.boolean(),
});

const topUp = z.object({
  id: idField('tup'),
  minorUnits: z.string(),
  isAutomatic: z.boolean(),
  /** 'asked': it has no address yet where it is paid. */
  state: z.enum(['asked', 'open', 'paid', 'void']),
  payUrl: z.string().optional(),
  failure: z.string().optional(),
  /** What of it was credited: less what went back, or a bank holds. */
  creditedMinorUnits: z.string(),
  askedAt: dateTime,
});

export const spending = defineDomain({
  name: 'spending',
  time: 'books',
  title: 'Spending',
  summary: 'Limits on what is spent, and balances that are paid before anything is used (BIL-5).',
  events: {
    'limit.reached': z.object({
      limitId: z.string(),
      per: z.string(),
      sharePercent: z.int(),
      spent: nano,
      amount: nano,
      currency: z.string(),
      action: z.string(),
      windowStart: z.string(),
    }),
    'balance.used-up': z.object({ balance: nano, currency: z.string() }),
    'limits.changed': z.object({}),
    /** Whether it pays before, and how far below nothing it may go. */
    'terms.changed': z.object({ isPrepaid: z.boolean(), overdraft: nano }),
    'automatic-top-up.changed': z.object({ isOn: z.boolean() }),
    /** Money is not there yet. */
    'top-up.asked': z.object({ topUpId: idField('tup'), minorUnits: z.string() }),
    'balance.refunded': z.object({ minorUnits: z.string() }),
    ...creditLineEvents,
    'credit.given': z.object({ creditId: idField('cdt'), amount: nano }),
    'credit.taken-back': z.object({ creditId: idField('cdt') }),
  },
  errors: {
    ...creditLineErrors,
    limit_invalid: {
      status: 422,
      title: 'This limit says too much, or too little.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Give bitsPerSecondMax with the action throttle, and with no other; and each span and action once.',
    },
    service_unknown: {
      status: 422,
      title: 'There is no such service.',
      owner: 'client',
      retry: 'never',
      remedy: 'Name services that `detail` lists, or none for all of them.',
    },
    expired_already: {
      status: 422,
      title: 'A credit cannot end before it begins.',
      owner: 'client',
      retry: 'never',
      remedy: 'Name a time to come, or none for a credit that does not expire.',
    },
    prepaid_above: {
      status: 403,
      title: 'An account above yours keeps this one prepaid.',
      owner: 'client',
      retry: 'never',
      remedy:
        'Ask the account above yours: only who made an account prepaid, or somebody above them, ends it.',
    },
    not_prepaid: {
      status: 409,
      title: 'This account pays after the month.',
      owner: 'config',
      retry: 'never',
      remedy:
        'Let an account above make it prepaid first: balances.setTerms. Until then it takes what its balance owes, and no more.',
    },
    seller_collects: {
      status: 409,
      title: 'A seller collects from this account itself.',
      owner: 'config',
      retry: 'never',
      remedy:
        'It pays after the month, at the Stripe account of its seller; prepaid money is with the platform alone.',
    },
    not_collecting: {
      status: 409,
      title: 'Nothing collects money on this platform.',
      owner: 'config',
      retry: 'never',
      remedy: 'Ask whoever runs the platform, or for a credit from the account that you buy from.',
    },
  },
  resources: {
    spendingLimits: {
      title: 'Spending limits',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/spending-limits',
          summary: 'Read the limits that hold for this account, and what it has spent.',
          access: 'read',
          request: z.object({}),
          response: limitsAnswer,
          errors: [],
        },
        listDays: {
          method: 'GET',
          path: '/spending-limits/days',
          summary: 'Read what this account has spent since the UTC month began, by the end of each day.',
          access: 'read',
          request: z.object({}),
          response: z.object({
            currency: z.string(),
            items: z.array(z.object({ day: z.iso.date(), spent: nano })),
          }),
          errors: [],
        },
        set: {
          method: 'PUT',
          path: '/spending-limits',
          summary:
            'Set the limits of this account: its own, or as an account above, those that it cannot change. Of the same account, those that you do not name are gone; those that others have set stay.',
          access: 'bill',
          request: z.strictObject({
            limits: z.array(limitRequest).max(LIMIT_COUNT_MAX),
            /**
             * Whose limits these are: one of `speakerIds`. Absent: those of the highest account above at which the caller may
             * set limits, else of the account itself.
             */
            from: idSchema('acc').optional(),
          }),
          response: z.object({ items: z.array(standingLimit) }),
          errors: ['spending.limit_invalid', 'resource.unknown'],
        },
      },
    },
    balances: {
      title: 'Balances',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/balance',
          summary: 'Read what is prepaid, what of it sessions hold, and what is left.',
          access: 'read',
          request: z.object({}),
          response: balanceAnswer,
          errors: [],
        },
        setTerms: {
          method: 'PUT',
          path: '/balance/terms',
          summary:
            'Say whether this account is prepaid. Only an account above it may, and each for itself: it is while one of them says so, and may go no further below nothing than the least that one allows.',
          access: 'bill',
          authority: 'ancestor',
          request: z.strictObject({ isPrepaid: z.boolean(), overdraft: amount.default('0') }),
          response: balanceAnswer,
          errors: ['spending.seller_collects', 'spending.prepaid_above'],
        },
        setAutomaticTopUp: {
          method: 'PUT',
          path: '/balance/automatic-top-up',
          summary: 'Say below which balance money is asked for by itself, and how much. Without both: never.',
          access: 'bill',
          request: z.strictObject({
            automaticTopUp: z.strictObject({ below: amount, minorUnits }).optional(),
          }),
          response: balanceAnswer,
          errors: ['spending.not_prepaid', 'spending.not_collecting'],
        },
        topUp: {
          method: 'POST',
          path: '/balance/top-ups',
          summary: 'Ask to pay money in. It is there once it was paid, at the address that listTopUps has.',
          access: 'bill',
          request: z.strictObject({ minorUnits }),
          response: topUp,
          errors: ['spending.not_prepaid', 'spending.not_collecting'],
        },
        listTopUps: {
          method: 'GET',
          path: '/balance/top-ups',
          summary: 'Read what was paid in, or is to be, newest first.',
          access: 'read',
          request: pageRequest,
          response: pageOf(topUp),
          errors: [],
        },
        refund: {
          method: 'POST',
          path: '/balance/refunds',
          summary:
            'Give back what was bought and not used. Only an account above may, such as when an account is closed.',
          access: 'bill',
          isAllowedAtClosed: true,
          authority: 'ancestor',
          request: z.strictObject({}),
          response: z.object({ minorUnits: z.string() }),
          errors: ['spending.not_collecting'],
        },
      },
    },
    ...creditLineResources,
    credits: {
      title: 'Credits',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/credits',
          summary: 'Read what this account was given or bought, newest first, and what is left of each.',
          access: 'read',
          request: pageRequest,
          response: pageOf(credit),
          errors: [],
        },
        give: {
          method: 'POST',
          path: '/credits',
          summary:
            'Give this account, which is prepaid, money to use. Whoever gives it bears what is used of it: an account above, within its credit line.',
          access: 'bill',
          isAllowedAtClosed: true,
          authority: 'ancestor',
          request: z.strictObject({
            amount: givenAmount,
            reason,
            /** The least is used first. */
            priority: z.int().min(0).max(100).default(50),
            services: z.array(z.string().max(64)).min(1).max(SERVICE_COUNT_MAX).optional(),
            expiresAt: requestTime.optional(),
          }),
          response: credit,
          errors: [
            'spending.service_unknown',
            'spending.expired_already',
            'spending.not_prepaid',
            'spending.credit_uncovered',
          ],
        },
        takeBack: {
          method: 'DELETE',
          path: '/credits/{creditId}',
          summary: 'Take back what is left of a credit that was given. Only whoever gave it may.',
          access: 'bill',
          isAllowedAtClosed: true,
          authority: 'ancestor',
          request: z.object({ creditId: idSchema('cdt') }),
          response: credit,
          errors: [],
        },
      },
    },
  },
});
