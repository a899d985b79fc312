import { z } from 'zod';
import { PARTICIPANT_COUNT_MAX, roomRoles, roomTones } from '../conferencing/room.ts';
import { roomName } from '../conferencing/room-name.ts';
import { readText, type Variables, valueIn } from './variables.ts';
import type { VerbOf } from './verbs.ts';

/** So much of a text is spoken at once. */
const SPOKEN_CHARACTERS_MAX = 4_000;
const PROMPT_COUNT_MAX = 32;
const DIGIT_COUNT_MAX = 100;
/** A gather that says nothing of it waits so long for the first key, and between two. */
const GATHER_SECONDS = 5;

const repeatCount = z.int().min(1).max(100);
const promptSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('say'),
    text: z.string().max(SPOKEN_CHARACTERS_MAX),
    language: z.string().max(200).optional(),
    voice: z.string().max(200).optional(),
    repeatCount,
  }),
  /** An address, or a sound that the platform makes itself: `readBuiltInSound`. */
  z.object({ kind: z.literal('play'), url: z.string().max(2_048), repeatCount }),
  z.object({ kind: z.literal('pause'), milliseconds: z.int().min(1).max(600_000) }),
]);

/** What a leg of the platform's own is to do: one thing at a time. */
export const soundOrderSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prompts'), prompts: z.array(promptSchema).max(PROMPT_COUNT_MAX) }),
  /** Keys that are pressed end the prompts. */
  z.object({
    kind: z.literal('gather'),
    prompts: z.array(promptSchema).max(PROMPT_COUNT_MAX),
    digitsMax: z.int().min(1).max(DIGIT_COUNT_MAX).optional(),
    finishOn: z.string().length(1).optional(),
    /** From the end of the prompts, and anew from each key. */
    timeoutMs: z.int().min(1).max(120_000),
  }),
  /** It is in this room of its account until it leaves, is taken out, or the room ends. */
  z.object({
    kind: z.literal('conference'),
    name: roomName,
    /** Who they are to others in the room: `user:alice`. */
    identity: z.string().max(500),
    role: z.enum(roomRoles),
    isMuted: z.boolean(),
    startsRoom: z.boolean(),
    endsRoom: z.boolean(),
    tones: z.enum(roomTones),
    participantCountMax: z.int().min(2).max(PARTICIPANT_COUNT_MAX),
    /** Heard until the room begins, again and again; with none, silence. */
    wait: z.array(promptSchema).max(PROMPT_COUNT_MAX),
    leaveOn: z.string().length(1).optional(),
  }),
]);

/** How a leg came out of a room, or why it did not come in: `roomStatus` of the document. */
export const roomStatuses = ['ended', 'key', 'removed', 'full', 'locked'] as const;
export type RoomStatus = (typeof roomStatuses)[number];

/** What came of an order. */
export const soundResultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('gathered'), digits: z.string().regex(/^[0-9A-D*#]{0,100}$/) }),
  z.object({ kind: z.literal('left'), how: z.enum(roomStatuses) }),
  z.object({
    kind: z.literal('failed'),
    failure: z.enum(['unreachable', 'invalid', 'verb_unavailable', 'media_unavailable', 'room_elsewhere']),
    detail: z.string().max(500),
  }),
]);

export type Prompt = z.output<typeof promptSchema>;
export type SoundOrder = z.output<typeof soundOrderSchema>;
export type ConferenceOrder = Extract<SoundOrder, { readonly kind: 'conference' }>;
export type SoundResult = z.output<typeof soundResultSchema>;

/** A sound that nobody serves. */
export type BuiltInSound =
  | { readonly kind: 'tone'; readonly hertz: readonly number[]; readonly milliseconds: number }
  /** What is heard is sent back. */
  | { readonly kind: 'echo'; readonly milliseconds: number };

const BUILT_IN_MS_MAX = 600_000;
const BUILT_IN_MS = 1_000;
const named: Readonly<Record<string, readonly number[]>> = {
  beep: [1_000],
  dial: [350, 440],
  busy: [480, 620],
};

/**
 * `tone:440`, `tone:350+440/2000` (hertz, then milliseconds), `tone:beep`, `tone:busy`, `tone:dial` and `echo:30000`. Undefined
 * of an address of another kind; a problem in words of one of ours that is not understood.
 */
