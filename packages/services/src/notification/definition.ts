import { channelName, namespaceName } from '@patchbay/domain/channels/channel-name';
import { MESSAGE_KEY_LENGTH_MAX, MESSAGE_TTL_SECONDS_MAX } from '@patchbay/domain/channels/message';
import { MESSAGE_BYTES_MAX, namespaceSettings } from '@patchbay/domain/channels/namespace';
import { defaultWays, noticeWays, WAYS_MAX, wayStep } from '@patchbay/domain/notices/notice-way';
import { defineService } from '@patchbay/kit/definition';
import { pageOf, pageRequest, queryInt } from '@patchbay/kit/page';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import { z } from 'zod';
import { limitShape } from '../credential-request.ts';
import { channelErrors } from './errors.ts';
import { noticeErrors } from './notice-errors.ts';
import { noticeEvents, noticeOperations } from './notice-operations.ts';

const position = { epoch: z.string(), offset: z.int() };
const body = {
  /** Of a message in JSON. */
  data: z.json().optional(),
  /** Of a message of bytes. */
  base64: z.string().optional(),
};
const message = z.object({
  messageId: z.string(),
  ...position,
  publishedAt: z.iso.datetime(),
  publisher: z.string().optional(),
  ...body,
  expiresAt: z.iso.datetime().optional(),
});
const member = z.object({
  connectionId: z.string(),
  identity: z.string(),
  device: z.string().optional(),
  since: z.iso.datetime(),
});
const channel = z.object({
  name: z.string(),
  namespace: z.string(),
  /** Absent until something is published. */
  epoch: z.string().optional(),
  headOffset: z.int(),
  createdAt: z.iso.datetime().optional(),
  publishedAt: z.iso.datetime().optional(),
  memberCount: z.int(),
});
const namespace = z.object({
  namespace: z.string(),
  ...namespaceSettings.shape,
  /** Nobody has set anything for it. */
  isDefault: z.boolean(),
});
const named = { channel: channelName };
const { applicationId, instanceType, ttlSeconds, notBeforeMs, usesMax, features, regions } = limitShape;
const { countries, deviceKinds, sourceCidrs, endEvent, endSubject } = limitShape;
/** What a client of channels can be held to: time, bytes and media are those of calls. */
const tokenLimits = {
  identity: limitShape.identity.unwrap(),
  ...{ applicationId, instanceType, ttlSeconds, notBeforeMs, usesMax, features, regions },
  ...{ countries, deviceKinds, sourceCidrs, endEvent, endSubject },
};

