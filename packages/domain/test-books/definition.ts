import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { railInvoiceStates } from '../billing/collection/rail.ts';
import { testOutcomes } from './test-payment.ts';

/** How far a clock may be ahead of the time. */
export const AHEAD_DAYS_MAX = 731;

const dateTime = z.iso.datetime();
const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
const minorUnits = z.string().regex(/^\d+$/);

const clock = z.object({
  /** The highest of the customer's test accounts: it and all below it are told this time. */
  accountId: idSchema('acc'),
  now: dateTime,
  aheadMs: z.int().min(0),
  /** 'closing': months that the clock went over are being closed. */
  state: z.enum(['ready', 'closing']),
  /** Months that are closed, and the one that is being closed, the newest first. */
  months: z.array(
    z.object({
      period,
      state: z.enum(['closing', 'closed']),
      /** Accounts with something to close, and of how many that is done. */
      accountCount: z.int().min(0),
      doneCount: z.int().min(0),
      documentCount: z.int().min(0),
    }),
  ),
});

/** What only test accounts can do to their books: turn the time forward, and have invoices paid by nobody (PRD-1). */
export const testBooks = defineDomain({
  name: 'test-books',
  time: 'books',
  title: 'Test books',
  summary: 'A clock for the money of test accounts, and payments that nobody makes.',
  events: {
    'clock.created': z.object({}),
    'clock.advanced': z.object({ now: z.iso.datetime() }),
    /** Told at the test account that took the place of the one before it. */
    'clock.reset': z.object({ replacedId: idField('acc') }),
    'payment.made': z.object({ documentId: idField('doc'), outcome: z.string() }),
  },
  errors: {
    no_test_account: {
      status: 409,
      title: 'This is no test account that has a clock.',
      owner: 'client',
      retry: 'never',
      remedy: 'Use the highest of your test accounts: the one of your own top account.',
    },
    no_clock: {
      status: 409,
      title: 'These test accounts have no clock yet.',
      owner: 'client',
      retry: 'never',
      remedy: 'Create it: until then they are told the time that it is.',
    },
    goes_back: {
      status: 422,
      title: 'A test clock goes forward only.',
      owner: 'client',
      retry: 'never',
      remedy: 'Name a time after the one that it tells, or reset it to begin anew with empty books.',
    },
    too_far: {
      status: 422,
      title: 'A test clock is at most two years ahead.',
      owner: 'client',
      retry: 'never',
      remedy: 'Name an earlier time, or reset it to begin anew with empty books.',
    },
    still_closing: {
      status: 409,
      title: 'The months that the clock went over are being closed.',
      owner: 'client',
      retry: 'after',
      remedy: 'Read the clock until its state is ready.',
    },
    nothing_to_pay: {
      status: 404,
      title: 'This test account has no invoice of that month.',
      owner: 'client',
      retry: 'never',
      remedy: 'Set the clock past the end of the month, and see what was issued.',
    },
    not_possible: {
      status: 409,
      title: 'This cannot happen to the invoice as it stands.',
      owner: 'client',
      retry: 'never',
      remedy: 'Only what is open is paid or refused, and only what was paid is refunded or disputed.',
    },
  },
  resources: {
    testClocks: {
      title: 'Test clocks',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/test-clock',
          summary: 'Read what time the test accounts are told, and which months it closed.',
          access: 'read',
          request: z.object({}),
          response: clock,
          errors: ['test-books.no_test_account', 'test-books.no_clock'],
        },
        create: {
          method: 'POST',
          path: '/test-clock',
          summary: 'Give the test accounts a clock. It begins at the time that it is.',
          access: 'develop',
          request: z.strictObject({}),
          response: clock,
          errors: ['test-books.no_test_account'],
        },
        advance: {
          method: 'POST',
          path: '/test-clock/advance',
          summary: 'Set the clock forward. Each month that it goes over is closed within seconds.',
          access: 'develop',
          request: z.strictObject({ to: requestTime }),
          response: clock,
          errors: [
            'test-books.no_test_account',
            'test-books.no_clock',
            'test-books.goes_back',
            'test-books.too_far',
            'test-books.still_closing',
          ],
        },
        reset: {
          method: 'POST',
          path: '/test-clock/reset',
          summary:
            'Begin anew: new test accounts with the same keys take the place of these, with empty books and no clock.',
          access: 'administer',
          request: z.strictObject({}),
          response: z.object({ accountId: idSchema('acc') }),
          errors: ['test-books.no_test_account'],
        },
      },
    },
    testPayments: {
      title: 'Test payments',
      mount: 'account',
      operations: {
        create: {
          method: 'POST',
          path: '/test-payments',
          summary: 'Have an invoice of this test account paid, refused, given back or disputed, by nobody.',
          access: 'bill',
          isAllowedAtClosed: true,
          request: z.strictObject({ period, outcome: z.enum(testOutcomes) }),
          response: z.object({
            documentId: idSchema('doc'),
            outcome: z.enum(testOutcomes),
            state: z.enum([...railInvoiceStates, 'new']),
            paidMinorUnits: minorUnits,
            /** What was given back, and what a bank holds. */
            refundedMinorUnits: minorUnits,
            disputedMinorUnits: minorUnits,
          }),
          errors: ['test-books.no_test_account', 'test-books.nothing_to_pay', 'test-books.not_possible'],
        },
      },
    },
  },
});
