import { type IpBytes, ipToText } from './ip-address.ts';

/** An address and a UDP or TCP port (0 to 65535). */
export interface TransportAddress {
  readonly ip: IpBytes;
  readonly port: number;
}

/** A map key: equal for equal addresses, different for all others. */
export function transportAddressKey({ ip, port }: TransportAddress): string {
  return `${String.fromCharCode(...ip)}${String.fromCharCode(port)}`;
}

/** `192.0.2.1:3478` or `[2001:db8::1]:3478`, for logs. */
export function transportAddressToText({ ip, port }: TransportAddress): string {
  return ip.length === 4 ? `${ipToText(ip)}:${port}` : `[${ipToText(ip)}]:${port}`;
}
