import { z } from 'zod';

/** Every kind of public identifier: its prefix, and what it names. The only table of prefixes. */
export const idPrefixes = {
  acc: 'account',
  app: 'application',
  aud: 'audit entry',
  bho: 'host of a brand',
  cdt: 'credit',
  crd: 'ephemeral credential',
  dom: 'domain of an organisation',
  dlv: 'delivery of a webhook',
  doc: 'billing document',
  dtc: 'detection',
  end: 'endpoint',
  ers: 'erasure',
  etr: 'transfer of an endpoint',
  evt: 'event',
  fir: 'firing of a trigger',
  key: 'key',
  leg: 'leg of a session',
  lgm: 'address of application logic',
  nod: 'node',
  nsb: 'subscription of an endpoint',
  ntc: 'notice',
  obj: 'stored file',
  org: 'organisation',
  pln: 'plan',
  prc: 'price',
  psk: 'passkey',
  req: 'request',
  rol: 'role',
  rpl: 'replay',
  ses: 'session',
  sgr: 'group of a provider',
  sin: 'sign-in session',
  smk: 'key pair for SAML',
  spk: 'speech',
  spl: 'spending limit',
  sso: 'provider of an organisation',
  stm: 'statement',
  trc: 'job of transcoding',
  trg: 'trigger',
  tup: 'top-up of a balance',
  txn: 'ledger transaction',
  usr: 'user',
  mail: 'mail',
  msg: 'message of a channel',
  whk: 'webhook',
  xpt: 'export',
} as const;

export type IdPrefix = keyof typeof idPrefixes;

/** An identifier such as `acc_01k…`. The brand keeps an account's id from being passed for a key's. */
export type Id<Prefix extends IdPrefix> = string & { readonly __prefix: Prefix };

export type AccountId = Id<'acc'>;
export type ApplicationId = Id<'app'>;
export type KeyId = Id<'key'>;
export type LegId = Id<'leg'>;
export type NodeId = Id<'nod'>;
export type OrganisationId = Id<'org'>;
export type SessionId = Id<'ses'>;
export type UserId = Id<'usr'>;

const TIME_BYTES = 6;
const RANDOM_BYTES = 12;
/** Bytes behind the prefix: 48 bits of time in milliseconds, then 96 random bits (C2). */
export const ID_BYTES = TIME_BYTES + RANDOM_BYTES;
/** Characters behind the prefix: 144 bits, 5 a character. */
export const ID_CHARACTERS = 29;

/** Crockford's base 32 in lower case: its characters sort as their values do, so ids sort by time. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUES = new Map([...ALPHABET].map((character, value) => [character, BigInt(value)]));

/**
 * Makes an identifier.
 * @param random 12 bytes of a cryptographic generator, or undefined to draw them here.
 */
export function createId<Prefix extends IdPrefix>(
  prefix: Prefix,
  nowMs: number = Date.now(),
  random: Uint8Array = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)),
): Id<Prefix> {
  const bytes = new Uint8Array(ID_BYTES);
  new DataView(bytes.buffer).setUint16(0, Math.floor(nowMs / 2 ** 32));
  new DataView(bytes.buffer).setUint32(2, nowMs % 2 ** 32);
  bytes.set(random.subarray(0, RANDOM_BYTES), TIME_BYTES);
  return idFromBytes(prefix, bytes);
}

/** Writes the 18 raw bytes as an identifier. */
export function idFromBytes<Prefix extends IdPrefix>(prefix: Prefix, bytes: Uint8Array): Id<Prefix> {
  if (bytes.length !== ID_BYTES) throw new RangeError(`An id has ${ID_BYTES} bytes, not ${bytes.length}.`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let index = 0; index < ID_CHARACTERS; index++) {
    text = ALPHABET.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return `${prefix}_${text}` as Id<Prefix>;
}

/** The 18 raw bytes of an identifier, or undefined when the text is not one of this prefix. */
export function idToBytes(prefix: IdPrefix, id: string): Uint8Array | undefined {
  if (!isId(prefix, id)) return undefined;
  let value = 0n;
  for (const character of id.slice(prefix.length + 1)) value = (value << 5n) | (VALUES.get(character) ?? 0n);
  const bytes = new Uint8Array(ID_BYTES);
  for (let index = ID_BYTES - 1; index >= 0; index--) {
    bytes[index] = Number(value & 255n);
    value >>= 8n;
  }
  return bytes;
}

/** When an identifier was made, in milliseconds since 1970. @throws RangeError when the text is none of this prefix. */
export function idTimeMs(prefix: IdPrefix, id: string): number {
  const bytes = idToBytes(prefix, id);
  if (bytes === undefined) throw new RangeError(`${id} is no id of ${prefix}.`);
  const view = new DataView(bytes.buffer);
  return view.getUint16(0) * 2 ** 32 + view.getUint32(2);
}

/** Whether the text is a well-formed identifier of this prefix. It says nothing of whether the thing exists. */
export function isId<Prefix extends IdPrefix>(prefix: Prefix, id: string): id is Id<Prefix> {
  return patternOf(prefix).test(id);
}

/** Under which a schema says whose id it is: the SDK's types and OpenAPI's readers learn it from there. */
export const idKeyword = 'x-id-prefix';

/** The schema of an identifier of one kind. Its static type stays a plain string on the caller's side. */
export const idSchema = (prefix: IdPrefix) =>
  z
    .string()
    .regex(patternOf(prefix), `This is not the id of ${article(idPrefixes[prefix])}.`)
    .meta({ [idKeyword]: prefix });

/** An identifier in an answer. It is one of ours, and not looked at again. */
export const idField = (prefix: IdPrefix) => z.string().meta({ [idKeyword]: prefix });

// 145 bits would fit in 29 characters; the first may only carry 4 of its 5.
const patternOf = (prefix: IdPrefix) =>
  new RegExp(`^${prefix}_[0-9a-f][0-9a-hjkmnp-tv-z]{${ID_CHARACTERS - 1}}$`);
const article = (noun: string) => `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
