import { idField } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';

const nano = z.string().regex(/^-?\d+$/);
const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'A period is a UTC month, such as 2026-11.');
const day = z.iso.date();

/** Which line: `key` as `statements.listLines` gives it. */
const asked = {
  period,
  key: z.string().min(1).max(2_000),
  /** Of what this child owes, instead of what the account itself owes. */
  childId: idField('acc').optional(),
};

const part = {
  quantity: z.string(),
  /** Its part of the line's amount: parts of one line sum to it, to the nano unit. */
  amount: nano,
};

const listLineDays = {
  method: 'GET',
  path: '/statements/{period}/line/days',
  summary: 'Read on which days a line of a statement was used. They sum to the line.',
  access: 'read',
  request: z.object(asked),
  response: z.object({
    ...part,
    service: z.string(),
    meter: z.string(),
    dimensions: z.record(z.string(), z.string()),
    items: z.array(z.object({ day, ...part })),
  }),
  errors: ['resource.unknown'],
} as const;

const listLineSessions = {
  method: 'GET',
  path: '/statements/{period}/line/sessions',
  summary: 'Read whose sessions made a line of a statement on one day. They sum to the day.',
  access: 'read',
  request: pageRequest.extend({ ...asked, day }),
  response: pageOf(
    z.object({
      /** Absent: use without a session, such as requests. */
      sessionId: idField('ses').optional(),
      accountId: idField('acc'),
      ...part,
      recordCount: z.int(),
      from: z.iso.datetime(),
      to: z.iso.datetime(),
    }),
  ),
  errors: ['resource.unknown'],
} as const;

const listLineRecords = {
  method: 'GET',
  path: '/statements/{period}/line/records',
  summary: 'Read the records of use behind a line of a statement on one day, as nodes reported them.',
  access: 'read',
  request: pageRequest.extend({
    ...asked,
    day,
    /** Of this session alone. */
    sessionId: idField('ses').optional(),
  }),
  response: pageOf(
    z.object({
      /** Node, boot and number: each counted once. */
      record: z.string(),
      accountId: idField('acc'),
      segment: z.int(),
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      quantity: z.string(),
    }),
  ),
  errors: ['resource.unknown'],
} as const;

const listSessionLines = {
  method: 'GET',
  path: '/session-lines',
  summary:
    'Read in which lines of this account’s statements a session is, and with how much of their amount.',
  access: 'read',
  request: z.object({ sessionId: idField('ses') }),
  response: z.object({
    items: z.array(
      z.object({
        period,
        key: z.string(),
        service: z.string(),
        meter: z.string(),
        dimensions: z.record(z.string(), z.string()),
        day,
        currency: z.string(),
        ...part,
      }),
    ),
  }),
  errors: [],
} as const;

export const trailOperations = { listLineDays, listLineSessions, listLineRecords, listSessionLines } as const;
