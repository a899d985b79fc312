import { defineDomain } from '@patchbay/kit/definition';
import { idField } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { knownSchema } from './known.ts';

/** A username of TURN has fewer than 509 bytes (RFC 8489 §14.3), and the ids are shorter. */
const SUBJECT_CHARACTERS_MAX = 508;

/** 'failed': nobody decided against it; the platform could not. */
const outcomes = ['allowed', 'refused', 'failed'] as const;

const refusal = {
  /** A stable code. Absent where nothing was refused and nothing ended. */
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  /** The rule that refused, and the level that set it (POL-4). */
  rule: z.string().optional(),
  level: z.string().optional(),
  /** What the reader can do about it. */
  remedy: z.string().optional(),
};

const decision = z.object({
  subject: z.string(),
  kind: z.enum(['request', 'session', 'credential']),
  decision: z.enum(outcomes),
  /** When it was decided; of a credential, which is decided each time it is used, now. */
  at: z.iso.datetime(),
  /** Whose request, session or credential it is. */
  accountId: idField('acc'),
  /** What was asked for: an operation, as `keys.create`; a call or a relay. */
  operation: z.string(),
  actor: z.object({ id: z.string(), name: z.string() }).optional(),
  ...refusal,
  known: knownSchema,
  /** What was decided on the way, the oldest first: refusals and limits of a session, refused uses of a credential. */
  moments: z.array(
    z.object({
      at: z.iso.datetime(),
      kind: z.string(),
      sessionId: idField('ses').optional(),
      code: z.string().optional(),
      detail: z.string().optional(),
    }),
  ),
});

const refusedRequest = z.object({
  requestId: idField('req'),
  at: z.iso.datetime(),
  accountId: idField('acc'),
  actorId: z.string(),
  actorName: z.string(),
  operation: z.string(),
  code: z.string(),
  status: z.int(),
  detail: z.string(),
});

export const decisions = defineDomain({
  name: 'decisions',
  title: 'Why',
  summary:
    'Why a request, a session or a credential was allowed or refused, and what was known then (PRD-8).',
  events: {},
  errors: {},
  resources: {
    why: {
      title: 'Why',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/why',
          summary:
            'Read the requests of this account, and of those below it, that were refused, newest first.',
          access: 'read',
          request: pageRequest,
          response: pageOf(refusedRequest),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/why/{subject}',
          summary:
            'Read the decision about a request (`req_…`), a session (`ses_…`) or the username of a credential.',
          access: 'read',
          request: z.object({ subject: z.string().min(1).max(SUBJECT_CHARACTERS_MAX) }),
          response: decision,
          errors: [],
        },
      },
    },
  },
});
