import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto';

/** Encrypts what a database or a backup of it must not give away: the branch of a secret that mints credentials. */
export interface MintBranchCipher {
  seal(keyId: string, branch: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Throws when the bytes were sealed under another master key or for another key's id, or were altered. */
  open(keyId: string, sealed: Uint8Array): Uint8Array;
  /** The same for the same text, and of no use to whoever would try texts without the master key. */
  tag(text: string): string;
}

export const MASTER_KEY_BYTES = 32;
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

/** Reads `PATCHBAY_MASTER_KEY`: 32 bytes as base64, base64url or 64 hexadecimal digits. */
export function readMasterKey(text: string): Uint8Array {
  const bytes = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
  if (bytes.length !== MASTER_KEY_BYTES) {
    throw new Error(
      `PATCHBAY_MASTER_KEY has ${bytes.length} bytes; it needs ${MASTER_KEY_BYTES}, e.g. from: openssl rand -base64 32`,
    );
  }
  return bytes;
}

/** AES-256-GCM with the key's id as additional data: a ciphertext moved to another row does not open. */
export function mintBranchCipher(masterKey: Uint8Array): MintBranchCipher {
  if (masterKey.length !== MASTER_KEY_BYTES)
    throw new RangeError(`A master key has ${MASTER_KEY_BYTES} bytes.`);
  // Bytes would be made a key of at each use.
  const key = createSecretKey(masterKey);
  const tagKey = Buffer.from(hkdfSync('sha256', masterKey, '', 'patchbay tag', MASTER_KEY_BYTES));
  return {
    tag: (text) => createHmac('sha256', tagKey).update(text).digest('base64url'),
    seal(keyId, branch) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(keyId));
      const body = Buffer.concat([cipher.update(branch), cipher.final()]);
      return Uint8Array.from(Buffer.concat([Uint8Array.of(VERSION), nonce, body, cipher.getAuthTag()]));
    },
    open(keyId, sealed) {
      if (sealed[0] !== VERSION || sealed.length <= 1 + NONCE_BYTES + TAG_BYTES) {
        throw new Error(`What is stored of ${keyId} has an unknown form.`);
      }
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv(ALGORITHM, key, nonce)
        .setAAD(Buffer.from(keyId))
        .setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const body = sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES);
      return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]));
    },
  };
}
