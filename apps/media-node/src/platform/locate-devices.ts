import type { CalledUser, FarDevice } from '../signaling/peer-words.ts';
import type { ControlPlaneClient } from './control-plane-client.ts';
import type { HomeLines } from './peer-lines.ts';

/** A call waits no longer to hear where an endpoint is: then it rings at those devices that are here. */
const FIND_MS_MAX = 2_000;

/**
 * Devices of endpoints at other nodes: the control plane says where they are connected, and their nodes what they are. Whoever
 * cannot be asked has none.
 */
export async function locateDevices(
  {
    client,
    lines,
    onFailure,
  }: {
    readonly client: Pick<ControlPlaneClient, 'call'>;
    readonly lines: Pick<HomeLines, 'meet'>;
    readonly onFailure: (error: unknown, message: string) => void;
  },
  called: readonly CalledUser[],
): Promise<readonly FarDevice[]> {
  const found = await Promise.all(
    called.map(async ({ accountId, identity }) => {
      const { items } = await client.call(
        'findRegistrations',
        { accountId, identity },
        { timeoutMs: FIND_MS_MAX },
      );
      const byNode = Map.groupBy(items, ({ nodeId }) => nodeId);
      const met = await Promise.all(
        [...byNode].map(([nodeId, places]) =>
          lines.meet(
            nodeId,
            places.map(({ connectionId }) => connectionId),
          ),
        ),
      );
      // A node has no say in who somebody is whom it was not asked about.
      return met
        .flat()
        .filter(({ principal }) => principal.accountId === accountId && principal.identity === identity);
    }),
  ).catch((error: unknown): FarDevice[][] => {
    onFailure(error, 'Where an endpoint is connected could not be asked for.');
    return [];
  });
  return found.flat();
}
