import { idField, idSchema } from '@patchbay/kit/ids';
import { queryInt } from '@patchbay/kit/page';
import { z } from 'zod';
import { collectedTaxColumns } from './collected-tax-rows.ts';
import { EXPORT_ROWS_MAX, filesOf, rowsOf } from './export-operations.ts';

const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');
const currency = z.string().regex(/^[A-Z]{3}$/);
/** Whole minor units of the currency, such as cents, as text. */
const minorUnits = z.string().regex(/^-?\d+$/);
const nano = z.string().regex(/^-?\d+$/);

const heldTax = {
  period,
  currency,
  /** Of what was paid in the name of this account: what is tax. */
  paidTaxMinorUnits: minorUnits,
  /** What of that was sent to it. */
  passedOnMinorUnits: minorUnits,
  /** What of it is not sent, because others used credit that this account gave and its payouts did not cover. */
  setOffMinorUnits: minorUnits,
  /** What is left of it: it is sent as soon as there is a payee. */
  heldMinorUnits: minorUnits,
  /** What of that was sent and taken back at Stripe by hand: it is not sent once more before `collectedTaxes.sendAgain`. */
  returnedMinorUnits: minorUnits,
  /** Why the last step failed; it is tried again. */
  failure: z.string().optional(),
};

const collectedMonth = z.object({
  ...heldTax,
  sellerName: z.string(),
  /** What invoices ask for, less what credit notes say. */
  netMinorUnits: minorUnits,
  taxes: z.array(
    z.object({
      name: z.string(),
      /** Hundredths of a percent: 1900 is 19 %. */
      basisPoints: z.int(),
      minorUnits,
      /** The buyers owe it themselves. */
      isReverseCharge: z.literal(true).optional(),
    }),
  ),
  totalMinorUnits: minorUnits,
  /** What was paid, and is neither given back nor held by a bank: tax, what was earned of it, and what went on to whoever supplies. */
  paidMinorUnits: minorUnits,
  earned: nano,
  passedThrough: nano,
  documentCount: z.int(),
  /** Each in its order of issue; after so many, the others are in the export alone. */
  documents: z.array(
    z.object({
      id: idField('doc'),
      number: z.string(),
      /** Of a credit note: of which invoice. */
      correctsNumber: z.string().optional(),
      issuedAt: z.iso.datetime(),
      buyerName: z.string(),
      netMinorUnits: minorUnits,
      taxMinorUnits: minorUnits,
      totalMinorUnits: minorUnits,
      paidMinorUnits: minorUnits,
      paidTaxMinorUnits: minorUnits,
    }),
  ),
});

/** What was collected in a seller's name in one month and currency. */
export type CollectedMonth = z.infer<typeof collectedMonth>;

export const collectedTaxEvents = {
  /** To a seller: tax that was paid on invoices of a month in its name, and was held for it. */
  'tax.passed-on': z.object({ period, currency, minorUnits }),
  /** After a refund, or while a bank holds what was paid. */
  'tax.taken-back': z.object({ period, currency, minorUnits }),
  /** What was taken back of it at Stripe is to be sent once more: somebody said so. */
  'tax.asked-again': z.object({ period, currency, minorUnits }),
} as const;

export const collectedTaxResources = {
  collectedTaxes: {
    title: 'Collected taxes',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/collected-taxes',
        summary:
          'Read by month what was paid as tax on invoices in the name of this account, and was passed on to it or is held.',
        access: 'read',
        request: z.object({}),
        response: z.object({ items: z.array(z.object(heldTax)) }),
        errors: [],
      },
      get: {
        method: 'GET',
        path: '/collected-taxes/{period}',
        summary:
          'Read what was collected in the name of this account in a month: its invoices and credit notes, their tax by rate, what was paid of them and where that went.',
        access: 'read',
        request: z.object({
          period,
          /** Default: that of the account. */
          currency: currency.optional(),
        }),
        response: collectedMonth,
        errors: [],
      },
      getPdf: {
        method: 'GET',
        path: '/collected-taxes/{period}/pdf',
        summary: 'Read the same as a PDF. Its file is at …/document.pdf.',
        access: 'read',
        files: [
          {
            ending: 'pdf',
            segment: 'document.pdf',
            mediaType: 'application/pdf',
            isBinary: true,
            summary:
              'Read what was collected in the name of this account in a month as the PDF file that it is.',
          },
        ],
        request: z.object({ period, currency: currency.optional() }),
        response: z.object({
          fileName: z.string(),
          mediaType: z.literal('application/pdf'),
          base64: z.string(),
        }),
        errors: [],
      },
      export: {
        method: 'GET',
        path: '/collected-tax-lines',
        summary:
          'Read all invoices and credit notes in the name of this account of a range of months, tax by tax, as exact decimals of the major unit.',
        access: 'read',
        files: filesOf('Read what was collected in the name of this account'),
        request: z.object({
          /** The first month. */
          from: period,
          /** The last month; default: the first alone. */
          to: period.optional(),
          /** Of an answer that was cut: what comes behind it. */
          after: idSchema('doc').optional(),
          /** Of documents: each has a row for each of its taxes, and one at least. */
          limit: queryInt().min(1).max(EXPORT_ROWS_MAX).default(1_000),
        }),
        response: rowsOf(collectedTaxColumns),
        errors: [],
      },
      sendAgain: {
        method: 'POST',
        path: '/collected-taxes-again',
        summary:
          'Send once more what was taken back at Stripe by hand of tax that was passed on, once however often it is asked. Of whoever collects.',
        access: 'bill',
        isAllowedAtClosed: true,
        request: z.object({
          /** To whom it was passed on. */
          sellerId: idSchema('acc'),
          period,
        }),
        response: z.object(heldTax),
        errors: ['billing.collector_only', 'billing.nothing_returned', 'billing.rail_key_gone'],
      },
    },
  },
} as const;
