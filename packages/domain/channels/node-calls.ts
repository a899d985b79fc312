import { z } from 'zod';
import {
  channelText,
  encodings,
  MESSAGE_KEY_LENGTH_MAX,
  memberSchema,
  storedMessageSchema,
} from './message.ts';
import { MESSAGE_BYTES_MAX } from './namespace.ts';

/** Messages of one answer: with each as large as it may be, a little more than a megabyte. */
export const PART_MESSAGES_MAX = 50;
/** Connections that leave channels, in one call. */
export const LEAVES_MAX = 1_000;
export const MEMBER_PAGE_MAX = 100;

const id = z.string().min(1).max(200);
const inChannel = { accountId: id, channel: channelText };
/** For whom a node asks: what a namespace allows rests on it. */
const client = z.object({
  identity: z.string().min(1).max(256),
  applicationId: id.optional(),
  instanceType: z.string().max(64).optional(),
});
/** Without an epoch it is of the log that there is. */
const position = z.object({ epoch: z.string().max(64).optional(), offset: z.int().min(0) });
const refusal = z.object({ code: z.string().max(80), detail: z.string().max(500) });
const part = z.object({
  epoch: z.string().max(64),
  headOffset: z.int(),
  firstOffset: z.int(),
  messages: z.array(storedMessageSchema),
  throughOffset: z.int(),
});

export type NodeChannelRefusal = z.output<typeof refusal>;
export type NodeLogPart = z.output<typeof part>;

/** What signaling asks the control plane about channels: it keeps the logs, gives the numbers and knows the namespaces. */
export const channelCalls = {
  /**
   * Whether a client may subscribe; if so what it missed since a position, or where the log stands, and that it is there. Asked
   * again for a subscription that stands, it changes nothing.
   */
  subscribeChannel: {
    method: 'POST',
    path: '/channels/subscriptions',
    request: z.object({
      ...inChannel,
      client,
      connectionId: id,
      device: z.string().max(16).optional(),
      /** The run of the node: who is there by it is gone when it is over. */
      boot: z.string().max(32),
      /** To be shown to the others, where the namespace shows anybody. */
      isPresent: z.boolean(),
      /** Behind which the client wants what was published. Absent: from now on. */
      after: position.optional(),
    }),
    response: z.object({
      refusal: refusal.optional(),
      part: part.optional(),
      /** Whether the namespace shows who is there. */
      showsPresence: z.boolean().optional(),
    }),
  },
  /** What is kept of a log behind an offset. */
  readChannel: {
    method: 'POST',
    path: '/channels/parts',
    request: z.object({ ...inChannel, after: position }),
    response: z.object({ part }),
  },
  publishChannel: {
    method: 'POST',
    path: '/channels/messages',
    request: z.object({
      ...inChannel,
      client,
      encoding: z.enum(encodings),
      data: z.string().max(MESSAGE_BYTES_MAX),
      key: z.string().min(1).max(MESSAGE_KEY_LENGTH_MAX),
      ttlSeconds: z.int().min(1).optional(),
    }),
    response: z.object({
      refusal: refusal.optional(),
      published: z
        .object({ epoch: z.string(), offset: z.int(), messageId: z.string(), isFresh: z.boolean() })
        .optional(),
    }),
  },
  leaveChannels: {
    method: 'POST',
    path: '/channels/leaves',
    request: z.object({ items: z.array(z.object({ ...inChannel, connectionId: id })).max(LEAVES_MAX) }),
    response: z.object({}),
  },
  listChannelMembers: {
    method: 'POST',
    path: '/channels/members',
    request: z.object({ ...inChannel, cursor: id.optional() }),
    response: z.object({ items: z.array(memberSchema), nextCursor: id.optional(), memberCount: z.int() }),
  },
} as const;
