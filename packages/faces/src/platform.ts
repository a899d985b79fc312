import type { RefusedRequest } from '@patchbay/domain/decisions/refused-request';
import type { DomainPorts } from '@patchbay/domain/handlers.generated';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import type { StoredConfig } from '@patchbay/domain/policy/config-levels';
import type { ConfigValues } from '@patchbay/domain/policy/effective-config';
import type { PolicyChain } from '@patchbay/domain/policy/policy-level';
import type { DataKind } from '@patchbay/domain/privacy/data-kind';
import type { Grant } from '@patchbay/domain/tenancy/reach';
import type { Actor, AuditedChange, Entity } from '@patchbay/kit/definition';
import type { ServicePorts } from '@patchbay/services/handlers.generated';

/** What a caller showed: a key or an ephemeral credential in a header, or the session of somebody signed in. */
export type Evidence = (
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'signIn'; readonly signInSessionId: string }
  /** No request brings it: the platform runs what an account set to be done with its events (HKS-4). */
  | {
      readonly kind: 'callback';
      readonly accountId: string;
      readonly webhookId: string;
      /** Of the one operation that it runs. */
      readonly scope: string;
    }
) & {
  /** The account whose host it was shown at, where that is not the platform's: it counts for nothing outside of that. */
  readonly within?: string | undefined;
};

/** Who holds the evidence, before it is known which account the request is about. */
export interface Principal {
  readonly actor: Actor;
  readonly name: string;
  /** Of a key or a credential; a user has roles instead. */
  readonly scopes?: readonly string[];
}

export type AccountState = 'active' | 'suspended' | 'closed';

/** An account as seen by one principal. */
export interface Reach {
  /** From the platform down to the account asked for. */
  readonly chain: readonly { readonly id: string; readonly state: AccountState }[];
  /** Where in that chain the principal holds something, and what. A key is an owner of its account. */
  readonly grants: readonly Grant[];
}

/** Whose requests a limit counts together, as far as their caller may be told. */
export type CountedFor =
  | { readonly kind: 'key'; readonly keyId: string }
  | { readonly kind: 'credential' }
  | { readonly kind: 'user' }
  | { readonly kind: 'address' }
  /** All keys, all credentials, or all callbacks that name a service, of an account. */
  | { readonly kind: 'keys' | 'credentials' | 'callbacks'; readonly accountId: string }
  /** An account with all that are below it. */
  | { readonly kind: 'tree'; readonly accountId: string }
  /** The same of one that the caller may not see. */
  | { readonly kind: 'treeAbove' };

/** How a request stands with the limit that is nearest to its end. */
export interface RateLimit extends RateStanding {
  readonly countedFor: CountedFor;
}

/** How a caller stands with a rate. */
export interface RateStanding {
  readonly isExceeded: boolean;
  readonly perMinuteMax: number;
  /** How many may come at once; after `windowMs` without any, so many may again. */
  readonly limit: number;
  readonly windowMs: number;
  /** How many of these may still come now. */
  readonly remaining: number;
  /** Until all of them may come again. */
  readonly resetMs: number;
  /** Until the next may come, where this one may not. */
  readonly retryAfterMs: number;
}

export interface LimitedRequest {
  /** Strangers are told apart by it. */
  readonly address: string | undefined;
  /** From an address that the caller's lists do not have: whoever found a key there uses up nothing of its account's. */
  readonly isFromOutside?: boolean;
  readonly isRead: boolean;
}

