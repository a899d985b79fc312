import type { Ringing } from '@patchbay/domain/presence/ringing';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import type { ChannelUser } from './channel-platform.ts';

/** Who a credential speaks for, with the limits that hold for it. */
export interface Principal extends ChannelUser {
  readonly accountId: string;
  /** The account and its ancestors, nearest first: says who is in one subtree. Starts with `accountId`. */
  readonly accountPath: readonly string[];
  readonly applicationId?: string;
  readonly instanceType?: string;
  readonly keyId: string;
  readonly credentialId: string;
  /** The ids of all prefixes that the credential was narrowed from, and its own: a revocation names any of them. */
  readonly prefixIds: readonly string[];
  readonly identity: string;
  /** What its client says that it runs on, and where the operator's table has its address: absent without one. */
  readonly deviceKind?: DeviceKind;
  readonly country?: string;
  readonly limits: SignalingLimits;
  /** What holds for the credential by now. */
  review(): Promise<Review>;
  /** Narrows the caller's own credential to one session, so that the relay's usage names it. */
  narrow(caveats: NarrowedTo): { readonly username: string; readonly credential: string };
}

/** What the credential of a leg is held to at the relay. */
export interface NarrowedTo {
  readonly sessionId: string;
  readonly bytesMax?: number | undefined;
  readonly bitsPerSecondMax?: number | undefined;
  readonly region?: string | undefined;
}

/** Why a policy ends what runs: what it lets be used is used up, or it allows it no longer. */
export interface PolicyEnding {
  readonly code: 'policy.refused' | 'limit.exceeded' | 'balance.used_up';
  readonly detail: string;
}

export type Review =
  | { readonly kind: 'holds'; readonly limits: SignalingLimits }
  /** `ending`: by the policy that refuses it; absent where the credential itself is good for nothing any more. */
  | { readonly kind: 'refused'; readonly ending?: PolicyEnding }
  /** Nobody can say now. */
  | { readonly kind: 'away' };

export interface SignalingLimits {
  readonly expiresAtMs: number;
  /** Connected time. Each counts by itself, and the first that is reached acts. */
  readonly seconds: readonly SecondsLimit[];
  /** What a call may carry; absent means anything. */
  readonly mediaKinds?: readonly string[];
  /** Outcomes of limits that have no use left, and let this one pass: each session says so. */
  readonly usesReached?: readonly SecondsLimit['outcome'][];
  /** Calls of it go through a relay, whatever their parties ask for. */
  readonly isRelayOnly?: boolean;
  /** The credential is good for this session alone. */
  readonly sessionId?: string;
  /** What policies let a call carry, and what is said of anything else. */
  readonly media?: { readonly kinds: readonly string[]; readonly detail: string };
  /** The same of codecs, and of features of the service. */
  readonly codecs?: HeldNames;
  readonly features?: HeldNames;
  /** How many may be in a call of which it is a party. */
  readonly participants?: { readonly max: number; readonly detail: string };
  /** When the times end at which policies let it be served. */
  readonly closesAtMs?: number;
  /** Its account, or one above or below it, has application logic: who is called has to be asked about. */
  readonly hasLogicNear?: boolean;
  /** Below this address stands a page for each code. Absent: that is not known, and clients are told paths. */
  readonly pagesUrl?: string;
  /** Each of its sessions is counted over all nodes before it begins. */
  readonly isCounted?: boolean;
  /** Which devices of its endpoint ring, and when. */
  readonly ringing?: Ringing;
}

/** What policies allow, and what is said of anything else. */
export interface HeldNames {
  readonly allowed: readonly string[];
  readonly detail: string;
}

export interface SecondsLimit {
  /** The credential prefix that carries the caveat: siblings narrowed from it share a total. */
  readonly prefixId: string;
  readonly seconds: number;
  /** For a total: the time of sessions that this node may know nothing of. */
  readonly usedMs?: number;
  readonly counts: 'session' | 'total';
  readonly outcome: 'end' | 'notify' | 'throttle' | 'downgrade';
}
