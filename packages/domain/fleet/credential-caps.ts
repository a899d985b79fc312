import { userEndpointId } from '../metering/usage-record.ts';
import type { CapsByService, CredentialCaps } from './internal-api.ts';

/** Of a credential, what says which caps are its own. */
interface Capped {
  readonly session?: string | undefined;
  readonly identity?: string | undefined;
}

interface CapsAbove {
  readonly ofAccount: CapsByService;
  /** Of the application, or its instance type, with what the account says; absent where the credential names none. */
  readonly ofApplication?: CapsByService | undefined;
  /** Of each endpoint that has settings of its own, by its identifier. */
  readonly byEndpoint: Readonly<Record<string, CapsByService>>;
}

/**
 * What is allowed to a credential by the configuration of all that stands above it. Whose endpoint has settings of its own has
 * of each cap the narrower: its own have the levels of their account in them; those of an application stand beside them, and
 * which of the two is named first is no matter.
 */
export function capsOfCredential(
  { ofAccount, ofApplication, byEndpoint }: CapsAbove,
  { identity }: Capped,
): CapsByService {
  const identifier = identity === undefined ? undefined : userEndpointId(identity);
  // A name of the credential's own: what every object has is no endpoint.
  const ofEndpoint =
    identifier !== undefined && Object.hasOwn(byEndpoint, identifier) ? byEndpoint[identifier] : undefined;
  const caps = ofApplication ?? ofAccount;
  const services = [...new Set([...Object.keys(caps), ...Object.keys(ofEndpoint ?? {})])];
  return Object.fromEntries(
    services.flatMap((service) => {
      const [one, other] = [caps[service], ofEndpoint?.[service]];
      const held = one === undefined || other === undefined ? (one ?? other) : endpointBelow(one, other);
      return held === undefined ? [] : [[service, held]];
    }),
  );
}

/**
 * How long a credential may live; undefined where nothing says it. One that is for a session was handed out by signaling, which
 * held it to its own maximum and ends with the session what it is used for.
 */
export function lifetimeSecondsMaxOf(
  caps: CapsByService,
  { session }: Capped,
  service: string,
): number | undefined {
  return caps[session === undefined ? service : 'signaling']?.lifetimeSecondsMax;
}

/** How the devices of an endpoint ring is not narrower or wider: what is said of the endpoint itself counts. */
function endpointBelow(above: CredentialCaps, ofEndpoint: CredentialCaps): CredentialCaps {
  const ringing = ofEndpoint.ringing ?? above.ringing;
  return { ...narrowerOf(above, ofEndpoint), ...(ringing === undefined ? {} : { ringing }) };
}

function narrowerOf(one: CredentialCaps, other: CredentialCaps): CredentialCaps {
  const bitsPerSecondMax = least(one.bitsPerSecondMax, other.bitsPerSecondMax);
  const sessionSecondsMax = least(one.sessionSecondsMax, other.sessionSecondsMax);
  return {
    lifetimeSecondsMax: Math.min(one.lifetimeSecondsMax, other.lifetimeSecondsMax),
    ...(bitsPerSecondMax === undefined ? {} : { bitsPerSecondMax }),
    ...(sessionSecondsMax === undefined ? {} : { sessionSecondsMax }),
    isRelayOnly: one.isRelayOnly === true || other.isRelayOnly === true,
  };
}

/** The least of those that are known; undefined where none is. */
export const least = (...numbers: readonly (number | undefined)[]): number | undefined => {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};
