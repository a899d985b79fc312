import type { IceServer } from '@patchbay/protocol/signaling/messages';
import type { Leg, Session } from './session.ts';

/**
 * The first attempt of an `auto` call gets addresses to discover itself with and no relay credential, so that a call
 * that can go direct allocates nothing (QUE-5). A leg of the platform's own never does: a media node has an address that
 * relays reach, and a second relay would only be a second price (decision 0020).
 */
export function iceServersFor(session: Session, leg: Leg): readonly IceServer[] {
  const { relay, sessionId } = session;
  if (relay === undefined) return [];
  const isRelayOnly = session.callMode === 'relay' && leg.client.media === undefined;
  const discovery = isRelayOnly ? [] : discoveryFor(session);
  if (!session.isRelayOffered || leg.client.media !== undefined) return discovery;
  const { use: _use, ...limits } = session.logic?.relay ?? {};
  const rates = [limits.bitsPerSecondMax, session.setLimits?.bitsPerSecondMax].flatMap((rate) => rate ?? []);
  const held = rates.length === 0 ? {} : { bitsPerSecondMax: Math.min(...rates) };
  const narrowed = leg.client.principal.narrow({ sessionId, ...limits, ...held });
  return [...discovery, { urls: relay.urls, ...narrowed }];
}

/** With what a party or a media node finds the addresses that it is seen at. */
export function discoveryFor({ relay }: Session): readonly IceServer[] {
  const stunUrls = relay?.urls.flatMap(toStunUrl) ?? [];
  return stunUrls.length === 0 ? [] : [{ urls: [...new Set(stunUrls)] }];
}

/** A relay answers Bindings on its UDP port: RFC 7064 has the `stun:` form of the same address. */
function toStunUrl(url: string): readonly string[] {
  const match = /^turn:([^?]+)(?:\?transport=(\w+))?$/.exec(url);
  if (match === null || (match[2] ?? 'udp') !== 'udp') return [];
  return [`stun:${match[1]}`];
}
