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
  /** Undefined where nobody answered: that is not the same as an answer that there are none. */
  answerAt(name: string, signal?: AbortSignal): Promise<readonly string[] | undefined>;
} {
  async function answerAt(name: string, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRY_COUNT });
    if (servers.length > 0) resolver.setServers([...servers]);
    signal?.addEventListener('abort', () => resolver.cancel(), { once: true });
    const found = await resolver.resolveTxt(name).catch((error: unknown) => {
      const isAnswer = error instanceof Error && 'code' in error && noRecords.includes(String(error.code));
      return isAnswer ? [] : undefined;
    });
    // RFC 7208 §3.3: what one record says in pieces is one text.
    return found?.slice(0, RECORD_COUNT_MAX).map((pieces) => pieces.join(''));
  }
  return {
    answerAt,
    // A name without such records, and one that nobody answers for, prove the same: nothing.
    textsAt: async (name, signal) => (await answerAt(name, signal)) ?? [],
  };
}

/** No such name, and a name without such records (RFC 2308 §2). */
const noRecords: readonly string[] = ['ENOTFOUND', 'ENODATA'];
