import { attributeType } from '../stun/attribute-type.ts';
import { type IpBytes, ipToText } from '../stun/ip-address.ts';
import type { Action, SpentLimit } from './action.ts';
import { type AddressFamily, decodeAddressFamily, familyOf } from './address-family.ts';
import type { Allocation, PendingAllocate } from './allocation.ts';
import { cidrFromText, isInCidr } from './cidr.ts';
import type { TurnCoreOptions } from './core-options.ts';
import type { KnownCredential } from './credential-cache.ts';
import {
  counterKeepMsOf,
  counterKeyOf,
  type Grant,
  holdersOf,
  isAskedFirst,
  type Limit,
  policyCounterId,
  type SourceRule,
  type SourceSet,
  sessionKeyOf,
} from './grant.ts';
import { enter, wakeFor } from './lifecycle.ts';
import { decodeLifetime } from './lifetime.ts';
import { attributeOf, type Request, refuse, type SignedRequest } from './reply.ts';
import { decodeRequestedTransport, protocolUdp } from './requested-transport.ts';
import { decodeEvenPort, type PortWish, reservationKey, reservationTokenLengthBytes } from './reservation.ts';
import type { TurnState } from './state.ts';
import { createTokenBucket } from './token-bucket.ts';

export interface Refusal {
  readonly code: number;
  readonly phrase: string;
  readonly spent?: SpentLimit;
}

/** RFC 8656 §7.2: an Allocate whose sender is known. */
export function allocate(state: TurnState, request: SignedRequest, credential: KnownCredential): Action[] {
  const { grant } = credential;
  const wish = readWish(state, request, credential);
  const refusal = 'code' in wish ? wish : refusalByQuota(state, request, credential);
  if (refusal !== undefined || 'code' in wish) {
    const [family] = 'code' in wish ? [familyOf(request.client.address.ip)] : wish.families;
    const error = refusal ?? { code: 400, phrase: 'Bad Request' };
    return [
      refuse(state, request, error),
      {
        type: 'attempted',
        kind: 'relay',
        outcome: 'refused',
        ...causeOf(error),
        grant,
        client: request.client,
        family,
      },
    ];
  }
  const allocation = draftAllocation(state, { request, credential, wish });
  // A token is good once, whatever comes of it.
  if (wish.port.rule === 'reserved') state.reservations.delete(reservationKey(wish.port.token));
  enter(state, allocation, request.nowMs);
  wakeFor(state, allocation, request.nowMs);
  const uses = usesOf(allocation);
  const address = ipToText(request.client.address.ip);
  const at = { allocationId: allocation.id, nowMs: request.nowMs };
  const counted = isAskedFirst(grant) ? [sessionClaim(allocation, address)] : [];
  if (uses.length + counted.length === 0) return [openRelay(state, allocation, allocation.pending)];
  const claims = uses.map(({ counterId, max }) => ({
    type: 'countUse' as const,
    allocationId: allocation.id,
    counterId,
    ...state.uses.join(counterId, address, at),
    usesMax: max,
    grant: credential.grant,
  }));
  return [...claims, ...counted];
}

const sessionClaim = ({ id, credential: { grant } }: Allocation, address: string): Action => ({
  type: 'countUse',
  allocationId: id,
  counterId: policyCounterId,
  clientKey: address,
  isFirstSeen: false,
  usesMax: 1,
  grant,
});

/** What the metric and the session's log say of a refusal. */
export const causeOf = ({ code, phrase, spent }: Refusal) => ({
  code,
  reason: phrase,
  ...(spent === undefined ? {} : { spent }),
});

/** One family, or both for a dual allocation. */
type FamilyWish = readonly [AddressFamily, ...AddressFamily[]];

interface Wish {
  readonly families: FamilyWish;
  readonly lifetimeSeconds: number | undefined;
  readonly port: PortWish;
}

export const badRequest: Refusal = { code: 400, phrase: 'Bad Request' };
export const noCapacity: Refusal = { code: 508, phrase: 'Insufficient Capacity' };
export const familyNotSupported: Refusal = { code: 440, phrase: 'Address Family not Supported' };

/** RFC 8656 §7.2, steps 2 to 9: what the attributes ask for, or why it cannot be. */
function readWish(state: TurnState, request: SignedRequest, credential: KnownCredential): Wish | Refusal {
  const valueIn = (type: number) => attributeOf(request, type)?.value;
  // Step 2: the 5-tuple is in use.
  if (state.byClient.has(request.clientKey)) return { code: 437, phrase: 'Allocation Mismatch' };
  // Step 3: only UDP is relayed.
  const transport = valueIn(attributeType.requestedTransport);
  const protocol = transport === undefined ? undefined : decodeRequestedTransport(transport);
  if (protocol === undefined) return badRequest;
  if (protocol !== protocolUdp)
    return { code: protocol === 6 ? 400 : 442, phrase: 'Unsupported Transport Protocol' };
  const port = readPortWish(state, request, credential);
  if ('code' in port) return port;
  const families = readFamilyWish(state, request, port);
  if ('code' in families) return families;
  // Step 6 is about one family; of two, the other one is had, and step 9 says why this one was not.
  const refusals = families.map((family) => refusalOfFamily(state, family, credential.grant));
  const [withheld] = refusals;
  if (withheld !== undefined && refusals.every((refusal) => refusal !== undefined)) return withheld;
  const lifetime = valueIn(attributeType.lifetime);
  const lifetimeSeconds = lifetime === undefined ? undefined : decodeLifetime(lifetime);
  if (lifetime !== undefined && lifetimeSeconds === undefined) return badRequest;
  return { families, port, lifetimeSeconds };
}

