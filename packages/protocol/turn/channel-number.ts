import { readUint16, writeUint16 } from '../stun/byte-order.ts';

/** RFC 8656 §18.1: the number and two reserved bytes. */
export function encodeChannelNumber(channel: number): Uint8Array {
  const value = new Uint8Array(4);
  writeUint16(value, 0, channel);
  return value;
}

/** Undefined when the length is wrong. Whether the number may be bound is for the caller to judge. */
export const decodeChannelNumber = (value: Uint8Array): number | undefined =>
  value.length === 4 ? readUint16(value, 0) : undefined;
