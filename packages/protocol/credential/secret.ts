import { idFromBytes, idToBytes, type KeyId } from '@patchbay/kit/ids';
import { toBase64Url } from './base64url.ts';
import { CredentialError, type CredentialRefusal, refusal } from './refusal.ts';
import { hkdfSha256, SHA256_BYTES, sha256 } from './sha256.ts';

/**
 * The one secret string that a customer sees (C7): `pb_<mode>_<key id>_<secret>_<checksum>`.
 *
 * - mode: `live` or `test`;
 * - key id: the 29 characters behind `key_`;
 * - secret: 32 random bytes as 43 characters of base 62, most significant first;
 * - checksum: CRC-32 of all before the last underscore as 6 characters of base 62, so that a typo is caught without a
 *   query.
 */
export interface Secret {
  readonly type: 'secret';
  readonly mode: SecretMode;
  readonly keyId: KeyId;
  /** 32 bytes. Not a key itself: `apiBranch` and `mintBranch` are derived from it. */
  readonly bytes: Uint8Array;
}

export type SecretMode = 'live' | 'test';

/** For secret scanners. What it finds is ours if `parseSecret` accepts it. */
export const SECRET_PATTERN =
  /\bpb_(live|test)_([0-9a-f][0-9a-hjkmnp-tv-z]{28})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})\b/;
const WHOLE_SECRET_PATTERN = new RegExp(`^${SECRET_PATTERN.source}$`);

export const SECRET_BYTES = 32;
const SECRET_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;

const API_INFO = 'patchbay api branch v1';
const MINT_INFO = 'patchbay mint branch v1';

export interface NewSecret {
  readonly keyId: string;
  readonly mode: SecretMode;
  /** 32 bytes of a cryptographic generator. */
  readonly random: Uint8Array;
}

/** Writes a new secret string. It is shown once; only `hashApiBranch` and the encrypted mint branch are stored. */
export function createSecret({ keyId, mode, random }: NewSecret): string {
  if (idToBytes('key', keyId) === undefined) {
    throw new CredentialError('credential.malformed', `${keyId} is not the id of a key.`);
  }
  if (random.length !== SECRET_BYTES) {
    throw new CredentialError(
      'credential.malformed',
      `A secret has ${SECRET_BYTES} bytes, not ${random.length}.`,
    );
  }
  const body = `pb_${mode}_${keyId.slice('key_'.length)}_${toBase62(random)}`;
  return `${body}_${checksumOf(body)}`;
}

/** Reads a secret string. A refusal says what is wrong with the text, and never repeats it. */
export function parseSecret(text: string): Secret | CredentialRefusal {
  if (!/^pb_(live|test)_/.test(text)) {
    return refusal('credential.malformed', 'A secret key begins with pb_live_ or pb_test_.');
  }
  const match = WHOLE_SECRET_PATTERN.exec(text);
  const [, mode, keyPart, secretPart, checksum] = match ?? [];
  if (keyPart === undefined || secretPart === undefined) {
    return refusal('credential.malformed', 'The secret key is cut off or holds a character that no key has.');
  }
  if (checksumOf(text.slice(0, text.lastIndexOf('_'))) !== checksum) {
    return refusal(
      'credential.malformed',
      'The checksum of the secret key is wrong: a character is mistyped.',
    );
  }
  const keyId = `key_${keyPart}`;
  const keyBytes = idToBytes('key', keyId);
  const bytes = fromBase62(secretPart);
  if (keyBytes === undefined || bytes === undefined) {
    return refusal('credential.malformed', 'The secret key holds a number that is out of range.');
  }
  return {
    type: 'secret',
    mode: mode === 'test' ? 'test' : 'live',
    keyId: idFromBytes('key', keyBytes),
    bytes,
  };
}

/** The branch that authenticates requests to the API: 32 bytes. Only its hash is stored. */
export function apiBranch(secret: Pick<Secret, 'bytes'>): Uint8Array {
  return hkdfSha256(secret.bytes, API_INFO);
}

/** The branch that signs credentials: 32 bytes. Stored encrypted; relays and signaling hold it in memory. */
export function mintBranch(secret: Pick<Secret, 'bytes'>): Uint8Array {
  return hkdfSha256(secret.bytes, MINT_INFO);
}

/** What is stored of the API branch: base64url of its SHA-256. The branch has 256 random bits: no slow hash needed. */
export function hashApiBranch(branch: Uint8Array): string {
  return toBase64Url(sha256(branch));
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function toBase62(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let index = 0; index < SECRET_CHARACTERS; index++) {
    text = BASE62.charAt(Number(value % 62n)) + text;
    value /= 62n;
  }
  return text;
}

function fromBase62(text: string): Uint8Array | undefined {
  let value = 0n;
  for (const character of text) value = value * 62n + BigInt(BASE62.indexOf(character));
  if (value >= 1n << BigInt(SHA256_BYTES * 8)) return undefined;
  const bytes = new Uint8Array(SECRET_BYTES);
  for (let index = SECRET_BYTES - 1; index >= 0; index--) {
    bytes[index] = Number(value & 255n);
    value >>= 8n;
  }
  return bytes;
}

function checksumOf(body: string): string {
  let value = crc32(body);
  let text = '';
  for (let index = 0; index < CHECKSUM_CHARACTERS; index++) {
    text = BASE62.charAt(value % 62) + text;
    value = Math.floor(value / 62);
  }
  return text;
}

/** CRC-32 as in ISO 3309 and zip, of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffff_ffff;
  for (let index = 0; index < text.length; index++) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