export function readBuiltInSound(url: string): BuiltInSound | { readonly problem: string } | undefined {
  const [, scheme, what = ''] = /^(tone|echo):(.*)$/.exec(url) ?? [];
  if (scheme === undefined) return undefined;
  const problem = `${JSON.stringify(url.slice(0, 100))} is no sound: tone:440/2000 or echo:30000 is.`;
  const [name = '', length] = scheme === 'echo' ? ['', what] : what.split('/');
  const milliseconds = length === undefined ? BUILT_IN_MS : Number(length);
  if (!Number.isInteger(milliseconds) || milliseconds < 1 || milliseconds > BUILT_IN_MS_MAX)
    return { problem };
  if (scheme === 'echo') return { kind: 'echo', milliseconds };
  const hertz = Object.hasOwn(named, name) ? (named[name] ?? []) : name.split('+').map(Number);
  const isHeard = hertz.length <= 4 && hertz.every((one) => one >= 20 && one <= 20_000);
  return isHeard ? { kind: 'tone', hertz, milliseconds } : { problem };
}

export type SoundVerb = VerbOf<'say'> | VerbOf<'play'> | VerbOf<'gather'> | VerbOf<'conference'>;

/** What a verb asks of a leg. Addresses are read against the document that it stands in. */
export function orderOf(
  verb: SoundVerb,
  { variables, base }: { readonly variables: Variables; readonly base: string },
): SoundOrder | { readonly problem: string } {
  if (verb.verb === 'conference') return conferenceOf(verb, { variables, base });
  const written = verb.verb === 'gather' ? (verb.prompts ?? []) : [verb];
  const prompts: Prompt[] = [];
  for (const one of written) {
    const prompt = promptOf(one, { variables, base });
    if ('problem' in prompt) return prompt;
    prompts.push(prompt);
  }
  if (verb.verb !== 'gather') return { kind: 'prompts', prompts };
  const { digitsMax, finishOn, timeoutSeconds = GATHER_SECONDS } = verb;
  return {
    kind: 'gather',
    prompts,
    ...(digitsMax === undefined ? {} : { digitsMax }),
    ...(finishOn === undefined ? {} : { finishOn }),
    timeoutMs: timeoutSeconds * 1_000,
  };
}

/** Two soft notes, and a pause that is long enough to think in. */
const waitDefault: readonly Prompt[] = [
  { kind: 'play', url: 'tone:523/400', repeatCount: 1 },
  { kind: 'play', url: 'tone:659/400', repeatCount: 1 },
  { kind: 'pause', milliseconds: 4_200 },
];

function conferenceOf(
  verb: VerbOf<'conference'>,
  { variables, base }: { readonly variables: Variables; readonly base: string },
): SoundOrder | { readonly problem: string } {
  const read = roomName.safeParse(readText(verb.name, variables).trim().replaceAll(/\s+/g, '-'));
  if (!read.success) return { problem: read.error.issues[0]?.message ?? 'It is no name of a room.' };
  const { waitUrl, role = 'speaker', isMuted = false, startsRoom = true, endsWithMe = false } = verb;
  const { tones = 'both', participantCountMax = PARTICIPANT_COUNT_MAX, leaveOn } = verb;
  const asked = waitUrl === undefined || waitUrl === '' ? undefined : { verb: 'play' as const, url: waitUrl };
  const prompt = asked && promptOf(asked, { variables, base });
  if (prompt !== undefined && 'problem' in prompt) return prompt;
  return {
    kind: 'conference',
    name: read.data,
    identity: valueIn(variables, 'from'),
    role,
    isMuted,
    startsRoom,
    endsRoom: endsWithMe,
    tones,
    participantCountMax,
    wait: prompt !== undefined ? [prompt] : waitUrl === '' ? [] : [...waitDefault],
    ...(leaveOn === undefined ? {} : { leaveOn }),
  };
}

function promptOf(
  verb: VerbOf<'say'> | VerbOf<'play'> | VerbOf<'pause'>,
  { variables, base }: { readonly variables: Variables; readonly base: string },
): Prompt | { readonly problem: string } {
  switch (verb.verb) {
    case 'pause':
      return { kind: 'pause', milliseconds: verb.seconds * 1_000 };
    case 'say': {
      const { language, voice, repeatCount: times = 1 } = verb;
      return {
        kind: 'say',
        text: readText(verb.text, variables),
        ...(language === undefined ? {} : { language }),
        ...(voice === undefined ? {} : { voice }),
        repeatCount: times,
      };
    }
    case 'play': {
      const reference = readText(verb.url, variables);
      const builtIn = readBuiltInSound(reference);
      if (builtIn !== undefined && 'problem' in builtIn) return builtIn;
      const url = builtIn === undefined ? URL.parse(reference, base) : undefined;
      if (url === null || (url !== undefined && !/^https?:$/.test(url.protocol)))
        return { problem: `${JSON.stringify(reference.slice(0, 200))} is no address of a sound.` };
      return { kind: 'play', url: url?.href ?? reference, repeatCount: verb.repeatCount ?? 1 };
    }
  }
}
