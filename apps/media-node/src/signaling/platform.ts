import type { RoomNote } from '@patchbay/domain/conferencing/room-words';
import type { LogicFailure } from '@patchbay/domain/logic/interpreter';
import type { FetchAttempt, LogicSession } from '@patchbay/domain/logic/logic-request';
import type { SoundOrder, SoundResult } from '@patchbay/domain/logic/sound-order';
import type { Variables } from '@patchbay/domain/logic/variables';
import type { LogicDocument, VerbName } from '@patchbay/domain/logic/verbs';
import type { CountedRefusalCode } from '@patchbay/domain/policy/decide';
import type { Gone, Registration } from '@patchbay/domain/presence/registration';
import type { AskedMode, ControlAnswer, ControlOrder } from '@patchbay/domain/sessions/control';
import type { RelayLine, RelayLineDataOf } from '@patchbay/domain/sessions/relay-line';
import type { InactiveCode } from '@patchbay/domain/tenancy/account-state';
import type { DimensionsOf, MeterDefinition } from '@patchbay/kit/definition';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import type {
  CallMode,
  ClientMessage,
  EndReason,
  Media,
  MediaPath,
  MediaTransport,
  Problem,
  QualitySample,
} from '@patchbay/protocol/signaling/messages';
import type { notification } from '@patchbay/services/notification/definition';
import type { signaling } from '@patchbay/services/signaling/definition';
import type { ChannelNotice, ChannelPlatform } from './channel-platform.ts';
import type {
  CalledUser,
  FarDevice,
  GuestWord,
  HomeWord,
  PeerNotice,
  SessionCredential,
} from './peer-words.ts';
import type { PresenceAnswer, PresenceQuestion } from './presence-words.ts';
import type { NarrowedTo, PolicyEnding, Principal, SignalingLimits } from './principal.ts';

/**
 * What signaling needs from the world. The machine and its tests know nothing else of accounts, relays, bills or
 * logs; who wires it to the control plane decides how these reach it.
 */
export interface SignalingPlatform {
  readonly channels: ChannelPlatform;
  authenticate(token: string, context: AuthenticationContext): Promise<Authentication>;
  /** A live relay for this session, or undefined while there is none. Answers from memory. */
  placeRelay(sessionId: string): RelayPlacement | undefined;
  /** A media node that takes one more leg, or undefined: the preferred one where it has room. Answers from memory. */
  placeMedia(preferredNodeId?: string): { readonly nodeId: string } | undefined;
  /** Tells a media node something of a leg. What cannot be told is told back as the death of the node. */
  toMedia(nodeId: string, word: MediaWord): void;
  /** Must not throw and not block: it appends to the spool, which gives the record its id (MET-2). */
  recordUsage(record: UsageRecord): void;
  /** Appends to the session's log (MET-7). `sequence` is gapless for each session and starts at 1. */
  appendSessionEvent(event: SessionEvent): void;
  /** Counts a session, or one more party of it, where policies count over all nodes. Does not reject. */
  claimSession(claim: SessionClaim): Promise<ClaimAnswer>;
  /** Gives a session back that did not begin after all. One that ended in the log is given back by that. */
  releaseSession(sessionId: string): void;
  /** Devices of the endpoints that are connected at other nodes. Does not reject: who cannot be asked about is not there. */
  locate(called: readonly CalledUser[]): Promise<readonly FarDevice[]>;
  /** Whether there is any other signaling node. Answers from memory. */
  hasPeers(): boolean;
  /** Tells a device of another node something of a session of this one. What cannot be told is told back as the death of the node. */
  toGuest(nodeId: string, word: HomeWord): void;
  /** Says something of a client of this node to the one that holds a session of it. */
  toHome(nodeId: string, word: GuestWord): void;
  /** Narrows a credential that is for one session already. */
  narrow(from: SessionCredential, to: NarrowedTo): SessionCredential;
  /** How others of an account are, and what a client says of itself. Does not reject. */
  askPresence(question: PresenceQuestion): Promise<PresenceAnswer>;
  /** A client is connected here. Told again, the last word counts. */
  register(registration: Registration): void;
  unregister(gone: Gone): void;
  /** What decides about a call to an endpoint. Does not reject. */
  findLogic(called: CalledEndpoint): Promise<FoundLogic>;
  /** A document of it. Does not reject. */
  fetchLogic(request: LogicRequest): Promise<LogicAnswer>;
  /** Tells what became of an order. Does not reject: whoever asked asks again. */
  answerOrder(orderId: string, answer: ControlAnswer): void;
  /** Calls `listener` for every command and every change of a relay, until the returned function is called. */
  subscribe(listener: (notice: PlatformNotice) => void): () => void;
}

