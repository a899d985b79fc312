import { readUint16, readUint32 } from '../stun/byte-order.ts';
import { headerLengthBytes, magicCookie } from '../stun/message.ts';

/** No ICE check is longer: a username of two fragments of 256 characters is the largest part (RFC 8445 §7.1.1). */
const checkLengthBytesMax = 700;

/** What an allocation may pass as checks; anything above it is payload, so that STUN is no free tunnel (QUE-5). */
export const checkBudget = { perSecond: 16_384, size: 65_536 } as const;

/** Whether a payload is a STUN Binding message: an ICE connectivity check, its answer, or a keepalive. */
export function isConnectivityCheck(data: Uint8Array): boolean {
  if (data.length < headerLengthBytes || data.length > checkLengthBytesMax) return false;
  const first = data[0] ?? 0xff;
  if (first > 1) return false;
  if (((data[1] ?? 0) & 0xef) !== 0x01) return false;
  return readUint32(data, 4) === magicCookie && readUint16(data, 2) + headerLengthBytes === data.length;
}