/** RFC 8656 §7.2, steps 5 and 8: which port, by EVEN-PORT or RESERVATION-TOKEN. */
function readPortWish(
  state: TurnState,
  request: SignedRequest,
  credential: KnownCredential,
): PortWish | Refusal {
  const valueIn = (type: number) => attributeOf(request, type)?.value;
  const evenPort = valueIn(attributeType.evenPort);
  const token = valueIn(attributeType.reservationToken);
  if (token !== undefined) {
    const family = valueIn(attributeType.requestedAddressFamily) ?? additionalFamilyIn(state, request);
    if ((evenPort ?? family) !== undefined || token.length !== reservationTokenLengthBytes) return badRequest;
    const kept = state.reservations.get(reservationKey(token));
    const isOurs = kept?.username === credential.username && kept.untilMs > request.nowMs;
    return isOurs ? { rule: 'reserved', token: kept.token } : noCapacity;
  }
  if (evenPort === undefined) return { rule: 'any' };
  const wish = decodeEvenPort(evenPort);
  if (wish === undefined) return badRequest;
  const isAdditionalFamilyWished = additionalFamilyIn(state, request) !== undefined;
  if (wish.isNextReserved && isAdditionalFamilyWished) return badRequest;
  return { rule: wish.isNextReserved ? 'pair' : 'even' };
}

function additionalFamilyIn({ options }: TurnState, request: SignedRequest): Uint8Array | undefined {
  const additional = attributeOf(request, attributeType.additionalAddressFamily);
  if (additional !== undefined || options.isCoturnFamilyTypeAccepted !== true) return additional?.value;
  return attributeOf(request, attributeType.additionalAddressFamilyOfCoturn)?.value;
}

/** RFC 8656 §7.2, steps 6, 7 and 9: which family, by REQUESTED- or ADDITIONAL-ADDRESS-FAMILY. */
function readFamilyWish(state: TurnState, request: SignedRequest, port: PortWish): FamilyWish | Refusal {
  const { families: offered } = state.options;
  const requested = attributeOf(request, attributeType.requestedAddressFamily)?.value;
  const additional = additionalFamilyIn(state, request);
  if (additional !== undefined) {
    const isRight = requested === undefined && decodeAddressFamily(additional) === 'ipv6';
    return isRight ? ['ipv4', 'ipv6'] : badRequest;
  }
  if (port.rule === 'reserved') {
    const kept = state.reservations.get(reservationKey(port.token));
    return kept === undefined ? noCapacity : [kept.family];
  }
  // Step 7 would refuse whoever names no family to a relay without IPv4. No browser names one.
  const byDefault = offered.includes('ipv4') ? 'ipv4' : 'ipv6';
  const wished = requested === undefined ? byDefault : decodeAddressFamily(requested);
  if (wished === undefined) return badRequest;
  return wished === 'unknown' || !offered.includes(wished) ? familyNotSupported : [wished];
}

/** Why a credential gets no relayed address of a family, or undefined. */
export function refusalOfFamily(
  { options }: TurnState,
  family: AddressFamily,
  { withheldFamilies }: Pick<Grant, 'withheldFamilies'>,
): Refusal | undefined {
  if (!options.families.includes(family)) return familyNotSupported;
  const detail = withheldFamilies?.[family];
  return detail === undefined
    ? undefined
    : { code: familyNotSupported.code, phrase: `policy.refused: ${detail}` };
}

