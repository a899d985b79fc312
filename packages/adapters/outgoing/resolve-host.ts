import { Resolver } from 'node:dns/promises';
import { isLocalName, type Resolve } from './address-rule.ts';

const TIMEOUT_MS = 2_000;
const TRY_COUNT = 2;

/**
 * Looks a host up at the name servers of this machine, each time anew. The system's own look-up would take one of four
 * threads for as long as a slow server likes, and all others would wait behind it.
 */
export const resolveHost: Resolve = async (host, signal) => {
  if (isLocalName(host)) return ['127.0.0.1', '::1'];
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRY_COUNT });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};
