import { type IpBytes, ipToText } from '../stun/ip-address.ts';

/**
 * Who a share of something belongs to when nobody has proven a name: an IPv4 address, or the /64 of an IPv6 one, within
 * which a single host takes any address it likes (RFC 4291 §2.5.1).
 */
export const sourceOf = (ip: IpBytes): string =>
  ip.length === 16 ? `${Buffer.from(ip.subarray(0, 8)).toString('hex')}::/64` : ipToText(ip);
