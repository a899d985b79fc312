import { Resolver } from 'node:dns/promises';

const TIMEOUT_MS = 2_000;
const TRY_COUNT = 2;
const RECORD_COUNT_MAX = 100;

/**
 * Looks the TXT records of a name up, each time anew.
 * @param servers name servers such as `192.0.2.53`; none: those of this machine.
 */
export function textRecords(servers: readonly string[]): {
  textsAt(name: string, signal?: AbortSignal): Promise<readonly string[]>;
} {
  return {
    async textsAt(name, signal) {
      const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRY_COUNT });
      if (servers.length > 0) resolver.setServers([...servers]);
      signal?.addEventListener('abort', () => resolver.cancel(), { once: true });
      // A name without such records, and one that nobody answers for, prove the same: nothing.
      const found = await resolver.resolveTxt(name).catch(() => []);
      // RFC 7208 §3.3: what one record says in pieces is one text.
      return found.slice(0, RECORD_COUNT_MAX).map((pieces) => pieces.join(''));
    },
  };
}
