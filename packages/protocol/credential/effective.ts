import { cidrsContain, intersectCidrs } from '@patchbay/kit/cidr';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import type { KeyId } from '@patchbay/kit/ids';
import { type BandwidthClass, bandwidthClassRates, narrowerClass } from '../turn/bandwidth-class.ts';
import { UINT48_MAX } from './byte-fields.ts';
import type { LimitOutcome, LimitScope, MediaKind, Restriction } from './caveats.ts';
import type { ParsedCredential } from './credential.ts';
import { LIFETIME_SECONDS_MAX, LIFETIME_SKEW_MS_MAX } from './lifetime.ts';
import { CredentialError, type CredentialRefusal, refusal, refusing } from './refusal.ts';

/** A quantity that ends something when it is reached. All limits of a credential hold, each where it stands. */
export interface EffectiveLimit {
  /** The level at which it counts: siblings narrowed from one credential share the limits of their common prefix. */
  readonly prefixId: string;
  readonly kind: 'uses' | 'seconds' | 'bytes';
  readonly max: number;
  readonly counts: LimitScope;
  readonly outcome: LimitOutcome;
  /** No caveat says it: policies or configuration do. */
  readonly isOfPolicy?: true;
}

/**
 * What a credential allows: the intersection of all its caveats. A list that is absent restricts nothing; an empty one
 * allows nothing. Plain JSON, so that it can cross a process.
 */
export interface Effective {
  readonly keyId: KeyId;
  /** The levels of the credential, the minter's first. Revoked if any of them is. */
  readonly prefixIds: readonly string[];
  /** Milliseconds since 1970. 0 when no caveat says it. */
  readonly notBeforeMs: number;
  /** Milliseconds since 1970, not included. The year 10889 when no caveat says it. */
  readonly expiresAtMs: number;
  /** The same of the minter's own level alone: no holder makes a credential good that was minted without an end. */
  readonly mintedUntilMs: number;
  /** The account it acts for, if not the key's own: the last of `accountIds`. */
  readonly accountId?: string;
  /** Every account named, in order. Each has to be the one before or below it: `check` sees to it. */
  readonly accountIds: readonly string[];
  readonly applicationId?: string;
  readonly instanceType?: string;
  readonly identity?: string;
  readonly services?: readonly string[];
  readonly features?: readonly string[];
  readonly mediaKinds?: readonly MediaKind[];
  readonly regions?: readonly string[];
  readonly countries?: readonly string[];
  readonly deviceKinds?: readonly DeviceKind[];
  readonly sourceCidrs?: readonly string[];
  readonly peerCidrs?: readonly string[];
  /** A session's id, or a room (`room:standup`). */
  readonly session?: string;
  /** With that of its class. */
  readonly bitRate?: { readonly bitsPerSecond: number; readonly burstBytes: number };
  readonly bandwidthClass?: BandwidthClass;
  readonly limits: readonly EffectiveLimit[];
  /** Events of its account of which the first ends it. */
  readonly endEvents: readonly EndEvent[];
}

export interface EndEvent {
  /** The level at which it stands: siblings narrowed from one credential end with their common prefix. */
  readonly prefixId: string;
  /** Such as `signaling.session.ended`. */
  readonly event: string;
  /** Whom it has to be about. */
  readonly subject?: string;
}

type Draft = { -readonly [Field in keyof Effective]: Effective[Field] };

/** Folds the caveats. Refused when two contradict each other, as two identities do: then nothing is allowed. */
export function effectiveOf(credential: ParsedCredential): Effective | CredentialRefusal {
  return refusing(() => {
    const draft: Draft = {
      keyId: credential.keyId,
      prefixIds: credential.blocks.map(({ prefixId }) => prefixId),
      notBeforeMs: 0,
      expiresAtMs: UINT48_MAX,
      mintedUntilMs: UINT48_MAX,
      accountIds: [],
      limits: [],
      endEvents: [],
    };
    for (const [level, { prefixId, caveats }] of credential.blocks.entries()) {
      for (const caveat of caveats) fold(draft, caveat, prefixId);
      if (level === 0) draft.mintedUntilMs = draft.expiresAtMs;
    }
    return draft;
  });
}

