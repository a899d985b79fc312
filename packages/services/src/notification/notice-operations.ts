import {
  BODY_CHARACTERS_MAX,
  noticeStates,
  receipts,
  TITLE_CHARACTERS_MAX,
  TTL_SECONDS_MAX,
  urgencies,
} from '@patchbay/domain/notices/notice';
import { deliveryStates } from '@patchbay/domain/notices/notice-move';
import { targetShapes, wayShapes } from '@patchbay/domain/notices/notice-target';
import {
  credentialWays,
  noticeWays,
  subscribedWays,
  WAYS_MAX,
  wayStep,
} from '@patchbay/domain/notices/notice-way';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { limitShape } from '../credential-request.ts';

const identity = limitShape.identity.unwrap();
const at = z.iso.datetime();
const notice = z.object({
  id: idField('ntc'),
  /** An identifier, such as `user:bob`. */
  endpoint: z.string(),
  state: z.enum(noticeStates),
  /** Absent once the person was erased. */
  title: z.string().optional(),
  body: z.string().optional(),
  data: z.json().optional(),
  tag: z.string().optional(),
  urgency: z.enum(urgencies),
  ways: z.array(z.string()),
  createdAt: at,
  expiresAt: at,
  sentAt: at.optional(),
  deliveredAt: at.optional(),
  readAt: at.optional(),
  deliveries: z.array(
    z.object({
      way: z.enum(noticeWays),
      subscriptionId: idField('nsb').optional(),
      device: z.string().optional(),
      state: z.enum(deliveryStates),
      attemptCount: z.int(),
      reason: z.string().optional(),
      at: at.optional(),
    }),
  ),
});
const subscription = z.object({
  id: idField('nsb'),
  endpoint: z.string(),
  way: z.enum(subscribedWays),
  device: z.string().optional(),
  label: z.string(),
  createdAt: at,
  usedAt: at.optional(),
});
const way = z.object({
  way: z.enum(credentialWays),
  isSet: z.boolean(),
  /** What is no secret of it. */
  settings: z.record(z.string(), z.string()).optional(),
  /** Of web-push: what a browser is given when it subscribes. */
  publicKey: z.string().optional(),
  changedAt: at.optional(),
});
const noticeId = idSchema('ntc');
const { 'web-push': webPush, fcm, apns, sms } = wayShapes;

/** Events of notices. */
export const noticeEvents = {
  /** A notice whose way is webhook: the whole of it. */
  'notice.handed': z.object({
    noticeId: z.string(),
    endpoint: z.string(),
    title: z.string(),
    body: z.string().optional(),
    data: z.json().optional(),
    tag: z.string().optional(),
  }),
  'notice.sent': z.object({ noticeId: z.string(), endpoint: z.string(), ways: z.array(z.enum(noticeWays)) }),
  'notice.delivered': z.object({ noticeId: z.string(), endpoint: z.string() }),
  'notice.read': z.object({ noticeId: z.string(), endpoint: z.string() }),
  'notice.failed': z.object({
    noticeId: z.string(),
    endpoint: z.string(),
    /** Why, by way; empty where no way led anywhere. */
    reasons: z.array(z.object({ way: z.enum(noticeWays), reason: z.string() })),
  }),
  'notice.expired': z.object({ noticeId: z.string(), endpoint: z.string() }),
  'notice.cancelled': z.object({ noticeId: z.string(), endpoint: z.string() }),
  'subscription.added': subscription,
  'subscription.removed': z.object({
    subscriptionId: z.string(),
    endpoint: z.string(),
    way: z.enum(subscribedWays),
    /** `gone`: the provider said that nobody is there any more. */
    cause: z.enum(['removed', 'gone']),
  }),
  'way.set': way,
  'way.removed': z.object({ way: z.enum(credentialWays) }),
} as const;

