import { callerIdOf } from '@patchbay/faces/idempotency';
import type { CountedFor, LimitedRequest, Principal } from '@patchbay/faces/platform';
import { networkOf } from '@patchbay/kit/cidr';
import type { Rate } from './rate-limiter.ts';
import { type Counter, termsOf } from './shared-rates.ts';

/** One of those that a request to the API is counted for, by a name that its caller may be told. */
export interface RequestCounter extends Counter {
  readonly countedFor: CountedFor;
}

export type RequestCounters = readonly [RequestCounter, ...RequestCounter[]];

/** What the keys of one account may do together, in times of what one of them may. */
const ACCOUNT_FACTOR = 2;
/** The same of an account below the platform with all accounts below it, however many and however deep. */
const TREE_FACTOR = 20;
/** What one account with all below it may have of what its parent's tree has: the rest is left to its siblings. */
const CHILD_SHARE = 1 / 2;

/**
 * By how many levels an account stands below the highest of its tree: each has half of what stands next above it, and none less
 * than the keys of one account, which is reached at the fifth level.
 */
const treeFactorAt = (level: number): number => Math.max(ACCOUNT_FACTOR, TREE_FACTOR * CHILD_SHARE ** level);

interface CallerRates {
  /** Of one key, one credential or one user. */
  readonly perMinuteMax: number;
  /** Of what strangers change, such as signing up, for each network. */
  readonly strangersChanges: Rate;
}

interface Counted {
  readonly principal: Principal;
  /** Of its account, from the platform down; empty for whoever is of none. */
  readonly chain: readonly string[];
  readonly request: LimitedRequest;
}

/**
 * Whom a request is counted for (C18): whoever sends it; the keys of its account, or the credentials, so that what is in
 * browsers uses up nothing of what servers have; and the tree of each account from there up, or whoever makes accounts would
 * come more often. Of a tree each child has a share with all below it, and can keep nobody beside it from the rest. People are counted for themselves alone: they are to see,
 * and to end, what uses an account's rate up. The platform is no tree: that is all there is.
 */
export function requestCounters({ perMinuteMax, strangersChanges }: CallerRates) {
  const times = (factor: number) =>
    termsOf({
      perMinuteMax: perMinuteMax * factor,
      burstMax: Math.ceil(Math.ceil(perMinuteMax / 4) * factor),
    });
  const [ofOne, ofAccount] = [times(1), times(ACCOUNT_FACTOR)];
  const ofChanges = termsOf(strangersChanges);

  return ({ principal, chain, request }: Counted): RequestCounters => {
    const { address, isRead, isFromOutside = false } = request;
    const caller = callerOf(principal, address);
    // A network from which a key may not come uses up what is that network's own.
    const { actor } = principal;
    if (isFromOutside) {
      const of = 'accountId' in actor ? actor.accountId : caller.caller;
      const outside = `outside ${of} ${networkOf(address ?? '')}`;
      return [{ caller: outside, terms: ofOne, countedFor: { kind: 'address' } }];
    }
    if (actor.kind === 'stranger' && !isRead)
      return [{ ...caller, caller: `changes ${caller.caller}`, terms: ofChanges }];
    const counter = { ...caller, terms: ofOne };
    if (actor.kind !== 'key' && actor.kind !== 'credential' && actor.kind !== 'callback') return [counter];
    const { accountId } = actor;
    const kind = `${actor.kind}s` as const;
    return [
      counter,
      { caller: `${kind} ${accountId}`, terms: ofAccount, countedFor: { kind, accountId } },
      ...chain.slice(1).map((id, level) => ({
        caller: `tree ${id}`,
        terms: times(treeFactorAt(level)),
        // Of what is above its account a key or a credential is told no more than that.
        countedFor:
          id === accountId ? ({ kind: 'tree', accountId } as const) : ({ kind: 'treeAbove' } as const),
      })),
    ];
  };
}

function callerOf(
  principal: Principal,
  address: string | undefined,
): Pick<RequestCounter, 'caller' | 'countedFor'> {
  const { actor } = principal;
  switch (actor.kind) {
    case 'key':
      return { caller: `key ${actor.keyId}`, countedFor: { kind: 'key', keyId: actor.keyId } };
    case 'credential':
      return { caller: `credential ${actor.credentialId}`, countedFor: { kind: 'credential' } };
    case 'callback':
      return {
        caller: `callback ${actor.webhookId}`,
        countedFor: { kind: 'callbacks', accountId: actor.accountId },
      };
    case 'user':
    case 'platform':
      return { caller: `${actor.kind} ${callerIdOf(principal)}`, countedFor: { kind: 'user' } };
    case 'stranger':
      return { caller: `stranger ${networkOf(address ?? '')}`, countedFor: { kind: 'address' } };
  }
}
