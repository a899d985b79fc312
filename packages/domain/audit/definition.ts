import { defineDomain } from '@patchbay/kit/definition';
import { idField } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';

const auditEntry = z.object({
  id: idField('aud'),
  at: z.iso.datetime(),
  accountId: idField('acc'),
  /** Who: a user's or key's id, `platform`, or `above` for whoever acts from an account above those that you see. */
  actorId: z.string(),
  actorName: z.string(),
  /** The network address that the request came from. */
  address: z.string().optional(),
  /** Of a key of this account or below it: what it is called now, and the part of it that may be seen. */
  key: z.object({ name: z.string(), display: z.string() }).optional(),
  /** What was done, as `resource.operation`. */
  action: z.string(),
  /** The id of what it was done to. */
  target: z.string(),
  requestId: idField('req'),
  before: z.json().optional(),
  after: z.json().optional(),
});

const word = z.string().min(1).max(300);

export const audit = defineDomain({
  name: 'audit',
  title: 'Audit log',
  summary: 'Who changed what, from what, to what. Entries are added and never changed.',
  events: {
    /** The nightly look at the chain of an account found an entry missing, or not as it was written. */
    broken: z.object({ accountId: idField('acc'), brokenAt: z.int() }),
  },
  errors: {},
  resources: {
    audit: {
      title: 'Audit log',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/audit',
          summary: 'Read the changes to this account, newest first.',
          access: 'administer',
          request: pageRequest.extend({
            scope: z.enum(['own', 'descendants']).default('own'),
            /** Who: the `actorId` of an entry, such as `above`. */
            actorId: word.optional(),
            /** What was done: `keys.create`, or `keys` for all of its operations. */
            action: word.optional(),
            /** What it was done to: an id, with all that is of it, such as its configuration. */
            target: word.optional(),
            /** From then on, and before then. */
            from: requestTime.optional(),
            to: requestTime.optional(),
          }),
          response: pageOf(auditEntry),
          errors: [],
        },
        verify: {
          method: 'GET',
          path: '/audit/verification',
          summary:
            'Recompute the chain of hashes of this account’s entries: whether one was changed or removed, and which.',
          access: 'administer',
          request: z.object({}),
          response: z.object({
            at: z.iso.datetime(),
            state: z.enum(['whole', 'broken']),
            /** Entries that are there: the oldest may be past the time for which they are kept. */
            entryCount: z.int(),
            /** The number, counted from 1, of the first entry that is missing or not as it was written. */
            brokenAt: z.int().optional(),
          }),
          errors: [],
        },
      },
    },
  },
});
