import { type IpBytes, ipToText } from '../stun/ip-address.ts';
import type { AddressFamily } from './address-family.ts';

/** A map key for an address: a number for IPv4, because maps of numbers are fastest; text for IPv6. */
export type HostKey = number | string;

/** Texts remembered, so that a packet costs one lookup and no parsing. */
const rememberedMax = 65_536;
const remembered = new Map<string, number>();

export function hostKeyOfIp(ip: IpBytes): HostKey {
  if (ip.length !== 4) return ipToText(ip);
  const [a = 0, b = 0, c = 0, d = 0] = ip;
  return a * 0x1000000 + b * 0x10000 + c * 0x100 + d;
}

function parseIpv4(text: string): number {
  let key = 0;
  let part = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x2e) {
      key = key * 256 + part;
      part = 0;
    } else part = part * 10 + code - 0x30;
  }
  return key * 256 + part;
}

/** The key of an address as a socket reports it. */
export function hostKeyOfText(text: string): HostKey {
  let key = remembered.get(text);
  if (key !== undefined) return key;
  if (text.includes(':')) return text;
  key = parseIpv4(text);
  if (remembered.size >= rememberedMax) remembered.clear();
  remembered.set(text, key);
  return key;
}

/** The family of an address, or of an address and port, by its key. */
export const familyOfKey = (key: HostKey): AddressFamily => (typeof key === 'number' ? 'ipv4' : 'ipv6');

/** The key of an address and port together. */
export const endpointKey = (host: HostKey, port: number): HostKey =>
  typeof host === 'number' ? host * 0x10000 + port : `${host} ${port}`;
