import { crc32 } from 'node:zlib';

/** One tick as it lies on disk. */
export interface SpoolFrame<Item> {
  /** Finished since the frame before, with the sequence of their ids. */
  readonly finished: readonly { readonly sequence: number; readonly item: Item }[];
  /** All that is still growing, as far as it has grown: after a crash the last of these stands for the rest. */
  readonly open: readonly Item[];
  /** Everything up to and including this sequence was acknowledged. */
  readonly acknowledged?: number | undefined;
}

const HEADER_BYTES = 8;
/** A longer frame is not written by anybody: its length is a torn or foreign byte. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;

/** Length and CRC-32 of the payload, then the payload as JSON. */
export function encodeFrame<Frame extends object>(frame: Frame): Buffer {
  const payload = Buffer.from(JSON.stringify(frame));
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length);
  bytes.writeUInt32BE(payload.length, 0);
  bytes.writeUInt32BE(crc32(payload), 4);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** Reads frames until the first that is torn: what a crash cut off was never acknowledged to anybody. */
export function* decodeFrames<Frame extends object>(bytes: Buffer): Generator<Frame> {
  for (let offset = 0; offset + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32BE(offset);
    const end = offset + HEADER_BYTES + length;
    if (length > FRAME_BYTES_MAX || end > bytes.length) return;
    const payload = bytes.subarray(offset + HEADER_BYTES, end);
    if (crc32(payload) !== bytes.readUInt32BE(offset + 4)) return;
    yield JSON.parse(payload.toString()) as Frame;
    offset = end;
  }
}
