import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { collectionBooks } from './collection/postings.ts';
import { railInvoiceStates } from './collection/rail.ts';
import { documentKinds, documentLineKinds } from './documents/document.ts';
import { documentScopes } from './documents/document-store.ts';
import { periodStates } from './period.ts';
import { listVerifications, verifyMonth } from './verification-operations.ts';

const nano = z.string().regex(/^-?\d+$/);
/** Whole minor units of the currency, such as cents, as text. */
const minorUnits = z.string().regex(/^-?\d+$/);
const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');

const party = {
  legalName: z.string().trim().min(1).max(200),
  addressLines: z.array(z.string().trim().min(1).max(200)).max(6),
  taxId: z.string().trim().min(1).max(40).optional(),
};

/** Who asks for money: the platform, or a seller by a payment account of its own (decision 0017). */
const collectedBy = ['platform', 'seller'] as const;

/** ISO 3166, two letters. */
const country = z.string().regex(/^[A-Z]{2}$/);
/** More than there are countries. */
const TAX_RULE_COUNT_MAX = 300;

const seller = {
  ...party,
  /** ISO 3166, two letters: where payouts go. */
  country: country.optional(),
  /** Where invoices are sent. */
  email: z.email().max(254).optional(),
  /**
   * Stands before the number of each document that this account issues. Other sellers of the same legal name or tax id have
   * another one.
   */
  numberPrefix: z.string().regex(/^[A-Z0-9-]{1,12}$/, 'Capital letters, digits and dashes, at most 12.'),
  /** From the day of an invoice until it is due. */
  paymentDays: z.int().min(0).max(120),
  taxName: z.string().trim().min(1).max(40),
  /** Hundredths of a percent on what this account sells: 1900 is 19 %. */
  taxBasisPoints: z.int().min(0).max(10_000),
  /** By the country of the buyer, instead of `taxName` and `taxBasisPoints`; of one country, each kind of tax once. */
  taxRules: z
    .array(
      z.strictObject({
        country,
        name: z.string().trim().min(1).max(40),
        basisPoints: z.int().min(0).max(10_000),
        /** 'businesses': buyers with a tax id owe it themselves, and the invoice says so. */
        reverseCharge: z.enum(['none', 'businesses']).default('none'),
      }),
    )
    .max(TAX_RULE_COUNT_MAX)
    .refine(
      (rules) => new Set(rules.map((rule) => `${rule.country} ${rule.name}`)).size === rules.length,
      'A country has each kind of tax once.',
    ),
};

const sellerAnswer = z.object({
  ...seller,
  legalName: z.string(),
  accountId: idField('acc'),
  /** Whether money is asked for at all: without it there are documents, and nobody is asked through the platform. */
  isCollecting: z.boolean(),
  /** 'platform': it asks this account and pays out to it. 'seller': one above does, by a Stripe account of its own. */
  collectedBy: z.enum(collectedBy),
});

const documentParty = z.object({
  /** Absent: an account above that you do not see. */
  accountId: idField('acc').optional(),
  legalName: z.string(),
  addressLines: z.array(z.string()),
  /** ISO 3166, two letters. */
  country: z.string().optional(),
  taxId: z.string().optional(),
});

/** How a document stands. Of a credit note, which the refund of its invoice stands for, absent. */
const standing = z.object({
  /** 'waiting': nothing was asked for yet. Of a payout note 'open' until all that is left of it was sent or set off, and then 'paid'. */
  state: z.enum(['waiting', ...railInvoiceStates]),
  paidMinorUnits: minorUnits,
  /** Of a payout note: what went back to those that it was earned of, is held by their banks or asked for no more. */
  refundedMinorUnits: minorUnits,
  disputedMinorUnits: minorUnits,
  /** Of a payout note: what may be sent by now, because it was paid by those that it was earned of. */
  fundedMinorUnits: minorUnits.optional(),
  /**
   * Of a payout note: what of it is not sent because others used credit that its account gave. Below zero: more had been kept
   * before than they used, and that is sent with it.
   */
  setOffMinorUnits: minorUnits.optional(),
  /** Of a payout note: what was sent and taken back at Stripe by hand. It is owed, and not sent once more before `payouts.sendAgain`. */
  returnedMinorUnits: minorUnits.optional(),
  /** Where whoever owes it can pay. */
  payUrl: z.string().optional(),
  /** Why the last step failed; it is tried again. */
  failure: z.string().optional(),
});