export const notification = defineService({
  name: 'notification',
  title: 'Notification',
  summary:
    'Channels: messages to whoever subscribes, in order and without a gap. Notices: told to one endpoint, wherever it is reached.',
  features: {
    subscribe: 'Clients receive messages of channels, and read what was said before.',
    publish: 'Clients publish messages.',
    presence: 'Clients are shown in a channel, and see who is.',
    notices: 'Endpoints are told something, wherever they are reached.',
  },
  timing: 'sync',
  media: 'none',
  config: z.object({
    tokenTtlSecondsMax: z
      .int()
      .min(10)
      .max(LIFETIME_SECONDS_MAX)
      .default(86_400)
      .describe('The longest time that a token may live, however it was minted.'),
    messageBytesMax: z
      .int()
      .min(1)
      .max(MESSAGE_BYTES_MAX)
      .default(MESSAGE_BYTES_MAX)
      .describe('The largest message, as JSON or base64.'),
    ways: z
      .array(wayStep)
      .min(1)
      .max(WAYS_MAX)
      .default([...defaultWays])
      .describe(
        'How an endpoint is told something, in this order: push, websocket, web-push, fcm, apns, sms, email, webhook. email+900: also 900 seconds after an earlier way took it, where nobody said that it came.',
      ),
    emailsPerDayMax: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(500)
      .describe('E-mails to endpoints that an account sends in 24 hours.'),
  }),
  merge: {
    tokenTtlSecondsMax: 'narrowest',
    messageBytesMax: 'narrowest',
    ways: 'nearest',
    emailsPerDayMax: 'narrowest',
  },
  meters: {
    messages: {
      unit: 'count',
      summary: 'Messages published, and messages delivered to each subscriber.',
      dimensions: { direction: ['published', 'delivered'] },
    },
    subscribedMs: {
      unit: 'millisecond',
      summary: 'Time for which clients were subscribed, to however many channels.',
      dimensions: { transport: ['websocket'] },
    },
    notices: {
      unit: 'count',
      summary: 'Notices that went out, each on each way to each place.',
      dimensions: { way: noticeWays },
    },
  },
  events: {
    'message.published': z.object({ channel: z.string(), ...message.shape }),
    'channel.joined': z.object({ channel: z.string(), ...member.shape }),
    'channel.left': z.object({ channel: z.string(), ...member.shape }),
    'channel.removed': z.object({ channel: z.string() }),
    'namespace.set': namespace,
    'namespace.removed': z.object({ namespace: z.string() }),
    ...noticeEvents,
  },
  errors: { ...channelErrors, ...noticeErrors },
  operations: {
    ...noticeOperations,
    publish: {
      method: 'POST',
      path: '/channels/{channel}/messages',
      summary: 'Publish a message: JSON in `data`, or bytes in `base64`.',
      access: 'develop',
      isUse: true,
      takesEvents: { fields: { data: '{}' }, isUnnamed: true, emits: ['message.published'] },
      request: z.strictObject({
        ...named,
        ...body,
        /** It is delivered to nobody afterwards. */
        ttlSeconds: z.int().min(1).max(MESSAGE_TTL_SECONDS_MAX).optional(),
        /** Of two messages with one key in a channel within five minutes, the second is not published. */
        messageKey: z.string().min(1).max(MESSAGE_KEY_LENGTH_MAX).optional(),
      }),
      response: z.object({ messageId: z.string(), ...position, publishedAt: z.iso.datetime() }),
      errors: ['request.invalid', 'notification.message_too_large', 'notification.too_many_channels'],
    },
    listMessages: {
      method: 'GET',
      path: '/channels/{channel}/messages',
      summary: 'List what is kept of a channel: the newest first, or with `after` from an offset on.',
      access: 'read',
      request: z.object({
        ...named,
        ...pageRequest.shape,
        /** The oldest first, from behind this offset. */
        after: queryInt().min(0).optional(),
      }),
      response: pageOf(message).extend({
        epoch: z.string().optional(),
        headOffset: z.int(),
        /** From here on all is kept. */
        firstOffset: z.int(),
      }),
      errors: [],
    },
    listMembers: {
      method: 'GET',
      path: '/channels/{channel}/members',
      summary: 'List who is in a channel now.',
      access: 'read',
      request: z.object({ ...named, ...pageRequest.shape }),
      response: pageOf(member).extend({ memberCount: z.int() }),
      errors: [],
    },
    listChannels: {
      method: 'GET',
      path: '/channels',
      summary: 'List channels in which something was published.',
      access: 'read',
      request: pageRequest.extend({ namespace: namespaceName.optional() }),
      response: pageOf(channel),
      errors: [],
    },
    getChannel: {
      method: 'GET',
      path: '/channels/{channel}',
      summary: 'Read how a channel stands.',
      access: 'read',
      request: z.object(named),
      response: channel,
      errors: [],
    },
    removeChannel: {
      method: 'DELETE',
      path: '/channels/{channel}',
      summary: 'Remove what is kept of a channel. What is published next begins it anew, in another epoch.',
      access: 'develop',
      request: z.object(named),
      response: z.object({ name: z.string() }),
      errors: [],
    },
    listNamespaces: {
      method: 'GET',
      path: '/namespaces',
      summary: 'List namespaces for which something is set.',
      access: 'read',
      request: pageRequest,
      response: pageOf(namespace),
      errors: [],
    },
    getNamespace: {
      method: 'GET',
      path: '/namespaces/{namespace}',
      summary: 'Read how the channels of a namespace behave.',
      access: 'read',
      request: z.object({ namespace: namespaceName }),
      response: namespace,
      errors: [],
    },
    putNamespace: {
      method: 'PUT',
      path: '/namespaces/{namespace}',
      summary: 'Set how the channels of a namespace behave, as a whole: what is left out is as by default.',
      access: 'develop',
      replaces: 'getNamespace',
      request: z.strictObject({ namespace: namespaceName, ...namespaceSettings.shape }),
      response: namespace,
      errors: ['notification.too_many_namespaces'],
    },
    removeNamespace: {
      method: 'DELETE',
      path: '/namespaces/{namespace}',
      summary: 'Forget what is set for a namespace. Its channels behave as by default.',
      access: 'develop',
      request: z.object({ namespace: namespaceName }),
      response: z.object({ namespace: z.string() }),
      errors: [],
    },
    createToken: {
      method: 'POST',
      path: '/tokens',
      summary: 'Mint a token with which a client takes part in channels as an identity of this account.',
      access: 'develop',
      isMinting: true,
      /** `ttlSeconds`: by default 3,600, or what is configured where that is less. */
      request: z.strictObject(tokenLimits),
      response: z.object({ token: z.string(), signalUrl: z.string(), expiresAt: z.iso.datetime() }),
      errors: ['notification.no_node', 'notification.no_key', 'notification.ttl_too_long', 'request.invalid'],
    },
  },
});
