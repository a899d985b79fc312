import { z } from 'zod';
import { roomRoles } from './room.ts';
import { roomName } from './room-name.ts';
import { roomAnswerSchema, roomRulesSchema, roomSnapshotSchema } from './room-words.ts';

const id = z.string().min(1).max(200);
/** Rooms of one word of a node. */
export const TOLD_ROOM_COUNT_MAX = 1_000;

/** What signaling and media nodes ask and tell of rooms. */
export const roomCalls = {
  /** Which media node is the home of a room. One that is nowhere is on the named node from now on. */
  roomHome: {
    method: 'POST',
    path: '/rooms/homes',
    request: z.object({ accountId: id, name: roomName, nodeId: id }),
    response: z.object({
      nodeId: id,
      /** The most that its account may have in it, where nothing is set and that is less than anybody may. */
      participantCountMax: z.int().min(2).optional(),
      /** What its account set for it; absent where it set nothing. */
      rules: roomRulesSchema.optional(),
      participants: z.array(z.object({ identity: z.string().max(400), role: z.enum(roomRoles) })).optional(),
    }),
  },
  /** How the rooms are whose home the node is. What is not named for a while is nobody's home any more. */
  roomsTold: {
    method: 'POST',
    path: '/rooms',
    request: z.object({
      rooms: z
        .array(
          z.object({
            accountId: id,
            name: roomName,
            /** Absent: as it was told last. */
            snapshot: roomSnapshotSchema.optional(),
            isOver: z.boolean(),
          }),
        )
        .max(TOLD_ROOM_COUNT_MAX),
    }),
    response: z.object({}),
  },
  /** What became of an order about a room. */
  roomOrdered: {
    method: 'POST',
    path: '/room-orders/{orderId}/answers',
    request: z.object({ orderId: id, answer: roomAnswerSchema }),
    response: z.object({}),
  },
} as const;