const documentHead = z.object({
  id: idField('doc'),
  kind: z.enum(documentKinds),
  number: z.string(),
  accountId: idField('acc'),
  /** As it stands on the document: of the buyer, and of the seller. */
  accountName: z.string(),
  /** Absent: an account above that you do not see. */
  sellerId: idField('acc').optional(),
  sellerName: z.string(),
  period,
  currency: z.string(),
  issuedAt: z.iso.datetime(),
  dueAt: z.iso.datetime().optional(),
  netMinorUnits: minorUnits,
  totalMinorUnits: minorUnits,
  /** The invoice that a credit note is of. */
  correctsId: idField('doc').optional(),
  correctsNumber: z.string().optional(),
  standing: standing.optional(),
  /** Who asks for it, or pays it out. Of a credit note, absent. */
  collectedBy: z.enum(collectedBy).optional(),
});

/** How the seller appears today, as its brand has it. */
const look = z.object({
  name: z.string(),
  /** A colour as #rrggbb. */
  accent: z.string().optional(),
  /** Where its logo is, on this platform. */
  logo: z.object({ path: z.string(), widthPixels: z.int(), heightPixels: z.int() }).optional(),
});

const document = documentHead.extend({
  look,
  /** On the books of tests: it says so across the page. */
  isTest: z.boolean(),
  seller: documentParty,
  buyer: documentParty,
  lines: z.array(
    z.object({
      kind: z.enum(documentLineKinds),
      /** The month that it is of: an adjustment is of one that was closed before. */
      period,
      service: z.string().optional(),
      meter: z.string().optional(),
      quantity: z.string().optional(),
      amountPerUnit: z.object({ amount: nano, per: z.string() }).optional(),
      /** The child whose margin it is. */
      childId: idField('acc').optional(),
      childName: z.string().optional(),
      amount: nano,
      /** Its part of the whole minor units. Absent in a payout note, of which only the sum is rounded. */
      minorUnits: minorUnits.optional(),
    }),
  ),
  carriedIn: nano,
  residue: nano,
  taxLines: z.array(
    z.object({
      name: z.string(),
      basisPoints: z.int(),
      minorUnits,
      /** The buyer owes the tax itself. */
      isReverseCharge: z.literal(true).optional(),
    }),
  ),
});

/** How far an account is with what payouts need. */
const payeeState = z.enum(['none', 'incomplete', 'payable']);

const payee = z.object({
  /** 'none': nothing was set up. 'incomplete': its owner has not said everything yet. */
  state: payeeState,
});

const note = { documentId: idField('doc'), number: z.string() };
const currency = z.string().regex(/^[A-Z]{3}$/);
const payoutMoved = { documentId: idField('doc'), period, currency, minorUnits };
const invoiceMoney = { ...payoutMoved, number: z.string() };

export const collectingEvents = {
  'seller.changed': z.object({}),
  /** Told to the buyer: the note that says how much of an invoice goes back. */
  refunded: z.object(note),
  /** Told to the buyer: the note that takes an invoice back. */
  voided: z.object(note),
  'payee.changed': z.object({ state: payeeState }),
  /** Of the platform's account: somebody asked for a month to be closed. */
  'closing.asked': z.object({ period }),
  /** Told to whom it is for: an invoice, a payout note or a credit note has its number, and nothing of it changes any more. */
  'document.issued': z.object({ ...invoiceMoney, kind: z.enum(documentKinds) }),
  /** It can be paid at `payUrl`. */
  'invoice.open': z.object({ ...invoiceMoney, payUrl: z.url() }),
  /** All of it, whoever paid: also a balance. */
  'invoice.paid': z.object(invoiceMoney),
  /** Nobody is asked for what is left of it any more. */
  'invoice.uncollectible': z.object(invoiceMoney),
  /** Some of it went back to whoever paid. */
  'invoice.paid-back': z.object(invoiceMoney),
  /** A bank holds what was paid, until it has decided. */
  'invoice.disputed': z.object(invoiceMoney),
  'invoice.dispute-ended': z.object({ ...invoiceMoney, state: z.enum(['won', 'lost']) }),
  'top-up.paid': z.object({ topUpId: idField('tup'), currency, minorUnits }),
  'payout.sent': z.object(payoutMoved),
  /** What was taken back of it at Stripe is to be sent once more: somebody said so. */
  'payout.asked-again': z.object(payoutMoved),
  /** After a refund, or while a bank holds what it was earned of. */
  'payout.taken-back': z.object(payoutMoved),
} as const;

