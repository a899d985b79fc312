import { controlPlane } from '../../server/compose.ts';
import { requestHost } from '../brand/shown-brand.ts';
import type { Endpoints } from '../shell/endpoints.tsx';

/** Where this platform is reached. While the store is away, what only it knows is left out. */
export async function readEndpoints(accountId: string): Promise<Endpoints> {
  const { placement, places, outbox } = controlPlane();
  const host = await requestHost().catch(() => undefined);
  const url = host === undefined || host.kind === 'unknown' ? '' : host.baseUrl;
  const isOutboxOpen = outbox !== undefined && host?.kind === 'platform';
  const known = { url, isProofAsked: outbox === undefined, isOutboxOpen };
  try {
    const regions = await places.servingRegions(accountId);
    const [signalUrl, relayUrls] = await Promise.all([
      placement.signalUrl({ regions }),
      placement.relayUrls({ accountId, regions }),
    ]);
    return { ...known, signalUrl, turnUrl: relayUrls.length === 0 ? undefined : relayUrls.join(',') };
  } catch {
    return known;
  }
}
