import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { endRules, PARTICIPANT_COUNT_MAX, roomRoles, roomTones, startRules } from './room.ts';
import type { WrittenRules } from './room-words.ts';

const INVITED_COUNT_MAX = 250;
const identity = z.string().min(1).max(400);

/** What is set for a room beforehand. */
export const roomSettingsShape = {
  /** As many as may be in it at once, whoever waits included. */
  participantCountMax: z.int().min(2).max(PARTICIPANT_COUNT_MAX).default(PARTICIPANT_COUNT_MAX),
  startsWith: z.enum(startRules).default('anybody'),
  endsWith: z.enum(endRules).default('last'),
  /** Whoever is no moderator waits until somebody lets them in. */
  hasWaitingRoom: z.boolean().default(false),
  /** Nobody comes in any more. */
  isLocked: z.boolean().default(false),
  tones: z.enum(roomTones).default('both'),
  /** Before it, whoever comes waits. */
  startsAt: requestTime.optional(),
  /** From `startsAt` on, or from when it begins to run. */
  durationSeconds: z.int().min(60).max(86_400).optional(),
  /** Who is in charge: an endpoint, who is a moderator of it. */
  organiser: identity.optional(),
  /** Who has which role when they come. Anybody else has the role of the document that brings them. */
  invited: z
    .array(z.strictObject({ identity, role: z.enum(roomRoles) }))
    .max(INVITED_COUNT_MAX)
    .default([]),
};
export const roomSettingsSchema = z.object(roomSettingsShape);
export type RoomSettings = z.output<typeof roomSettingsSchema>;

export interface HomeRules {
  readonly rules: WrittenRules;
  readonly participants: RoomSettings['invited'];
}

/** What the home of a room is told of it. @param runsSinceMs when it began to run. */
export function homeRulesOf(settings: RoomSettings, runsSinceMs: number): HomeRules {
  const { invited, organiser, startsAt, durationSeconds, ...rules } = settings;
  const startsAtMs = startsAt === undefined ? undefined : Date.parse(startsAt);
  const fromMs = startsAtMs ?? runsSinceMs;
  return {
    rules: {
      ...rules,
      ...(startsAtMs === undefined ? {} : { startsAtMs }),
      ...(durationSeconds === undefined ? {} : { endsAtMs: fromMs + durationSeconds * 1_000 }),
    },
    participants: [
      ...(organiser === undefined ? [] : [{ identity: organiser, role: 'moderator' as const }]),
      ...invited,
    ],
  };
}