export const collectingErrors = {
  not_collecting: {
    status: 409,
    title: 'This platform does not collect.',
    owner: 'config',
    retry: 'never',
    remedy: 'Whoever runs it sets a key of Stripe; statements and documents are there without one.',
  },
  nothing_to_pay: {
    status: 409,
    title: 'There is nothing to pay for this period.',
    owner: 'client',
    retry: 'never',
    remedy: 'Look at the documents of the account: an open invoice has an address where it is paid.',
  },
  already_paid: {
    status: 409,
    title: 'Something of the invoice was paid, or it is void.',
    owner: 'client',
    retry: 'never',
    remedy: 'Give back what was paid with statements.refund.',
  },
  refund_exceeds: {
    status: 422,
    title: 'More than was paid cannot be given back.',
    owner: 'client',
    retry: 'never',
    remedy: 'Refund at most what was paid, less what was refunded or is disputed.',
  },
  nothing_returned: {
    status: 409,
    title: 'Nothing of the payout was taken back, or it is sent again already.',
    owner: 'client',
    retry: 'never',
    remedy:
      'Read the payout note with documents.get: returnedMinorUnits says what was taken back and is not sent again.',
  },
  collector_only: {
    status: 403,
    title: 'Only the account that collects may do this.',
    owner: 'client',
    retry: 'never',
    remedy: 'Ask whoever runs the platform.',
  },
  period_running: {
    status: 409,
    title: 'The period is not over.',
    owner: 'client',
    retry: 'now',
    remedy: 'Close it after its last day.',
  },
  number_prefix_taken: {
    status: 409,
    title: 'Another seller of the same name has this prefix.',
    owner: 'client',
    retry: 'never',
    remedy: 'Choose another numberPrefix, or leave it out: then it is one that no other seller has.',
  },
  seller_incomplete: {
    status: 409,
    title: 'Something has to be said of the account first.',
    owner: 'client',
    retry: 'never',
    remedy: 'Set the country of the account with sellers.set.',
  },
  rail_failed: {
    status: 502,
    title: 'Whatever collects did not do it.',
    owner: 'upstream',
    retry: 'now',
    remedy: 'Try again in a while; nothing was changed here.',
  },
} as const;

export const payStatement = {
  method: 'GET',
  path: '/statements/{period}/payment',
  summary: 'Read where the invoice of a period is paid, and how much is left of it.',
  access: 'read',
  request: z.object({ period }),
  response: z.object({
    documentId: idField('doc'),
    payUrl: z.string(),
    currency: z.string(),
    leftMinorUnits: minorUnits,
  }),
  errors: ['billing.not_collecting', 'billing.nothing_to_pay'],
} as const;

export const refundStatement = {
  method: 'POST',
  path: '/refunds',
  summary: 'Give back a part of what an account paid. Whoever earned of it bears its share.',
  access: 'bill',
  isAllowedAtClosed: true,
  request: z.object({
    /** Who paid. */
    buyerId: idSchema('acc'),
    period,
    minorUnits: z.string().regex(/^[1-9]\d{0,11}$/, 'Whole minor units, at least one.'),
  }),
  response: document,
  errors: [
    'billing.collector_only',
    'billing.nothing_to_pay',
    'billing.rail_key_gone',
    'billing.refund_exceeds',
  ],
} as const;

export const voidStatement = {
  method: 'POST',
  path: '/voids',
  summary: 'Ask for nothing of an invoice any more, of which nothing was paid. Nobody earns of it then.',
  access: 'bill',
  isAllowedAtClosed: true,
  request: z.object({
    /** Who was asked. */
    buyerId: idSchema('acc'),
    period,
  }),
  response: document,
  errors: ['billing.collector_only', 'billing.nothing_to_pay', 'billing.already_paid'],
} as const;

