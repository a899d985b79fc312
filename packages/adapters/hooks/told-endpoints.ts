import { userEndpointId } from '@patchbay/domain/metering/usage-record';

interface Told {
  /** Of whoever is in its session. */
  readonly identities: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** Whom an event is about: those of its session, and whoever it names as its `endpoint`. */
export const toldEndpoints = ({ identities, data: { endpoint } }: Told): readonly string[] => [
  ...identities.map(userEndpointId),
  ...(typeof endpoint === 'string' ? [endpoint] : []),
];
