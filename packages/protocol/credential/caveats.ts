import { type Cidr, cidrText, isCidr, parseCidr } from '@patchbay/kit/cidr';
import { countryPattern } from '@patchbay/kit/country';
import { type DeviceKind, deviceKinds } from '@patchbay/kit/device-kind';
import { type AccountId, type ApplicationId, idFromBytes, idToBytes } from '@patchbay/kit/ids';
import { type BandwidthClass, bandwidthClasses } from '../turn/bandwidth-class.ts';
import {
  decodePositive48,
  decodeText,
  decodeToken,
  decodeTokens,
  decodeUint48,
  encodePositive48,
  encodeText,
  encodeToken,
  encodeTokens,
  encodeUint48,
  UINT48_BYTES,
} from './byte-fields.ts';
import { CredentialError } from './refusal.ts';

/** Kinds of media, in the order of their bits in the encoding. */
export const mediaKinds = ['audio', 'video', 'screen', 'data', 'image'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** What happens at a limit, in the order of their numbers in the encoding. 'end' if nothing is said (ACC-7). */
export const limitOutcomes = ['end', 'notify', 'throttle', 'downgrade'] as const;
export type LimitOutcome = (typeof limitOutcomes)[number];

/** What a limit is compared with: the use in one session, or in all sessions of the credential together. */
export const limitScopes = ['session', 'total'] as const;
export type LimitScope = (typeof limitScopes)[number];

/** A restriction. A credential allows what all of its caveats allow (ACC-7). */
export type Restriction =
  /** Milliseconds since 1970, both ends: valid from `notBefore` on, and until just before `notAfter`. */
  | { readonly type: 'notBefore'; readonly atMs: number }
  | { readonly type: 'notAfter'; readonly atMs: number }
  /** Acts for this account, which is the key's own or below it. */
  | { readonly type: 'account'; readonly accountId: string }
  | { readonly type: 'application'; readonly applicationId: string }
  | { readonly type: 'instanceType'; readonly instanceType: string }
  /** Who holds it: 1 to 128 bytes of UTF-8 that mean something to the customer. */
  | { readonly type: 'identity'; readonly identity: string }
  | { readonly type: 'services'; readonly services: readonly string[] }
  | { readonly type: 'features'; readonly features: readonly string[] }
  | { readonly type: 'mediaKinds'; readonly mediaKinds: readonly MediaKind[] }
  /** One use is one client's allocations within 30 seconds, and their restarts. Always in total. */
  | { readonly type: 'uses'; readonly max: number; readonly outcome?: LimitOutcome }
  | {
      readonly type: 'seconds';
      readonly max: number;
      readonly counts: LimitScope;
      readonly outcome?: LimitOutcome;
    }
  | {
      readonly type: 'bytes';
      readonly max: number;
      readonly counts: LimitScope;
      readonly outcome?: LimitOutcome;
    }
  /** Of one allocation, both ways together. */
  | { readonly type: 'bitRate'; readonly bitsPerSecond: number; readonly burstBytes: number }
  | { readonly type: 'regions'; readonly regions: readonly string[] }
  /** Where clients may come from, as the operator's table of addresses says it: two letters each. */
  | { readonly type: 'countries'; readonly countries: readonly string[] }
  /** What clients may run on, as they say themselves. */
  | { readonly type: 'deviceKinds'; readonly deviceKinds: readonly DeviceKind[] }
  | { readonly type: 'sourceCidrs'; readonly cidrs: readonly string[] }
  | { readonly type: 'peerCidrs'; readonly cidrs: readonly string[] }
  /** One session (`ses_…`) or one room (`room:standup`): 1 to 64 bytes of UTF-8. */
  | { readonly type: 'session'; readonly session: string }
  /** What an allocation is declared to carry, and the bit rate and burst of that class (NDS). */
  | { readonly type: 'bandwidthClass'; readonly bandwidthClass: BandwidthClass }
  /** An event of its account that ends it, such as `signaling.session.ended`; with a subject, one that is about that. */
  | { readonly type: 'endEvent'; readonly event: string; readonly subject?: string | undefined };

/** The start of a narrowing. Its random id makes two narrowings with equal restrictions two credentials. */
export interface Narrowing {
  readonly type: 'narrowing';
  readonly random: Uint8Array;
}

export type Caveat = Restriction | Narrowing;
export type CaveatType = Caveat['type'];

export const NARROWING_RANDOM_BYTES = 8;
export const IDENTITY_BYTES_MAX = 128;
export const SESSION_BYTES_MAX = 64;
export const CIDR_COUNT_MAX = 8;
export const COUNTRY_COUNT_MAX = 64;
export const SUBJECT_BYTES_MAX = 128;
const SLASH = 0x2f;
/** The length of a value is one byte. */
const VALUE_BYTES_MAX = 255;

type CaveatOf<Type extends CaveatType> = Extract<Caveat, { readonly type: Type }>;

interface CaveatCodec<Type extends CaveatType> {
  /** The type byte. A number is never given to another caveat, not even when one is retired. */
  readonly code: number;
  readonly encode: (caveat: CaveatOf<Type>) => Uint8Array;
  readonly decode: (value: Uint8Array) => CaveatOf<Type>;
}

const malformed = (detail: string) => new CredentialError('credential.malformed', detail);

const codecs: { readonly [Type in CaveatType]: CaveatCodec<Type> } = {
  notBefore: {
    code: 1,
    encode: ({ atMs }) => encodeUint48(atMs, 'notBefore'),
    decode: (value) => ({ type: 'notBefore', atMs: decodeUint48(value, 'notBefore') }),
  },
  notAfter: {
    code: 2,
    encode: ({ atMs }) => encodeUint48(atMs, 'notAfter'),
    decode: (value) => ({ type: 'notAfter', atMs: decodeUint48(value, 'notAfter') }),
  },
  account: {
    code: 3,
    encode: ({ accountId }) => encodeId('acc', accountId),
    decode: (value) => ({ type: 'account', accountId: decodeId<AccountId>('acc', value) }),
  },
  application: {
    code: 4,
    encode: ({ applicationId }) => encodeId('app', applicationId),
    decode: (value) => ({ type: 'application', applicationId: decodeId<ApplicationId>('app', value) }),
  },
  instanceType: {
    code: 5,
    encode: ({ instanceType }) => encodeToken(instanceType, 'instanceType'),
    decode: (value) => ({ type: 'instanceType', instanceType: decodeToken(value, 'instanceType') }),
  },
  identity: {
    code: 6,
    encode: ({ identity }) => encodeText(identity, 'identity', IDENTITY_BYTES_MAX),
    decode: (value) => ({ type: 'identity', identity: decodeText(value, 'identity', IDENTITY_BYTES_MAX) }),
  },
  services: {
    code: 7,
    encode: ({ services }) => encodeTokens(services, 'services'),
    decode: (value) => ({ type: 'services', services: decodeTokens(value, 'services') }),
  },
  features: {
    code: 8,
    encode: ({ features }) => encodeTokens(features, 'features'),
    decode: (value) => ({ type: 'features', features: decodeTokens(value, 'features') }),
  },
  mediaKinds: {
    code: 9,
    encode: ({ mediaKinds: kinds }) => encodeBits(mediaKinds, kinds, 'mediaKinds'),
    decode: (value) => ({ type: 'mediaKinds', mediaKinds: decodeBits(mediaKinds, value, 'mediaKinds') }),
  },
  uses: {
    code: 10,
    encode: ({ max, outcome }) => encodeLimit({ type: 'uses', max, counts: 'total', outcome }),
    decode: (value) => {
      const { max, counts, outcome } = decodeLimit(value, 'uses');
      if (counts !== 'total') throw malformed('Uses count in total.');
      return { type: 'uses', max, outcome };
    },
  },
  seconds: {
    code: 11,
    encode: ({ max, counts, outcome }) => encodeLimit({ type: 'seconds', max, counts, outcome }),
    decode: (value) => ({ type: 'seconds', ...decodeLimit(value, 'seconds') }),
  },
  bytes: {
    code: 12,
    encode: ({ max, counts, outcome }) => encodeLimit({ type: 'bytes', max, counts, outcome }),
    decode: (value) => ({ type: 'bytes', ...decodeLimit(value, 'bytes') }),
  },
  bitRate: {
    code: 13,
    encode: ({ bitsPerSecond, burstBytes }) =>
      joinBytes([
        encodePositive48(bitsPerSecond, 'bitsPerSecond'),
        encodePositive48(burstBytes, 'burstBytes'),
      ]),
    decode: (value) => ({
      type: 'bitRate',
      bitsPerSecond: decodePositive48(value.subarray(0, UINT48_BYTES), 'bitsPerSecond'),
      burstBytes: decodePositive48(value.subarray(UINT48_BYTES), 'burstBytes'),
    }),
  },
  regions: {
    code: 14,
    encode: ({ regions }) => encodeTokens(regions, 'regions'),
    decode: (value) => ({ type: 'regions', regions: decodeTokens(value, 'regions') }),
  },
  sourceCidrs: {
    code: 15,
    encode: ({ cidrs }) => encodeCidrs(cidrs),
    decode: (value) => ({ type: 'sourceCidrs', cidrs: decodeCidrs(value) }),
  },
  peerCidrs: {
    code: 16,
    encode: ({ cidrs }) => encodeCidrs(cidrs),
    decode: (value) => ({ type: 'peerCidrs', cidrs: decodeCidrs(value) }),
  },
  session: {
    code: 17,
    encode: ({ session }) => encodeText(session, 'session', SESSION_BYTES_MAX),
    decode: (value) => ({ type: 'session', session: decodeText(value, 'session', SESSION_BYTES_MAX) }),
  },
  endEvent: {
    code: 18,
    encode: encodeEndEvent,
    decode: decodeEndEvent,
  },
  countries: {
    code: 20,
    encode: ({ countries }) => encodeCountries(countries),
    decode: (value) => ({ type: 'countries', countries: decodeCountries(value) }),
  },
  deviceKinds: {
    code: 21,
    encode: ({ deviceKinds: kinds }) => encodeBits(deviceKinds, kinds, 'deviceKinds'),
    decode: (value) => ({ type: 'deviceKinds', deviceKinds: decodeBits(deviceKinds, value, 'deviceKinds') }),
  },
  narrowing: {
    code: 19,
    encode: ({ random }) => checkNarrowing(random),
    decode: (value) => ({ type: 'narrowing', random: checkNarrowing(value).slice() }),
  },
  bandwidthClass: {
    code: 22,
    encode: ({ bandwidthClass }) => encodeBandwidthClass(bandwidthClass),
    decode: (value) => ({ type: 'bandwidthClass', bandwidthClass: decodeBandwidthClass(value) }),
  },
};

const codecByCode = new Map(Object.values(codecs).map((codec) => [codec.code, codec]));

/** Type, length and value of one caveat. */
export function encodeCaveat(caveat: Caveat): Uint8Array {
  // Each codec takes the caveat of its own name; the table's type says so, an indexed access cannot.
  const codec = codecs[caveat.type] as CaveatCodec<CaveatType>;
  const value = codec.encode(caveat);
  if (value.length > VALUE_BYTES_MAX) {
    throw new CredentialError(
      'credential.too_long',
      `${caveat.type} has ${value.length} bytes; at most 255 fit.`,
    );
  }
  return joinBytes([Uint8Array.of(codec.code, value.length), value]);
}

export interface DecodedCaveat {
  readonly caveat: Caveat;
  /** Where the next one begins. */
  readonly end: number;
}

/** Reads the caveat at `offset`. A type of another version is refused: a restriction not understood is not obeyed. */
export function decodeCaveat(bytes: Uint8Array, offset: number): DecodedCaveat {
  const code = bytes[offset];
  const length = bytes[offset + 1];
  if (code === undefined || length === undefined) throw malformed('The last caveat is cut off.');
  const end = offset + 2 + length;
  if (end > bytes.length) throw malformed('A caveat is longer than the username.');
  const codec = codecByCode.get(code);
  if (codec === undefined) {
    throw new CredentialError('credential.caveat_unknown', `A caveat has the unknown type ${code}.`);
  }
  return { caveat: codec.decode(bytes.subarray(offset + 2, end)), end };
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

function encodeId(prefix: 'acc' | 'app', id: string): Uint8Array {
  const bytes = idToBytes(prefix, id);
  if (bytes === undefined) throw malformed(`'${id}' does not have the form ${prefix}_….`);
  return bytes;
}

function decodeId<Branded extends string>(prefix: 'acc' | 'app', value: Uint8Array): Branded {
  if (value.length !== 18) throw malformed(`An id has ${value.length} bytes in place of 18.`);
  return idFromBytes(prefix, value) as string as Branded;
}

/** One byte, with a bit for each of the names that may stand there. */
function encodeBits<Name>(all: readonly Name[], names: readonly Name[], what: string): Uint8Array {
  if (names.length === 0 || !names.every((name) => all.includes(name)))
    throw malformed(`${what} takes some of ${all.join(', ')}.`);
  return Uint8Array.of(names.reduce((sum, name) => sum | (1 << all.indexOf(name)), 0));
}

function decodeBits<Name>(all: readonly Name[], value: Uint8Array, what: string): readonly Name[] {
  const bits = value[0] ?? 0;
  if (value.length !== 1 || bits === 0 || bits >> all.length !== 0)
    throw malformed(`${what} is not one byte with the bits of known kinds.`);
  return all.filter((_name, index) => (bits >> index) & 1);
}

/** Two letters each, one after another. */
function encodeCountries(countries: readonly string[]): Uint8Array {
  const isRight = countries.every((country) => countryPattern.test(country));
  if (!isRight || countries.length === 0 || countries.length > COUNTRY_COUNT_MAX)
    throw malformed(
      `countries takes 1 to ${COUNTRY_COUNT_MAX} countries of two capital letters, such as DE.`,
    );
  return new TextEncoder().encode(countries.join(''));
}

function decodeCountries(value: Uint8Array): readonly string[] {
  const countries = String.fromCharCode(...value).match(/[A-Z]{2}/g) ?? [];
  const isWhole = countries.length * 2 === value.length;
  if (!isWhole || countries.length === 0 || countries.length > COUNTRY_COUNT_MAX)
    throw malformed('countries is not a list of two capital letters each.');
  return countries;
}

interface LimitFields {
  readonly type: string;
  readonly max: number;
  readonly counts: LimitScope;
  readonly outcome: LimitOutcome | undefined;
}

/** One byte: scope in the lowest bit, outcome above it. Then the largest allowed quantity. */
function encodeLimit({ type, max, counts, outcome = 'end' }: LimitFields): Uint8Array {
  if (!limitScopes.includes(counts) || !limitOutcomes.includes(outcome)) {
    throw malformed(
      `The limit of ${type} counts in session or total, and its outcome is one of ${limitOutcomes}.`,
    );
  }
  const flags = limitScopes.indexOf(counts) | (limitOutcomes.indexOf(outcome) << 1);
  return joinBytes([Uint8Array.of(flags), encodePositive48(max, `The limit of ${type}`)]);
}

function decodeLimit(value: Uint8Array, type: string) {
  const flags = value[0] ?? 0;
  const counts = limitScopes[flags & 1];
  const outcome = limitOutcomes[flags >> 1];
  if (counts === undefined || outcome === undefined)
    throw malformed(`The limit of ${type} has unknown flags.`);
  return { max: decodePositive48(value.subarray(1), `The limit of ${type}`), counts, outcome };
}

/** The event's name, and where there is a subject a slash and that: no name has a slash in it. */
function encodeEndEvent({ event, subject }: CaveatOf<'endEvent'>): Uint8Array {
  const name = encodeToken(event, 'endEvent');
  if (subject === undefined) return name;
  return joinBytes([name, Uint8Array.of(SLASH), encodeText(subject, 'endSubject', SUBJECT_BYTES_MAX)]);
}

function decodeEndEvent(value: Uint8Array): CaveatOf<'endEvent'> {
  const slash = value.indexOf(SLASH);
  if (slash < 0) return { type: 'endEvent', event: decodeToken(value, 'endEvent') };
  return {
    type: 'endEvent',
    event: decodeToken(value.subarray(0, slash), 'endEvent'),
    subject: decodeText(value.subarray(slash + 1), 'endSubject', SUBJECT_BYTES_MAX),
  };
}

function encodeCidrs(texts: readonly string[]): Uint8Array {
  if (texts.length === 0 || texts.length > CIDR_COUNT_MAX) {
    throw malformed(`1 to ${CIDR_COUNT_MAX} address ranges can be given, not ${texts.length}.`);
  }
  return joinBytes(texts.flatMap(encodeCidr));
}

/** One byte for the family (4 or 6), one for the bits of the prefix, then the address. */
function encodeCidr(text: string): readonly Uint8Array[] {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    throw malformed(
      `'${text}' is not an address range: write 10.0.0.0/8 or 2001:db8::/32, with no bits behind it.`,
    );
  }
  return [Uint8Array.of(cidr.address.length === 4 ? 4 : 6, cidr.prefixBits), cidr.address];
}

function decodeCidrs(value: Uint8Array): readonly string[] {
  const texts: string[] = [];
  for (let offset = 0; offset < value.length; ) {
    const addressBytes = { 4: 4, 6: 16 }[value[offset] ?? 0];
    if (addressBytes === undefined) throw malformed('An address range is of no known family.');
    const end = offset + 2 + addressBytes;
    const cidr: Cidr = { address: value.slice(offset + 2, end), prefixBits: value[offset + 1] ?? 0 };
    if (end > value.length || !isCidr(cidr)) throw malformed('An address range is malformed.');
    texts.push(cidrText(cidr));
    offset = end;
  }
  if (texts.length === 0 || texts.length > CIDR_COUNT_MAX)
    throw malformed('There are no or too many address ranges.');
  return texts;
}

/** One byte: 1 for the narrowest. */
function encodeBandwidthClass(bandwidthClass: BandwidthClass): Uint8Array {
  const index = bandwidthClasses.indexOf(bandwidthClass);
  if (index < 0) throw malformed(`${bandwidthClass} is none of ${bandwidthClasses.join(', ')}.`);
  return Uint8Array.of(index + 1);
}

function decodeBandwidthClass(value: Uint8Array): BandwidthClass {
  const bandwidthClass = value.length === 1 ? bandwidthClasses[(value[0] ?? 0) - 1] : undefined;
  if (bandwidthClass === undefined) throw malformed('The bandwidth class is none that there is.');
  return bandwidthClass;
}

function checkNarrowing(random: Uint8Array): Uint8Array {
  if (random.length === NARROWING_RANDOM_BYTES) return random;
  throw malformed(`A narrowing has ${NARROWING_RANDOM_BYTES} random bytes, not ${random.length}.`);
}
