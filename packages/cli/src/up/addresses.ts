import { networkInterfaces } from 'node:os';
import { hostInUrl } from '@patchbay/kit/host-in-url';
import { isLoopback } from '../settings.ts';

/** An address that others reach us at: the one that was set, or the first of this machine where that means "any". */
export function reachableAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const family = host === '::' ? 'IPv6' : 'IPv4';
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = addresses.find(
    (each) => each.family === family && !each.internal && !each.address.startsWith('fe80'),
  );
  return found?.address ?? (host === '::' ? '::1' : '127.0.0.1');
}

/** For the part of a URL behind the scheme. */
export const inUrl = (address: string, port: number): string => `${hostInUrl(address)}:${port}`;

export interface Addresses {
  readonly host: string;
  readonly publicAddress: string;
  readonly isLocal: boolean;
  readonly url: string;
  readonly signalUrl: string;
  readonly turnUrl: string;
  readonly sampleUrl: string;
}

export interface Ports {
  readonly port: number;
  readonly signalPort: number;
  /** On which signaling hears relays. */
  readonly linkPort: number;
  readonly turnPort: number;
  readonly samplePort: number;
}

export function addressesOf(host: string, ports: Ports): Addresses {
  const publicAddress = reachableAddress(host);
  return {
    host,
    publicAddress,
    isLocal: isLoopback(host),
    url: `http://${inUrl(publicAddress, ports.port)}`,
    signalUrl: `ws://${inUrl(publicAddress, ports.signalPort)}`,
    turnUrl: `turn:${inUrl(publicAddress, ports.turnPort)}?transport=udp`,
    sampleUrl: `http://${inUrl(publicAddress, ports.samplePort)}`,
  };
}
