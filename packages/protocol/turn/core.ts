import { attributeType } from '../stun/attribute-type.ts';
import { isFingerprintRight } from '../stun/fingerprint.ts';
import { decodeMessage, findAttribute, method, type StunMessage } from '../stun/message.ts';
import type { Action, DropReason, EndReason } from './action.ts';
import { allocate, refusalOfSource } from './allocate.ts';
import type { Allocation } from './allocation.ts';
import { authenticate } from './authenticate.ts';
import { binding, unknownAttributeError, unknownAttributes } from './binding.ts';
import { createChallengeLimit } from './challenge-limit.ts';
import { createClientUses } from './client-uses.ts';
import { defaultBounds, type TurnCoreOptions } from './core-options.ts';
import { createCredentialCache, type KnownCredential } from './credential-cache.ts';
import type { ClientPath, DataPathEvent, OpenedRelay } from './data-path.ts';
import { isRevoked, type Resolution, type Review, type RevocationScope } from './grant.ts';
import { deadlineOf, end, expire, reachLimits, reshape, withhold } from './lifecycle.ts';
import { createNonceMint } from './nonce.ts';
import { channelBind, createPermission } from './peers.ts';
import { relayOpened, type UseAnswer, useCounted } from './pending-allocate.ts';
import { refresh } from './refresh.ts';
import { answeredBefore, clientKeyOf, refuse, type SignedRequest } from './reply.ts';
import { createResponseCache } from './response-cache.ts';
import type { TurnState } from './state.ts';
import { createTimeCounters } from './time-counters.ts';

/** Caches are swept at least this often while anything lives. */
const sweepMs = 30_000;

/**
 * The control plane of a relay as a pure machine (RFC 8489, RFC 8656): datagrams and answers go in, actions come
 * out. It has no sockets, no clock and no randomness of its own. Packets for peers go by a `DataPath` and are
 * never seen here. Before authentication it keeps nothing but a bounded table of rates (R7).
 */
export interface TurnCore {
  handleDatagram(client: ClientPath, bytes: Uint8Array, nowMs: number): readonly Action[];
  handleDataPathEvent(event: DataPathEvent, nowMs: number): readonly Action[];
  /** The platform's answer to `resolveCredential`. */
  resolved(username: string, resolution: Resolution, nowMs: number): readonly Action[];
  /** The platform's answer to `countUse`. */
  useCounted(allocationId: string, answer: UseAnswer, nowMs: number): readonly Action[];
  /** The relayed addresses that `openRelay` asked for, those that there were, or undefined when there was none. */
  relayOpened(allocationId: string, opened: OpenedRelay | undefined, nowMs: number): readonly Action[];
  /** Ends what a revocation reaches, at once, and forgets the credential. */
  revoke(scope: RevocationScope, detail: string, nowMs: number): readonly Action[];
  /** Forgets what it knows of an account's credentials, and answers the usernames of which allocations live. */
  reconsider(accountId: string): readonly string[];
  /** Holds the living allocations of a username to what it may do by now (POL-5). */
  review(username: string, review: Review, nowMs: number): readonly Action[];
  /** Ends these, and nothing else: their credential stays good. */
  endAllocations(allocationIds: readonly string[], detail: string, nowMs: number): readonly Action[];
  /** From now on new allocations are refused with 508. Living ones go on. */
  drain(): void;
  endAll(reason: EndReason, detail: string, nowMs: number): readonly Action[];
  /** Ends what has expired. To be called at `nextDeadlineMs`, and harmless at any other time. */
  advance(nowMs: number): readonly Action[];
  /** When `advance` has something to do; infinity when never. */
  readonly nextDeadlineMs: number;
  readonly allocationCount: number;
}

