import type { AskedMode } from '@patchbay/domain/sessions/control';
import type {
  CallMode,
  ClientMessageOf,
  Media,
  MediaPath,
  MediaTransport,
  QualitySample,
} from '@patchbay/protocol/signaling/messages';
import type { Client } from './clients.ts';
import type { LegSnapshot, Modality, RelayPlacement, SessionMode, SessionSnapshot } from './platform.ts';
import type { SessionLogic } from './session-logic.ts';

export interface Leg {
  readonly legId: string;
  readonly client: Client;
  readonly isInitiator: boolean;
  media: Media;
  /** What of it the account that controls it has muted (LIV-1). */
  muted: Media | undefined;
  /** The room that it is in. */
  room?: string;
  /** The generation that this leg reported as connected. */
  connectedGeneration: number | undefined;
  path: MediaPath | undefined;
  transport: MediaTransport | undefined;
  quality: QualitySample | undefined;
  qualityAtMs: number;
  messageCount: number;
  /** Its time is recorded up to here. */
  countedToMs: number;
  /** Credential prefixes whose total time this leg uses up. */
  totalPrefixIds: readonly string[];
}

/** The turns of a call that rings. */
export interface RingTurns {
  readonly left: readonly (readonly string[])[];
  readonly turnMs: number;
  readonly endsAtMs: number;
}

/** A call between two parties. The creator's account owns it; each leg belongs to its own client's account (LIV-0). */
export interface Session {
  readonly sessionId: string;
  readonly createdAtMs: number;
  readonly to: string;
  readonly requestId: string;
  readonly caller: Leg;
  calleeLegId: string;
  /** Devices that ring; empty once one answered. */
  readonly ringing: Set<Client>;
  /** Of devices that ring in turn: those whose turn is yet to come, by connection, and when this one is over. */
  turns: RingTurns | undefined;
  callee: Leg | undefined;
  callMode: CallMode;
  startedAtMs: number | undefined;
  generation: number;
  relay: RelayPlacement | undefined;
  /** Credentials of the relay were handed out in the current generation. */
  isRelayOffered: boolean;
  /** `isPlanned`: what carried its media before goes on until the new connection does. */
  recovery:
    | { readonly generation: number; readonly sinceMs: number; readonly isPlanned?: boolean }
    | undefined;
  waitingForRelay: { readonly sinceMs: number; readonly reason: string } | undefined;
  mode: SessionMode;
  segment: number;
  segmentModality: Modality;
  usageSinceMs: number;
  /** Of each stream, what its parties agreed upon last; undefined before they did. */
  codecs: readonly (readonly string[])[] | undefined;
  /** Until then they have agreed anew: a policy allows less than what they did agree upon. */
  codecsDueAtMs: number | undefined;
  logSequence: number;
  /** Of the called endpoint. */
  logic: SessionLogic | undefined;
  readonly limitsReached: Set<string>;
  /** The caller waits while somebody else rings in the place of whoever was called (LIV-1). */
  transfer: { readonly to: string; readonly sinceMs: number } | undefined;
  /** Since when its media is held by an order (LIV-1). */
  pausedAtMs: number | undefined;
  /** Its media goes through a media node from one generation on, and up to another one once it is to leave it (LIV-2). */
  bridge:
    | { readonly nodeId: string; readonly from: number; readonly to?: number; readonly leftAtMs?: number }
    | undefined;
  /** Which way its media was asked to go last, by an order (LIV-2). */
  movedTo: AskedMode | undefined;
  /** By orders, while it runs. */
  setLimits: { readonly endsAtMs?: number; readonly bitsPerSecondMax?: number } | undefined;
}

export function newLeg(
  legId: string,
  client: Client,
  media: Media,
): Omit<Leg, 'isInitiator' | 'countedToMs'> {
  return {
    legId,
    client,
    media,
    muted: undefined,
    connectedGeneration: undefined,
    path: undefined,
    transport: undefined,
    quality: undefined,
    qualityAtMs: Number.NEGATIVE_INFINITY,
    messageCount: 0,
    totalPrefixIds: [],
  };
}

/** A leg, and the session that it is of. */
export interface Party {
  readonly session: Session;
  readonly leg: Leg;
}

