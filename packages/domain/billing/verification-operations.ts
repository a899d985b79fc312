import { idField } from '@patchbay/kit/ids';
import { queryInt } from '@patchbay/kit/page';
import { z } from 'zod';
import { verifiedKinds, verifiedOutcomes, verifiedStates } from './verification.ts';

const nano = z.string().regex(/^-?\d+$/);
const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');

/** Accounts of one answer: each is rated anew from all its records. */
const ACCOUNT_COUNT_MAX = 50;

const verifiedLine = z.object({
  /**
   * 'use': a line of what the account owes its seller. 'charged', 'paid-out': what of the month became money. 'carried': a
   * fraction that goes to the next. 'entries': what the entries of the ledger sum to. 'closed': what the statement came to
   * when the month was closed.
   */
  kind: z.enum(verifiedKinds),
  /** 'corrected': the ledger has moved on since the statement was closed, and a later document says so. */
  state: z.enum(verifiedStates),
  sellerId: idField('acc'),
  buyerId: idField('acc'),
  key: z.string(),
  /** From what nodes reported, by the prices of the time. */
  recomputed: nano,
  booked: nano,
});

const verifiedAccount = z.object({
  accountId: idField('acc'),
  name: z.string(),
  currency: z.string(),
  /** 'gone': records of the month are not kept any more, so nothing can be recomputed from them. */
  outcome: z.enum(verifiedOutcomes),
  goneDayCount: z.int(),
  lineCount: z.int(),
  differingCount: z.int(),
  /** Without `sellerId`: who sells is above, and you do not see it. */
  lines: z.array(verifiedLine.extend({ sellerId: idField('acc').optional() })),
});

export const verificationErrors = {
  not_closed: {
    status: 409,
    title: 'No statement of this month is closed.',
    owner: 'client',
    retry: 'never',
    remedy: 'Verify a month that is closed: statements and the ledger of any other still move.',
  },
} as const;

export const verifyStatements = {
  method: 'GET',
  path: '/statements/{period}/verification',
  summary:
    'Recompute a closed month from what nodes reported, account by account, and read line by line whether the books agree.',
  access: 'bill',
  request: z.object({
    period,
    /** 'own': of this account alone. 'descendants': of all below it too. */
    scope: z.enum(['own', 'descendants']).default('descendants'),
    /** 'differences': only lines that do not agree. 'lines': all, at most 1,000 of an account. */
    detail: z.enum(['differences', 'lines']).default('differences'),
    /** Of an answer that was cut: what comes behind it. */
    after: z.string().max(100).optional(),
    /** Accounts. */
    limit: queryInt().min(1).max(ACCOUNT_COUNT_MAX).default(10),
  }),
  response: z.object({
    rows: z.array(verifiedAccount),
    /** Ask again with it as `after`. Absent: these were the last. */
    nextAfter: z.string().optional(),
  }),
  errors: ['billing.not_closed'],
} as const;

export const verifyMonth = {
  method: 'GET',
  path: '/closings/{period}/verification',
  summary:
    'Recompute a closed month for all accounts in one pass, each record read once. Answers within seconds with how far it is: ask again until it is done. Of the platform alone.',
  access: 'bill',
  request: z.object({ period }),
  response: z.object({
    period,
    /** Not yet: ask again. What was read is kept for half a day. */
    isDone: z.boolean(),
    /** Days whose records were read, of how many. */
    readDayCount: z.int(),
    dayCount: z.int(),
    /** What was compared so far, since it began. */
    accountCount: z.int(),
    lineCount: z.int(),
    differingCount: z.int(),
    goneCount: z.int(),
    /** Of the accounts that were compared since the answer before, those that do not agree. */
    rows: z.array(verifiedAccount),
  }),
  errors: ['billing.collector_only', 'billing.not_closed'],
} as const;

export const listVerifications = {
  method: 'GET',
  path: '/closing-verifications',
  summary: 'Read how the last nightly recomputation of each closed month went. Of the platform alone.',
  access: 'read',
  request: z.object({}),
  response: z.object({
    items: z.array(
      z.object({
        period,
        startedAt: z.iso.datetime(),
        finishedAt: z.iso.datetime(),
        accountCount: z.int(),
        lineCount: z.int(),
        differingCount: z.int(),
        goneCount: z.int(),
        /** The first of those that differ. */
        differences: z.array(verifiedLine),
      }),
    ),
  }),
  errors: ['billing.collector_only'],
} as const;

const counted = { period, accountCount: z.int(), lineCount: z.int(), goneCount: z.int() };

/** Of the platform's account: what a nightly recomputation of a closed month found. */
export const verificationEvents = {
  verified: z.object(counted),
  disagrees: z.object({
    ...counted,
    differingCount: z.int(),
    /** The first of them. */
    differences: z.array(verifiedLine),
  }),
} as const;
