import { z } from 'zod';
import { channelText, memberSchema, storedMessageSchema } from '../channels/message.ts';
import { roomAnswerSchema, roomOrderSchema } from '../conferencing/room-words.ts';
import { controlAnswerSchema, controlOrderSchema } from '../sessions/control.ts';

const id = z.string().min(1).max(200);

/**
 * What travels the bus: facts that a node must act on at once, and nothing that it could not fetch again. A node that
 * missed some asks for snapshots anew.
 */
export const busMessageSchema = z.discriminatedUnion('type', [
  /** The key mints nothing any more; what it minted ends within 2 seconds. */
  z.object({ type: z.literal('key.revoked'), keyId: id }),
  /** State, configuration or applications of an account, or of one above it, changed: snapshots of it are stale. */
  z.object({ type: z.literal('account.changed'), accountId: id }),
  /** This credential, and all that were narrowed from it. */
  z.object({ type: z.literal('credential.revoked'), prefixId: id }),
  z.object({
    type: z.literal('session.end'),
    sessionId: id,
    code: z.string().max(100),
    detail: z.string().max(500),
  }),
  /** An order about a running session. Whichever node holds it answers; to all others it is nothing (LIV-1). */
  z.object({ type: z.literal('session.control'), order: controlOrderSchema }),
  /** What became of an order, for the control plane that waits. */
  z.object({ type: z.literal('session.controlled'), orderId: id, answer: controlAnswerSchema }),
  /** An order about a room, and what became of it. */
  z.object({ type: z.literal('room.control'), order: roomOrderSchema }),
  z.object({ type: z.literal('room.controlled'), orderId: id, answer: roomAnswerSchema }),
  /** Usage of these sessions was committed: live pages read again. */
  z.object({
    type: z.literal('usage.committed'),
    accountIds: z.array(id).max(1_000),
    sessionIds: z.array(id).max(1_000),
  }),
  z.object({ type: z.literal('node.changed'), nodeId: id }),
  /** Whoever misses one sees it by the number of the next, and reads the log (decision 0019). */
  z.object({
    type: z.literal('channel.published'),
    accountId: id,
    channel: channelText,
    message: storedMessageSchema,
  }),
  z.object({
    type: z.literal('channel.presence'),
    accountId: id,
    channel: channelText,
    change: z.enum(['joined', 'left']),
    member: memberSchema,
  }),
  /** Somebody came, went, or said something of themselves: whoever watches them asks again. */
  z.object({ type: z.literal('presence.changed'), accountId: id, identity: z.string().max(256) }),
  /** A log was removed, or a namespace lets other clients in: subscribers of the account ask again. */
  z.object({ type: z.literal('channels.changed'), accountId: id }),
]);

export type BusMessage = z.output<typeof busMessageSchema>;
export type BusMessageType = BusMessage['type'];
