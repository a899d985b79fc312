import { requestTime } from '@patchbay/kit/request-time';
import { z } from 'zod';
import { askedModes, BITS_PER_SECOND_MIN, type SessionChange } from './control.ts';

const SECONDS_LEFT_MAX = 31_536_000;
const serviceNames = z.array(z.string().min(1).max(64)).min(1).max(16);

/** Of each kind: true mutes, false takes that back. What is not named stays as it is. */
export const mutedKinds = z.strictObject({
  audio: z.boolean().optional(),
  video: z.boolean().optional(),
  screen: z.boolean().optional(),
});

/** What a request changes of running sessions, one thing at a time. */
export const liveChange = {
  /** `paused`: nobody sends or plays anything, and connected time is counted on. `live` goes on. `ended` ends it. */
  state: z.enum(['live', 'paused', 'ended']).optional(),
  /** Of all legs that the account controls. */
  muted: mutedKinds.optional(),
  /** Null takes a limit back. They hold beside those of credentials and policies: the first that is reached acts. */
  limits: z
    .strictObject({
      endsAt: requestTime.nullable().optional(),
      /** In place of `endsAt`: counted from now. */
      secondsLeft: z.int().min(1).max(SECONDS_LEFT_MAX).optional(),
      /** Of one party through a relay, both ways together. */
      bitsPerSecondMax: z.int().min(BITS_PER_SECOND_MIN).nullable().optional(),
    })
    .optional(),
  /** Which way its media goes from here on: between its parties, through a relay, or through a media node (LIV-2). */
  mode: z.enum(askedModes).optional(),
  /** Services by their names. */
  services: z.strictObject({ add: serviceNames.optional(), remove: serviceNames.optional() }).optional(),
};

type LiveChange = { readonly [Field in keyof typeof liveChange]?: z.output<(typeof liveChange)[Field]> };

export type AskedChange =
  | { readonly kind: 'end' }
  | { readonly kind: 'order'; readonly change: SessionChange }
  | { readonly kind: 'services'; readonly names: readonly string[] }
  | { readonly kind: 'invalid'; readonly detail: string };

/** What a request asks for. */
export function changeAsked(
  { state, muted, limits, mode, services }: LiveChange,
  nowMs: number,
): AskedChange {
  const asked = [state, muted, limits, mode, services].filter((each) => each !== undefined);
  if (asked.length !== 1)
    return {
      kind: 'invalid',
      detail: 'A request changes one of /state, /muted, /limits, /mode and /services.',
    };
  if (services !== undefined)
    return { kind: 'services', names: [...(services.add ?? []), ...(services.remove ?? [])] };
  if (muted !== undefined) {
    const change = muteAsked(muted);
    return change === undefined ? { kind: 'invalid', detail: noKind } : { kind: 'order', change };
  }
  if (limits !== undefined) return limitAsked(limits, nowMs);
  if (mode !== undefined) return { kind: 'order', change: { type: 'move', mode } };
  if (state === 'ended') return { kind: 'end' };
  return { kind: 'order', change: { type: state === 'paused' ? 'pause' : 'resume' } };
}

export const noKind = '/muted names at least one of audio, video and screen.';

/** Of one leg, or of all that the account controls. Undefined: it names no kind. */
export function muteAsked(muted: z.output<typeof mutedKinds>, legId?: string): SessionChange | undefined {
  if (Object.values(muted).every((isMuted) => isMuted === undefined)) return undefined;
  return { type: 'mute', muted, ...(legId === undefined ? {} : { legId }) };
}

function limitAsked(
  { endsAt, secondsLeft, bitsPerSecondMax }: NonNullable<LiveChange['limits']>,
  nowMs: number,
): AskedChange {
  if (endsAt !== undefined && secondsLeft !== undefined)
    return { kind: 'invalid', detail: '/limits has one of endsAt and secondsLeft.' };
  if ([endsAt, secondsLeft, bitsPerSecondMax].every((limit) => limit === undefined))
    return { kind: 'invalid', detail: '/limits names at least one limit.' };
  const endsAtMs =
    secondsLeft === undefined
      ? typeof endsAt === 'string'
        ? Date.parse(endsAt)
        : endsAt
      : nowMs + secondsLeft * 1_000;
  return {
    kind: 'order',
    change: {
      type: 'limit',
      ...(endsAtMs === undefined ? {} : { endsAtMs }),
      ...(bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax }),
    },
  };
}
