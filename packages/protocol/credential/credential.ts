import { idFromBytes, idToBytes, type KeyId } from '@patchbay/kit/ids';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { type Caveat, decodeCaveat, encodeCaveat, joinBytes, type Restriction } from './caveats.ts';
import { CredentialError, type CredentialRefusal, refusal, refusing } from './refusal.ts';
import { hmacSha256, isEqualInConstantTime, SHA256_BYTES, sha256 } from './sha256.ts';

/**
 * The ephemeral credential (ACC-7): a macaroon whose username says all that it allows and whose password proves it.
 * `docs/credentials.md` has the layout byte by byte.
 *
 * The username is an identifier and a list of caveats. It falls into blocks: the first is the minter's, each narrowing
 * begins the next. The password is an HMAC chain over the blocks, keyed by the mint branch, so a holder can append a
 * block but neither change nor take away one. There is one HMAC a block, not a caveat: a limit counts and a revocation
 * applies at the end of a block, and no holder may append to a block that is not their own.
 */
export interface Credential {
  readonly username: string;
  readonly password: string;
}

/** The bytes behind the prefix of a USERNAME are fewer than 509 (RFC 8489 §14.3). */
export const USERNAME_CHARACTERS_MAX = 508;
export const RANDOM_ID_BYTES = 12;
export const NARROWING_COUNT_MAX = 16;
export const CAVEAT_COUNT_MAX = 64;

const VERSION = 1;
const KEY_ID_BYTES = 18;
const HEADER_BYTES = 1 + KEY_ID_BYTES + RANDOM_ID_BYTES;
const USERNAME_BYTES_MAX = Math.floor((USERNAME_CHARACTERS_MAX * 3) / 4);

/** What was said at one level: by the minter, or by one holder who narrowed. */
export interface Block {
  /**
   * Stable id (`crd_…`) of the username up to the end of this block. Limits of these caveats count here, for this
   * credential and all that were narrowed from it; so does a revocation.
   */
  readonly prefixId: string;
  readonly caveats: readonly Restriction[];
  /** Where its bytes end in the username. */
  readonly end: number;
}

export interface ParsedCredential {
  readonly type: 'credential';
  readonly username: string;
  readonly keyId: KeyId;
  readonly bytes: Uint8Array;
  /** At least one, the minter's first. */
  readonly blocks: readonly Block[];
}

export interface Mint {
  readonly keyId: string;
  /** The mint branch of the key's secret: 32 bytes. */
  readonly mintKey: Uint8Array;
  readonly caveats: readonly Restriction[];
  /** 12 bytes of a cryptographic generator. */
  readonly randomId: Uint8Array;
}

/** Mints a credential: no call to the platform, and a few microseconds (SDK-1). */
export function mint({ keyId, mintKey, caveats, randomId }: Mint): Credential {
  const keyBytes = idToBytes('key', keyId);
  if (keyBytes === undefined)
    throw new CredentialError('credential.malformed', `${keyId} is not the id of a key.`);
  if (randomId.length !== RANDOM_ID_BYTES) {
    throw new CredentialError('credential.malformed', `randomId has to have ${RANDOM_ID_BYTES} bytes.`);
  }
  const bytes = joinBytes([Uint8Array.of(VERSION), keyBytes, randomId, ...caveats.map(encodeCaveat)]);
  return {
    username: writeUsername(bytes, caveats.length),
    password: toBase64Url(hmacSha256(mintKey, bytes)),
  };
}

export interface Narrow {
  readonly credential: Credential;
  readonly caveats: readonly Restriction[];
  /** 8 bytes of a cryptographic generator. */
  readonly random: Uint8Array;
}

/** Narrows a credential, offline and without the key: any holder can. The result allows what both lists allow. */
export function narrow({ credential, caveats, random }: Narrow): Credential {
  const parsed = parseUsername(credential.username);
  if (parsed.type === 'refusal') throw new CredentialError(parsed.code, parsed.detail);
  const tail = fromBase64Url(credential.password);
  if (tail?.length !== SHA256_BYTES) {
    throw new CredentialError('credential.malformed', 'The password of the credential is malformed.');
  }
  if (parsed.blocks.length > NARROWING_COUNT_MAX) {
    throw new CredentialError(
      'credential.too_long',
      `A credential is narrowed ${NARROWING_COUNT_MAX} times at most.`,
    );
  }
  const block = joinBytes([encodeCaveat({ type: 'narrowing', random }), ...caveats.map(encodeCaveat)]);
  const caveatCount = parsed.blocks.reduce((sum, { caveats: own }) => sum + own.length, caveats.length);
  return {
    username: writeUsername(joinBytes([parsed.bytes, block]), caveatCount),
    password: toBase64Url(hmacSha256(tail, block)),
  };
}

