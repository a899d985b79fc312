import { boundedRecord } from '@patchbay/kit/bounded-record';
import { z } from 'zod';
import { PARTICIPANT_COUNT_MAX, roomRoles, roomTones } from '../conferencing/room.ts';

/** The verbs of application logic (HKS-3): said once here; JSON Schema, builder, checks and documentation follow from it. */

/** So deep may verbs stand in verbs. */
export const NESTED_VERB_COUNT_MAX = 32;
export const VERB_COUNT_MAX = 200;
export const VARIABLE_COUNT_MAX = 32;
const TARGET_COUNT_MAX = 16;

const text = z.string().min(1).max(4_000);
const word = z.string().min(1).max(200);
const seconds = (most: number) => z.int().min(1).max(most);
/** Where something is fetched from: absolute, or relative to the document that names it. */
const uri = z.string().min(1).max(2_048);
/** An endpoint: `user:bob`, or `user:bob@acc_…` of an account below. */
const endpoint = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,15}:[^\s\p{Cc}]{1,239}$/u, 'An endpoint is written like user:bob.');
export const variableName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'A name has letters, digits and _, and begins with a letter.');
const variables = boundedRecord(variableName, z.string().max(1_000), VARIABLE_COUNT_MAX);

/** What each verb takes besides its own. */
const always = {
  /** It is left out unless each of these variables has this value now. */
  when: variables.optional(),
};

const verb = <const Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) =>
  z.strictObject({ verb: z.literal(name), ...shape, ...always });

const say = verb('say', {
  text,
  language: word.optional(),
  voice: word.optional(),
  repeatCount: z.int().min(1).max(100).optional(),
});
const play = verb('play', { url: uri, repeatCount: z.int().min(1).max(100).optional() });
const pause = verb('pause', { seconds: seconds(600) });

