import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest, queryInt } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { isTimeZone } from '../tenancy/time-zone.ts';
import { conflictReasons } from './usage-store.ts';

/** Quantities are integers that may pass 2^53, so they travel as text. */
const quantity = z.string().regex(/^\d+$/);

export const metering = defineDomain({
  name: 'metering',
  time: 'books',
  title: 'Usage',
  summary: 'What was used, by whom, as it accrues.',
  events: {},
  errors: {
    range_too_wide: {
      status: 422,
      title: 'The range holds too many buckets.',
      owner: 'client',
      retry: 'never',
      remedy: 'Ask for a shorter range or a wider bucket.',
    },
  },
  resources: {
    usage: {
      title: 'Usage',
      mount: 'account',
      operations: {
        query: {
          method: 'GET',
          path: '/usage',
          summary:
            'Read usage by time bucket, grouped by any dimension. It trails the wire by at most 5 seconds.',
          access: 'read',
          files: [
            {
              ending: 'csv',
              mediaType: 'text/csv',
              summary: 'Read usage as one CSV file (RFC 4180) of any length.',
            },
          ],
          request: z.object({
            /** Both ends move back to a whole minute, so ranges that meet add up. With a `to` that lies ahead the minute that runs is counted as far as it went. */
            from: requestTime,
            to: requestTime,
            bucket: z.enum(['minute', 'hour', 'day', 'month', 'all']).default('all'),
            /** Whose hours, days and months the buckets are: a name of the IANA database, such as Europe/Berlin. */
            timeZone: z.string().max(64).refine(isTimeZone, 'There is no such time zone.').default('UTC'),
            /** `service.meter`; all meters when absent. */
            meter: z.string().max(100).optional(),
            /** A dimension, or `account`, `application`, `endpoint`, `credential`, `session`, `node`, and the `implementation` and `version` that it ran; comma-separated, at most 3. */
            groupBy: z.string().max(200).optional(),
            /** 'own': this account alone. 'descendants': with all its descendants. */
            scope: z.enum(['own', 'descendants']).default('descendants'),
            /** Only use with these dimensions, as `direction:in,region:eu`; at most 10. */
            where: z.string().max(500).optional(),
            sessionId: idField('ses').optional(),
            /** Only what one endpoint used, such as `user:bob`. */
            endpoint: z.string().min(1).max(400).optional(),
            /** Only what was used in the name of an application, by its id. */
            application: z.string().min(1).max(100).optional(),
            /** Only what was used with one credential, by its id as usage names it. */
            credential: z.string().min(1).max(200).optional(),
            /** Of an answer that was cut: what comes behind it. */
            after: z.string().max(1_000).optional(),
            limit: queryInt().min(1).max(10_000).default(1_000),
          }),
          response: z.object({
            /** The range that was counted: both ends of the one asked for, moved back to a whole minute. */
            from: z.iso.datetime(),
            to: z.iso.datetime(),
            rows: z.array(
              z.object({
                /** Start of the bucket; the start of the counted range for 'all'. */
                at: z.iso.datetime(),
                meter: z.string(),
                group: z.record(z.string(), z.string()),
                quantity,
                recordCount: z.int(),
              }),
            ),
            isTruncated: z.boolean(),
            /**
             * Only where records are asked that are not all kept any more: by application, endpoint, credential, session, node or what it ran,
             * the answer lacks use from before. Totals have it.
             */
            completeFrom: z.iso.datetime().optional(),
            /** Ask again with it for the rest. */
            nextAfter: z.string().optional(),
          }),
          errors: ['metering.range_too_wide'],
        },
        getSession: {
          method: 'GET',
          path: '/usage/sessions/{sessionId}',
          summary:
            'Read what a session used in both ways of accounting: each service for as long as it was used, and which were used at all (MET-3).',
          access: 'read',
          request: z.object({ sessionId: idSchema('ses') }),
          response: z.object({
            sessionId: idField('ses'),
            /** From the first use to the last. */
            from: z.iso.datetime(),
            to: z.iso.datetime(),
            lastedMs: z.int(),
            /** By segment: each change of modality or codec begins the next (MET-4). */
            segmented: z.array(
              z.object({
                segment: z.int(),
                modality: z.string(),
                meter: z.string(),
                from: z.iso.datetime(),
                to: z.iso.datetime(),
                quantity,
              }),
            ),
            /** Used or not, over the whole session. */
            binary: z.array(
              z.object({ service: z.string(), modalities: z.array(z.string()), lastedMs: z.int() }),
            ),
          }),
          errors: ['resource.unknown'],
        },
        listRefused: {
          method: 'GET',
          path: '/usage/refused',
          summary:
            'Read the usage of this account and of all below it that was kept and not counted, the newest first. It is on no statement.',
          access: 'read',
          request: pageRequest,
          response: pageOf(
            z.object({
              /** When it came. */
              at: z.iso.datetime(),
              reason: z.enum(conflictReasons),
              /** As the record names it: there may be no such account. */
              accountId: z.string(),
              nodeId: z.string(),
              service: z.string(),
              from: z.iso.datetime(),
              to: z.iso.datetime(),
              quantities: z.array(
                z.object({
                  meter: z.string(),
                  quantity: z.string(),
                  dimensions: z.record(z.string(), z.string()),
                }),
              ),
            }),
          ),
          errors: [],
        },
      },
    },
  },
});
