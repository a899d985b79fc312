import { leavings, PARTICIPANT_COUNT_MAX, roomRoles } from '@patchbay/domain/conferencing/room';
import { roomName } from '@patchbay/domain/conferencing/room-name';
import { roomSettingsShape } from '@patchbay/domain/conferencing/room-settings';
import { roomSizes } from '@patchbay/domain/conferencing/room-size';
import { whisperSchema } from '@patchbay/domain/conferencing/room-words';
import { defineService } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { conferencingErrors } from './errors.ts';

const named = { room: roomName };
const inRoom = { ...named, legId: idSchema('leg') };

const participant = z.object({
  legId: idField('leg'),
  sessionId: idField('ses'),
  identity: z.string(),
  role: z.enum(roomRoles),
  /** `waiting`: they hear nobody, and nobody hears them. */
  standing: z.enum(['waiting', 'in']),
  isMuted: z.boolean(),
  isHeld: z.boolean(),
  whisper: whisperSchema.optional(),
  joinedAt: z.iso.datetime(),
  /** They are heard now. */
  isSpeaking: z.boolean(),
  /** How far below full scale they are: 0, the loudest, to 127, which is silence. */
  minusDbov: z.int(),
  /** For how long they were heard. */
  spokeMs: z.int(),
});

const room = z.object({
  ...named,
  /** Something was set for it. Otherwise it began on the fly. */
  isSet: z.boolean(),
  ...roomSettingsShape,
  /** `waiting`: people are there, and nobody has started it. */
  state: z.enum(['idle', 'waiting', 'live']),
  startedAt: z.iso.datetime().optional(),
  endsAt: z.iso.datetime().optional(),
  participantCount: z.int(),
  /** The most that were in it at once since it began to run. */
  peakParticipantCount: z.int(),
});
const shownRoom = room.extend({ participants: z.array(participant) });

const size = { size: roomSizes, mixers: ['1', '2-or-more'] } as const;
const told = { sessionId: z.string(), legId: z.string(), room: z.string() };

export const conferencing = defineService({
  name: 'conferencing',
  title: 'Conferencing',
  summary: 'Rooms in which many hear each other: roles, moderation, start and end rules, announcements.',
  timing: 'sync',
  media: 'mutable',
  config: z.object({
    participantCountMax: z
      .int()
      .min(2)
      .max(PARTICIPANT_COUNT_MAX)
      .default(PARTICIPANT_COUNT_MAX)
      .describe('The most that may be in one room at once.'),
  }),
  merge: { participantCountMax: 'narrowest' },
  meters: {
    requests: { unit: 'count', summary: 'Changes of rooms and of who is in them.', dimensions: {} },
    roomMs: { unit: 'millisecond', summary: 'Time for which rooms had somebody in them.', dimensions: size },
    participantMs: {
      unit: 'millisecond',
      summary: 'Time for which participants were in rooms, those who wait left out.',
      dimensions: size,
    },
    processMs: { unit: 'millisecond', summary: 'Time that mixing rooms took.', dimensions: size },
    peakParticipants: {
      unit: 'count',
      summary: 'The most that were in a room at once, added up over rooms.',
      dimensions: size,
    },
  },
  events: {
    'room.set': z.object({ ...named }),
    'room.removed': z.object({ ...named }),
    /** By a request. A room that ends otherwise is told by its participants, who leave it. */
    'room.ended': z.object({ ...named }),
    'room.announced': z.object({ ...named }),
    'participant.waiting': z.object({ ...told, identity: z.string() }),
    'participant.joined': z.object({ ...told, identity: z.string() }),
    'participant.changed': z.object({
      ...told,
      by: z.string(),
      isMuted: z.boolean(),
      isHeld: z.boolean(),
      role: z.enum(roomRoles),
    }),
    'participant.left': z.object({ ...told, how: z.enum(leavings), spokeMs: z.int().optional() }),
  },
  errors: conferencingErrors,
  operations: {
    listRooms: {
      method: 'GET',
      path: '/rooms',
      summary: 'List the rooms of the account: those that are set, and those that run.',
      access: 'read',
      request: pageRequest,
      response: pageOf(room),
      errors: [],
    },
    getRoom: {
      method: 'GET',
      path: '/rooms/{room}',
      summary: 'Read a room, who is in it, who speaks, and how loud.',
      access: 'read',
      request: z.object(named),
      response: shownRoom,
      errors: [],
    },
    setRoom: {
      method: 'PUT',
      path: '/rooms/{room}',
      summary: 'Set what holds in a room. If it runs, it holds at once; whoever is in it keeps their role.',
      access: 'develop',
      request: z.strictObject({ ...named, ...roomSettingsShape }),
      response: shownRoom,
      errors: ['conferencing.too_large', 'conferencing.too_many_rooms', 'conferencing.node_away'],
    },
    removeRoom: {
      method: 'DELETE',
      path: '/rooms/{room}',
      summary: 'Set nothing for a room any more. If it runs, it goes on as it is.',
      access: 'develop',
      request: z.object(named),
      response: z.object(named),
      errors: [],
    },
    endRoom: {
      method: 'POST',
      path: '/rooms/{room}/end',
      summary: 'End a room that runs, for all who are in it. Each goes on with their document.',
      access: 'develop',
      request: z.strictObject(named),
      response: shownRoom,
      errors: ['conferencing.not_running', 'conferencing.node_away'],
    },
    updateParticipant: {
      method: 'PATCH',
      path: '/rooms/{room}/participants/{legId}',
      summary:
        'Change somebody in a room: let them in, mute, hold, role, whisper; or move them to another room.',
      access: 'develop',
      request: z.strictObject({
        ...inRoom,
        isMuted: z.boolean().optional(),
        /** They hear nobody and nobody hears them; they hear what is heard while waiting. */
        isHeld: z.boolean().optional(),
        role: z.enum(roomRoles).optional(),
        /** The coach of a group is heard by whom they coach, and by nobody else. Null ends it. */
        whisper: whisperSchema.nullable().optional(),
        /** Lets them in out of the waiting room. */
        isAdmitted: z.literal(true).optional(),
        /** Another room that runs on the same node. Nothing else is changed by such a request. */
        moveTo: roomName.optional(),
      }),
      response: shownRoom,
      errors: [
        'request.invalid',
        'conferencing.not_running',
        'conferencing.participant_unknown',
        'conferencing.move_refused',
        'conferencing.node_away',
      ],
    },
    removeParticipant: {
      method: 'DELETE',
      path: '/rooms/{room}/participants/{legId}',
      summary: 'Take somebody out of a room. Their call goes on with their document.',
      access: 'develop',
      request: z.object(inRoom),
      response: shownRoom,
      errors: ['conferencing.not_running', 'conferencing.participant_unknown', 'conferencing.node_away'],
    },
    announce: {
      method: 'POST',
      path: '/rooms/{room}/announcements',
      summary: 'Play a WAVE file or speak a text to all who are in a room: a minute of it at most.',
      access: 'develop',
      request: z.strictObject({
        ...named,
        url: z.string().min(1).max(2_048).optional(),
        text: z.string().min(1).max(4_000).optional(),
        voice: z.string().min(1).max(200).optional(),
      }),
      response: z.object(named),
      errors: [
        'request.invalid',
        'conferencing.not_running',
        'conferencing.sound_unusable',
        'conferencing.node_away',
      ],
    },
  },
});
