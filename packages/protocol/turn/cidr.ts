import { type IpBytes, ipFromText } from '../stun/ip-address.ts';

/** A network: the bytes of an address and the count of bits that matter. */
export interface Cidr {
  readonly ip: IpBytes;
  readonly prefixLengthBits: number;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32`, or an address alone. Undefined when it is neither. */
export function cidrFromText(text: string): Cidr | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const ip = ipFromText(address);
  if (ip === undefined || rest.length > 0) return undefined;
  const bitsMax = ip.length * 8;
  if (bits === undefined) return { ip, prefixLengthBits: bitsMax };
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) return undefined;
  return { ip, prefixLengthBits: Number(bits) };
}

/** Whether the address lies in the network. Different families never do. */
export function isInCidr(ip: IpBytes, cidr: Cidr): boolean {
  if (ip.length !== cidr.ip.length) return false;
  const wholeBytes = cidr.prefixLengthBits >> 3;
  for (let index = 0; index < wholeBytes; index++) if (ip[index] !== cidr.ip[index]) return false;
  const restBits = cidr.prefixLengthBits & 7;
  if (restBits === 0) return true;
  const mask = (0xff << (8 - restBits)) & 0xff;
  return ((ip[wholeBytes] ?? 0) & mask) === ((cidr.ip[wholeBytes] ?? 0) & mask);
}
