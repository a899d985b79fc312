/** What a session is: a call that signaling holds, or one client's use of one credential on one relay. */
export const sessionKinds = ['call', 'relay'] as const;
export type SessionKind = (typeof sessionKinds)[number];

/** The service that holds a session of a kind, and so keeps its log. */
export const serviceOfKind = {
  call: 'signaling',
  relay: 'network-discovery',
} as const satisfies Readonly<Record<SessionKind, string>>;

export const kindOfService = (service: string): SessionKind | undefined =>
  sessionKinds.find((kind) => serviceOfKind[kind] === service);

/** One line of a session's log, as the node that holds the session reports it (MET-7). */
export interface SessionEvent {
  readonly type: string;
  readonly sessionId: string;
  /** From 1, without a gap, for each session. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Whose session it is. */
  readonly accountId: string;
  readonly applicationId?: string | undefined;
  /** Of the application, as the credential of whoever began the session names it. A node of the release before does not say it. */
  readonly instanceType?: string | undefined;
  /** Of the node that reports it. */
  readonly region?: string | undefined;
  readonly legId?: string | undefined;
  /** Whose leg it is about, if not the session's account's (LIV-0). */
  readonly legAccountId?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

export type SessionState = 'ringing' | 'live' | 'ended';
export type LegState = 'ringing' | 'joined' | 'left';
type Mode = 'pending' | 'p2p' | 'relay' | 'media';

/** A latest value, with the sequence that set it: an older line that comes later changes nothing. */
interface Latest<Value> {
  readonly value: Value;
  readonly sequence: number;
}

interface SetLimits {
  readonly endsAtMs: number | undefined;
  readonly bitsPerSecondMax: number | undefined;
}

/** What is known of a session. Every field only grows or goes to a later sequence: the order of arrival is no matter. */
export interface FoldedSession {
  readonly kind: SessionKind;
  readonly startedAtMs: number;
  readonly connectedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly endCode: string | undefined;
  readonly mode: Latest<Mode>;
  readonly pausedAtMs: Latest<number | undefined>;
  readonly limits: Latest<SetLimits>;
  readonly legIds: readonly string[];
  readonly joinedLegIds: readonly string[];
  readonly leftLegIds: readonly string[];
}

export interface FoldedLeg {
  readonly state: LegState;
  readonly identity: string | undefined;
  readonly joinedAtMs: number | undefined;
  readonly leftAtMs: number | undefined;
  readonly media: Latest<{ readonly audio: boolean; readonly video: boolean; readonly screen: boolean }>;
  readonly bitsPerSecond: Latest<number | undefined>;
  /** What the account that controls it does not let it send (LIV-1). */
  readonly muted: Latest<{ readonly audio: boolean; readonly video: boolean; readonly screen: boolean }>;
}

export const newSession = (startedAtMs: number, kind: SessionKind = 'call'): FoldedSession => ({
  kind,
  startedAtMs,
  connectedAtMs: undefined,
  endedAtMs: undefined,
  endCode: undefined,
  mode: { value: 'pending', sequence: 0 },
  pausedAtMs: { value: undefined, sequence: 0 },
  limits: { value: { endsAtMs: undefined, bitsPerSecondMax: undefined }, sequence: 0 },
  legIds: [],
  joinedLegIds: [],
  leftLegIds: [],
});

export const newLeg: FoldedLeg = {
  state: 'ringing',
  identity: undefined,
  joinedAtMs: undefined,
  leftAtMs: undefined,
  media: { value: { audio: false, video: false, screen: false }, sequence: 0 },
  bitsPerSecond: { value: undefined, sequence: 0 },
  muted: { value: { audio: false, video: false, screen: false }, sequence: 0 },
};

/** Adds one line to what is known of a session. The same line twice, or an older one late, changes nothing. */
export function foldSession(session: FoldedSession, event: SessionEvent): FoldedSession {
  const { legId, atMs, data } = event;
  const known: FoldedSession = {
    ...session,
    startedAtMs: Math.min(session.startedAtMs, atMs),
    legIds: withId(session.legIds, legId),
  };
  switch (event.type) {
    case 'leg.joined':
      return { ...known, joinedLegIds: withId(known.joinedLegIds, legId) };
    case 'leg.left':
      return { ...known, leftLegIds: withId(known.leftLegIds, legId) };
    case 'mode.changed': {
      const mode = latest(known.mode, { value: modeOf(data.mode), sequence: event.sequence });
      const isConnected = modeOf(data.mode) !== 'pending';
      return {
        ...known,
        mode,
        ...(isConnected ? { connectedAtMs: earliest(known.connectedAtMs, atMs) } : {}),
      };
    }
    case 'session.paused':
      return { ...known, pausedAtMs: latest(known.pausedAtMs, { value: atMs, sequence: event.sequence }) };
    case 'session.resumed':
      return {
        ...known,
        pausedAtMs: latest(known.pausedAtMs, { value: undefined, sequence: event.sequence }),
      };
    case 'session.limited': {
      const value = {
        endsAtMs: wholeOf(data.endsAtMs),
        bitsPerSecondMax: wholeOf(data.bitsPerSecondMax),
      };
      return { ...known, limits: latest(known.limits, { value, sequence: event.sequence }) };
    }
    case 'session.ended':
      return {
        ...known,
        endedAtMs: earliest(known.endedAtMs, atMs),
        endCode: known.endCode ?? endCodeOf(data.reason),
      };
    default:
      return known;
  }
}

/** Adds one line to what is known of the leg that it is about. */
export function foldLeg(leg: FoldedLeg, event: SessionEvent): FoldedLeg {
  const { atMs, sequence, data } = event;
  const known = { ...leg, identity: leg.identity ?? textOf(data.identity) };
  switch (event.type) {
    case 'leg.joined':
      return {
        ...known,
        state: known.state === 'left' ? 'left' : 'joined',
        joinedAtMs: earliest(known.joinedAtMs, atMs),
        media: latest(known.media, { value: mediaOf(data.media), sequence }),
      };
    case 'media.changed':
      return { ...known, media: latest(known.media, { value: mediaOf(data.media), sequence }) };
    case 'leg.muted':
      return { ...known, muted: latest(known.muted, { value: mediaOf(data.muted), sequence }) };
    case 'quality.sampled': {
      const value = Math.round(numberOf(data.sentBitsPerSecond) + numberOf(data.receivedBitsPerSecond));
      return { ...known, bitsPerSecond: latest(known.bitsPerSecond, { value, sequence }) };
    }
    case 'leg.left':
      return { ...known, state: 'left', leftAtMs: earliest(known.leftAtMs, atMs) };
    default:
      return known;
  }
}

/** A call rings until two are in it or media flows. At a relay nobody is waited for. */
export function stateOf({ kind, endedAtMs, connectedAtMs, joinedLegIds }: FoldedSession): SessionState {
  if (endedAtMs !== undefined) return 'ended';
  if (kind === 'relay') return 'live';
  return connectedAtMs !== undefined || joinedLegIds.length > 1 ? 'live' : 'ringing';
}

/** How many are in it now; of a session that has ended, how many were. */
export function participantsOf({
  endedAtMs,
  joinedLegIds,
  leftLegIds,
}: Pick<FoldedSession, 'joinedLegIds' | 'leftLegIds'> & { readonly endedAtMs: number | undefined }): number {
  if (endedAtMs !== undefined) return joinedLegIds.length;
  return joinedLegIds.filter((id) => !leftLegIds.includes(id)).length;
}

/** Whose log a line stands in: a leg's line belongs to the leg's account. */
export const ownerOf = ({ accountId, legAccountId }: SessionEvent): string => legAccountId ?? accountId;

/** The stable code of why a session ended. */
export const endCodeOf = (reason: unknown): string =>
  textOf(reason) ?? textOf(fieldOf(reason, 'code')) ?? 'unknown';

const earliest = (known: number | undefined, atMs: number) => Math.min(known ?? atMs, atMs);
const latest = <Value>(known: Latest<Value>, next: Latest<Value>) =>
  next.sequence > known.sequence ? next : known;
// Sorted, so that the same set is the same value whatever order it was gathered in.
const withId = (ids: readonly string[], id: string | undefined) =>
  id === undefined || ids.includes(id) ? ids : [...ids, id].sort();

// What a node of another version sends is read for what is known of it here.
const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
const numberOf = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const wholeOf = (value: unknown) => (Number.isSafeInteger(value) ? numberOf(value) : undefined);
const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
const modeOf = (mode: unknown): Mode =>
  mode === 'p2p' || mode === 'relay' || mode === 'media' ? mode : 'pending';
const mediaOf = (media: unknown) => ({
  audio: fieldOf(media, 'audio') === true,
  video: fieldOf(media, 'video') === true,
  screen: fieldOf(media, 'screen') === true,
});
