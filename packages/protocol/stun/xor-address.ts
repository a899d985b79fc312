import { readUint16, readUint32, writeUint16, writeUint32 } from './byte-order.ts';
import { addressFamily } from './ip-address.ts';
import type { TransportAddress } from './transport-address.ts';

const magicCookie = 0x2112a442;

/** RFC 8489 §14.2: the mask is the cookie, for IPv6 followed by the transaction id. */
function unmask(ip: Uint8Array, transactionId: Uint8Array): Uint8Array {
  const out = new Uint8Array(ip.length);
  writeUint32(out, 0, (readUint32(ip, 0) ^ magicCookie) >>> 0);
  for (let index = 4; index < ip.length; index++)
    out[index] = (ip[index] ?? 0) ^ (transactionId[index - 4] ?? 0);
  return out;
}

/** The value of XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS and XOR-RELAYED-ADDRESS. */
export function encodeXorAddress({ ip, port }: TransportAddress, transactionId: Uint8Array): Uint8Array {
  const value = new Uint8Array(4 + ip.length);
  value[1] = ip.length === 4 ? addressFamily.ipv4 : addressFamily.ipv6;
  writeUint16(value, 2, port ^ (magicCookie >>> 16));
  value.set(unmask(ip, transactionId), 4);
  return value;
}

/** Undefined when the family is unknown or the length does not fit it. */
export function decodeXorAddress(value: Uint8Array, transactionId: Uint8Array): TransportAddress | undefined {
  const length = value[1] === addressFamily.ipv4 ? 8 : value[1] === addressFamily.ipv6 ? 20 : 0;
  if (length === 0 || value.length !== length) return undefined;
  return { port: readUint16(value, 2) ^ (magicCookie >>> 16), ip: unmask(value.subarray(4), transactionId) };
}