/** What is told to an endpoint, wherever it is reached. */
export const noticeOperations = {
  send: {
    method: 'POST',
    path: '/notices',
    summary:
      'Tell an endpoint something: by WebSocket, push, SMS, e-mail or webhook, in the order of its ways.',
    access: 'develop',
    isUse: true,
    feature: 'notices',
    takesEvents: {
      fields: { data: '{}' },
      emits: [
        ...(['notice.handed', 'notice.sent', 'notice.delivered', 'notice.read', 'notice.failed'] as const),
        ...(['notice.expired', 'subscription.removed'] as const),
      ],
    },
    request: z.strictObject({
      /** As somebody signs in: `bob` of `user:bob`. */
      identity,
      title: z.string().min(1).max(TITLE_CHARACTERS_MAX),
      body: z.string().min(1).max(BODY_CHARACTERS_MAX).optional(),
      data: z.json().optional(),
      /** The next one of its tag takes the place of one that is still shown. */
      tag: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,32}$/)
        .optional(),
      urgency: z.enum(urgencies).default('normal'),
      /** It is told to nobody afterwards. */
      ttlSeconds: z.int().min(1).max(TTL_SECONDS_MAX).default(86_400),
      /** In their order. Otherwise those of the endpoint's configuration. */
      ways: z.array(wayStep).min(1).max(WAYS_MAX).optional(),
      applicationId: limitShape.applicationId,
    }),
    response: notice,
    errors: ['notification.notice_too_large', 'notification.too_many_waiting'],
  },
  listNotices: {
    method: 'GET',
    path: '/notices',
    summary: 'List notices, the newest first, with what became of each.',
    access: 'read',
    request: pageRequest.extend({ identity: identity.optional() }),
    response: pageOf(notice),
    errors: [],
  },
  getNotice: {
    method: 'GET',
    path: '/notices/{noticeId}',
    summary: 'Read what became of a notice.',
    access: 'read',
    request: z.object({ noticeId }),
    response: notice,
    errors: [],
  },
  cancelNotice: {
    method: 'DELETE',
    path: '/notices/{noticeId}',
    summary: 'Cancel what is still to be done for a notice. What went out is not called back.',
    access: 'develop',
    request: z.object({ noticeId }),
    response: notice,
    errors: ['notification.notice_over'],
  },
  noteReceipt: {
    method: 'POST',
    path: '/notices/{noticeId}/receipts',
    summary: 'Say that a notice came to somebody, or was read. No further way is tried then.',
    access: 'develop',
    isUse: true,
    request: z.strictObject({ noticeId, receipt: z.enum(receipts) }),
    response: notice,
    errors: [],
  },
  addSubscription: {
    method: 'POST',
    path: '/subscriptions',
    summary:
      'Say where an endpoint is reached: a browser, an app, a number or an address. Said again, it is the same one.',
    access: 'develop',
    request: z.strictObject({
      identity,
      /** What its user calls it. */
      device: z.string().min(1).max(64).optional(),
      /** Exactly one of these. */
      webPush: targetShapes['web-push'].optional(),
      fcm: targetShapes.fcm.optional(),
      apns: targetShapes.apns.optional(),
      sms: targetShapes.sms.optional(),
      email: targetShapes.email.optional(),
    }),
    response: subscription,
    errors: ['request.invalid', 'notification.too_many_targets', 'notification.target_refused'],
  },
  listSubscriptions: {
    method: 'GET',
    path: '/subscriptions',
    summary: 'List where endpoints are reached.',
    access: 'read',
    request: pageRequest.extend({ identity: identity.optional() }),
    response: pageOf(subscription),
    errors: [],
  },
  removeSubscription: {
    method: 'DELETE',
    path: '/subscriptions/{subscriptionId}',
    summary: 'Forget a place where an endpoint is reached.',
    access: 'develop',
    request: z.object({ subscriptionId: idSchema('nsb') }),
    response: z.object({ id: idField('nsb') }),
    errors: [],
  },
  listWays: {
    method: 'GET',
    path: '/ways',
    summary: 'List by whom notices go out on each way that needs somebody.',
    access: 'read',
    request: z.object({}),
    response: z.object({ items: z.array(way) }),
    errors: [],
  },
  getWay: {
    method: 'GET',
    path: '/ways/{way}',
    summary: 'Read by whom notices go out on a way. Keys and tokens are shown to nobody.',
    access: 'read',
    request: z.object({ way: z.enum(credentialWays) }),
    response: way,
    errors: [],
  },
  putWay: {
    method: 'PUT',
    path: '/ways/{way}',
    summary: 'Set by whom notices go out on a way. For web-push keys are made at the first time, and stay.',
    access: 'develop',
    replaces: 'getWay',
    request: z.strictObject({
      way: z.enum(credentialWays),
      /** The one of the way, and no other. */
      webPush: webPush.shown.optional(),
      fcm: z.strictObject({ ...fcm.shown.shape, ...fcm.secret.shape }).optional(),
      apns: z.strictObject({ ...apns.shown.shape, ...apns.secret.shape }).optional(),
      sms: z.strictObject({ ...sms.shown.shape, ...sms.secret.shape }).optional(),
    }),
    response: way,
    errors: ['request.invalid', 'notification.target_refused'],
  },
  removeWay: {
    method: 'DELETE',
    path: '/ways/{way}',
    summary:
      'Forget by whom notices go out on a way, keys and all. Browsers that subscribed have to do so again.',
    access: 'develop',
    request: z.object({ way: z.enum(credentialWays) }),
    response: z.object({ way: z.enum(credentialWays) }),
    errors: [],
  },
} as const;
