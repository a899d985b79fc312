import { flag, integer, listOf, oneOf, optional, type ReadBy, record, text } from './shape.ts';

/**
 * What clients and nodes say of channels (NTF). None of these frames is kept for a resumption: a client that comes back says
 * for each subscription what it has, and is told what it missed from the log itself (decision 0019).
 */

/** Of a message as it is stored: JSON text, or base64. Escaped into a frame it is at most twice as long. */
export const messageBytesMax = 24 * 1_024;
export const channelNameMax = 128;
/** Of one client, at once. */
export const subscriptionsMax = 100;
/** Members of one answer. */
export const membersPerFrameMax = 100;

const identifier = text(64, /^[A-Za-z0-9_.:-]+$/);
const channel = text(channelNameMax, /^[A-Za-z0-9_.@~:-]+$/);
const epoch = text(64, /^[A-Za-z0-9_-]+$/);
const offset = integer(0);
const milliseconds = integer(0);
const position = { epoch, offset } as const;
const positionReader = record(position);
/** A place in the log of a channel: behind which message, and of which log of that name. */
export type LogPosition = ReadBy<typeof positionReader>;

const body = { encoding: oneOf('json', 'base64'), data: text(messageBytesMax) } as const;

const messageFields = {
  ...position,
  messageId: identifier,
  publishedAtMs: milliseconds,
  /** The identity of the client that published it; absent of one that a server did. */
  publisher: optional(text(256)),
  ...body,
} as const;
const messageReader = record(messageFields);
export type PublishedMessage = ReadBy<typeof messageReader>;

const memberFields = {
  connectionId: identifier,
  identity: text(256),
  device: optional(text(16)),
  sinceMs: milliseconds,
} as const;
const memberReader = record(memberFields);
/** One connection that is in a channel. */
export type PresentMember = ReadBy<typeof memberReader>;

const endReason = record({
  code: text(80, /^[a-z0-9_.-]+$/),
  helpUrl: text(512),
  detail: text(2_048),
});

export const clientChannelShapes = {
  /** `subscriptionId` is the client's, new with each time that it subscribes. Answered by `subscribed` or `refused`. */
  subscribe: {
    subscriptionId: identifier,
    channel,
    /** The last message that the client has. Absent: it wants what comes from now on. */
    position: optional(positionReader),
    /** To be shown to the others, where the channel shows who is there. */
    isPresent: flag,
  },
  unsubscribe: { subscriptionId: identifier },
  /** `requestId` also names the message: sent again, it is published once. Answered by `published` or `refused`. */
  publish: { requestId: identifier, channel, ...body, ttlSeconds: optional(integer(1, 604_800)) },
  /** Of a channel that the client is subscribed to. Answered by `history`, from behind `after`, as much as fits. */
  history: { requestId: identifier, subscriptionId: identifier, after: offset },
  /** The same; answered by `members`. */
  members: { requestId: identifier, subscriptionId: identifier, cursor: optional(identifier) },
} as const;

export const serverChannelShapes = {
  /** From behind this position on messages come, without a gap unless `gap` tells of one. */
  subscribed: { subscriptionId: identifier, ...position, showsPresence: flag },
  published: { requestId: identifier, ...position, messageId: identifier },
  channelMessage: { subscriptionId: identifier, ...messageFields },
  /** Everything up to this position that the client does not have is lost: it is kept no longer. */
  gap: { subscriptionId: identifier, ...position },
  /** The subscription is over, and not by the client. It may subscribe again from where it is, if the code lets it hope. */
  unsubscribed: { subscriptionId: identifier, reason: endReason },
  joined: { subscriptionId: identifier, member: memberReader },
  left: { subscriptionId: identifier, member: memberReader },
  history: {
    requestId: identifier,
    messages: listOf(messageReader, 64),
    /** From here on all is kept. */
    firstOffset: offset,
    /** Up to here this says all; there is more where it is less than `headOffset`. */
    throughOffset: offset,
    headOffset: offset,
    epoch,
  },
  members: {
    requestId: identifier,
    items: listOf(memberReader, membersPerFrameMax),
    memberCount: integer(0),
    nextCursor: optional(identifier),
  },
} as const;

export const transientChannelTypes = [
  ...Object.keys(clientChannelShapes),
  ...Object.keys(serverChannelShapes),
] as const;