function writeUsername(bytes: Uint8Array, caveatCount: number): string {
  if (bytes.length > USERNAME_BYTES_MAX) {
    throw new CredentialError(
      'credential.too_long',
      `The caveats need ${bytes.length} bytes; a username has room for ${USERNAME_BYTES_MAX}.`,
    );
  }
  if (caveatCount > CAVEAT_COUNT_MAX) {
    throw new CredentialError('credential.too_long', `A credential has at most ${CAVEAT_COUNT_MAX} caveats.`);
  }
  return toBase64Url(bytes);
}

/** Reads what a username says. Nothing is proved until `verify`, or TURN's MESSAGE-INTEGRITY, has succeeded. */
export function parseUsername(username: string): ParsedCredential | CredentialRefusal {
  if (username.length > USERNAME_CHARACTERS_MAX) {
    return refusal('credential.too_long', `A username has at most ${USERNAME_CHARACTERS_MAX} characters.`);
  }
  const bytes = fromBase64Url(username);
  if (bytes === undefined) return refusal('credential.malformed', 'The username is not base64url.');
  if (bytes[0] !== VERSION) return refusal('credential.malformed', 'The username is of an unknown version.');
  if (bytes.length < HEADER_BYTES) return refusal('credential.malformed', 'The username is cut off.');
  return refusing(() => ({
    type: 'credential',
    username,
    keyId: idFromBytes('key', bytes.subarray(1, 1 + KEY_ID_BYTES)),
    bytes,
    blocks: readBlocks(bytes),
  }));
}

function readBlocks(bytes: Uint8Array): readonly Block[] {
  const blocks: Block[] = [];
  let caveats: Restriction[] = [];
  let caveatCount = 0;
  const close = (end: number) => blocks.push({ prefixId: prefixId(bytes.subarray(0, end)), caveats, end });
  for (let offset = HEADER_BYTES; offset < bytes.length; ) {
    const { caveat, end }: { caveat: Caveat; end: number } = decodeCaveat(bytes, offset);
    if (caveat.type === 'narrowing') {
      close(offset);
      caveats = [];
    } else {
      caveats.push(caveat);
      caveatCount += 1;
    }
    if (caveatCount > CAVEAT_COUNT_MAX || blocks.length > NARROWING_COUNT_MAX) {
      throw new CredentialError('credential.too_long', 'There are too many caveats or narrowings.');
    }
    offset = end;
  }
  close(bytes.length);
  return blocks;
}

/** 144 bits of SHA-256: as many as any other id carries. */
const prefixId = (prefix: Uint8Array) => idFromBytes('crd', sha256(prefix).subarray(0, 18));

/**
 * The stable id of every level of a credential, the minter's first, its own last. To revoke a credential with all that
 * was narrowed from it is to revoke its last one. Throws CredentialError for a text that is no username.
 */
export function prefixesOf(username: string): readonly string[] {
  const parsed = parseUsername(username);
  if (parsed.type === 'refusal') throw new CredentialError(parsed.code, parsed.detail);
  return parsed.blocks.map(({ prefixId: id }) => id);
}

/**
 * The id of a credential itself, the last of `prefixesOf`. It says nothing of what the credential allows or whom it is for,
 * so a log can name it. Throws CredentialError for a text that is no username.
 */
export function credentialIdOf(username: string): string {
  const parsed = parseUsername(username);
  if (parsed.type === 'refusal') throw new CredentialError(parsed.code, parsed.detail);
  return prefixId(parsed.bytes);
}

/** The password of a username that is well-formed. TURN derives its integrity key from it (RFC 8489 §9.2.2). */
export function passwordOf(mintKey: Uint8Array, { bytes, blocks }: ParsedCredential): string {
  let tail = mintKey;
  let start = 0;
  for (const { end } of blocks) {
    tail = hmacSha256(tail, bytes.subarray(start, end));
    start = end;
  }
  return toBase64Url(tail);
}

/** The password that belongs to a username, for a relay: it must be what the client proves to know. */
export function passwordFor(mintKey: Uint8Array, username: string): string | CredentialRefusal {
  const parsed = parseUsername(username);
  return parsed.type === 'refusal' ? parsed : passwordOf(mintKey, parsed);
}

/** Checks that the credential was minted with this key and narrowed by holders only. Says nothing of its caveats. */
export function verify(
  mintKey: Uint8Array,
  { username, password }: Credential,
): ParsedCredential | CredentialRefusal {
  const parsed = parseUsername(username);
  if (parsed.type === 'refusal') return parsed;
  if (isEqualInConstantTime(passwordOf(mintKey, parsed), password)) return parsed;
  return refusal('credential.signature', 'The password does not belong to this username.');
}

/** The credential as one text, for an Authorization header and for signaling. */
export function bearerToken({ username, password }: Credential): string {
  return `${username}.${password}`;
}

/** Reads a bearer token. It never looks like a secret key: those begin with `pb_`, these with the version byte. */
export function parseBearerToken(token: string): Credential | CredentialRefusal {
  const [username, password, ...more] = token.split('.', 3);
  if (!username || !password || more.length > 0) {
    return refusal('credential.malformed', 'A token is a username and a password with a dot between.');
  }
  return { username, password };
}
