import type { AddressFamily } from './address-family.ts';
import type { BandwidthClass } from './bandwidth-class.ts';

/** What a limit of a credential counts (ACC-7). */
export type LimitKind = 'bytes' | 'seconds' | 'uses';
/** What happens when the limit is reached. */
export type LimitOutcome = 'end' | 'notify' | 'throttle' | 'downgrade';

export interface Limit {
  /**
   * The prefix of the credential at which the limit's caveat stands, in a spelling that is unique for each
   * caveat: all that was narrowed from that prefix counts together.
   */
  readonly counterId: string;
  readonly kind: LimitKind;
  /** Bytes of payload, seconds, or uses. */
  readonly max: number;
  /** Of the same unit: what was counted before, here or on other relays. */
  readonly used: number;
  /** Whether each session counts for itself, or all together. */
  readonly counts: 'session' | 'total';
  readonly outcome: LimitOutcome;
  /** It is what policies and configuration allow, besides the credential's own, and follows them while a session runs. */
  readonly isOfPolicy?: true;
}

/** What a credential may do, decided by the platform: the relay only enforces it. */
export interface Grant {
  readonly accountId: string;
  readonly applicationId?: string;
  readonly instanceType?: string;
  readonly endpointId?: string;
  readonly credentialId: string;
  /** The credentials this one was narrowed from: revoking one of them revokes this one. */
  readonly credentialPrefixIds?: readonly string[];
  readonly identity?: string;
  readonly sessionId?: string;
  readonly keyId: string;
  readonly limits: readonly Limit[];
  /** When the credential ends, by the clock that the core is driven by. */
  readonly endsAtMs?: number;
  /** Networks that the client must ask from. */
  readonly sourceCidrs?: readonly string[];
  /** Networks that peers must lie in. They narrow the relay's own rule and never widen it. */
  readonly peerCidrs?: readonly string[];
  /** Payload both ways together. */
  readonly bitRateBitsPerSecond?: number;
  /** Payload that may pass at once; by default what passes in a quarter of a second. */
  readonly burstBytes?: number;
  /** That the credential declares: its rate is in `bitRateBitsPerSecond` already. */
  readonly bandwidthClass?: BandwidthClass;
  /** The kinds of media that the session of the credential is held to: signaling sees to it, and a relay compares. */
  readonly mediaKinds?: readonly string[];
  /** Where policies let the client ask from, besides the credential's own networks. Each of them has to. */
  readonly sourceRules?: readonly SourceRule[];
  /** Families of which policies let it have no relayed address, each with why. */
  readonly withheldFamilies?: { readonly [Family in AddressFamily]?: string };
  /** Why it ends at `endsAtMs`, where that is not the end of the credential. */
  readonly endsBy?: { readonly reason: 'policy-refused'; readonly detail: string };
  /** Its sessions are counted over all relays: the platform is asked before each client's first allocation. */
  readonly isCounted?: boolean;
  /** Events end it: the platform is asked before each client's first allocation whether one has, and looks for them. */
  readonly ends?: GrantEnds;
  /** A policy refuses every allocation, in these words: the credential itself is good. */
  readonly refusal?: { readonly code: number; readonly phrase: string };
}

/** An address that counts as an account without a credential (ACC-9). */
export interface ListedAddress {
  /** Names it to the platform as a username names a credential. Nobody can prove it: it has no password. */
  readonly username: string;
  /** Whose it is. What it may do the platform says when it is asked. */
  readonly grant: Grant;
}

/** What levels say of the addresses that clients may come from, from the top down. What the last step says holds. */
export interface SourceRule {
  readonly steps: readonly ({ readonly refusal: string } & SourceSet)[];
}

export interface GrantEnds {
  /** Of the credential itself, whatever ends its allocations before. */
  readonly expiresAtMs: number;
  readonly notBeforeMs?: number;
  readonly events: readonly {
    readonly prefixId: string;
    readonly event: string;
    readonly subject?: string | undefined;
  }[];
}

