import type { LimitOutcome, LimitScope, MediaKind, Restriction } from '@patchbay/protocol/credential/caveats';
import { LIFETIME_SECONDS_DEFAULT, LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import type { BandwidthClass } from '@patchbay/protocol/turn/bandwidth-class';
import { PatchbayError } from '@patchbay/sdk';

/** What a credential is limited to. Whatever is left out is not limited, but for its lifetime. */
export interface CredentialLimits {
  /** Who holds it: 1 to 128 bytes of UTF-8 that mean something to you. */
  readonly identity?: string;
  /** Acts for this account: the key's own, or one below it. Default: that of the client. */
  readonly accountId?: string;
  readonly applicationId?: string;
  /** An instance type of the application that is named beside it, such as `free`. */
  readonly instanceType?: string;
  /** A session's id, of a session that lives. The name of a room, such as `room:standup`, is refused so far. */
  readonly sessionId?: string;
  /**
   * Default 3,600, at most 172,800 and what is configured for the account, application and instance type: 86,400 at most.
   * Relays and signaling refuse what is longer, the default too: where less is configured, say it here.
   */
  readonly ttlSeconds?: number;
  /** Milliseconds since 1970. Default: at once. */
  readonly notBeforeMs?: number;
  /** One use is one client's allocations within 30 seconds, and their restarts. */
  readonly usesMax?: number;
  readonly secondsMax?: number;
  readonly bytesMax?: number;
  /** Whether seconds and bytes count in each session or in total. Default `total`. */
  readonly limitScope?: LimitScope;
  /** What happens at a limit. Default `end`. */
  readonly limitOutcome?: LimitOutcome;
  /**
   * What an allocation is to carry, with the bit rate and burst of that class: 128 kbit/s, 2 or 12 Mbit/s both ways together.
   * Pictures in the class of sound are counted as `low-video`, and told by the event `network-discovery.media.undeclared`.
   */
  readonly bandwidthClass?: BandwidthClass;
  /** Of one allocation, both ways together. */
  readonly bitsPerSecondMax?: number;
  /** Default: what a second at `bitsPerSecondMax` carries, at least 1,500. */
  readonly burstBytes?: number;
  /** No service has features so far, and each refuses a credential that names some. */
  readonly features?: readonly string[];
  /** What the parties of a session may announce. A relay sees ciphertext: it takes such a credential for a session alone. */
  readonly mediaKinds?: readonly MediaKind[];
  readonly regions?: readonly string[];
  /** Where the client may come from, such as `192.0.2.0/24`. At most 8. */
  readonly sourceCidrs?: readonly string[];
  /** Where a relay may send to. At most 8. */
  readonly peerCidrs?: readonly string[];
  /** The event that ends it, such as `session.ended`. Refused so far: no node holds it. */
  readonly endEvent?: string;
}

export const TTL_SECONDS_DEFAULT = LIFETIME_SECONDS_DEFAULT;
export const TTL_SECONDS_MAX = LIFETIME_SECONDS_MAX;
const BURST_BYTES_MIN = 1_500;

/** Each limit, and for what only changes others, those of which one has to be there. */
const fields: Readonly<Record<keyof CredentialLimits, readonly (keyof CredentialLimits)[]>> = {
  identity: [],
  accountId: [],
  applicationId: [],
  instanceType: [],
  sessionId: [],
  ttlSeconds: [],
  notBeforeMs: [],
  usesMax: [],
  secondsMax: [],
  bytesMax: [],
  limitScope: ['secondsMax', 'bytesMax'],
  limitOutcome: ['usesMax', 'secondsMax', 'bytesMax'],
  bandwidthClass: [],
  bitsPerSecondMax: [],
  burstBytes: ['bitsPerSecondMax'],
  features: [],
  mediaKinds: [],
  regions: [],
  sourceCidrs: [],
  peerCidrs: [],
  endEvent: [],
};

/** A misspelt limit would be none: a credential is made with what was asked for, or not at all. */
function refuseMeaningless(limits: CredentialLimits): void {
  const given = Object.entries(limits).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const refused = (message: string) => new PatchbayError({ code: 'request.invalid', message });
  for (const name of given) {
    if (!Object.hasOwn(fields, name)) throw refused(`${name}: there is no such limit.`);
    const changed = fields[name as keyof CredentialLimits];
    if (changed.length > 0 && !changed.some((other) => given.includes(other)))
      throw refused(`${name}: it means something beside ${changed.join(' or ')} alone.`);
  }
}

/** What a holder adds when narrowing: no lifetime is added unless it is asked for. */
export function toRestrictions(limits: CredentialLimits, nowMs: number): readonly Restriction[] {
  refuseMeaningless(limits);
  const { limitScope: counts = 'total', limitOutcome: outcome = 'end' } = limits;
  const restrictions: Restriction[] = [];
  const add = <Value>(value: Value | undefined, build: (value: Value) => Restriction) => {
    if (value !== undefined) restrictions.push(build(value));
  };
  add(limits.notBeforeMs, (atMs) => ({ type: 'notBefore', atMs }));
  add(limits.ttlSeconds, (seconds) => ({ type: 'notAfter', atMs: expiryMs(seconds, nowMs) }));
  add(limits.accountId, (accountId) => ({ type: 'account', accountId }));
  add(limits.applicationId, (applicationId) => ({ type: 'application', applicationId }));
  add(limits.instanceType, (instanceType) => ({ type: 'instanceType', instanceType }));
  add(limits.identity, (identity) => ({ type: 'identity', identity }));
  add(limits.sessionId, (session) => ({ type: 'session', session }));
  add(limits.features, (features) => ({ type: 'features', features }));
  add(limits.mediaKinds, (mediaKinds) => ({ type: 'mediaKinds', mediaKinds }));
  add(limits.regions, (regions) => ({ type: 'regions', regions }));
  add(limits.sourceCidrs, (cidrs) => ({ type: 'sourceCidrs', cidrs }));
  add(limits.peerCidrs, (cidrs) => ({ type: 'peerCidrs', cidrs }));
  add(limits.usesMax, (max) => ({ type: 'uses', max, outcome }));
  add(limits.secondsMax, (max) => ({ type: 'seconds', max, counts, outcome }));
  add(limits.bytesMax, (max) => ({ type: 'bytes', max, counts, outcome }));
  add(limits.bandwidthClass, (bandwidthClass) => ({ type: 'bandwidthClass', bandwidthClass }));
  add(limits.bitsPerSecondMax, (bitsPerSecond) => ({
    type: 'bitRate',
    bitsPerSecond,
    burstBytes: limits.burstBytes ?? Math.max(BURST_BYTES_MIN, Math.ceil(bitsPerSecond / 8)),
  }));
  add(limits.endEvent, (event) => ({ type: 'endEvent', event }));
  return restrictions;
}

/** Rounded to a whole millisecond: a lifetime may be a fraction of a second, the wire has none. */
function expiryMs(ttlSeconds: number, nowMs: number): number {
  if (ttlSeconds > 0 && ttlSeconds <= TTL_SECONDS_MAX) return nowMs + Math.round(ttlSeconds * 1_000);
  throw new PatchbayError({
    code: 'request.invalid',
    message: `ttlSeconds has to be above 0 and at most ${TTL_SECONDS_MAX}, not ${ttlSeconds}.`,
  });
}
