import { idField } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { exportLedger } from './export-operations.ts';
import { ledgerCauseKinds } from './ledger-cause.ts';
import { allBooks } from './ledger-reader.ts';

const nano = z.string().regex(/^-?\d+$/);
const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');

export const ledgerResources = {
  ledger: {
    title: 'Ledger',
    mount: 'account',
    operations: {
      list: {
        method: 'GET',
        path: '/ledger',
        summary: 'Read the transactions of a month in which this account has an entry, newest first.',
        access: 'read',
        request: pageRequest.extend({
          period,
          /** Only transactions with an entry of this account in it. */
          book: z.enum(allBooks).optional(),
        }),
        response: pageOf(
          z.object({
            transactionId: idField('txn'),
            at: z.iso.datetime(),
            period,
            /** Names what was booked. Whom above you do not see stands in it as `above`. */
            sourceRef: z.string(),
            cause: z.object({
              /** 'use': a line of use. 'settlement': what of a month becomes money. 'carry': a fraction. 'document': see `what`. */
              kind: z.enum(ledgerCauseKinds),
              service: z.string().optional(),
              meter: z.string().optional(),
              /** 'issued', 'paid', 'refund', 'disputed', 'dispute-won', 'dispute-lost', 'void', 'payout' or 'set-off'. */
              what: z.string().optional(),
              documentId: idField('doc').optional(),
            }),
            /** Of this account and those below it. */
            entries: z.array(
              z.object({
                accountId: idField('acc'),
                book: z.enum(allBooks),
                /** Absent: of somebody above whom you do not see. */
                counterpartyId: idField('acc').optional(),
                /** Names of both; of somebody above whom you do not see, that of the brand that holds for them. */
                accountName: z.string(),
                counterpartyName: z.string(),
                currency: z.string(),
                amount: nano,
              }),
            ),
            /** 'whole': its entries are all here, and sum to zero. 'part': the others are those of somebody above. */
            view: z.enum(['whole', 'part']),
          }),
        ),
        errors: [],
      },
      export: exportLedger,
      listBalances: {
        method: 'GET',
        path: '/ledger/balances',
        summary: 'Read what each book of this account comes to, month by month.',
        access: 'read',
        request: z.object({
          /** No month before this one. */
          from: period.optional(),
        }),
        response: z.object({
          items: z.array(
            z.object({
              period,
              book: z.enum(allBooks),
              currency: z.string(),
              amount: nano,
              entryCount: z.int(),
            }),
          ),
        }),
        errors: [],
      },
    },
  },
} as const;
