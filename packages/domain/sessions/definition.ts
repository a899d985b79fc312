import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest, queryInt } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { sessionKinds } from './session-log.ts';

const sessionId = idSchema('ses');
const dateTime = z.iso.datetime();

export const sessionModes = ['pending', 'p2p', 'relay', 'media'] as const;
export const modalities = ['audio', 'video', 'screen', 'data', 'image', 'none'] as const;

/** A leg of another account is only an id: its log, media and usage belong to that account (LIV-0). */
const leg = z.object({
  id: idField('leg'),
  accountId: idField('acc').optional(),
  identity: z.string().optional(),
  state: z.enum(['ringing', 'joined', 'left']),
  media: z.object({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() }).optional(),
  joinedAt: dateTime.optional(),
  leftAt: dateTime.optional(),
});

const session = z.object({
  id: sessionId,
  /** `call`: two endpoints, held by signaling. `relay`: one client's use of one credential on one relay, without a call. */
  kind: z.enum(sessionKinds),
  accountId: idField('acc'),
  accountName: z.string(),
  applicationId: idField('app').optional(),
  state: z.enum(['ringing', 'live', 'ended']),
  mode: z.enum(sessionModes),
  participants: z.int(),
  legs: z.array(leg),
  region: z.string(),
  startedAt: dateTime,
  connectedAt: dateTime.optional(),
  endedAt: dateTime.optional(),
  /** Why it ended: a stable code. */
  endCode: z.string().optional(),
  /** Billed bytes through relays, both ways, of all its legs within reach of the caller. */
  relayBytes: z.string(),
  relayMilliseconds: z.string(),
  /** Latest measured bit rate, both ways. */
  bitsPerSecond: z.int().optional(),
});

const logEntry = z.object({
  sequence: z.int(),
  at: dateTime,
  kind: z.string(),
  legId: idField('leg').optional(),
  data: z.record(z.string(), z.json()),
});

export const sessions = defineDomain({
  name: 'sessions',
  title: 'Sessions',
  summary: 'Every live or past session: who is in it, how its media flows, what happened, and control of it.',
  // What happens in a session is told by the service that it belongs to.
  events: {},
  errors: {
    ended: {
      status: 409,
      title: 'The session has ended.',
      owner: 'client',
      retry: 'never',
      remedy: 'Read the session to see when and why.',
    },
  },
  resources: {
    sessions: {
      title: 'Sessions',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/sessions',
          summary: 'Read the sessions of this account and those below it, newest first.',
          access: 'read',
          request: pageRequest.extend({
            state: z.enum(['open', 'ended', 'all']).default('all'),
            kind: z.enum([...sessionKinds, 'all']).default('all'),
            scope: z.enum(['own', 'descendants']).default('descendants'),
            /** Only those in which this identity, exactly, had a part. */
            identity: z.string().min(1).max(200).optional(),
            /** Only those that began then or later. */
            from: requestTime.optional(),
            /** Only those that began before. */
            to: requestTime.optional(),
          }),
          response: pageOf(session),
          errors: [],
        },
        get: {
          method: 'GET',
          path: '/sessions/{sessionId}',
          summary: 'Read one session.',
          access: 'read',
          request: z.object({ sessionId }),
          response: session,
          errors: [],
        },
        listLog: {
          method: 'GET',
          path: '/sessions/{sessionId}/log',
          summary: 'Read what happened in a session, in order, from a sequence number on.',
          access: 'read',
          request: z.object({
            sessionId,
            after: queryInt().min(0).default(0),
            limit: queryInt().min(1).max(500).default(200),
          }),
          response: z.object({ items: z.array(logEntry), nextAfter: z.int().optional() }),
          errors: [],
        },
        update: {
          method: 'PATCH',
          path: '/sessions/{sessionId}',
          summary: 'End a running session. Everybody in it is told why.',
          access: 'develop',
          request: z.strictObject({ sessionId, state: z.literal('ended') }),
          response: session,
          errors: ['sessions.ended'],
        },
      },
    },
  },
});
