import { createHmac, timingSafeEqual } from 'node:crypto';
import { attributeType } from './attribute-type.ts';
import { writeUint16 } from './byte-order.ts';

/** MESSAGE-INTEGRITY (RFC 8489 §14.5) and MESSAGE-INTEGRITY-SHA256 (§14.6): one rule, two hashes. */
export interface Integrity {
  readonly hash: 'sha1' | 'sha256';
  readonly key: Uint8Array;
}

const macLengthBytes = { sha1: 20, sha256: 32 } as const;
/** RFC 8489 §14.6: a shorter SHA-256 MAC is refused, whatever local policy says. */
export const truncatedMacLengthBytesMin = 16;

/** The whole attribute, with its header. */
export const integrityLengthBytes = ({ hash }: Integrity): number => 4 + macLengthBytes[hash];

/** The MAC over everything before `offset`, with the header's length as if the message ended at `end`. */
function macOf(
  bytes: Uint8Array,
  span: { offset: number; end: number },
  { hash, key }: Integrity,
): Uint8Array {
  const head = bytes.slice(0, 20);
  writeUint16(head, 2, span.end - 20);
  return createHmac(hash, key).update(head).update(bytes.subarray(20, span.offset)).digest();
}

/** Appends the attribute at `offset`. Returns its end. */
export function writeIntegrity(bytes: Uint8Array, offset: number, integrity: Integrity): number {
  const end = offset + integrityLengthBytes(integrity);
  const { messageIntegrity, messageIntegritySha256 } = attributeType;
  writeUint16(bytes, offset, integrity.hash === 'sha1' ? messageIntegrity : messageIntegritySha256);
  writeUint16(bytes, offset + 2, macLengthBytes[integrity.hash]);
  bytes.set(macOf(bytes, { offset, end }, integrity), offset + 4);
  return end;
}

/** Whether the MAC in `attribute` was made with the key. Constant time. */
export function isIntegrityRight(
  bytes: Uint8Array,
  attribute: { readonly value: Uint8Array; readonly offset: number },
  integrity: Integrity,
): boolean {
  const { value, offset } = attribute;
  const full = macLengthBytes[integrity.hash];
  const isTruncated = integrity.hash === 'sha256' && value.length >= truncatedMacLengthBytesMin;
  if (value.length !== full && !(isTruncated && value.length < full && value.length % 4 === 0)) return false;
  const wanted = macOf(bytes, { offset, end: offset + 4 + value.length }, integrity);
  return timingSafeEqual(wanted.subarray(0, value.length), value);
}
