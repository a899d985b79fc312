import { z } from 'zod';
import { deviceSchema } from './registration.ts';

/** Of what somebody says of themselves, in characters. */
export const NOTE_LENGTH_MAX = 200;
/** How long a word of theirs may hold, where it says how long: a month. */
export const PRESENCE_SECONDS_MAX = 2_678_400;

/** What somebody may say of themselves. */
export const saidStates = ['available', 'away', 'busy', 'dnd'] as const;
export type SaidState = (typeof saidStates)[number];
export const presenceStates = [...saidStates, 'offline'] as const;
export type PresenceState = (typeof presenceStates)[number];

/** As others see somebody. */
export const presenceSchema = z.object({
  identity: z.string(),
  state: z.enum(presenceStates),
  note: z.string().exactOptional(),
  isInCall: z.boolean(),
  /** When somebody who is not there was there last. */
  lastSeenAtMs: z.int().exactOptional(),
  devices: z.array(deviceSchema.extend({ sinceMs: z.int() })),
});
export type Presence = z.output<typeof presenceSchema>;

/** A word of somebody of themselves. */
export interface SaidPresence {
  readonly state: SaidState;
  readonly note?: string | undefined;
  readonly untilMs?: number | undefined;
}

/** The presences of accounts, as they are kept. */
export interface PresenceBook {
  /** Those that are known: connected now, seen of late, or with a word of their own. */
  list(page: {
    readonly accountId: string;
    readonly isOnline?: boolean | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly items: readonly KnownPresence[]; readonly nextCursor?: string | undefined }>;
  /** Of somebody who was never seen there is nothing but the name. */
  find(who: { readonly accountId: string; readonly identity: string }): Promise<KnownPresence>;
  /** What they said before. Undefined takes it back. */
  say(word: {
    readonly accountId: string;
    readonly identity: string;
    readonly said: SaidPresence | undefined;
  }): Promise<SaidPresence | undefined>;
}

/** What is known of somebody. */
export interface KnownPresence {
  readonly identity: string;
  /** Those that are connected now. */
  readonly devices: Presence['devices'];
  readonly isInCall: boolean;
  readonly said?: SaidPresence | undefined;
  readonly lastSeenAtMs?: number | undefined;
}

/**
 * What others see: whoever has no device is offline, whatever they said; whoever talks is busy, unless they said that they want to
 * be left alone or are away; else it is what they said, for as long as it was to hold.
 */
export function shownPresence(known: KnownPresence, nowMs: number): Presence {
  const { identity, devices, isInCall, lastSeenAtMs } = known;
  const said = isPast(known.said?.untilMs, nowMs) ? undefined : known.said;
  const isOnline = devices.length > 0;
  return {
    identity,
    state: isOnline ? onlineState(said?.state, isInCall) : 'offline',
    ...(said?.note === undefined ? {} : { note: said.note }),
    isInCall: isOnline && isInCall,
    ...(isOnline || lastSeenAtMs === undefined ? {} : { lastSeenAtMs }),
    devices,
  };
}

/** Who of an account may see how others of it are. */
export const visibilities = ['account', 'listed', 'nobody'] as const;
export interface SightRule {
  readonly visibleTo: (typeof visibilities)[number];
  /** Those who see everybody where it is `listed`. */
  readonly visibleToIdentities?: readonly string[] | undefined;
}

/** Everybody sees themselves. */
export function maySee(
  { visibleTo, visibleToIdentities = [] }: SightRule,
  { viewer, identity }: { readonly viewer: string; readonly identity: string },
): boolean {
  if (viewer === identity || visibleTo === 'account') return true;
  return visibleTo === 'listed' && visibleToIdentities.includes(viewer);
}

const isPast = (untilMs: number | undefined, nowMs: number): boolean =>
  untilMs !== undefined && untilMs <= nowMs;

const onlineState = (said: SaidState = 'available', isInCall: boolean): SaidState =>
  said === 'available' && isInCall ? 'busy' : said;
