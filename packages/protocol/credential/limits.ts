import { deviceKinds } from '@patchbay/kit/device-kind';
import { type BandwidthClass, bandwidthClasses } from '../turn/bandwidth-class.ts';
import {
  CIDR_COUNT_MAX,
  COUNTRY_COUNT_MAX,
  IDENTITY_BYTES_MAX,
  type LimitOutcome,
  type LimitScope,
  limitOutcomes,
  limitScopes,
  type MediaKind,
  mediaKinds,
  type Restriction,
  SUBJECT_BYTES_MAX,
} from './caveats.ts';
import { LIFETIME_SECONDS_MAX } from './lifetime.ts';

/** The kinds of device, spelled out: published types name nothing that is not published (decision 0001). */
type ClientKind = 'desktop' | 'mobile' | 'tablet' | 'server' | 'other';

/** What a credential is limited to. Whatever is left out is not limited, but for its lifetime. */
export interface CredentialLimits {
  /** Who holds it: 1 to 128 bytes of UTF-8 that mean something to you. */
  readonly identity?: string | undefined;
  readonly applicationId?: string | undefined;
  /** An instance type of the application that is named beside it, such as `free`. */
  readonly instanceType?: string | undefined;
  /** A session's id, of a session that lives. The name of a room, such as `room:standup`, is refused so far. */
  readonly sessionId?: string | undefined;
  /**
   * Default 3,600, at most 172,800 and what is configured for the account, application and instance type: 86,400 at most.
   * Relays and signaling refuse what is longer, the default too: where less is configured, say it here.
   */
  readonly ttlSeconds?: number | undefined;
  /** Milliseconds since 1970. Default: at once. */
  readonly notBeforeMs?: number | undefined;
  /** One use is one client's allocations within 30 seconds, and their restarts. */
  readonly usesMax?: number | undefined;
  readonly secondsMax?: number | undefined;
  readonly bytesMax?: number | undefined;
  /** Whether seconds and bytes count in each session or in total. Default `total`. */
  readonly limitScope?: LimitScope | undefined;
  /** What happens at a limit. Default `end`. */
  readonly limitOutcome?: LimitOutcome | undefined;
  /**
   * What an allocation is to carry, with the bit rate and burst of that class: 128 kbit/s, 2 or 12 Mbit/s both ways together.
   * Pictures in the class of sound are counted as `low-video`, and told by the event `network-discovery.media.undeclared`.
   */
  readonly bandwidthClass?: BandwidthClass | undefined;
  /** Of one allocation, both ways together. */
  readonly bitsPerSecondMax?: number | undefined;
  /** Default: what a second at `bitsPerSecondMax` carries, at least 1,500. */
  readonly burstBytes?: number | undefined;
  /** Of services, such as `signaling.answer-calls` or `network-discovery.relay`: what is not named is not allowed. */
  readonly features?: readonly string[] | undefined;
  /** What the parties of a session may announce. A relay sees ciphertext: it takes such a credential for a session alone. */
  readonly mediaKinds?: readonly MediaKind[] | undefined;
  readonly regions?: readonly string[] | undefined;
  /** Where the client may be, such as `DE`, by the table of addresses that the operator provides. At most 64. */
  readonly countries?: readonly string[] | undefined;
  /** What the client may say that it runs on. A relay is not told: it takes such a credential for a session alone. */
  readonly deviceKinds?: readonly ClientKind[] | undefined;
  /** Where the client may come from, such as `192.0.2.0/24`. At most 8. */
  readonly sourceCidrs?: readonly string[] | undefined;
  /** Where a relay may send to. At most 8. */
  readonly peerCidrs?: readonly string[] | undefined;
  /** The event of its account that ends it, such as `signaling.session.ended`: from `notBeforeMs` on, else from its first use. */
  readonly endEvent?: string | undefined;
  /** Whom that event has to be about: a session, a leg, an account, by its id. Default: anybody. */
  readonly endSubject?: string | undefined;
}

export type LimitName = keyof CredentialLimits;

/** What may be said of a limit, for whoever takes limits as text or as JSON. */
export type LimitField = (
  | { readonly form: 'text'; readonly lengthMax: number }
  | { readonly form: 'integer'; readonly min: number; readonly max: number }
  | { readonly form: 'choice'; readonly choices: readonly string[] }
  | { readonly form: 'list'; readonly countMax: number; readonly choices?: readonly string[] }
) & {
  /** It only changes others, of which one has to be there. */
  readonly beside?: readonly LimitName[];
  /** For somebody who does not know what may stand there. */
  readonly example?: string;
};

const NAME_LENGTH_MAX = 64;
const NAME_COUNT_MAX = 32;
const ID_LENGTH_MAX = 64;
const COUNT_MAX = 1_000_000;
const SECONDS_MAX = 31_536_000;
const BIT_RATE_MIN = 8_000;
const BURST_BYTES_MIN = 1_500;
const id = { form: 'text', lengthMax: ID_LENGTH_MAX } as const;
const names = { form: 'list', countMax: NAME_COUNT_MAX } as const;
const cidrs = { form: 'list', countMax: CIDR_COUNT_MAX, example: '192.0.2.0/24' } as const;
const large = { form: 'integer', max: Number.MAX_SAFE_INTEGER } as const;

