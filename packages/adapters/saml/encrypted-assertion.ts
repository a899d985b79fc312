/** What a provider encrypted to us (XML Encryption 1.1, SAML Core §2.3.4). It says nothing of who did: a signature has to. */
import { constants, createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto';
import { refuse } from './saml-refused.ts';
import { ASSERTION, anywhere, attributeOf, children, ENCRYPTION, SIGNATURE, textOf } from './strict-xml.ts';

const ENCRYPTION_11 = 'http://www.w3.org/2009/xmlenc11#';

interface Cipher {
  readonly name:
    | 'aes-128-gcm'
    | 'aes-192-gcm'
    | 'aes-256-gcm'
    | 'aes-128-cbc'
    | 'aes-192-cbc'
    | 'aes-256-cbc';
  readonly keyBytes: number;
}

const ciphers: Readonly<Record<string, Cipher>> = {
  [`${ENCRYPTION_11}aes128-gcm`]: { name: 'aes-128-gcm', keyBytes: 16 },
  [`${ENCRYPTION_11}aes192-gcm`]: { name: 'aes-192-gcm', keyBytes: 24 },
  [`${ENCRYPTION_11}aes256-gcm`]: { name: 'aes-256-gcm', keyBytes: 32 },
  [`${ENCRYPTION}aes128-cbc`]: { name: 'aes-128-cbc', keyBytes: 16 },
  [`${ENCRYPTION}aes192-cbc`]: { name: 'aes-192-cbc', keyBytes: 24 },
  [`${ENCRYPTION}aes256-cbc`]: { name: 'aes-256-cbc', keyBytes: 32 },
};

/** §5.5.2: the mask is of SHA-1 in the first, and in the second of what it names. RSA 1.5 (§5.5.1), whose padding gives the key away to whoever asks often, is none of them. */
const OAEP_SHA1 = `${ENCRYPTION}rsa-oaep-mgf1p`;
const OAEP = `${ENCRYPTION_11}rsa-oaep`;

const digests: Readonly<Record<string, string>> = {
  [`${SIGNATURE}sha1`]: 'sha1',
  [`${ENCRYPTION}sha256`]: 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  [`${ENCRYPTION}sha512`]: 'sha512',
};
const masks: Readonly<Record<string, string>> = {
  [`${ENCRYPTION_11}mgf1sha1`]: 'sha1',
  [`${ENCRYPTION_11}mgf1sha256`]: 'sha256',
  [`${ENCRYPTION_11}mgf1sha384`]: 'sha384',
  [`${ENCRYPTION_11}mgf1sha512`]: 'sha512',
};

/** An assertion may be encrypted to several; each is tried with each of our keys, of which there are two at most. */
const RECIPIENT_COUNT_MAX = 4;
const IV_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BLOCK_BYTES = 16;

/**
 * The text of an encrypted assertion. Whatever does not open is refused by one word, whether the key, the padding or what is
 * within was wrong: else somebody could ask their way through what they cannot read.
 */
export function openAssertion(encrypted: Element, keys: readonly KeyObject[]): string {
  if (keys.length === 0) refuse('saml_encrypted', 'There is no key here to open it with.');
  const [data, another] = children(encrypted, ENCRYPTION, 'EncryptedData');
  if (data === undefined || another !== undefined) return refuse('saml_unreadable');
  const cipher = cipherOf(data);
  const recipients = anywhere(encrypted, 'EncryptedKey').filter(
    ({ namespaceURI }) => namespaceURI === ENCRYPTION,
  );
  if (recipients.length === 0 || recipients.length > RECIPIENT_COUNT_MAX)
    return refuse('saml_encrypted', `It is encrypted to ${recipients.length} keys.`);
  const sealedKeys = recipients.map((one) => ({ hash: oaepHashOf(one), bytes: cipherValueOf(one) }));
  const sealed = cipherValueOf(data);
  for (const key of keys)
    for (const { hash, bytes } of sealedKeys) {
      const text = opened(sealed, { cipher, key: unwrapped(bytes, key, hash) });
      if (text !== undefined) return text;
    }
  return refuse('saml_encrypted', 'None of our keys opens it: has the provider the certificate of now?');
}

const methodOf = (element: Element): Element =>
  children(element, ENCRYPTION, 'EncryptionMethod')[0] ?? refuse('saml_unreadable');

function cipherOf(data: Element): Cipher {
  const algorithm = attributeOf(methodOf(data), 'Algorithm') ?? '';
  return ciphers[algorithm] ?? refuse('saml_algorithm', `It is encrypted by ${algorithm}.`);
}

/** Digest and mask are of one hash: no library here knows two, and to do it by hand is to leak what is wrong by time. */
function oaepHashOf(encryptedKey: Element): string {
  const method = methodOf(encryptedKey);
  const algorithm = attributeOf(method, 'Algorithm') ?? '';
  const [digest] = children(method, SIGNATURE, 'DigestMethod');
  const [mask] = children(method, ENCRYPTION_11, 'MGF');
  const hash = digest === undefined ? 'sha1' : digests[attributeOf(digest, 'Algorithm') ?? ''];
  const maskHash = mask === undefined ? 'sha1' : masks[attributeOf(mask, 'Algorithm') ?? ''];
  const isKnown = algorithm === OAEP || (algorithm === OAEP_SHA1 && mask === undefined);
  if (!isKnown || hash === undefined || hash !== maskHash)
    return refuse('saml_algorithm', `Its key is encrypted by ${algorithm}, or with hashes that differ.`);
  if (children(method, ENCRYPTION, 'OAEPparams').length > 0) refuse('saml_algorithm', 'It has OAEPparams.');
  return hash;
}

/** A value that stands there: what is fetched from elsewhere is no part of an answer. */
function cipherValueOf(element: Element): Buffer {
  const [data] = children(element, ENCRYPTION, 'CipherData');
  const value = data && textOf(children(data, ENCRYPTION, 'CipherValue')[0]);
  const base64 = value?.replace(/\s/g, '') ?? '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return refuse('saml_unreadable');
  return Buffer.from(base64, 'base64');
}

function unwrapped(bytes: Buffer, key: KeyObject, oaepHash: string): Buffer | undefined {
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, bytes);
  } catch {
    return undefined;
  }
}

