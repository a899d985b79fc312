import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { ListCursors } from '@patchbay/faces/platform';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Cursors of lists, readable and writable by us alone. The nonce is a keyed hash of what is sealed, so that a page that has
 * not changed has the same cursor, and its entity tag stays (RFC 9110 §8.8.3): who sees two of one list that are equal
 * knows that they are equal, and nothing more.
 */
export function sealedCursors(masterKey: Uint8Array): ListCursors {
  const keyOf = (use: string) => Buffer.from(hkdfSync('sha256', masterKey, '', `patchbay ${use}`, KEY_BYTES));
  const [nonceKey, key] = [keyOf('nonce of a cursor'), keyOf('cursor')];
  return {
    seal(place, cursor) {
      const text = JSON.stringify([place, cursor]);
      const nonce = createHmac('sha256', nonceKey).update(text).digest().subarray(0, NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(cursor, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
    },
    open(place, sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(place))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
          decipher.final(),
        ]).toString('utf8');
      } catch {
        // It was altered, made up, or given by another list.
        return undefined;
      }
    },
  };
}
