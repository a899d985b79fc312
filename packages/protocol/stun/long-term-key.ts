import { createHash } from 'node:crypto';
import { toOpaqueString } from './opaque-string.ts';

export type KeyAlgorithm = 'md5' | 'sha256';

export interface LongTermCredential {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
}

/** RFC 8489 §9.2.2: the key of the long-term mechanism, 16 bytes by MD5 or 32 by SHA-256 (§18.5.1). */
export function longTermKey(credential: LongTermCredential, algorithm: KeyAlgorithm): Uint8Array {
  const { username, realm, password } = credential;
  const parts = [toOpaqueString(username) ?? username, realm, toOpaqueString(password) ?? password];
  return createHash(algorithm).update(parts.join(':')).digest();
}

/** RFC 8489 §14.4: what stands for the username where the server offers username anonymity. */
export function userhashOf(username: string, realm: string): Uint8Array {
  return createHash('sha256')
    .update(`${toOpaqueString(username) ?? username}:${realm}`)
    .digest();
}
