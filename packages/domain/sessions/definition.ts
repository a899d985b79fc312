import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest, queryInt } from '@patchbay/kit/page';
import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { sessionErrors } from './errors.ts';
import { liveChange, mutedKinds } from './live-change.ts';
import { sessionKinds } from './session-log.ts';
import { toldHook } from './told-hook.ts';

const sessionId = idSchema('ses');
const legId = idSchema('leg');
const dateTime = z.iso.datetime();

export const sessionModes = ['pending', 'p2p', 'relay', 'media'] as const;
export const modalities = ['audio', 'video', 'screen', 'data', 'image', 'none'] as const;

const kinds = z.object({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() });

/** A leg of another account is only an id: its log, media and usage belong to that account (LIV-0). */
const leg = z.object({
  id: idField('leg'),
  accountId: idField('acc').optional(),
  identity: z.string().optional(),
  state: z.enum(['ringing', 'joined', 'left']),
  media: kinds.optional(),
  /** What of it the account has muted; absent where nothing is. */
  muted: kinds.optional(),
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
  state: z.enum(['ringing', 'live', 'paused', 'ended']),
  mode: z.enum(sessionModes),
  participants: z.int(),
  legs: z.array(leg),
  region: z.string(),
  startedAt: dateTime,
  connectedAt: dateTime.optional(),
  pausedAt: dateTime.optional(),
  endedAt: dateTime.optional(),
  /** Why it ended: a stable code. */
  endCode: z.string().optional(),
  /** Billed bytes through relays, both ways, of all its legs within reach of the caller. */
  relayBytes: z.string(),
  relayMilliseconds: z.string(),
  /** Set while it runs, beside what credentials and policies say. */
  limits: z.object({ endsAt: dateTime.optional(), bitsPerSecondMax: z.int().optional() }).optional(),
  /** Latest measured bit rate, both ways. */
  bitsPerSecond: z.int().optional(),
});

/** Of one session among many that were to change. */
const changedSession = z.object({
  sessionId: idField('ses'),
  /** `unchanged`: it was so before. */
  outcome: z.enum(['changed', 'unchanged', 'refused']),
  /** Why it is refused, as the request for this session alone would say it. */
  code: z.string().optional(),
  detail: z.string().optional(),
});

/** Why an order about a running session is not carried out. */
const orderErrors = [
  'sessions.ended',
  'sessions.not_live',
  'sessions.not_a_call',
  'sessions.party_unable',
  'sessions.node_away',
] as const;

const logEntry = z.object({
  sequence: z.int(),
  at: dateTime,
  kind: z.string(),
  legId: idField('leg').optional(),
  data: z.record(z.string(), z.json()),
  /** Whom callbacks and webhooks of the caller's account told of it, and what they ran (HKS-4). Absent where there is none. */
  hooks: z.array(toldHook).optional(),
});

export const sessions = defineDomain({
  name: 'sessions',
  title: 'Sessions',
  summary: 'Every live or past session: who is in it, how its media flows, what happened, and control of it.',
  // What happens in a session is told by the service that it belongs to.
  events: {},
  errors: sessionErrors,
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
          summary:
            'Pause, resume or end a running session, mute what is sent in it, set limits for the rest of it, or move its media.',
          access: 'develop',
          request: z.strictObject({ sessionId, ...liveChange }),
          response: session,
          errors: [
            ...orderErrors,
            'sessions.mode_unavailable',
            'sessions.service_unavailable',
            'request.invalid',
          ],
        },
        updateAll: {
          method: 'PATCH',
          path: '/sessions',
          summary:
            'Change the running sessions of an account, an application or an endpoint, so many at a time.',
          access: 'develop',
          request: z.strictObject({
            scope: z.enum(['own', 'descendants']).default('own'),
            applicationId: idSchema('app').optional(),
            /** Only those in which this identity, exactly, has a part. */
            identity: z.string().min(1).max(200).optional(),
            /** By default calls, and relays without one as well where all are ended: nothing else can be changed of those. */
            kind: z.enum([...sessionKinds, 'all']).optional(),
            ...liveChange,
            /** The newest first: `nextBefore` of the answer before goes on with the older ones. */
            before: sessionId.optional(),
            limit: z.int().min(1).max(100).default(50),
          }),
          response: z.object({ items: z.array(changedSession), nextBefore: z.string().optional() }),
          errors: ['sessions.service_unavailable', 'request.invalid'],
        },
        redirect: {
          method: 'POST',
          path: '/sessions/{sessionId}/redirects',
          summary:
            'Send a running call on: to another document of application logic, or to another endpoint.',
          access: 'develop',
          request: z.strictObject({
            sessionId,
            /** Of the document that decides from here on. */
            url: z
              .url({ protocol: /^https?$/ })
              .max(2_048)
              .optional(),
            /** An endpoint such as `user:carol`, in the place of whoever was called. */
            to: z.string().min(1).max(256).optional(),
          }),
          response: z.object({
            sessionId: idField('ses'),
            url: z.string().optional(),
            to: z.string().optional(),
          }),
          errors: [
            ...orderErrors,
            'sessions.leg_foreign',
            'sessions.no_logic',
            'sessions.endpoint_unavailable',
            'request.invalid',
          ],
        },
        updateLeg: {
          method: 'PATCH',
          path: '/sessions/{sessionId}/legs/{legId}',
          summary: 'Mute a leg of this account, or take that back.',
          access: 'develop',
          request: z.strictObject({ sessionId, legId, muted: mutedKinds }),
          response: leg,
          errors: [...orderErrors, 'sessions.leg_foreign', 'request.invalid'],
        },
        removeLeg: {
          method: 'DELETE',
          path: '/sessions/{sessionId}/legs/{legId}',
          summary: 'Remove a party from a running session.',
          access: 'develop',
          request: z.object({ sessionId, legId }),
          response: leg,
          errors: orderErrors,
        },
      },
    },
  },
});
