import { readUint16, writeUint16 } from '../stun/byte-order.ts';

/** RFC 8656 §12: the channels a client may bind. 0x5000 and above are reserved. */
export const channelNumberMin = 0x4000;
export const channelNumberMax = 0x4fff;
/** What the first edition of TURN allowed. Coturn's client still draws from all of it. */
export const legacyChannelNumberMax = 0x7fff;
export const channelDataHeaderLengthBytes = 4;

/** Whether a datagram that begins so can be ChannelData at all. Which channels are bound is another question. */
export const isChannelNumber = (value: number): boolean =>
  value >= channelNumberMin && value <= legacyChannelNumberMax;

export interface ChannelData {
  readonly channel: number;
  /** A view of the datagram. */
  readonly data: Uint8Array;
}

/** RFC 8656 §12.4. Undefined when the channel is no channel or the length overruns; bytes past the data are ignored. */
export function decodeChannelData(bytes: Uint8Array): ChannelData | undefined {
  if (bytes.length < channelDataHeaderLengthBytes) return undefined;
  const channel = readUint16(bytes, 0);
  const end = channelDataHeaderLengthBytes + readUint16(bytes, 2);
  if (!isChannelNumber(channel) || end > bytes.length) return undefined;
  return { channel, data: bytes.subarray(channelDataHeaderLengthBytes, end) };
}

/** RFC 8656 §12.4: over UDP there is no padding. */
export function encodeChannelData({ channel, data }: ChannelData): Uint8Array {
  const bytes = new Uint8Array(channelDataHeaderLengthBytes + data.length);
  writeUint16(bytes, 0, channel);
  writeUint16(bytes, 2, data.length);
  bytes.set(data, channelDataHeaderLengthBytes);
  return bytes;
}
