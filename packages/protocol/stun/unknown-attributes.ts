import { readUint16, writeUint16 } from './byte-order.ts';

/** RFC 8489 §14.9: 16-bit types, in the order they came. */
export function encodeUnknownAttributes(types: readonly number[]): Uint8Array {
  const value = new Uint8Array(2 * types.length);
  for (const [index, type] of types.entries()) writeUint16(value, 2 * index, type);
  return value;
}

/** Undefined when the length is odd. */
export function decodeUnknownAttributes(value: Uint8Array): readonly number[] | undefined {
  if (value.length % 2 !== 0) return undefined;
  return Array.from({ length: value.length / 2 }, (_, index) => readUint16(value, 2 * index));
}
