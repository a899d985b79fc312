import { z } from 'zod';

/** What a party sends, by kind. */
export const mediaKinds = ['audio', 'video', 'screen'] as const;

const id = z.string().min(1).max(200);
const kinds = z.object({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() });

/** As long as the node that holds a session has to answer an order about it (LIV-1). */
export const CONTROL_MS_MAX = 2_500;
/** A node that was away hears what it missed: an order this old is none any more. More than clocks differ by. */
const STALE_MS = 60_000;
export const isStale = ({ issuedAtMs }: Pick<ControlOrder, 'issuedAtMs'>, nowMs: number): boolean =>
  nowMs - issuedAtMs > STALE_MS;

/** A relay sends less than this in no time that a person notices. */
export const BITS_PER_SECOND_MIN = 1_000;

/** Ways that the media of a session goes, as a request may ask for them (LIV-2). */
export const askedModes = ['p2p', 'relay', 'media'] as const;
export type AskedMode = (typeof askedModes)[number];

/** What an order changes of a running session (LIV-1). */
export const sessionChangeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  /** Of one leg, or of all that the account controls. Kinds that are not named stay as they are. */
  z.object({ type: z.literal('mute'), legId: id.optional(), muted: kinds.partial() }),
  z.object({ type: z.literal('remove'), legId: id }),
  /** Null takes a limit back. */
  z.object({
    type: z.literal('limit'),
    endsAtMs: z.int().min(0).nullable().optional(),
    bitsPerSecondMax: z.int().min(BITS_PER_SECOND_MIN).nullable().optional(),
  }),
  /** The document at this address takes the place of the one that decides about the call. */
  z.object({ type: z.literal('redirect'), url: z.string().max(2_048) }),
  /** Whoever was called leaves, this endpoint rings in their place, and the caller waits. */
  z.object({ type: z.literal('transfer'), to: z.string().max(256) }),
  /** Its media goes another way from here on, without a break (LIV-2). */
  z.object({ type: z.literal('move'), mode: z.enum(askedModes) }),
]);
export type SessionChange = z.output<typeof sessionChangeSchema>;

/** What the control plane asks of the node that holds a session. */
export const controlOrderSchema = z.object({
  orderId: id,
  sessionId: id,
  /** For which account it is asked: of a session it controls its own and those below it, of legs the same (LIV-0). */
  accountId: id,
  /** Who asks, and the topmost account that they act for: to accounts below that one they are somebody above (C1). */
  by: z.object({ name: z.string().max(200), accountId: id.optional() }),
  issuedAtMs: z.int(),
  change: sessionChangeSchema,
});
export type ControlOrder = z.output<typeof controlOrderSchema>;

/** Why a node does not do it. */
export const controlRefusals = [
  'foreign',
  'leg_unknown',
  'not_live',
  'party_unable',
  'no_logic',
  'unreachable',
  'mode_unavailable',
] as const;
export type ControlRefusal = (typeof controlRefusals)[number];

/** What holds in a session by orders. */
export const controlStandingSchema = z.object({
  pausedAtMs: z.int().optional(),
  endsAtMs: z.int().optional(),
  bitsPerSecondMax: z.int().optional(),
  /** Asked for last; its media may still be on its way there. */
  mode: z.enum(askedModes).optional(),
  /** Of the legs that something is muted of. */
  muted: z.array(z.object({ legId: id, muted: kinds })).max(16),
});
export type ControlStanding = z.output<typeof controlStandingSchema>;

export const controlAnswerSchema = z.discriminatedUnion('kind', [
  /** `isChanged`: false where it was so before. */
  z.object({
    kind: z.literal('done'),
    isChanged: z.boolean(),
    isEnded: z.boolean(),
    before: controlStandingSchema,
    after: controlStandingSchema,
  }),
  z.object({ kind: z.literal('refused'), refusal: z.enum(controlRefusals), detail: z.string().max(500) }),
]);
export type ControlAnswer = z.output<typeof controlAnswerSchema>;

type Kinds = z.output<typeof kinds>;
type SaidKinds = z.output<ReturnType<typeof kinds.partial>>;
const noKinds: Kinds = { audio: false, video: false, screen: false };

/** What is muted once these kinds are as an order says. Undefined: nothing is. */
export function mutedAfter(before: Kinds | undefined, said: SaidKinds): Kinds | undefined {
  const after = { ...(before ?? noKinds), ...definedOf(said) };
  return mediaKinds.some((kind) => after[kind]) ? after : undefined;
}

const definedOf = (said: SaidKinds): Partial<Kinds> =>
  Object.fromEntries(mediaKinds.flatMap((kind) => (said[kind] === undefined ? [] : [[kind, said[kind]]])));

/** Whether two words about muting are the same. */
export const isSameMuted = (one: Kinds | undefined, other: Kinds | undefined): boolean =>
  mediaKinds.every((kind) => (one?.[kind] ?? false) === (other?.[kind] ?? false));

/** Who asked, as a line of the log of this account may say. */
export const namedTo = (ownerAccountId: string, { name, accountId }: ControlOrder['by']): string =>
  accountId === ownerAccountId ? name : 'an account above';
