import { controlPlane } from '../../server/compose.ts';
import type { Endpoints } from '../shell/endpoints.tsx';

/** Where this platform is reached. While the store is away, what only it knows is left out. */
export async function readEndpoints(): Promise<Endpoints> {
  const { env, placement, outbox } = controlPlane();
  const known = { url: env.PATCHBAY_URL, isProofAsked: outbox === undefined };
  try {
    const [signalUrl, relayUrls] = await Promise.all([placement.signalUrl(), placement.relayUrls()]);
    return { ...known, signalUrl, turnUrl: relayUrls.length === 0 ? undefined : relayUrls.join(',') };
  } catch {
    return known;
  }
}