function opened(
  sealed: Buffer,
  { cipher: { name, keyBytes }, key }: { readonly cipher: Cipher; readonly key: Buffer | undefined },
): string | undefined {
  if (key?.length !== keyBytes) return undefined;
  try {
    const plain = name.endsWith('gcm')
      ? openedGcm(sealed, name as GcmName, key)
      : openedCbc(sealed, name, key);
    return plain && new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    return undefined;
  }
}

type GcmName = Extract<Cipher['name'], `${string}gcm`>;

function openedGcm(sealed: Buffer, name: GcmName, key: Buffer): Buffer | undefined {
  if (sealed.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(name, key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  }).setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

/** §5.2: the last byte says how many are no text, and the others of these may be anything. */
function openedCbc(sealed: Buffer, name: string, key: Buffer): Buffer | undefined {
  if (sealed.length < IV_BYTES + BLOCK_BYTES || sealed.length % BLOCK_BYTES !== 0) return undefined;
  const decipher = createDecipheriv(name, key, sealed.subarray(0, IV_BYTES)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES)), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  return padding < 1 || padding > BLOCK_BYTES ? undefined : padded.subarray(0, -padding);
}

/** Undefined: nothing is encrypted. */
export function encryptedIn(root: Element): Element | undefined {
  const [encrypted, another] = anywhere(root, 'EncryptedAssertion');
  if (encrypted === undefined) return undefined;
  const isInPlace = encrypted.parentNode === root && encrypted.namespaceURI === ASSERTION;
  return another === undefined && isInPlace ? encrypted : refuse('saml_unreadable');
}
