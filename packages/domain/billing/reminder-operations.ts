import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { overdueActions } from './reminders.ts';

const DAYS_MAX = 365;
const REMINDER_COUNT_MAX = 10;

const schedule = {
  /** So many days before an invoice is due. Absent: not before. */
  beforeDays: z.int().min(0).max(60).optional(),
  /** So many days after. The last of them makes the account overdue. None: nobody is reminded. */
  afterDays: z
    .array(z.int().min(1).max(DAYS_MAX))
    .max(REMINDER_COUNT_MAX)
    .refine(
      (days) => days.every((day, index) => day > (days[index - 1] ?? 0)),
      'Each is later than the one before.',
    ),
  /**
   * What follows on the last, until the account has paid. 'mark': nothing but that it is overdue. 'refuse': services that it
   * pays a fee a month for are refused. 'suspend': the account is suspended, with all below it.
   */
  lastAction: z.enum(overdueActions),
};

const terms = z.object({
  ...schedule,
  afterDays: z.array(z.int()),
  /** Absent: all children that have no words of their own. */
  childId: idField('acc').optional(),
});
const allTerms = z.object({
  /** That for all children first. */
  items: z.array(terms),
});

export const reminderResources = {
  reminders: {
    title: 'Reminders',
    mount: 'account',
    operations: {
      get: {
        method: 'GET',
        path: '/reminders',
        summary: 'Read when customers of this account are reminded of invoices, and what follows at last.',
        access: 'read',
        request: z.object({}),
        response: allTerms,
        errors: [],
      },
      set: {
        method: 'PUT',
        path: '/reminders',
        summary: 'Say when all customers of this account, or one, are reminded of invoices.',
        access: 'bill',
        replaces: 'get',
        request: z.strictObject({
          ...schedule,
          /** One child alone. */
          childId: idSchema('acc').optional(),
        }),
        response: allTerms,
        errors: ['resource.unknown'],
      },
      reset: {
        method: 'POST',
        path: '/reminders/resets',
        summary: 'Remind one child as all others.',
        access: 'bill',
        request: z.strictObject({ childId: idSchema('acc') }),
        response: allTerms,
        errors: ['resource.unknown'],
      },
      listSent: {
        method: 'GET',
        path: '/reminders/sent',
        summary:
          'Read which reminders this account, and those below it, were sent, the newest invoice first.',
        access: 'read',
        request: pageRequest,
        response: pageOf(
          z.object({
            documentId: idField('doc'),
            number: z.string(),
            accountId: idField('acc'),
            /** Days from when it is due: below zero before. */
            offsetDays: z.int(),
            isLast: z.boolean(),
            sentAt: z.iso.datetime(),
          }),
        ),
        errors: [],
      },
      listOverdue: {
        method: 'GET',
        path: '/overdue-accounts',
        summary:
          'Read whether this account, and which of those below it, are overdue, and what they are refused.',
        access: 'read',
        request: z.object({}),
        response: z.object({
          items: z.array(
            z.object({
              accountId: idField('acc'),
              name: z.string(),
              documentId: idField('doc'),
              number: z.string(),
              action: z.enum(overdueActions),
              since: z.iso.datetime(),
            }),
          ),
        }),
        errors: [],
      },
    },
  },
} as const;

const invoice = { documentId: idField('doc'), number: z.string() };

export const reminderEvents = {
  /** Days from when the invoice is due: below zero before. */
  /** Who is reminded when: of this child, or of all that have no terms of their own. */
  'reminder-terms.changed': z.object({ childId: idField('acc').optional() }),
  reminded: z.object({ ...invoice, offsetDays: z.int(), isLast: z.boolean() }),
  overdue: z.object({ ...invoice, action: z.enum(overdueActions) }),
  /** It has paid what it was overdue with. */
  'overdue-ended': z.object({ documentId: idField('doc') }),
} as const;