export const verbSchemas = {
  say,
  play,
  gather: verb('gather', {
    input: z.enum(['keys', 'speech', 'any']).optional(),
    digitsMax: z.int().min(1).max(100).optional(),
    finishOn: z
      .string()
      .regex(/^[0-9*#]$/)
      .optional(),
    timeoutSeconds: seconds(120).optional(),
    language: word.optional(),
    /** Said and played while it listens. */
    prompts: z
      .array(z.discriminatedUnion('verb', [say, play, pause]))
      .max(NESTED_VERB_COUNT_MAX)
      .optional(),
    /** Whose document comes next. */
    next: uri.optional(),
  }),
  record: verb('record', {
    secondsMax: seconds(14_400).optional(),
    silenceSecondsMax: seconds(600).optional(),
    finishOn: z
      .string()
      .regex(/^[0-9*#]$/)
      .optional(),
    next: uri.optional(),
  }),
  /** Rings endpoints until the first answers. The verbs behind it run when nobody did. */
  dial: verb('dial', {
    to: z.union([endpoint, z.array(endpoint).min(1).max(TARGET_COUNT_MAX)]),
    /** `all` at once, `one` after the other, or `some`: so many at a time as `atOnce` says. */
    ring: z.enum(['all', 'one', 'some']).optional(),
    atOnce: z.int().min(1).max(TARGET_COUNT_MAX).optional(),
    /** How long each of them, or each group, rings. */
    timeoutSeconds: seconds(300).optional(),
    /** Of the call, once it is answered. */
    secondsMax: seconds(86_400).optional(),
    /** Whose document comes next when nobody answered. */
    next: uri.optional(),
  }),
  conference: verb('conference', {
    name: word,
    role: z.enum(roomRoles).optional(),
    isMuted: z.boolean().optional(),
    /** False: whoever comes waits for somebody who starts it. */
    startsRoom: z.boolean().optional(),
    /** The room ends for all when this one leaves. */
    endsWithMe: z.boolean().optional(),
    /** Of a room that begins with this one: when a tone says that somebody came or went. */
    tones: z.enum(roomTones).optional(),
    /** What is heard until it begins, again and again: a WAVE file or a tone. Empty: silence. */
    waitUrl: z.string().max(2_048).optional(),
    /** Of a room that begins with this one. */
    participantCountMax: z.int().min(2).max(PARTICIPANT_COUNT_MAX).optional(),
    /** The key that leaves the room. */
    leaveOn: z
      .string()
      .regex(/^[0-9*#]$/)
      .optional(),
    /** Whose document comes next. */
    next: uri.optional(),
  }),
  enqueue: verb('enqueue', { queue: word, next: uri.optional() }),
  pause,
  /** Goes on with another document. What stands behind it is never reached. */
  redirect: verb('redirect', { url: uri }),
  reject: verb('reject', { reason: z.enum(['rejected', 'busy']).optional() }),
  hangup: verb('hangup', { reason: word.optional() }),
  transcribe: verb('transcribe', { language: word.optional(), to: uri.optional() }),
  stream: verb('stream', { url: uri, name: word.optional() }),
  /** A line of text to the devices of an endpoint. Without `to`: to whoever calls. */
  message: verb('message', { text, to: endpoint.optional() }),
  /** Decides about the relay of this session. */
  relay: verb('relay', {
    /** `only`: never a direct path. `deny`: never a relay. */
    use: z.enum(['allow', 'only', 'deny']).optional(),
    region: word.optional(),
    /** Of each party, both ways together. */
    bytesMax: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    bitsPerSecondMax: z.int().min(8_000).max(1_000_000_000).optional(),
  }),
  set: verb('set', { values: variables }),
  /** Acts when the call has lasted so long since it was answered. */
  trigger: verb('trigger', { seconds: seconds(86_400), action: z.enum(['end', 'notify']) }),
  agent: verb('agent', { queue: word, state: z.enum(['available', 'away', 'offline']).optional() }),
  options: verb('options', {
    prompt: text.optional(),
    choices: z
      .array(z.strictObject({ key: z.string().regex(/^[0-9*#]$/), label: word, next: uri }))
      .min(1)
      .max(12),
  }),
  fillForm: verb('fillForm', {
    fields: z
      .array(
        z.strictObject({ name: variableName, prompt: text, digitsMax: z.int().min(1).max(100).optional() }),
      )
      .min(1)
      .max(32),
    next: uri.optional(),
  }),
  announce: verb('announce', { text, everySeconds: seconds(3_600).optional() }),
} as const;

export type VerbName = keyof typeof verbSchemas;
export const verbNames = Object.keys(verbSchemas) as readonly VerbName[];

type AnyVerb = (typeof verbSchemas)[VerbName];
const [first, ...others] = Object.values(verbSchemas) as [AnyVerb, ...AnyVerb[]];
export const verbSchema = z.discriminatedUnion('verb', [first, ...others]);

export type LogicVerb = z.output<AnyVerb>;
export type VerbOf<Name extends VerbName> = Extract<LogicVerb, { readonly verb: Name }>;

export const documentSchema = z.strictObject({
  version: z.literal(1),
  /** What a verb writes as {{name}}. They stay until the session ends. */
  variables: variables.optional(),
  verbs: z.array(verbSchema).max(VERB_COUNT_MAX),
});
export type LogicDocument = z.output<typeof documentSchema>;

/** The field that a verb is mostly about: what a builder takes first. */
export const mainFields = {
  say: 'text',
  play: 'url',
  dial: 'to',
  conference: 'name',
  enqueue: 'queue',
  pause: 'seconds',
  redirect: 'url',
  stream: 'url',
  message: 'text',
  set: 'values',
  agent: 'queue',
  announce: 'text',
} as const satisfies Readonly<Partial<Record<VerbName, string>>>;

/** Which verbs nothing can carry out yet, and what is missing. A document that has one is refused by its name before it begins. */
export const unavailableVerbs: Readonly<Partial<Record<VerbName, string>>> = {
  record: 'it needs a service that records',
  enqueue: 'there are no queues for callers yet',
  transcribe: 'it needs a service that transcribes',
  stream: 'it needs a service that reads media',
  agent: 'there are no queues for callers yet',
  options: 'gather does what can be done of it so far',
  fillForm: 'gather does what can be done of it so far',
  announce: 'say does what can be done of it so far',
};
