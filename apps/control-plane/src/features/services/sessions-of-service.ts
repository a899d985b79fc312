import type { ServiceKey } from '@patchbay/faces/mounted';
import type { Outputs } from '../../trpc/client.ts';

export type SessionUse = Pick<Outputs['sessions']['list']['items'][number], 'kind' | 'relayMilliseconds'>;

/** Which sessions a service has a part in. A service that is not named here holds none. */
const hasPart: { readonly [Service in ServiceKey]?: (session: SessionUse) => boolean } = {
  signaling: ({ kind }) => kind === 'call',
  // Of a call, from the moment that one of its legs is relayed.
  networkDiscovery: ({ kind, relayMilliseconds }) => kind === 'relay' || relayMilliseconds !== '0',
};

/** The sessions that a change of the service's settings is for. Undefined where the service holds none at all. */
export function sessionsOfService<Session extends SessionUse>(
  service: ServiceKey,
  sessions: readonly Session[],
): readonly Session[] | undefined {
  const isPart = hasPart[service];
  return isPart && sessions.filter(isPart);
}