export const collectingResources = {
  sellers: {
    title: 'Sellers',
    mount: 'account',
    operations: {
      get: {
        method: 'GET',
        path: '/seller',
        summary: 'Read what this account says of itself on documents.',
        access: 'read',
        request: z.object({}),
        response: sellerAnswer,
        errors: [],
      },
      set: {
        method: 'PUT',
        path: '/seller',
        summary: 'Say what stands on documents of this account from the next one on.',
        access: 'bill',
        replaces: 'get',
        request: z.strictObject({
          ...seller,
          /** Left out, it stays as it is; at first it is one that no other seller has. */
          numberPrefix: seller.numberPrefix.optional(),
          paymentDays: seller.paymentDays.default(14),
          taxName: seller.taxName.default('Tax'),
          taxBasisPoints: seller.taxBasisPoints.default(0),
          taxRules: seller.taxRules.default([]),
        }),
        response: sellerAnswer,
        errors: ['billing.number_prefix_taken'],
      },
    },
  },
  documents: {
    title: 'Documents',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/documents',
        summary: 'Read the invoices, credit notes and payout notes of this account, newest first.',
        access: 'read',
        request: pageRequest.extend({
          kind: z.enum(documentKinds).optional(),
          period: period.optional(),
          /** 'own': of this account. 'issued': in its name, to those below. 'below': of it and all below it. */
          of: z.enum(documentScopes).default('own'),
        }),
        response: pageOf(documentHead),
        errors: [],
      },
      get: {
        method: 'GET',
        path: '/documents/{documentId}',
        summary: 'Read one document of this account or of one below it, line by line, and how it stands.',
        access: 'read',
        request: z.object({ documentId: idSchema('doc') }),
        response: document,
        errors: ['resource.unknown'],
      },
      getPdf: {
        method: 'GET',
        path: '/documents/{documentId}/pdf',
        summary: 'Read one document as a PDF in the look of its seller. Its file is at …/document.pdf.',
        access: 'read',
        files: [
          {
            ending: 'pdf',
            segment: 'document.pdf',
            mediaType: 'application/pdf',
            isBinary: true,
            summary: 'Read one document as the PDF file that it is.',
          },
        ],
        request: z.object({ documentId: idSchema('doc') }),
        response: z.object({
          fileName: z.string(),
          mediaType: z.literal('application/pdf'),
          base64: z.string(),
        }),
        errors: ['resource.unknown'],
      },
    },
  },
  payments: {
    title: 'Payments',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/payments',
        summary: 'Read what was asked of this account, what it paid and what it was paid, newest first.',
        access: 'read',
        request: pageRequest,
        response: pageOf(
          z.object({
            transactionId: idField('txn'),
            at: z.iso.datetime(),
            /** Who was asked or paid: where this account collects, one below it. */
            accountId: idField('acc'),
            accountName: z.string(),
            /** 'issued', 'paid', 'refund', 'disputed', 'dispute-won', 'dispute-lost', 'void', 'payout', 'tax', 'set-off', or of prepaid money 'drawn', 'credit', 'credit-ended', 'balance-refund'. */
            what: z.string(),
            /** Absent of prepaid money that paid for use: no document says it yet. */
            documentId: idField('doc').optional(),
            period,
            book: z.enum(collectionBooks),
            currency: z.string(),
            amount: nano,
          }),
        ),
        errors: [],
      },
    },
  },
  payouts: {
    title: 'Payouts',
    mount: 'account',
    operations: {
      get: {
        method: 'GET',
        path: '/payee',
        summary: 'Read whether this account can be paid what it earned.',
        access: 'read',
        request: z.object({}),
        response: payee,
        errors: [],
      },
      setUp: {
        method: 'POST',
        path: '/payee',
        summary:
          'Begin, or go on, to say where payouts go: at Stripe, at an address that is good for minutes.',
        access: 'bill',
        isAllowedAtClosed: true,
        request: z.object({}),
        response: payee.extend({ url: z.string() }),
        errors: ['billing.not_collecting', 'billing.seller_incomplete', 'billing.rail_failed'],
      },
      sendAgain: {
        method: 'POST',
        path: '/payouts-again',
        summary:
          'Send once more what was taken back of a payout at Stripe by hand, once however often it is asked. Of whoever pays it out.',
        access: 'bill',
        isAllowedAtClosed: true,
        request: z.object({
          /** Of the payout note. */
          documentId: idSchema('doc'),
        }),
        response: document,
        errors: [
          'resource.unknown',
          'billing.collector_only',
          'billing.nothing_returned',
          'billing.rail_key_gone',
        ],
      },
    },
  },
  closings: {
    title: 'Closings',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/closings',
        summary: 'Read which months are closed, or are being closed. Of the platform alone.',
        access: 'read',
        request: z.object({}),
        response: z.object({
          items: z.array(
            z.object({
              period,
              state: z.enum(periodStates),
              askedAt: z.iso.datetime(),
              issuedAt: z.iso.datetime().optional(),
              /** Accounts with something to close, and of how many of them the statement is kept: the first half. */
              accountCount: z.int(),
              keptCount: z.int(),
              /** Of how many the documents are issued: the second half. */
              issuedCount: z.int(),
              /** Once it is closed. */
              documentCount: z.int(),
            }),
          ),
        }),
        errors: ['billing.collector_only'],
      },
      close: {
        method: 'POST',
        path: '/closings',
        summary:
          'Close a month that is over without waiting for late use. Its documents come within minutes.',
        access: 'bill',
        request: z.object({ period }),
        response: z.object({ period, isNew: z.boolean() }),
        errors: ['billing.collector_only', 'billing.period_running'],
      },
      listVerifications,
      verify: verifyMonth,
    },
  },
} as const;