export interface CalledEndpoint {
  readonly callerAccountId: string;
  readonly accountId: string;
  /** `user:bob`. */
  readonly endpoint: string;
}

export type FoundLogic =
  | { readonly standing: 'none' }
  | { readonly standing: 'unrelated' }
  /** Nobody can say now. */
  | { readonly standing: 'away' }
  /** `accountPath`: the account whose logic it is and those above it, nearest first. */
  | { readonly standing: 'found'; readonly url: string; readonly accountPath?: readonly string[] };

export interface LogicRequest {
  /** Whose logic it is. */
  readonly accountId: string;
  readonly url: string;
  readonly session: LogicSession;
  readonly variables: Variables;
}

export type LogicAnswer = { readonly attempts: readonly FetchAttempt[] } & (
  | { readonly ok: true; readonly document: LogicDocument; readonly url: string }
  | { readonly ok: false; readonly failure: LogicFailure; readonly detail: string }
);

export interface AuthenticationContext {
  readonly sourceIp: string;
  /** What tells this client from all others, whatever address it comes from (decision 0003). */
  readonly clientKey: string;
  /** What it says that it runs on. */
  readonly deviceKind: DeviceKind;
  /**
   * The credential of the connection that is being resumed or renewed. If it is the token's own, this is no new use
   * of it (ACC-7).
   */
  readonly continuesCredentialId?: string;
}

export type Authentication =
  | ({ readonly ok: true } & Principal)
  | { readonly ok: false; readonly problem: Problem };

/** Asks whether a session may begin, or somebody join it. */
export interface SessionClaim {
  readonly sessionId: string;
  readonly principal: Pick<Principal, 'accountId' | 'applicationId' | 'instanceType' | 'identity'>;
  /** It began before it was to be counted, and is not refused. */
  readonly isRunning: boolean;
  /** The room of its account that it goes into at once, and where that may begin if it is nowhere yet. */
  readonly room?: { readonly name: string; readonly nodeId: string };
}

export type ClaimAnswer =
  /** `mediaNodeId`: the home of the room that was named. */
  | { readonly ok: true; readonly mediaNodeId?: string }
  | {
      readonly ok: false;
      readonly code: CountedRefusalCode | 'platform.unavailable';
      readonly detail: string;
    };

export interface RelayPlacement {
  readonly nodeId: string;
  /** Changes with each start of the node: what an earlier boot held is gone. */
  readonly boot: string;
  /** `turn:` and `turns:` addresses, best first. */
  readonly urls: readonly string[];
}

export type PlatformNotice =
  | { readonly type: 'endSession'; readonly sessionId: string; readonly reason: EndReason }
  | { readonly type: 'order'; readonly order: ControlOrder }
  | { readonly type: 'revokeCredential'; readonly credentialId: string }
  | ({ readonly type: 'policyRefused'; readonly credentialId: string } & PolicyEnding)
  | { readonly type: 'revokeKey'; readonly keyId: string }
  /** Also reaches every descendant of the account. */
  | { readonly type: 'stopAccount'; readonly accountId: string; readonly code: InactiveCode }
  /** What a credential may do changed while its clients are here (POL-5). */
  | { readonly type: 'limitsChanged'; readonly credentialId: string; readonly limits: SignalingLimits }
  | { readonly type: 'relayAlive'; readonly nodeId: string; readonly boot: string }
  /** Two heartbeats of one second were missed. */
  | { readonly type: 'relayDead'; readonly nodeId: string }
  /** It takes no new work, and what it has may move before it goes. */
  | { readonly type: 'relayDraining'; readonly nodeId: string }
  | AllocationEnded
  | RelayLineNotice
  | ChannelNotice
  | MediaNotice
  | PeerNotice
  /** How somebody is may be another than it was. */
  | { readonly type: 'presenceChanged'; readonly accountId: string; readonly identity: string };

interface OfMediaLeg {
  readonly legId: string;
  readonly sessionId: string;
  /** Whose leg it is. */
  readonly accountId: string;
}

