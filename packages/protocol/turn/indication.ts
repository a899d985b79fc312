import { attributeType } from '../stun/attribute-type.ts';
import { writeUint16, writeUint32 } from '../stun/byte-order.ts';
import { isFingerprintRight } from '../stun/fingerprint.ts';
import { addressFamily } from '../stun/ip-address.ts';
import { decodeMessage, headerLengthBytes, magicCookie } from '../stun/message.ts';
import { paddedLength } from '../stun/padding.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import { decodeXorAddress } from '../stun/xor-address.ts';

const dataIndicationType = 0x0017;

export interface SendIndication {
  readonly peer: TransportAddress;
  /** A view of the datagram. May be empty (RFC 8656 §11.1). */
  readonly data: Uint8Array;
}

/**
 * RFC 8656 §11.2. Undefined when the peer or DATA is missing, or when anything in it must be understood and is
 * not: DONT-FRAGMENT is such an attribute here, because a UDP socket of Node cannot honour it (§11.2, step 3).
 */
export function decodeSendIndication(bytes: Uint8Array): SendIndication | undefined {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return undefined;
  let peer: TransportAddress | undefined;
  let data: Uint8Array | undefined;
  for (const { type, value, offset } of decoded.message.attributes) {
    if (type === attributeType.xorPeerAddress) {
      peer ??= decodeXorAddress(value, decoded.message.transactionId);
      if (peer === undefined) return undefined;
    } else if (type === attributeType.data) data ??= value;
    else if (type === attributeType.fingerprint) {
      if (!isFingerprintRight(bytes, offset)) return undefined;
    } else if (type < 0x8000) return undefined;
  }
  return peer === undefined || data === undefined ? undefined : { peer, data };
}

/** What `encodeDataIndication` makes of so much data. */
export const dataIndicationLength = (peerIpLength: number, dataLength: number): number =>
  headerLengthBytes + 8 + peerIpLength + 4 + paddedLength(dataLength);

/** RFC 8656 §11.3: what a peer sent, for a client that has bound no channel to it. */
export function encodeDataIndication(
  peer: TransportAddress,
  data: Uint8Array,
  transactionId: Uint8Array,
): Uint8Array {
  const { ip, port } = peer;
  const dataAt = headerLengthBytes + 8 + ip.length;
  const bytes = Buffer.allocUnsafe(dataIndicationLength(ip.length, data.length));
  writeUint16(bytes, 0, dataIndicationType);
  writeUint16(bytes, 2, bytes.length - headerLengthBytes);
  writeUint32(bytes, 4, magicCookie);
  bytes.set(transactionId, 8);
  writeUint16(bytes, 20, attributeType.xorPeerAddress);
  writeUint16(bytes, 22, 4 + ip.length);
  bytes[24] = 0;
  bytes[25] = ip.length === 4 ? addressFamily.ipv4 : addressFamily.ipv6;
  writeUint16(bytes, 26, port ^ (magicCookie >>> 16));
  // RFC 8489 §14.2: the mask is the cookie and the transaction id, which is what stands at offset 4.
  for (let index = 0; index < ip.length; index++)
    bytes[28 + index] = (ip[index] ?? 0) ^ (bytes[4 + index] ?? 0);
  writeUint16(bytes, dataAt, attributeType.data);
  writeUint16(bytes, dataAt + 2, data.length);
  bytes.set(data, dataAt + 4);
  // CVE-2020-4067: the buffer was not zeroed, so its padding must be.
  bytes.fill(0, dataAt + 4 + data.length);
  return bytes;
}