/** RFC 8656 §7.2, step 10, and the limits of the credential. */
function refusalByQuota(
  state: TurnState,
  request: Request,
  credential: KnownCredential,
): Refusal | undefined {
  const { bounds } = state;
  const { grant } = credential;
  const holders = holdersOf(grant);
  if (grant.refusal !== undefined) return grant.refusal;
  if (state.isDraining || state.byId.size >= bounds.allocationCountMax) return noCapacity;
  if ((state.countByHolder.get(holders.credential) ?? 0) >= bounds.allocationsPerCredentialMax) {
    return { code: 486, phrase: 'Allocation Quota Reached' };
  }
  if ((state.countByHolder.get(holders.account) ?? 0) >= bounds.allocationsPerAccountMax) {
    return { code: 486, phrase: 'Allocation Quota of the Account Reached' };
  }
  const { ip } = request.client.address;
  if (grant.sourceCidrs !== undefined && !isInSome(grant.sourceCidrs, ip)) {
    return { code: 403, phrase: 'credential.source_not_allowed' };
  }
  const fromElsewhere = refusalOfSource(grant.sourceRules, ip, state.options);
  if (fromElsewhere !== undefined) return { code: 403, phrase: `policy.refused: ${fromElsewhere}` };
  if (grant.endsAtMs !== undefined && grant.endsAtMs <= request.nowMs) {
    return { code: 403, phrase: 'The credential has ended.' };
  }
  const of = { grant, clientKey: ipToText(ip) };
  const spent = grant.limits.find(
    (limit) =>
      limit.outcome === 'end' &&
      limit.kind !== 'uses' &&
      isSpent(state, limit, { ...of, nowMs: request.nowMs }),
  );
  if (spent === undefined) return undefined;
  const { kind, counts, max } = spent;
  return { code: 486, phrase: `The limit of ${max} ${kind} is reached.`, spent: { kind, counts, max } };
}

/** Why a client may not come from where it is, in the words of the first level from which on it may not. */
export function refusalOfSource(
  rules: readonly SourceRule[] = [],
  ip: IpBytes,
  { countryOf }: Pick<TurnCoreOptions, 'countryOf'>,
): string | undefined {
  const isFrom = (set: SourceSet) =>
    'networks' in set
      ? isInSome(set.networks, ip)
      : countryOf !== undefined && set.countries.includes(countryOf(ip));
  for (const { steps } of rules) {
    const admitting = steps.findLastIndex(isFrom);
    if (admitting < steps.length - 1) return steps[admitting + 1]?.refusal;
  }
  return undefined;
}

/** A network that cannot be read holds nobody. */
const isInSome = (networks: readonly string[], ip: IpBytes): boolean =>
  networks.some((text) => {
    const cidr = cidrFromText(text);
    return cidr !== undefined && isInCidr(ip, cidr);
  });

/** Whether a limit was reached before this allocation, here or elsewhere. */
function isSpent(
  state: TurnState,
  limit: Limit,
  at: { readonly grant: Grant; readonly clientKey: string; readonly nowMs: number },
): boolean {
  if (limit.used >= limit.max) return true;
  const key = counterKeyOf(limit, at);
  if (limit.kind === 'seconds') return state.times.usedMs(key, at.nowMs) >= limit.max * 1000;
  return (state.reachedCounters.get(key) ?? 0) > at.nowMs;
}

function draftAllocation(
  state: TurnState,
  from: { readonly request: SignedRequest; readonly credential: KnownCredential; readonly wish: Wish },
): Allocation & { readonly pending: PendingAllocate } {
  const { request, credential, wish } = from;
  const { grant } = credential;
  const { bounds } = state;
  const of = { grant, clientKey: ipToText(request.client.address.ip) };
  const limits = grant.limits.map((limit) => ({
    limit,
    counterKey: counterKeyOf(limit, of),
    keepMs: counterKeepMsOf(limit, grant),
    // One that ends an allocation is refused before; the others apply from the start.
    isReached:
      limit.kind !== 'uses' &&
      limit.outcome !== 'end' &&
      isSpent(state, limit, { ...of, nowMs: request.nowMs }),
  }));
  const isDowngraded = limits.some(({ limit, isReached }) => isReached && limit.outcome === 'downgrade');
  return {
    id: state.options.newAllocationId(),
    client: request.client,
    clientKey: request.clientKey,
    credential,
    sessionKey: sessionKeyOf(grant, of.clientKey),
    family: wish.families[0],
    limits,
    // A network that cannot be read allows nothing: to skip it would widen the grant.
    peerCidrs: grant.peerCidrs?.map(cidrFromText).filter((cidr) => cidr !== undefined),
    newPeers: createTokenBucket({ perSecond: bounds.newPeersPerSecond, size: bounds.newPeersBurst }),
    permissions: new Map(),
    channels: new Map(),
    channelsByPeer: new Map(),
    bandwidthClass: isDowngraded ? 'audio' : grant.bandwidthClass,
    relayed: new Map(),
    pending: {
      message: request.message,
      integrity: request.integrity,
      wishedLifetimeSeconds: wish.lifetimeSeconds,
      families: wish.families,
      port: wish.port,
      usesToCount: grant.limits.filter(({ kind }) => kind === 'uses').length + (isAskedFirst(grant) ? 1 : 0),
      giveUpMs: request.nowMs + bounds.answerWaitMs,
    },
  };
}

const usesOf = ({ limits }: Allocation): readonly Limit[] =>
  limits.map(({ limit }) => limit).filter(({ kind }) => kind === 'uses');

/** The action that gets an allocation its relayed addresses, of the families that there are for it. */
export const openRelay = (
  state: TurnState,
  { id, client, credential: { grant } }: Allocation,
  { families, port }: PendingAllocate,
): Action => ({
  type: 'openRelay',
  allocationId: id,
  client,
  families: families.filter((family) => refusalOfFamily(state, family, grant) === undefined),
  port,
});