export interface AuditReport extends AuditedChange {
  readonly accountId: string;
  readonly action: string;
  readonly actor: Actor;
  readonly actorName: string;
  /** Where the caller holds the right to it; absent for what is done at no account. */
  readonly actorAccountId?: string;
  readonly requestId: string;
  readonly address?: string;
  /** The chain of the account, where it is known and cannot have changed. */
  readonly accountPath?: readonly string[];
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Keeps answers for 24 hours by caller, route and key, so that a repeated request has one effect (C40). Whoever begins
 * holds the request under a lease: when it runs out without an answer, a repeat takes the request over.
 */
export interface IdempotencyStore {
  begin(
    request: IdempotentRequest,
  ): Promise<
    | { readonly kind: 'fresh'; readonly claim: IdempotencyClaim }
    | { readonly kind: 'replay'; readonly answer: StoredAnswer }
    | { readonly kind: 'mismatch' }
    | { readonly kind: 'in_progress' }
  >;
  /**
   * Keeps the answer, in the transaction of the change it tells of. False when a repeat took the request over: the
   * change must not stay.
   */
  complete(claim: IdempotencyClaim, answer: StoredAnswer): Promise<boolean>;
  /** Forgets a request that had no effect, so that it can be repeated. */
  abandon(claim: IdempotencyClaim): Promise<void>;
}

/** A request under work, and which attempt at it this is. */
export interface IdempotencyClaim extends IdempotentRequest {
  readonly attempt: number;
}

export interface IdempotentRequest {
  /** The key's or the user's id: two callers never meet. */
  readonly callerId: string;
  /** Absent where a request is about no account: then it is kept at the platform's. */
  readonly accountId: string | undefined;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** Cursors of lists as they leave, and as they come back. A place names the list and whose it is. */
export interface ListCursors {
  seal(place: string, cursor: string): string;
  /** Undefined for what was not sealed for this place. */
  open(place: string, sealed: string): string | undefined;
}

/** What dispatch asks of the world. A refusal is a thrown ServiceError. */
export interface Platform {
  readonly servicePorts: ServicePorts;
  readonly domainPorts: DomainPorts;
  /** What services leave, and is listed as their data. */
  readonly dataKinds: readonly DataKind[];
  readonly idempotency: IdempotencyStore;
  readonly cursors: ListCursors;
  nowMs(): number;
  /** By how much the time of an account's books is ahead: 0 for whatever is live (PRD-1). */
  aheadMsOf(entity: Entity): Promise<number>;
  /**
   * Resolves to undefined when the evidence is missing or does not hold. Refuses an address from which too much came that
   * did not hold.
   */
  authenticate(evidence: Evidence | undefined, address: string | undefined): Promise<Principal | undefined>;
  /** Resolves to undefined when there is no such account, or none within reach: the two look alike (C1). */
  reach(principal: Principal, accountId: string): Promise<Reach | undefined>;
  rateLimit(principal: Principal, request: LimitedRequest): Promise<RateLimit>;
  /** What is set for the entity and for the accounts above it. */
  configChain(entity: Entity): Promise<readonly StoredConfig[]>;
  /**
   * Sets what the entity itself says, or what an account above says of it, and answers what was said until then. Undefined: its
   * application, instance type or endpoint is gone. 'too_many': as many endpoints of the account have settings of whoever says
   * it as may. 'not_above': that account stands above it no longer.
   */
  setConfig(
    entity: Entity,
    service: string,
    said: { readonly values: ConfigValues; readonly setById?: string | undefined },
  ): Promise<ConfigValues | 'too_many' | 'not_above' | undefined>;
  /** The levels of policies that hold for the entity, from the top down: no older than the authentication of who asks. */
  policyChain(entity: Entity, asking: Principal): Promise<PolicyChain>;
  /** The lists of addresses of an account and of those above it, from the top down (ACC-9), no older than that either. */
  accessChain(accountId: string, asking: Principal): Promise<PolicyChain>;
  /** Counts a use. It never fails, and delays nobody. */
  recordUsage(usedBy: UsedBy, use: CountedUse): void;
  emit(accountId: string, event: string, payload: unknown): Promise<void>;
  audit(report: AuditReport): Promise<void>;
  /** Keeps a refused request for a time, so that whoever made it can ask why (PRD-8). It never fails, and delays nobody. */
  noteRefused(refused: RefusedRequest): void;
  /**
   * Runs work of which everything is kept or nothing: a change, its entry in the audit log, what it tells the nodes, and
   * the answer kept for a repeat (ACC-8, C40). Work inside of other such work belongs to it.
   */
  atomically<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Waits until no other such work holds what is named, and holds it until this work is over. */
  inTurn(name: string): Promise<void>;
  /**
   * The same for work that changes nothing, and only leaves an entry in the audit log, events and an answer behind: these
   * are kept together when it is done, and until then nothing is held.
   */
  keptAtEnd<Value>(work: () => Promise<Value>): Promise<Value>;
}
