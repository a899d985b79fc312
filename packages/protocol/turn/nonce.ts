import { createHmac, timingSafeEqual } from 'node:crypto';
import { readUint32, writeUint32 } from '../stun/byte-order.ts';
import { encodeNonceCookie, type SecurityFeatures } from '../stun/security-features.ts';
import { type TransportAddress, transportAddressKey } from '../stun/transport-address.ts';

/** How far ahead of our clock a nonce may be: clocks step. */
const aheadSecondsMax = 5;
/** 56 bits: with the time they make 15 characters, so that a 401 stays within three times a bare Allocate (R6). */
const macLengthBytes = 7;

export interface NonceMint {
  mint(client: TransportAddress, nowMs: number): string;
  /** Whether the nonce was minted here, for this client, within its lifetime. */
  isFresh(nonce: string, client: TransportAddress, nowMs: number): boolean;
}

export interface NonceOptions {
  /** At least 16 random bytes, known to this relay alone. */
  readonly secret: Uint8Array;
  readonly lifetimeMs: number;
  /** Announced by a nonce cookie (RFC 8489 §9.2), and only when SHA-256 or USERHASH is on offer. */
  readonly features: SecurityFeatures;
}

/** Nonces that need no memory: the time and a MAC over it and the client's transport address (S14). */
export function createNonceMint({ secret, lifetimeMs, features }: NonceOptions): NonceMint {
  const isAnnounced = features.isPasswordAlgorithmsOffered || features.isUserhashOffered;
  const cookie = isAnnounced ? encodeNonceCookie(features) : '';
  const macOf = (time: Uint8Array, client: TransportAddress) =>
    createHmac('sha256', secret)
      .update(cookie)
      .update(time)
      .update(transportAddressKey(client))
      .digest()
      .subarray(0, macLengthBytes);
  return {
    mint(client, nowMs) {
      const time = new Uint8Array(4);
      writeUint32(time, 0, Math.floor(nowMs / 1000) >>> 0);
      return cookie + Buffer.concat([time, macOf(time, client)]).toString('base64url');
    },
    isFresh(nonce, client, nowMs) {
      if (!nonce.startsWith(cookie)) return false;
      const bytes = Buffer.from(nonce.slice(cookie.length), 'base64url');
      // One spelling: base64 decoding is lenient, equality of text is not.
      if (bytes.length !== 4 + macLengthBytes || bytes.toString('base64url') !== nonce.slice(cookie.length)) {
        return false;
      }
      if (!timingSafeEqual(macOf(bytes.subarray(0, 4), client), bytes.subarray(4))) return false;
      const ageSeconds = Math.floor(nowMs / 1000) - readUint32(bytes, 0);
      return ageSeconds >= -aheadSecondsMax && ageSeconds * 1000 <= lifetimeMs;
    },
  };
}
