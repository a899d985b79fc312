import { idField } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { differenceKinds } from './collection/found-difference.ts';

const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');

const difference = {
  /** A document, or a top-up of a balance. */
  documentId: z.string(),
  period,
  currency: z.string(),
  /**
   * 'amount', 'currency', 'customer': the invoice has another there. 'state': somebody made it void there or gave it up.
   * 'missing': it is not there any more. 'transfer-amount': another sum was sent. 'transfer-reversed': somebody took back there
   * what was sent. 'too-large': Stripe takes no invoice of so much, and was asked for none; `found` is what it takes.
   */
  kind: z.enum(differenceKinds),
  /** Of the invoice or the transfer, at Stripe. */
  railId: z.string(),
  /** Minor units, or as Stripe calls it. */
  expected: z.string(),
  found: z.string(),
};

export const reconciliationEvents = {
  'difference.found': z.object({ ...difference, ofAccountId: idField('acc') }),
} as const;

export const reconciliationResources = {
  reconciliation: {
    title: 'Reconciliation',
    mount: 'account',
    operations: {
      listDifferences: {
        method: 'GET',
        path: '/reconciliation/differences',
        summary:
          'Read where Stripe has something else than this account asked for or sent: those that are there still, and those that ended.',
        access: 'bill',
        request: pageRequest,
        response: pageOf(
          z.object({
            ...difference,
            documentNumber: z.string().optional(),
            accountId: idField('acc'),
            foundAt: z.iso.datetime(),
            /** When it was not there any more. Absent: it is. */
            endedAt: z.iso.datetime().optional(),
          }),
        ),
        errors: [],
      },
      start: {
        method: 'POST',
        path: '/reconciliation',
        summary:
          'Read again at Stripe all that this account collects and that is watched, within minutes. It happens each day without being asked.',
        access: 'bill',
        request: z.object({}),
        response: z.object({ documentCount: z.int() }),
        errors: [],
      },
    },
  },
} as const;
