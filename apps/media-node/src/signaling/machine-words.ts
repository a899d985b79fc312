import type { Gone, Registration } from '@patchbay/domain/presence/registration';
import type { ControlAnswer } from '@patchbay/domain/sessions/control';
import type { DeviceClaim } from '@patchbay/kit/device-kind';
import type { ClientFrame } from '@patchbay/protocol/signaling/messages';
import type { ChannelAnswer, ChannelLeave, ChannelQuestion } from './channel-platform.ts';
import type { CalledUser, FarDevice, GuestWord, HomeWord, SessionCredential } from './peer-words.ts';
import type {
  Authentication,
  AuthenticationContext,
  CalledEndpoint,
  ClaimAnswer,
  FoundLogic,
  LogicAnswer,
  LogicRequest,
  MediaWord,
  PlatformNotice,
  RelayPlacement,
  SessionClaim,
  SessionEvent,
  UsageRecord,
} from './platform.ts';
import type { PresenceAnswer, PresenceQuestion } from './presence-words.ts';
import type { NarrowedTo } from './principal.ts';
import type { SavedState } from './saved-state.ts';

/** What the machine hears: of sockets, of what it asked for, of the platform, and that time has passed. */
export type Input =
  | {
      readonly type: 'opened';
      readonly socketId: string;
      readonly sourceIp: string;
      /** What its request says of the device. */
      readonly device?: Omit<DeviceClaim, 'said'>;
    }
  | { readonly type: 'frame'; readonly socketId: string; readonly frame: ClientFrame }
  | {
      readonly type: 'undecodable';
      readonly socketId: string;
      readonly detail: string;
      readonly isFatal: boolean;
    }
  /** `isFinal`: the client said goodbye (RFC 6455 §7.4.1, codes 1000 and 1001) and will not resume. */
  | { readonly type: 'closed'; readonly socketId: string; readonly isFinal: boolean }
  | { readonly type: 'verified'; readonly socketId: string; readonly authentication: Authentication }
  | { readonly type: 'claimed'; readonly claimId: string; readonly answer: ClaimAnswer }
  | { readonly type: 'logicFound'; readonly sessionId: string; readonly found: FoundLogic }
  | {
      readonly type: 'logicFetched';
      readonly sessionId: string;
      readonly documentNumber: number;
      readonly answer: LogicAnswer;
    }
  | { readonly type: 'located'; readonly askId: string; readonly devices: readonly FarDevice[] }
  | { readonly type: 'presenceAnswered'; readonly askId: string; readonly answer: PresenceAnswer }
  | { readonly type: 'channelAnswered'; readonly askId: string; readonly answer: ChannelAnswer }
  /** What waits to be written to it is as much as may wait. */
  | { readonly type: 'slow'; readonly socketId: string }
  | { readonly type: 'notice'; readonly notice: PlatformNotice }
  | { readonly type: 'drain' }
  /** The node goes: what is live ends, and is recorded. */
  | { readonly type: 'stop' }
  | { readonly type: 'tick' };

/** What the machine has done: the shell does it, in this order. */
export type Action =
  | {
      readonly type: 'authenticate';
      readonly socketId: string;
      readonly token: string;
      readonly context: AuthenticationContext;
    }
  /** Answer with `claimed`. */
  | { readonly type: 'claim'; readonly claimId: string; readonly claim: SessionClaim }
  /** Answer with `logicFound`. */
  | { readonly type: 'findLogic'; readonly sessionId: string; readonly called: CalledEndpoint }
  /** Answer with `logicFetched`. */
  | { readonly type: 'fetchLogic'; readonly sessionId: string; readonly request: LogicRequest }
  /** Answer with `located`. */
  | { readonly type: 'locate'; readonly askId: string; readonly called: readonly CalledUser[] }
  | { readonly type: 'toGuest'; readonly nodeId: string; readonly word: HomeWord }
  | { readonly type: 'toHome'; readonly nodeId: string; readonly word: GuestWord }
  | { readonly type: 'register'; readonly registration: Registration }
  | { readonly type: 'unregister'; readonly gone: Gone }
  /** Answer with `presenceAnswered`. */
  | { readonly type: 'askPresence'; readonly askId: string; readonly question: PresenceQuestion }
  /** Answer with `channelAnswered`. */
  | { readonly type: 'askChannel'; readonly askId: string; readonly question: ChannelQuestion }
  | { readonly type: 'leaveChannel'; readonly leave: ChannelLeave }
  | { readonly type: 'releaseChannels'; readonly connectionId: string }
  | { readonly type: 'release'; readonly sessionId: string }
  | { readonly type: 'toMedia'; readonly nodeId: string; readonly word: MediaWord }
  | { readonly type: 'send'; readonly socketId: string; readonly source: string }
  /** As `send`, unless too much waits for the socket already: then say `slow`. */
  | { readonly type: 'deliver'; readonly socketId: string; readonly source: string }
  | { readonly type: 'close'; readonly socketId: string; readonly code: number; readonly reason: string }
  | { readonly type: 'answerOrder'; readonly orderId: string; readonly answer: ControlAnswer }
  | { readonly type: 'recordUsage'; readonly record: UsageRecord }
  | { readonly type: 'appendSessionEvent'; readonly event: SessionEvent }
  /** Nothing was done. The reason becomes a metric's label. */
  | { readonly type: 'drop'; readonly reason: string };

export interface MachinePorts {
  readonly region: string;
  /** Of the live state: part of each resume token, so that a client of another one is told why it is not known. */
  readonly lineage: string;
  placeRelay(sessionId: string): RelayPlacement | undefined;
  hasPeers(): boolean;
  narrow(from: SessionCredential, to: NarrowedTo): SessionCredential;
  placeMedia(preferredNodeId?: string): { readonly nodeId: string } | undefined;
  /** What another process knew that served these clients before. */
  readonly saved?: SavedState;
  /** Unguessable: a resume token is one. */
  newId(prefix: 'ses' | 'leg' | 'con' | 'res'): string;
}