export function createTurnCore(options: TurnCoreOptions): TurnCore {
  const state = createState(options);
  const handleDatagram = (client: ClientPath, bytes: Uint8Array, nowMs: number) =>
    answer(state, { client, bytes, nowMs });
  return {
    handleDatagram,
    handleDataPathEvent(event, nowMs) {
      if (event.type === 'mediaStarted') {
        return state.byId.has(event.id) ? [{ type: 'mediaStarted', allocationId: event.id }] : [];
      }
      const { counterKey } = event;
      const actions: Action[] = [];
      for (const allocation of [...state.byId.values()]) {
        const held = allocation.limits.find((limit) => limit.counterKey === counterKey);
        if (held === undefined) continue;
        state.reachedCounters.set(counterKey, nowMs + held.keepMs);
        actions.push(...reachLimits(state, allocation, { counterKey, nowMs }));
      }
      return actions;
    },
    resolved(username, resolution, nowMs) {
      const parked = state.credentials.answer(username, resolution, nowMs);
      return parked.flatMap(({ client, bytes }) => handleDatagram(client, bytes, nowMs));
    },
    useCounted(allocationId, useAnswer, nowMs) {
      const allocation = state.byId.get(allocationId);
      return allocation === undefined ? [] : useCounted(state, allocation, { answer: useAnswer, nowMs });
    },
    relayOpened(allocationId, opened, nowMs) {
      const allocation = state.byId.get(allocationId);
      // Revoked or given up while the socket was opening: nobody will use it.
      if (allocation === undefined) return [{ type: 'closeRelay', allocationId }];
      return relayOpened(state, allocation, { opened, nowMs });
    },
    revoke(scope, detail, nowMs) {
      state.credentials.revoke(scope, detail);
      return [...state.byId.values()]
        .filter(({ credential }) => isRevoked(credential.grant, scope))
        .map((allocation) => end(state, allocation, { reason: reasonOf(scope), detail, nowMs }));
    },
    reconsider(accountId) {
      state.credentials.forget(accountId);
      const living = [...state.byId.values()].filter(
        ({ credential }) => credential.grant.accountId === accountId,
      );
      return [...new Set(living.map(({ credential }) => credential.username))];
    },
    review: (username, review, nowMs) =>
      [...state.byId.values()]
        .filter(({ credential }) => credential.username === username)
        .flatMap((allocation) => {
          if (!review.ok) {
            const { reason = 'revoked', detail } = review;
            return [end(state, allocation, { reason, detail, nowMs })];
          }
          const detail = refusalOfSource(
            review.terms?.sourceRules,
            allocation.client.address.ip,
            state.options,
          );
          if (detail !== undefined)
            return [end(state, allocation, { reason: 'policy-refused', detail, nowMs })];
          const { isOver, actions } = withhold(state, allocation, { ...review.terms, nowMs });
          return isOver ? actions : [...actions, ...reshape(state, allocation, { ...review, nowMs })];
        }),
    endAllocations: (allocationIds, detail, nowMs) =>
      allocationIds.flatMap((id) => {
        const allocation = state.byId.get(id);
        return allocation === undefined
          ? []
          : [end(state, allocation, { reason: 'session-ended', detail, nowMs })];
      }),
    drain() {
      state.isDraining = true;
    },
    endAll: (reason, detail, nowMs) =>
      [...state.byId.values()].map((allocation) => end(state, allocation, { reason, detail, nowMs })),
    advance: (nowMs) => advance(state, nowMs),
    get nextDeadlineMs() {
      return state.nextDeadlineMs;
    },
    get allocationCount() {
      return state.byId.size;
    },
  };
}

function reasonOf(scope: RevocationScope): EndReason {
  if ('accountId' in scope) return scope.isClosed === true ? 'account-closed' : 'account-suspended';
  return 'sessionId' in scope ? 'session-ended' : 'revoked';
}

function createState(options: TurnCoreOptions): TurnState {
  const bounds = { ...defaultBounds, ...options.bounds };
  return {
    options,
    bounds,
    nonces: createNonceMint({
      secret: options.nonceSecret,
      lifetimeMs: bounds.nonceLifetimeMs,
      features: {
        isPasswordAlgorithmsOffered: options.isSha256Offered === true,
        isUserhashOffered: options.isUserhashOffered === true,
      },
    }),
    challenges: createChallengeLimit({ perSecond: bounds.challengesPerSecond, burst: bounds.challengeBurst }),
    discoveries: createChallengeLimit({
      perSecond: bounds.discoveriesPerSecond,
      burst: bounds.discoveryBurst,
    }),
    questions: {
      strange: createChallengeLimit({
        perSecond: bounds.strangeQuestionsPerSecond,
        burst: bounds.strangeQuestionBurst,
      }),
      familiar: createChallengeLimit({
        perSecond: bounds.familiarQuestionsPerSecond,
        burst: bounds.familiarQuestionBurst,
      }),
    },
    credentials: createCredentialCache(options.realm, bounds),
    responses: createResponseCache(bounds.responseCountMax),
    times: createTimeCounters(),
    uses: createClientUses(),
    byId: new Map(),
    byClient: new Map(),
    countByHolder: new Map(),
    relayed: new Set(),
    reservations: new Map(),
    reachedCounters: new Map(),
    endings: new Map(),
    isDraining: false,
    nextDeadlineMs: Number.POSITIVE_INFINITY,
  };
}

