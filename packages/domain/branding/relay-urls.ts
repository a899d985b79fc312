/** RFC 7065 §3.1: the scheme, the host, and what follows it. */
const turnUrl = /^(turns?:)(\[[^\]]+\]|[^:?]+)(.*)$/;

/** The host of the URL of a relay, of IPv6 without its brackets. */
export const hostOfTurnUrl = (url: string): string => turnUrl.exec(url)?.[2]?.replace(/^\[|\]$/g, '') ?? '';

export interface HostOfRelays {
  readonly host: string;
  /** Every address that the host resolves to. */
  readonly addresses: readonly string[];
  /** What the hosts of the relays' URLs resolve to. */
  readonly addressesOf: ReadonlyMap<string, readonly string[]>;
}

/**
 * The URLs of the relays that a host leads to, by the name of that host. As they are where it leads to anything besides, or
 * to no relay: a name that is wrong must not take the relays away.
 */
export function relayUrlsAt(
  urls: readonly string[],
  { host, addresses, addressesOf }: HostOfRelays,
): readonly string[] {
  const relayAddresses = (url: string) => addressesOf.get(hostOfTurnUrl(url)) ?? [];
  const known = new Set(urls.flatMap(relayAddresses));
  if (addresses.length === 0 || !addresses.every((address) => known.has(address))) return urls;
  const led = urls.filter((url) => relayAddresses(url).some((address) => addresses.includes(address)));
  return [...new Set(led.map((url) => url.replace(turnUrl, `$1${host}$3`)))];
}
