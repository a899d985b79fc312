import { Resolver } from 'node:dns/promises';

const TIMEOUT_MS = 2_000;
const TRY_COUNT = 2;

/** The texts of the TXT records at a name, as the name servers of this machine know them. None: there are none, or nobody answers. */
export async function resolveTxt(name: string, signal: AbortSignal): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRY_COUNT });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    // RFC 7208 §3.3: a record of several strings is one text.
    return (await resolver.resolveTxt(name)).map((strings) => strings.join(''));
  } catch {
    return [];
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
