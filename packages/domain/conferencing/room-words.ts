import { z } from 'zod';
import {
  endRules,
  leavings,
  PARTICIPANT_COUNT_MAX,
  type RoomRules,
  roomRoles,
  roomTones,
  startRules,
  WHISPER_GROUP_MAX,
} from './room.ts';
import { roomName } from './room-name.ts';

const id = z.string().min(1).max(200);
const name = roomName;

/** What holds in a room, as it is set and told. */
export const roomRulesSchema = z.object({
  participantCountMax: z.int().min(2).max(PARTICIPANT_COUNT_MAX),
  startsWith: z.enum(startRules),
  endsWith: z.enum(endRules),
  hasWaitingRoom: z.boolean(),
  isLocked: z.boolean(),
  tones: z.enum(roomTones),
  /** Milliseconds since 1970. */
  startsAtMs: z.int().min(0).optional(),
  endsAtMs: z.int().min(0).optional(),
});
export type WrittenRules = z.output<typeof roomRulesSchema>;

export const whisperSchema = z.object({
  group: z.int().min(1).max(WHISPER_GROUP_MAX),
  as: z.enum(['coach', 'coached']),
});

/** What holds in a room, as what runs it has it. */
export const rulesOf = ({ startsAtMs, endsAtMs, ...rules }: WrittenRules): RoomRules => ({
  ...rules,
  startsAtMs,
  endsAtMs,
});
export const writtenRules = ({ startsAtMs, endsAtMs, ...rules }: RoomRules): WrittenRules => ({
  ...rules,
  ...(startsAtMs === undefined ? {} : { startsAtMs }),
  ...(endsAtMs === undefined ? {} : { endsAtMs }),
});

/** A line that a room writes into the log of a leg's session: of each leg that leg's own account has it (LIV-0). */
export const roomNoteSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('room.joined'),
    data: z.object({ room: name, identity: z.string().max(500), standing: z.enum(['waiting', 'in']) }),
  }),
  z.object({
    type: z.literal('room.changed'),
    data: z.object({
      room: name,
      by: z.string().max(200),
      isMuted: z.boolean(),
      isHeld: z.boolean(),
      role: z.enum(roomRoles),
    }),
  }),
  z.object({
    type: z.literal('room.left'),
    data: z.object({ room: name, how: z.enum(leavings), spokeMs: z.int().min(0).optional() }),
  }),
  /** The process that mixed it died, and another one does. */
  z.object({ type: z.literal('room.recovered'), data: z.object({ room: name, tookMs: z.int().min(0) }) }),
]);
export type RoomNote = z.output<typeof roomNoteSchema>;

const participant = z.object({
  legId: id,
  sessionId: id,
  identity: z.string().max(500),
  role: z.enum(roomRoles),
  standing: z.enum(['waiting', 'in']),
  isMuted: z.boolean(),
  isHeld: z.boolean(),
  whisper: whisperSchema.optional(),
  joinedAtMs: z.int(),
  /** They are heard now. */
  isSpeaking: z.boolean(),
  /** How far below full scale they are: 0, the loudest, to 127. */
  minusDbov: z.int().min(0).max(127),
  /** For how long they were heard. */
  spokeMs: z.int().min(0),
});

/** A room as it is now. */
export const roomSnapshotSchema = z.object({
  phase: z.enum(['waiting', 'live', 'ended']),
  startedAtMs: z.int().optional(),
  peakCount: z.int().min(0),
  rules: roomRulesSchema,
  participants: z.array(participant).max(PARTICIPANT_COUNT_MAX),
});
export type RoomSnapshot = z.output<typeof roomSnapshotSchema>;

/** What an order changes in a room that runs. What holds already is answered and not done again. */
export const roomChangeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('end') }),
  z.object({ type: z.literal('rules'), rules: roomRulesSchema }),
  z.object({ type: z.literal('admit'), legId: id }),
  z.object({
    type: z.literal('participant'),
    legId: id,
    change: z.object({
      isMuted: z.boolean().optional(),
      isHeld: z.boolean().optional(),
      role: z.enum(roomRoles).optional(),
      whisper: whisperSchema.nullable().optional(),
    }),
  }),
  z.object({ type: z.literal('remove'), legId: id }),
  /** Into the room of this name, which has its home on the same node. */
  z.object({ type: z.literal('move'), legId: id, to: name }),
  /** A sound for everybody who is in: an address, or a text that is spoken. */
  z.object({
    type: z.literal('announce'),
    sound: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('play'), url: z.string().max(2_048) }),
      z.object({
        kind: z.literal('say'),
        text: z.string().min(1).max(4_000),
        voice: z.string().max(200).optional(),
      }),
    ]),
  }),
]);
export type RoomChange = z.output<typeof roomChangeSchema>;

/** What the control plane asks of the node that is the home of a room. */
export const roomOrderSchema = z.object({
  orderId: id,
  nodeId: id,
  accountId: id,
  name,
  /** As the log of the account may name them. */
  by: z.string().max(200),
  issuedAtMs: z.int(),
  change: roomChangeSchema,
});
export type RoomOrder = z.output<typeof roomOrderSchema>;

export const roomRefusals = [
  'room_unknown',
  'participant_unknown',
  'sound_unusable',
  'move_refused',
] as const;
export const roomAnswerSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('done'),
    isChanged: z.boolean(),
    before: roomSnapshotSchema,
    after: roomSnapshotSchema,
  }),
  z.object({ kind: z.literal('refused'), refusal: z.enum(roomRefusals), detail: z.string().max(500) }),
]);
export type RoomAnswer = z.output<typeof roomAnswerSchema>;
export type RoomRefusal = (typeof roomRefusals)[number];
