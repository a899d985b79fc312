import type { RelaysMet } from '@patchbay/adapters/prisma/relays-met';
import { hostOfTurnUrl, relayUrlsAt } from '@patchbay/domain/branding/relay-urls';
import { parseAddress } from '@patchbay/kit/cidr';

/** For so long a look-up is not made again: credentials are made many times a second. */
const RESOLVED_MS = 30_000;
const RESOLVED_COUNT_MAX = 2_000;
const RESOLVE_MS_MAX = 2_000;

export interface BrandRelayOptions {
  readonly met: (accountId: string) => Promise<RelaysMet>;
  readonly resolve: (host: string, signal: AbortSignal) => Promise<readonly string[]>;
  readonly nowMs: () => number;
}

interface MetBy {
  readonly accountId: string;
  /** Absent: all of them. */
  readonly regions?: readonly string[] | undefined;
}

interface Resolved {
  readonly addresses: Promise<readonly string[]>;
  readonly untilMs: number;
}

/** The relays as an account is to know them: by the host of the brand above it, once that leads to them (PRD-2). */
export function brandRelays({ met, resolve, nowMs }: BrandRelayOptions) {
  const resolved = new Map<string, Resolved>();
  const addressesOf = (host: string): Promise<readonly string[]> => {
    if (parseAddress(host) !== undefined) return Promise.resolve([host]);
    const known = resolved.get(host);
    if (known !== undefined && known.untilMs > nowMs()) return known.addresses;
    const addresses = resolve(host, AbortSignal.timeout(RESOLVE_MS_MAX)).catch(() => []);
    resolved.delete(host);
    resolved.set(host, { addresses, untilMs: nowMs() + RESOLVED_MS });
    const [oldest] = resolved.keys();
    if (resolved.size > RESOLVED_COUNT_MAX && oldest !== undefined) resolved.delete(oldest);
    return addresses;
  };
  return async ({ accountId, regions }: MetBy): Promise<readonly string[]> => {
    const { relays, turnHost: host } = await met(accountId);
    const urls = relays
      .filter(({ region }) => regions?.includes(region) ?? true)
      .flatMap((relay) => relay.urls);
    if (host === undefined) return urls;
    const hosts = [...new Set(urls.map(hostOfTurnUrl))];
    const entries = hosts.map(async (each) => [each, await addressesOf(each)] as const);
    return relayUrlsAt(urls, {
      host,
      addresses: await addressesOf(host),
      addressesOf: new Map(await Promise.all(entries)),
    });
  };
}
