import { attributeType } from '../stun/attribute-type.ts';
import { type TransportAddress, transportAddressKey } from '../stun/transport-address.ts';
import { decodeXorAddress } from '../stun/xor-address.ts';
import type { Action } from './action.ts';
import { type AddressFamily, familyOf } from './address-family.ts';
import { type Allocation, channelMs, permissionMs } from './allocation.ts';
import { channelNumberMax, channelNumberMin, legacyChannelNumberMax } from './channel-data.ts';
import { decodeChannelNumber } from './channel-number.ts';
import { isInCidr } from './cidr.ts';
import { attributeOf, refuse, type SignedRequest, succeed } from './reply.ts';
import type { TurnState } from './state.ts';

const badRequest = { code: 400, phrase: 'Bad Request' };
const forbidden = { code: 403, phrase: 'Forbidden' };
const noCapacity = { code: 508, phrase: 'Insufficient Capacity' };
export const familyMismatch = { code: 443, phrase: 'Peer Address Family Mismatch' };

interface JudgedPeer {
  readonly address: TransportAddress;
  readonly family: AddressFamily;
  readonly ipKey: string;
  readonly isOwnRelay: boolean;
}
type Judgement = JudgedPeer | { readonly code: number; readonly phrase: string };

/** Whether the allocation may reach a peer address; its port is judged with each packet or binding. */
function judgePeer(state: TurnState, allocation: Allocation, address: TransportAddress): Judgement {
  const family = familyOf(address.ip);
  if (!allocation.relayed.has(family)) return familyMismatch;
  const verdict = state.options.policy.judge(address.ip);
  if (verdict === 'forbidden') return forbidden;
  const { peerCidrs } = allocation;
  if (peerCidrs !== undefined && !peerCidrs.some((cidr) => isInCidr(address.ip, cidr))) return forbidden;
  const ipKey = transportAddressKey({ ip: address.ip, port: 0 });
  return { address, family, ipKey, isOwnRelay: verdict === 'own-relay' };
}

/** Makes room for new permissions, or says that there is none (R8). */
function admitNewPeers(
  state: TurnState,
  allocation: Allocation,
  at: { readonly ipKeys: readonly string[]; readonly nowMs: number },
): 'ok' | 'full' | 'too-fast' {
  const { permissions, newPeers } = allocation;
  const isLive = (ipKey: string) => (permissions.get(ipKey)?.untilMs ?? 0) > at.nowMs;
  const newCount = new Set(at.ipKeys.filter((ipKey) => !isLive(ipKey))).size;
  if (newCount === 0) return 'ok';
  const max = state.bounds.permissionsPerAllocationMax;
  if (permissions.size + newCount > max) {
    for (const [ipKey, { untilMs }] of permissions) if (untilMs <= at.nowMs) permissions.delete(ipKey);
    if (permissions.size + newCount > max) return 'full';
  }
  return newPeers.take(newCount, at.nowMs) ? 'ok' : 'too-fast';
}

function permit(allocation: Allocation, peer: JudgedPeer, nowMs: number): Action {
  const untilMs = nowMs + permissionMs;
  const { address, family, ipKey, isOwnRelay } = peer;
  allocation.permissions.set(ipKey, { family, untilMs });
  return { type: 'permit', allocationId: allocation.id, peer: { ip: address.ip, isOwnRelay }, untilMs };
}

/** RFC 8656 §10.2: every peer of the request or none. */
export function createPermission(state: TurnState, request: SignedRequest, allocation: Allocation): Action[] {
  const { message, nowMs } = request;
  const peers: JudgedPeer[] = [];
  for (const { type, value } of message.attributes) {
    if (type !== attributeType.xorPeerAddress) continue;
    const address = decodeXorAddress(value, message.transactionId);
    if (address === undefined) return [refuse(state, request, badRequest)];
    const judged = judgePeer(state, allocation, address);
    if ('code' in judged) return [refuse(state, request, judged)];
    peers.push(judged);
  }
  if (peers.length === 0) return [refuse(state, request, badRequest)];
  const room = admitNewPeers(state, allocation, { ipKeys: peers.map(({ ipKey }) => ipKey), nowMs });
  if (room === 'full') return [refuse(state, request, noCapacity)];
  if (room === 'too-fast') return [{ type: 'drop', reason: 'peer-rate' }];
  return [...peers.map((peer) => permit(allocation, peer, nowMs)), succeed(state, request, [])];
}

/** RFC 8656 §12.2. */
export function channelBind(state: TurnState, request: SignedRequest, allocation: Allocation): Action[] {
  const { message, nowMs } = request;
  const number = attributeOf(request, attributeType.channelNumber)?.value;
  const peerValue = attributeOf(request, attributeType.xorPeerAddress)?.value;
  const channel = number === undefined ? undefined : decodeChannelNumber(number);
  const address = peerValue === undefined ? undefined : decodeXorAddress(peerValue, message.transactionId);
  const isLegacy = state.options.areLegacyChannelsAccepted === true;
  const channelMax = isLegacy ? legacyChannelNumberMax : channelNumberMax;
  if (channel === undefined || address === undefined || channel < channelNumberMin || channel > channelMax) {
    return [refuse(state, request, badRequest)];
  }
  // Nobody has port 0, and a socket that is told to send there throws.
  if (address.port === 0) return [refuse(state, request, badRequest)];
  const peer = judgePeer(state, allocation, address);
  if ('code' in peer) return [refuse(state, request, peer)];
  // Here the port is known, so the control port and ports without an allocation are refused at once (R5).
  const isDeadOwnPort = peer.isOwnRelay && !state.relayed.has(transportAddressKey(address));
  if (isDeadOwnPort || state.options.policy.isListener(address)) return [refuse(state, request, forbidden)];

  const { channels, channelsByPeer } = allocation;
  const peerKey = transportAddressKey(address);
  const byNumber = channels.get(channel);
  const byPeer = channelsByPeer.get(peerKey);
  const isTaken = byNumber !== undefined && byNumber.untilMs > nowMs && byNumber.peerKey !== peerKey;
  const isBoundElsewhere = byPeer !== undefined && byPeer.untilMs > nowMs && byPeer.channel !== channel;
  if (isTaken || isBoundElsewhere) return [refuse(state, request, badRequest)];
  if (byNumber === undefined && channels.size >= state.bounds.channelsPerAllocationMax) {
    forgetExpired(allocation, nowMs);
    if (channels.size >= state.bounds.channelsPerAllocationMax) return [refuse(state, request, noCapacity)];
  }
  const room = admitNewPeers(state, allocation, { ipKeys: [peer.ipKey], nowMs });
  if (room === 'full') return [refuse(state, request, noCapacity)];
  if (room === 'too-fast') return [{ type: 'drop', reason: 'peer-rate' }];

  // What is left of an expired binding of this number or this peer must not point at the new one.
  if (byNumber !== undefined) channelsByPeer.delete(byNumber.peerKey);
  if (byPeer !== undefined) channels.delete(byPeer.channel);
  const untilMs = nowMs + channelMs;
  const binding = { channel, peerKey, family: peer.family, untilMs };
  channels.set(channel, binding);
  channelsByPeer.set(peerKey, binding);
  return [
    permit(allocation, peer, nowMs),
    { type: 'bindChannel', allocationId: allocation.id, channel, peer: address, untilMs },
    succeed(state, request, []),
  ];
}

function forgetExpired({ channels, channelsByPeer }: Allocation, nowMs: number): void {
  for (const [channel, binding] of channels) {
    if (binding.untilMs > nowMs) continue;
    channels.delete(channel);
    channelsByPeer.delete(binding.peerKey);
  }
}
