import { type IpBytes, ipToText, isSameIp } from '../stun/ip-address.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import { type Cidr, cidrFromText, isInCidr } from './cidr.ts';

const network = (text: string): Cidr => {
  const cidr = cidrFromText(text);
  if (cidr === undefined) throw new TypeError(`${text} is no network.`);
  return cidr;
};

/** Networks that no stranger may reach through a relay (R1): private, local, reserved, documentation, multicast. */
const forbiddenNetworks: readonly Cidr[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
].map(network);

/** Where an IPv6 address carries an IPv4 one: mapped, compatible, NAT64, 6to4 (R2). */
const embeddings: readonly { readonly network: Cidr; readonly offset: number }[] = [
  { network: network('::ffff:0:0/96'), offset: 12 },
  { network: network('::/96'), offset: 12 },
  { network: network('64:ff9b::/96'), offset: 12 },
  { network: network('2002::/16'), offset: 2 },
];
/**
 * The same networks as a firewall has to have them, which knows addresses and no forms of them: each also as it is carried in IPv6,
 * where something in between could unwrap it.
 */
export const forbiddenNetworksInAllForms = (): readonly Cidr[] =>
  forbiddenNetworks.flatMap((forbidden) =>
    forbidden.ip.length === 16
      ? [forbidden]
      : [
          forbidden,
          ...embeddings.map(({ network: { ip }, offset }): Cidr => {
            const carrying = Uint8Array.from(ip);
            carrying.set(forbidden.ip, offset);
            return { ip: carrying, prefixLengthBits: offset * 8 + forbidden.prefixLengthBits };
          }),
        ],
  );

const unspecified = network('::/128');
const loopback6 = network('::1/128');
const loopback4 = network('127.0.0.0/8');

/** The IPv4 address inside an IPv6 form of one, else the address itself. A list sees only the result. */
export function unwrapIp(ip: IpBytes): IpBytes {
  if (ip.length !== 16 || isInCidr(ip, unspecified) || isInCidr(ip, loopback6)) return ip;
  const found = embeddings.find((embedding) => isInCidr(ip, embedding.network));
  return found === undefined ? ip : ip.slice(found.offset, found.offset + 4);
}

/** Whether an address is one that a stranger must not reach, in any of its forms (R1 to R3). */
export function isForbidden(ip: IpBytes): boolean {
  if (ip.length !== 4 && ip.length !== 16) return true;
  const plain = unwrapIp(ip);
  return forbiddenNetworks.some((cidr) => isInCidr(plain, cidr));
}

export function isLoopback(ip: IpBytes): boolean {
  const plain = unwrapIp(ip);
  return isInCidr(plain, loopback4) || isInCidr(plain, loopback6);
}

export interface PeerPolicyOptions {
  /** Addresses that relayed addresses are taken from. */
  readonly relayIps: readonly IpBytes[];
  /** All other addresses of this host. Peers never reach them, public or not. */
  readonly ownIps?: readonly IpBytes[];
  /** For a relay that itself listens on loopback only. */
  readonly allowLoopbackPeers: boolean;
}

/** `own-relay`: allowed at the port of a live allocation of this relay, and at no other port. */
export type PeerVerdict = 'allowed' | 'own-relay' | 'forbidden';

export interface PeerPolicy {
  judge(ip: IpBytes): PeerVerdict;
  /** Names a place where clients are served. No peer may be there, whatever else is allowed (R5). */
  addListener(address: TransportAddress): void;
  isListener(address: TransportAddress): boolean;
}

/**
 * The rule for peers of one relay. Both sides of a call under forced relay use the same relay, so its own
 * relayed addresses must be reachable, and nothing else of the host may be.
 */
export function createPeerPolicy(options: PeerPolicyOptions): PeerPolicy {
  const isAmong = (ips: readonly IpBytes[], ip: IpBytes) => ips.some((own) => isSameIp(unwrapIp(own), ip));
  const listeners = new Set<string>();
  const listenerKey = ({ ip, port }: TransportAddress) => `${ipToText(unwrapIp(ip))} ${port}`;
  return {
    judge(ip) {
      const plain = unwrapIp(ip);
      if (isLoopback(plain)) return options.allowLoopbackPeers ? 'allowed' : 'forbidden';
      // A wrapped form of our own address would pass by the port check, which compares plain addresses.
      if (plain.length === ip.length && isAmong(options.relayIps, plain)) return 'own-relay';
      if (isAmong(options.relayIps, plain) || isAmong(options.ownIps ?? [], plain)) return 'forbidden';
      return isForbidden(plain) ? 'forbidden' : 'allowed';
    },
    addListener: (address) => void listeners.add(listenerKey(address)),
    isListener: (address) => listeners.has(listenerKey(address)),
  };
}