/** What signaling says of a leg to the media node that is it. */
export type MediaWord =
  /** `isLast`: the leg is over with it. */
  | ({ readonly type: 'frame'; readonly source: string; readonly isLast: boolean } & OfMediaLeg)
  | ({ readonly type: 'sound'; readonly number: number; readonly order: SoundOrder } & OfMediaLeg)
  /** A party of a call of two, whose media goes through the node: to the other party, and to nobody else. */
  | ({ readonly type: 'bridge'; readonly otherLegId: string } & OfMediaLeg)
  /** It goes another way from now on. */
  | ({ readonly type: 'unbridge' } & OfMediaLeg);

/** What a media node says of its legs. */
export type MediaNotice =
  | ({ readonly type: 'mediaFrame'; readonly message: ClientMessage } & MediaLegId)
  | ({ readonly type: 'mediaSounded'; readonly number: number; readonly result: SoundResult } & MediaLegId)
  /** Something of a room that it is in, for the log of its session. */
  | ({ readonly type: 'mediaNoted'; readonly note: RoomNote } & MediaLegId)
  /** The process that it was in died, or it could not be connected. */
  | ({ readonly type: 'mediaLegLost'; readonly detail: string } & MediaLegId)
  /** Its line is broken: it ends all legs that it has from here, and so does signaling. */
  | { readonly type: 'mediaDead'; readonly nodeId: string };

interface MediaLegId {
  readonly nodeId: string;
  readonly sessionId: string;
  readonly legId: string;
}

/** A line that a relay adds to the log of a session. */
export interface RelayLineNotice {
  readonly type: 'relayLine';
  readonly sessionId: string;
  /** Whose allocation it is about, and the levels of its credential. */
  readonly accountId: string;
  readonly credentialIds: readonly string[];
  readonly atMs: number;
  readonly line: RelayLine;
}

export interface AllocationEnded {
  readonly type: 'allocationEnded';
  readonly sessionId: string;
  readonly nodeId: string;
  /** Whose allocation it was, and the levels of its credential: anybody can name a session in a narrowing. */
  readonly accountId: string;
  readonly credentialIds: readonly string[];
  /** `limit`, `revoked` end the session; `lost` moves it; `released` and `expired` are the client's own doing. */
  readonly cause: 'limit' | 'revoked' | 'lost' | 'released' | 'expired';
  /** For `limit`: which, e.g. `limit.session_bytes`. */
  readonly code?: string;
  readonly detail?: string;
}

export type Modality = 'audio' | 'video' | 'screen' | 'data';

/** What happened since the record before. Records of one session and segment may be summed before they are stored. */
interface UsageOf {
  readonly accountId: string;
  readonly applicationId?: string;
  /** Of the leg's user (ACC-5). */
  readonly endpointId?: string;
  readonly credentialId?: string;
  readonly sessionId?: string;
  /** Counts the states of the session's media from 0 (MET-4). */
  readonly segment: number;
  readonly region: string;
  readonly modality: Modality;
  readonly fromMs: number;
  readonly toMs: number;
}

export type UsageRecord = UsageOf &
  (
    | { readonly service: 'signaling'; readonly quantities: readonly UsageQuantity[] }
    | { readonly service: 'notification'; readonly quantities: readonly ChannelQuantity[] }
  );

/** One quantity of one meter, with dimensions and values that its service declares. */
type QuantityOf<Meters extends Readonly<Record<string, MeterDefinition>>> = {
  readonly [Meter in keyof Meters]: {
    readonly meter: Meter;
    /** An integer of the meter's unit. */
    readonly quantity: number;
    readonly dimensions: DimensionsOf<Meters[Meter]>;
  };
}[keyof Meters];

export type UsageQuantity = QuantityOf<(typeof signaling)['meters']>;
export type ChannelQuantity = QuantityOf<(typeof notification)['meters']>;

export type SessionMode = 'pending' | 'p2p' | 'relay' | 'media';

type RoomNoteDataOf<Type extends RoomNote['type']> = Extract<RoomNote, { readonly type: Type }>['data'];