/** Every branch can only take away from what the draft allows. */
function fold(draft: Draft, caveat: Restriction, prefixId: string): void {
  switch (caveat.type) {
    case 'notBefore':
      draft.notBeforeMs = Math.max(draft.notBeforeMs, caveat.atMs);
      return;
    case 'notAfter':
      draft.expiresAtMs = Math.min(draft.expiresAtMs, caveat.atMs);
      return;
    case 'account':
      draft.accountIds = [...draft.accountIds, caveat.accountId];
      draft.accountId = caveat.accountId;
      return;
    case 'application':
      draft.applicationId = same(draft.applicationId, caveat.applicationId, 'application');
      return;
    case 'instanceType':
      draft.instanceType = same(draft.instanceType, caveat.instanceType, 'instance type');
      return;
    case 'identity':
      draft.identity = same(draft.identity, caveat.identity, 'identity');
      return;
    case 'session':
      draft.session = same(draft.session, caveat.session, 'session');
      return;
    case 'services':
      draft.services = intersect(draft.services, caveat.services);
      return;
    case 'features':
      draft.features = intersect(draft.features, caveat.features);
      return;
    case 'mediaKinds':
      draft.mediaKinds = intersect(draft.mediaKinds, caveat.mediaKinds);
      return;
    case 'regions':
      draft.regions = intersect(draft.regions, caveat.regions);
      return;
    case 'countries':
      draft.countries = intersect(draft.countries, caveat.countries);
      return;
    case 'deviceKinds':
      draft.deviceKinds = intersect(draft.deviceKinds, caveat.deviceKinds);
      return;
    case 'sourceCidrs':
      draft.sourceCidrs = draft.sourceCidrs ? intersectCidrs(draft.sourceCidrs, caveat.cidrs) : caveat.cidrs;
      return;
    case 'peerCidrs':
      draft.peerCidrs = draft.peerCidrs ? intersectCidrs(draft.peerCidrs, caveat.cidrs) : caveat.cidrs;
      return;
    case 'bitRate':
      draft.bitRate = slower(draft.bitRate, caveat);
      return;
    case 'bandwidthClass':
      draft.bandwidthClass = narrowerClass(
        draft.bandwidthClass ?? caveat.bandwidthClass,
        caveat.bandwidthClass,
      );
      draft.bitRate = slower(draft.bitRate, bandwidthClassRates[caveat.bandwidthClass]);
      return;
    case 'endEvent':
      draft.endEvents = [
        ...draft.endEvents,
        {
          prefixId,
          event: caveat.event,
          ...(caveat.subject === undefined ? {} : { subject: caveat.subject }),
        },
      ];
      return;
    case 'uses':
    case 'seconds':
    case 'bytes': {
      const counts = caveat.type === 'uses' ? 'total' : caveat.counts;
      const limit = {
        prefixId,
        kind: caveat.type,
        max: caveat.max,
        counts,
        outcome: caveat.outcome ?? 'end',
      };
      draft.limits = [...draft.limits, limit];
      return;
    }
  }
}

type Rate = NonNullable<Effective['bitRate']>;

const slower = (earlier: Rate | undefined, { bitsPerSecond, burstBytes }: Rate): Rate => ({
  bitsPerSecond: Math.min(earlier?.bitsPerSecond ?? bitsPerSecond, bitsPerSecond),
  burstBytes: Math.min(earlier?.burstBytes ?? burstBytes, burstBytes),
});

function same(earlier: string | undefined, later: string, what: string): string {
  if (earlier === undefined || earlier === later) return later;
  throw new CredentialError(
    'credential.malformed',
    `The credential was narrowed to another ${what} than its own.`,
  );
}

function intersect<Item>(earlier: readonly Item[] | undefined, later: readonly Item[]): readonly Item[] {
  return earlier ? earlier.filter((item) => later.includes(item)) : later;
}