/** Whether the platform is asked of a client before its first allocation, whatever limits there are. */
export const isAskedFirst = ({ isCounted, ends }: Grant): boolean => isCounted === true || ends !== undefined;

/** Addresses by their networks, or by the countries that they are in. */
export type SourceSet = { readonly networks: readonly string[] } | { readonly countries: readonly string[] };

/** The counter of what policies and events let begin, in place of a limit's. */
export const policyCounterId = 'policy';

/** What else of a grant follows policies, and may change while an allocation lives. */
export interface GrantedTerms
  extends Pick<Grant, 'endsAtMs' | 'endsBy' | 'sourceRules' | 'withheldFamilies'> {
  /** Of the limit that is of policies; absent: as long as anybody likes. */
  readonly sessionSecondsMax?: number;
}

/** What of a grant may change while an allocation lives. Its other limits are the credential's own, and stay. */
export type GrantedRate = Pick<Grant, 'bitRateBitsPerSecond' | 'burstBytes'>;

/** What a username may do by now, of which allocations live; or that it may not go on. */
export type Review =
  | { readonly ok: true; readonly rate: GrantedRate; readonly terms?: GrantedTerms }
  | {
      readonly ok: false;
      readonly detail: string;
      readonly reason?: 'policy-refused' | 'limit-exceeded' | 'balance-used-up';
    };

/**
 * The platform's answer about a username. A refusal's reason is shown to whoever proves the password that comes with it,
 * and anybody else gets the 401 of an unknown name. Without a password it speaks of nobody, and is shown to all.
 */
export type Resolution =
  | { readonly ok: true; readonly password: string; readonly grant: Grant }
  | { readonly ok: false; readonly code: number; readonly reason: string; readonly password?: string };

/** Whose allocations are to end. */
export type RevocationScope =
  | { readonly credentialId: string }
  | { readonly keyId: string }
  /** An account that is suspended, or closed for good. */
  | { readonly accountId: string; readonly isClosed?: boolean }
  | { readonly sessionId: string };

/** Whether a revocation reaches a grant. */
export function isRevoked(grant: Grant, scope: RevocationScope): boolean {
  if ('credentialId' in scope) {
    const { credentialId, credentialPrefixIds = [] } = grant;
    return credentialId === scope.credentialId || credentialPrefixIds.includes(scope.credentialId);
  }
  if ('keyId' in scope) return grant.keyId === scope.keyId;
  if ('accountId' in scope) return grant.accountId === scope.accountId;
  return grant.sessionId === scope.sessionId;
}

/** The session a grant belongs to: a named one, or else one client's use of one credential. */
export const sessionKeyOf = (grant: Grant, clientKey: string): string =>
  grant.sessionId ?? `${grant.credentialId}@${clientKey}`;

/**
 * The counter of a limit: shared by all of a total, by one session's allocations otherwise. It names the level at which
 * the limit stands and nothing below it, so that no holder begins anew by narrowing.
 */
export const counterKeyOf = (
  limit: Limit,
  of: { readonly grant: Grant; readonly clientKey: string },
): string =>
  `${limit.kind}:${limit.counterId}${limit.counts === 'total' ? '' : `/${of.grant.sessionId ?? of.clientKey}`}`;

/** Who the allocations of a grant are counted for: the credential as it was minted, and the account. */
export const holdersOf = ({ accountId, credentialId, credentialPrefixIds }: Grant) => ({
  credential: `credential:${credentialPrefixIds?.[0] ?? credentialId}`,
  account: `account:${accountId}`,
});

/** How long a counter that nobody holds is remembered: a named session may pause, a restart takes seconds. */
export const counterKeepMsOf = (limit: Limit, grant: Grant): number =>
  limit.counts === 'session' && grant.sessionId === undefined ? 30_000 : 600_000;