const drop = (reason: DropReason): readonly Action[] => [{ type: 'drop', reason }];

/** RFC 8489 §6.3: what any message must pass before its method looks at it. */
function answer(
  state: TurnState,
  datagram: { readonly client: ClientPath; readonly bytes: Uint8Array; readonly nowMs: number },
): readonly Action[] {
  const decoded = decodeMessage(datagram.bytes);
  if (!decoded.ok) return drop('malformed');
  const { message } = decoded;
  const fingerprint = findAttribute(message, attributeType.fingerprint);
  if (fingerprint !== undefined && !isFingerprintRight(message.bytes, fingerprint.offset))
    return drop('fingerprint');
  if (message.messageClass !== 'request') return drop('not-a-request');
  const { client, nowMs } = datagram;
  const request = { message, client, clientKey: clientKeyOf(client), nowMs };
  if (message.method === method.binding) return binding(state, request);
  const step = steps.get(message.method);
  if (step === undefined) return drop('unknown-method');

  const authentication = authenticate(state, request);
  if (!authentication.ok) return authentication.actions;
  const before = answeredBefore(state, request);
  if (before !== undefined) return [before];
  const signed = authentication.request;
  const unknown = unknownAttributes(message);
  if (unknown.length > 0) return [refuse(state, signed, unknownAttributeError(unknown))];
  return step(state, signed, authentication.credential);
}

type Step = (state: TurnState, request: SignedRequest, credential: KnownCredential) => readonly Action[];

const steps: ReadonlyMap<number, Step> = new Map<number, Step>([
  [
    method.allocate,
    (state, request, credential) => {
      const own = state.byClient.get(request.clientKey);
      if (own?.pending !== undefined && isSameTransaction(own.pending.message, request.message)) {
        return drop('in-progress');
      }
      return allocate(state, request, credential);
    },
  ],
  [method.refresh, onAllocation(refresh)],
  [method.createPermission, onAllocation(createPermission)],
  [method.channelBind, onAllocation(channelBind)],
]);

/** RFC 8656 §5: what needs an allocation needs the one who made it. */
function onAllocation(
  step: (state: TurnState, request: SignedRequest, allocation: Allocation) => readonly Action[],
): Step {
  return (state, request, credential) => {
    const allocation = state.byClient.get(request.clientKey);
    if (allocation === undefined || allocation.pending !== undefined) {
      const ending = state.endings.get(request.clientKey);
      return [refuse(state, request, { code: 437, phrase: ending?.phrase ?? 'Allocation Mismatch' })];
    }
    if (allocation.credential.username !== credential.username) {
      return [refuse(state, request, { code: 441, phrase: 'Wrong Credentials' })];
    }
    return step(state, request, allocation);
  };
}

const isSameTransaction = (a: StunMessage, b: StunMessage) =>
  Buffer.compare(a.transactionId, b.transactionId) === 0;

function advance(state: TurnState, nowMs: number): readonly Action[] {
  const actions: Action[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (const allocation of [...state.byId.values()]) {
    actions.push(...expire(state, allocation, nowMs));
    if (state.byId.has(allocation.id)) nextMs = Math.min(nextMs, deadlineOf(state, allocation, nowMs));
  }
  for (const [key, { token, untilMs }] of state.reservations) {
    if (untilMs > nowMs) nextMs = Math.min(nextMs, untilMs);
    else {
      state.reservations.delete(key);
      actions.push({ type: 'releaseReservation', token });
    }
  }
  state.credentials.sweep(nowMs);
  state.responses.sweep(nowMs);
  state.times.sweep(nowMs);
  state.uses.sweep(nowMs);
  for (const [key, untilMs] of state.reachedCounters) if (untilMs <= nowMs) state.reachedCounters.delete(key);
  for (const [key, { untilMs }] of state.endings) if (untilMs <= nowMs) state.endings.delete(key);
  state.nextDeadlineMs = Math.min(nextMs, nowMs + sweepMs);
  return actions;
}
