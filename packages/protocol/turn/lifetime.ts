import { readUint32, writeUint32 } from '../stun/byte-order.ts';

/** RFC 8656 §3.2: seconds an allocation lives without a Refresh. */
export const lifetimeSecondsDefault = 600;
/** RFC 8656 §7.2: a longer wish is cut to this. */
export const lifetimeSecondsMax = 3600;

/** RFC 8656 §18.2: seconds. */
export function encodeLifetime(seconds: number): Uint8Array {
  const value = new Uint8Array(4);
  writeUint32(value, 0, seconds);
  return value;
}

/** Seconds, or undefined when the length is wrong. */
export const decodeLifetime = (value: Uint8Array): number | undefined =>
  value.length === 4 ? readUint32(value, 0) : undefined;

/** RFC 8656 §7.2 and §8.2: what is granted for a wish. Zero stays zero: it ends an allocation. */
export function grantedLifetimeSeconds(wishedSeconds: number | undefined): number {
  if (wishedSeconds === 0) return 0;
  return Math.min(Math.max(wishedSeconds ?? 0, lifetimeSecondsDefault), lifetimeSecondsMax);
}