/** Every limit that can be minted, for the SDK, the API and the command line alike. */
export const limitFields: Readonly<Record<LimitName, LimitField>> = {
  identity: { form: 'text', lengthMax: IDENTITY_BYTES_MAX },
  applicationId: id,
  instanceType: { form: 'text', lengthMax: NAME_LENGTH_MAX },
  sessionId: id,
  ttlSeconds: { form: 'integer', min: 1, max: LIFETIME_SECONDS_MAX },
  notBeforeMs: { ...large, min: 0 },
  usesMax: { form: 'integer', min: 1, max: COUNT_MAX },
  secondsMax: { form: 'integer', min: 1, max: SECONDS_MAX },
  bytesMax: { ...large, min: 1 },
  limitScope: { form: 'choice', choices: limitScopes, beside: ['secondsMax', 'bytesMax'] },
  limitOutcome: { form: 'choice', choices: limitOutcomes, beside: ['usesMax', 'secondsMax', 'bytesMax'] },
  bandwidthClass: { form: 'choice', choices: bandwidthClasses },
  bitsPerSecondMax: { ...large, min: BIT_RATE_MIN },
  burstBytes: { ...large, min: BURST_BYTES_MIN, beside: ['bitsPerSecondMax'] },
  features: { ...names, example: 'network-discovery.relay' },
  mediaKinds: { form: 'list', countMax: mediaKinds.length, choices: mediaKinds },
  regions: { ...names, example: 'eu' },
  countries: { form: 'list', countMax: COUNTRY_COUNT_MAX, example: 'DE' },
  deviceKinds: {
    form: 'list',
    countMax: deviceKinds.length,
    choices: deviceKinds satisfies readonly ClientKind[],
  },
  sourceCidrs: cidrs,
  peerCidrs: cidrs,
  endEvent: { form: 'text', lengthMax: NAME_LENGTH_MAX, example: 'signaling.session.ended' },
  endSubject: { form: 'text', lengthMax: SUBJECT_BYTES_MAX, beside: ['endEvent'] },
};

export const limitNames = Object.keys(limitFields) as readonly LimitName[];

/** Limits that make no credential. The message names the limit. */
export class LimitsError extends Error {
  override readonly name = 'LimitsError';
}

/** A misspelt limit would be none: a credential is made with what was asked for, or not at all. */
function refuseMeaningless(limits: CredentialLimits): void {
  const given = Object.entries(limits).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  for (const name of given) {
    if (!Object.hasOwn(limitFields, name)) throw new LimitsError(`${name}: there is no such limit.`);
    const { beside } = limitFields[name as LimitName];
    if (beside !== undefined && !beside.some((other) => given.includes(other)))
      throw new LimitsError(`${name}: it means something beside ${beside.join(' or ')} alone.`);
  }
}

/** The caveats that limits are. No lifetime is added unless it is asked for. */
export function toRestrictions(limits: CredentialLimits, nowMs: number): readonly Restriction[] {
  refuseMeaningless(limits);
  const { limitScope: counts = 'total', limitOutcome: outcome = 'end' } = limits;
  const restrictions: Restriction[] = [];
  const add = <Value>(value: Value | undefined, build: (value: Value) => Restriction) => {
    if (value !== undefined) restrictions.push(build(value));
  };
  add(limits.notBeforeMs, (atMs) => ({ type: 'notBefore', atMs }));
  add(limits.ttlSeconds, (seconds) => ({ type: 'notAfter', atMs: expiryMs(seconds, nowMs) }));
  add(limits.applicationId, (applicationId) => ({ type: 'application', applicationId }));
  add(limits.instanceType, (instanceType) => ({ type: 'instanceType', instanceType }));
  add(limits.identity, (identity) => ({ type: 'identity', identity }));
  add(limits.sessionId, (session) => ({ type: 'session', session }));
  add(limits.features, (features) => ({ type: 'features', features }));
  add(limits.mediaKinds, (kinds) => ({ type: 'mediaKinds', mediaKinds: kinds }));
  add(limits.regions, (regions) => ({ type: 'regions', regions }));
  add(limits.countries, (countries) => ({ type: 'countries', countries }));
  add(limits.deviceKinds, (kinds) => ({ type: 'deviceKinds', deviceKinds: kinds }));
  add(limits.sourceCidrs, (networks) => ({ type: 'sourceCidrs', cidrs: networks }));
  add(limits.peerCidrs, (networks) => ({ type: 'peerCidrs', cidrs: networks }));
  add(limits.usesMax, (max) => ({ type: 'uses', max, outcome }));
  add(limits.secondsMax, (max) => ({ type: 'seconds', max, counts, outcome }));
  add(limits.bytesMax, (max) => ({ type: 'bytes', max, counts, outcome }));
  add(limits.bandwidthClass, (bandwidthClass) => ({ type: 'bandwidthClass', bandwidthClass }));
  add(limits.bitsPerSecondMax, (bitsPerSecond) => ({
    type: 'bitRate',
    bitsPerSecond,
    burstBytes: limits.burstBytes ?? Math.max(BURST_BYTES_MIN, Math.ceil(bitsPerSecond / 8)),
  }));
  add(limits.endEvent, (event) => ({ type: 'endEvent', event, subject: limits.endSubject }));
  return restrictions;
}

/** Rounded to a whole millisecond: a lifetime may be a fraction of a second, the wire has none. */
function expiryMs(ttlSeconds: number, nowMs: number): number {
  if (ttlSeconds > 0 && ttlSeconds <= LIFETIME_SECONDS_MAX) return nowMs + Math.round(ttlSeconds * 1_000);
  throw new LimitsError(
    `ttlSeconds has to be above 0 and at most ${LIFETIME_SECONDS_MAX}, not ${ttlSeconds}.`,
  );
}
