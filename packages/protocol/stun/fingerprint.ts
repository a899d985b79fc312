import { attributeType } from './attribute-type.ts';
import { readUint32, writeUint16, writeUint32 } from './byte-order.ts';

/** RFC 8489 §14.7: attribute header and CRC. */
export const fingerprintLengthBytes = 8;
const fingerprintXor = 0x5354554e;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});

function crc32(bytes: Uint8Array, end: number): number {
  let crc = 0xffffffff;
  for (let index = 0; index < end; index++)
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** Appends FINGERPRINT at `offset`, setting the header's length to end with it. Returns the end. */
export function writeFingerprint(bytes: Uint8Array, offset: number): number {
  const end = offset + fingerprintLengthBytes;
  writeUint16(bytes, 2, end - 20);
  writeUint16(bytes, offset, attributeType.fingerprint);
  writeUint16(bytes, offset + 2, 4);
  writeUint32(bytes, offset + 4, (crc32(bytes, offset) ^ fingerprintXor) >>> 0);
  return end;
}

/** RFC 8489 §14.7: whether the CRC at `offset` fits what comes before it. */
export function isFingerprintRight(bytes: Uint8Array, offset: number): boolean {
  if (offset + fingerprintLengthBytes !== bytes.length) return false;
  return readUint32(bytes, offset + 4) === (crc32(bytes, offset) ^ fingerprintXor) >>> 0;
}