interface SessionEventData {
  'session.created': {
    readonly to: string;
    readonly media: Media;
    readonly mode: CallMode;
    /** Of whoever placed the call. */
    readonly identity: string;
    readonly instanceType?: string;
    readonly device?: DeviceKind;
    readonly country?: string;
  };
  'leg.ringing': { readonly identity: string };
  'leg.joined': {
    readonly identity: string;
    readonly accountId: string;
    readonly media: Media;
    /** It is a leg of the platform's own, on this node. */
    readonly mediaNodeId?: string;
  };
  'mode.changed': {
    readonly mode: SessionMode;
    readonly path: MediaPath;
    readonly transport: MediaTransport;
    readonly previousMode: SessionMode;
  };
  'quality.sampled': QualitySample & { readonly generation: number };
  /** Of each stream what both sides may use, when they agreed upon other than before. */
  'codecs.negotiated': { readonly codecs: readonly (readonly string[])[] };
  'media.changed': { readonly media: Media; readonly segment: number };
  'limit.reached':
    | { readonly limit: string; readonly outcome: string; readonly rule?: string }
    | RelayLineDataOf<'limit.reached'>;
  'allocation.started': RelayLineDataOf<'allocation.started'>;
  'allocation.refused': RelayLineDataOf<'allocation.refused'>;
  'allocation.ended': RelayLineDataOf<'allocation.ended'>;
  'allocation.changed': RelayLineDataOf<'allocation.changed'>;
  'media.undeclared': RelayLineDataOf<'media.undeclared'>;
  /** The client was refused again, for the same reason and so often, in the time after. */
  'refusal.repeated': { readonly code: string; readonly repeatCount: number };
  'logic.started': { readonly endpoint: string };
  'logic.fetched': FetchAttempt;
  'logic.step': { readonly index: number; readonly verb: VerbName; readonly detail: string };
  'logic.ended': { readonly outcome: string; readonly code: string; readonly detail?: string };
  'recovery.started': { readonly generation: number; readonly reason: string };
  'recovery.completed': { readonly generation: number; readonly tookMs: number };
  /** By the word of whom, as in all that follow: an order of the account that controls the session or the leg (LIV-1). */
  'session.paused': { readonly by: string };
  'session.resumed': { readonly by: string };
  'session.limited': {
    readonly by: string;
    readonly endsAtMs?: number;
    readonly bitsPerSecondMax?: number;
  };
  /** Its media is asked to go another way; `mode.changed` says when it does. */
  'session.moving': { readonly by: string; readonly mode: AskedMode };
  'session.redirected': { readonly by: string; readonly url: string };
  'session.transferred': { readonly by: string; readonly to: string };
  'leg.muted': { readonly by: string; readonly muted: Media };
  'leg.removed': { readonly by: string };
  'leg.left': { readonly reason: string };
  'room.joined': RoomNoteDataOf<'room.joined'>;
  'room.changed': RoomNoteDataOf<'room.changed'>;
  'room.left': RoomNoteDataOf<'room.left'>;
  'room.recovered': RoomNoteDataOf<'room.recovered'>;
  'session.ended': { readonly reason: EndReason; readonly connectedMs: number };
}
export type SessionEventType = keyof SessionEventData;

/** One line of a session's log. The session's account owns it; `legAccountId` is whose leg it is about (LIV-0). */
export type SessionEvent = {
  [Type in SessionEventType]: {
    readonly type: Type;
    readonly sessionId: string;
    readonly sequence: number;
    readonly atMs: number;
    readonly accountId: string;
    readonly applicationId?: string;
    readonly instanceType?: string;
    readonly legId?: string;
    readonly legAccountId?: string;
    readonly data: SessionEventData[Type];
  };
}[SessionEventType];

export type SessionEventDataOf<Type extends SessionEventType> = SessionEventData[Type];

/** Live sessions as the dashboard shows them. */
export interface SessionSnapshot {
  readonly sessionId: string;
  readonly accountId: string;
  readonly applicationId?: string;
  readonly state: 'ringing' | 'active';
  readonly mode: SessionMode;
  readonly generation: number;
  readonly modality: Modality;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly relay?: { readonly nodeId: string; readonly boot: string };
  readonly legs: readonly LegSnapshot[];
}

export interface LegSnapshot {
  readonly legId: string;
  readonly accountId: string;
  readonly credentialId: string;
  readonly identity: string;
  readonly media: Media;
  readonly isConnected: boolean;
  readonly path?: MediaPath;
  readonly transport?: MediaTransport;
  readonly quality?: QualitySample;
}
