import { isIP } from 'node:net';
import { type IpBytes, ipFromText } from '@patchbay/protocol/stun/ip-address';
import { isForbidden, isLoopback } from '@patchbay/protocol/turn/peer-policy';

export interface Address {
  readonly ip: string;
  readonly family: 4 | 6;
}

/** Asks for all addresses of a host. An empty list: there is no such host. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Why nothing is sent somewhere. */
export type AddressRefusal =
  | 'only http and https are spoken'
  | 'user name and password do not go into an address'
  | 'only ports 80, 443, 8080 and 8443 are used'
  | 'it leads to an address that is not public';

/** Where the world serves HTTP; behind other ports stand databases and the like (C27). */
const ports: readonly string[] = ['', '80', '443', '8080', '8443'];

export interface AddressRuleOptions {
  /** For a platform that itself listens on loopback only: what its relay allows its peers, it allows receivers. */
  readonly allowLoopback: boolean;
}

/** Which addresses customers may send us to: the one list that holds for relays, applied to names and URLs (C27, C28). */
export class AddressRule {
  readonly #allowLoopback: boolean;

  constructor({ allowLoopback }: AddressRuleOptions) {
    this.#allowLoopback = allowLoopback;
  }

  /** What is wrong with a URL as it is written. A name that it holds still has to be looked up. */
  refusalOfUrl(url: URL): AddressRefusal | undefined {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'only http and https are spoken';
    if (url.username !== '' || url.password !== '') return 'user name and password do not go into an address';
    const literal = literalOf(url);
    if (literal !== undefined && !this.isAllowed(literal)) return 'it leads to an address that is not public';
    // Whoever develops on this machine listens wherever there is room.
    return this.isOwnMachine(url) || ports.includes(url.port)
      ? undefined
      : 'only ports 80, 443, 8080 and 8443 are used';
  }

  /** Whether a URL leads to this very machine, and may. */
  isOwnMachine(url: URL): boolean {
    return this.#allowLoopback && isOfThisMachine(url, literalOf(url));
  }

  isAllowed(ip: string): boolean {
    const bytes: IpBytes | undefined = ipFromText(ip);
    if (bytes === undefined) return false;
    return isLoopback(bytes) ? this.#allowLoopback : !isForbidden(bytes);
  }

  /** The addresses of a URL's host, when each of them is one that may be reached: one bad one is reason enough (C28). */
  async addressesOf(
    url: URL,
    resolve: Resolve,
    signal: AbortSignal,
  ): Promise<readonly Address[] | AddressRefusal> {
    const refusal = this.refusalOfUrl(url);
    if (refusal !== undefined) return refusal;
    const literal = literalOf(url);
    const ips = literal === undefined ? await resolve(hostOf(url), signal) : [literal];
    if (!ips.every((ip) => this.isAllowed(ip))) return 'it leads to an address that is not public';
    return ips.map((ip) => ({ ip, family: isIP(ip) === 6 ? 6 : 4 }));
  }
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

function literalOf(url: URL): string | undefined {
  const host = hostOf(url);
  return isIP(host) === 0 ? undefined : host;
}

function isOfThisMachine(url: URL, literal: string | undefined): boolean {
  if (literal === undefined) return isLocalName(hostOf(url));
  const bytes = ipFromText(literal);
  return bytes !== undefined && isLoopback(bytes);
}

/** RFC 6761 §6.3: these names are this machine's, whatever a server says. */
export const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');