/** What somebody wants to do with a credential. What cannot be left out, a restriction might stand on. */
export interface CredentialUse {
  readonly nowMs: number;
  /** Less than the platform's own maximum where the account allows less. */
  readonly lifetimeSecondsMax?: number;
  /** The service asked for, such as `network-discovery`. */
  readonly service: string;
  readonly sourceIp: string;
  /** Where the node is that asks. */
  readonly region: string;
  /** The ids from the platform's account down to the acting account, which is `effective.accountId` if there is one. */
  readonly accountChain: readonly string[];
  readonly feature?: string;
  readonly mediaKinds?: readonly MediaKind[];
  /** The session's id and its room's name: one of them has to be the one named. */
  readonly sessions?: readonly string[];
}

/** Why this use is refused, or undefined when it is allowed. Limits are not looked at: they need the counters. */
export function check(effective: Effective, use: CredentialUse): CredentialRefusal | undefined {
  if (use.nowMs < effective.notBeforeMs) {
    return refusal('credential.not_yet_valid', `It is valid from ${timeText(effective.notBeforeMs)} on.`);
  }
  if (use.nowMs >= effective.expiresAtMs) {
    return refusal('credential.expired', `It expired at ${timeText(effective.expiresAtMs)}.`);
  }
  const tooLong = refusalOfLifetime(effective, use);
  if (tooLong !== undefined) return tooLong;
  if (!isDescent(effective.accountIds, use.accountChain)) {
    return refusal('credential.account_not_allowed', 'An account named in it is not below the one before.');
  }
  if (effective.sourceCidrs && !cidrsContain(effective.sourceCidrs, use.sourceIp)) {
    return refusal('credential.source_not_allowed', 'It may not be used from this address.');
  }
  if (!allows(effective.regions, use.region)) {
    return refusal('credential.region_not_allowed', `It may not be used in the region ${use.region}.`);
  }
  if (!allows(effective.services, use.service)) {
    return refusal('credential.service_not_allowed', `It does not cover the service ${use.service}.`);
  }
  if (use.feature !== undefined && !allows(effective.features, use.feature)) {
    return refusal('credential.feature_not_allowed', `It does not cover the feature ${use.feature}.`);
  }
  const kind = use.mediaKinds?.find((wanted) => !allows(effective.mediaKinds, wanted));
  if (kind !== undefined) return refusal('credential.media_not_allowed', `It does not cover ${kind}.`);
  if (effective.session !== undefined && use.sessions && !use.sessions.includes(effective.session)) {
    return refusal('credential.session_not_allowed', `It is for ${effective.session} alone.`);
  }
  return undefined;
}

function refusalOfLifetime(
  { mintedUntilMs }: Effective,
  { nowMs, lifetimeSecondsMax = LIFETIME_SECONDS_MAX }: CredentialUse,
): CredentialRefusal | undefined {
  const secondsMax = Math.min(lifetimeSecondsMax, LIFETIME_SECONDS_MAX);
  if (mintedUntilMs - nowMs <= secondsMax * 1_000 + LIFETIME_SKEW_MS_MAX) return undefined;
  const fault = mintedUntilMs === UINT48_MAX ? 'It was minted without an end' : 'It lives longer';
  return refusal('credential.lifetime_too_long', `${fault}: at most ${secondsMax} seconds are allowed.`);
}

const allows = <Item>(allowed: readonly Item[] | undefined, wanted: Item) =>
  allowed?.includes(wanted) ?? true;

/** Whether the accounts stand in the chain in this order, and the last is the acting account. */
function isDescent(accountIds: readonly string[], chain: readonly string[]): boolean {
  if (accountIds.length === 0) return true;
  const depths = accountIds.map((accountId) => chain.indexOf(accountId));
  const inOrder = depths.every((depth, index) => depth >= 0 && depth >= (depths[index - 1] ?? 0));
  return inOrder && depths.at(-1) === chain.length - 1;
}

const timeText = (timeMs: number) => new Date(timeMs).toISOString();

/** Whether a relay may send to this address for the credential. The relay's own deny-list holds besides. */
export function allowsPeer(effective: Pick<Effective, 'peerCidrs'>, peerIp: string): boolean {
  return effective.peerCidrs === undefined || cidrsContain(effective.peerCidrs, peerIp);
}