/** A call that nobody has answered. */
export function newSession(
  client: Client,
  frame: ClientMessageOf<'call'>,
  at: {
    readonly sessionId: string;
    readonly callerLegId: string;
    readonly calleeLegId: string;
    readonly nowMs: number;
  },
): Session {
  const { sessionId, callerLegId, calleeLegId, nowMs } = at;
  const caller: Leg = {
    ...newLeg(callerLegId, client, frame.media),
    isInitiator: true,
    countedToMs: nowMs,
  };
  return {
    sessionId,
    createdAtMs: nowMs,
    to: frame.to,
    requestId: frame.requestId,
    caller,
    calleeLegId,
    ringing: new Set(),
    turns: undefined,
    callee: undefined,
    callMode: client.principal.limits.isRelayOnly === true ? 'relay' : (frame.mode ?? 'auto'),
    startedAtMs: undefined,
    generation: 0,
    relay: undefined,
    isRelayOffered: false,
    recovery: undefined,
    waitingForRelay: undefined,
    mode: 'pending',
    segment: 0,
    segmentModality: modalityOf([frame]),
    usageSinceMs: nowMs,
    codecs: undefined,
    codecsDueAtMs: undefined,
    logSequence: 0,
    logic: undefined,
    limitsReached: new Set(),
    transfer: undefined,
    pausedAtMs: undefined,
    bridge: undefined,
    movedTo: undefined,
    setLimits: undefined,
  };
}

export function legsOf(session: Session): readonly Leg[] {
  return session.callee === undefined ? [session.caller] : [session.caller, session.callee];
}

export function legOf(session: Session, client: Client): Leg | undefined {
  return legsOf(session).find((leg) => leg.client === client);
}

export function peerOf(session: Session, leg: Leg): Leg | undefined {
  return leg === session.caller ? session.callee : session.caller;
}

/** What the session carries at most, in either direction: that is what it is metered as (MET-4). */
export function modalityOf(legs: readonly { readonly media: Media }[]): Modality {
  if (legs.some(({ media }) => media.screen)) return 'screen';
  if (legs.some(({ media }) => media.video)) return 'video';
  return legs.some(({ media }) => media.audio) ? 'audio' : 'data';
}

/** Whether the death of the relay would be heard. A leg that has not reported yet may be using it. */
export function dependsOnRelay(session: Session): boolean {
  if (session.relay === undefined || !session.isRelayOffered) return false;
  const isDirect = (leg: Leg) => leg.connectedGeneration === session.generation && leg.path === 'direct';
  return !legsOf(session).every(isDirect);
}

/** Whether a generation goes through a media node. */
export const isBridged = ({ bridge }: Session, generation: number): boolean =>
  bridge !== undefined && bridge.from <= generation && generation < (bridge.to ?? Number.POSITIVE_INFINITY);

/** `media` where a media node is a party, or between the two. Else `relay` as soon as one leg's packets pass one: that is what is billed. */
export function modeOf(session: Session): SessionMode {
  const connected = legsOf(session).filter((leg) => leg.connectedGeneration === session.generation);
  const hasMediaLeg = legsOf(session).some(({ client }) => client.media !== undefined);
  if (connected.length > 0 && (hasMediaLeg || isBridged(session, session.generation))) return 'media';
  if (connected.some(({ path }) => path === 'relay')) return 'relay';
  return connected.length > 0 ? 'p2p' : session.mode;
}

export function snapshotOf(session: Session): SessionSnapshot {
  const { accountId, applicationId } = session.caller.client.principal;
  return {
    sessionId: session.sessionId,
    accountId,
    ...(applicationId === undefined ? {} : { applicationId }),
    state: session.startedAtMs === undefined ? 'ringing' : 'active',
    mode: session.mode,
    generation: session.generation,
    modality: session.segmentModality,
    createdAtMs: session.createdAtMs,
    ...(session.startedAtMs === undefined ? {} : { startedAtMs: session.startedAtMs }),
    ...(session.relay === undefined || !session.isRelayOffered
      ? {}
      : { relay: { nodeId: session.relay.nodeId, boot: session.relay.boot } }),
    legs: legsOf(session).map(legSnapshot),
  };
}

function legSnapshot(leg: Leg): LegSnapshot {
  const { accountId, credentialId, identity } = leg.client.principal;
  return {
    legId: leg.legId,
    accountId,
    credentialId,
    identity,
    media: leg.media,
    isConnected: leg.client.socketId !== undefined,
    ...(leg.path === undefined ? {} : { path: leg.path }),
    ...(leg.transport === undefined ? {} : { transport: leg.transport }),
    ...(leg.quality === undefined ? {} : { quality: leg.quality }),
  };
}

export const relayDenied = 'The logic of the called endpoint lets it pass no relay.';
export const isRelayDenied = ({ logic }: Session): boolean => logic?.relay.use === 'deny';
