import type { PostgresBus } from '@patchbay/adapters/bus/postgres-bus';
import type { AuditStore } from '@patchbay/adapters/prisma/audit-store';
import type { EventStore } from '@patchbay/adapters/prisma/event-store';
import type { AccountStanding, KeyStore } from '@patchbay/adapters/prisma/key-store';
import type { ServiceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import type { SignIns } from '@patchbay/adapters/prisma/sign-in';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { accessChain, policyChain } from '@patchbay/domain/policy/policy-chain';
import type { PolicyPorts } from '@patchbay/domain/policy/ports';
import type { Grant } from '@patchbay/domain/tenancy/reach';
import type {
  AccountState,
  Evidence,
  LimitedRequest,
  Platform,
  Principal,
  Reach,
} from '@patchbay/faces/platform';
import type { Actor, Viewing } from '@patchbay/kit/definition';
import type { CredentialHolder } from './credential-principal.ts';
import { toBusMessage } from './node-messages.ts';
import type { RequestCounters } from './request-counters.ts';
import type { SharedRates } from './shared-rates.ts';
import { WrongSecrets } from './wrong-secrets.ts';

export interface PlatformParts
  extends Pick<
    Platform,
    | 'servicePorts'
    | 'domainPorts'
    | 'dataKinds'
    | 'idempotency'
    | 'cursors'
    | 'recordUsage'
    | 'noteRefused'
    | 'nowMs'
    | 'aheadMsOf'
    | 'atomically'
    | 'inTurn'
    | 'keptAtEnd'
  > {
  readonly keys: KeyStore;
  /** Who holds an ephemeral credential, if it holds. */
  readonly ofCredential: (token: string) => Promise<CredentialHolder | undefined>;
  readonly signIns: SignIns;
  /** From the platform down; empty when there is no such account. */
  readonly chainOf: (
    accountId: string,
  ) => Promise<readonly { readonly id: string; readonly state: AccountState }[]>;
  /** Whether an account, or whose twin it is, is at or below another. */
  readonly isWithin: (accountId: string, topId: string) => Promise<boolean>;
  readonly grantsOf: (userId: string, viewing?: string, within?: string) => Promise<readonly Grant[]>;
  /** What the holder of a session looks at, as somebody above an account may. */
  readonly viewOf: (signInSessionId: string) => Promise<Viewing | undefined>;
  readonly configs: ServiceConfigStore;
  readonly policies: Pick<PolicyPorts['policies'], 'chain'>;
  readonly auditLog: AuditStore;
  readonly events: EventStore;
  readonly bus: Pick<PostgresBus, 'publish'>;
  readonly rates: Pick<SharedRates, 'count'>;
  /** Whom a request is counted for. */
  readonly countersOf: (counted: {
    readonly principal: Principal;
    readonly chain: readonly string[];
    readonly request: LimitedRequest;
  }) => RequestCounters;
}

/** What dispatch asks of the world, answered by the stores. */
export function createPlatform(parts: PlatformParts): Platform {
  const {
    servicePorts,
    domainPorts,
    dataKinds,
    idempotency,
    cursors,
    recordUsage,
    noteRefused,
    nowMs,
    aheadMsOf,
    atomically,
    inTurn,
    keptAtEnd,
  } = parts;
  const wrongSecrets = new WrongSecrets();
  const principalOf = onceForEach((evidence: Evidence) => {
    let principal: Promise<Principal | undefined> | undefined;
    return (address = '') => {
      // A sign-in session comes in a cookie that we signed: nobody tries those. A callback nobody shows.
      principal ??=
        evidence.kind !== 'bearer'
          ? authenticate(parts, evidence)
          : wrongSecrets.authenticate({ secret: evidence.token, address, nowMs: nowMs() }, () =>
              authenticate(parts, evidence),
            );
      return principal;
    };
  });
  const reachesOf = onceForEach((principal: Principal) => {
    const reaches = new Map<string, Promise<Reach | undefined>>();
    return (accountId: string) => {
      const known = reaches.get(accountId) ?? reach(parts, principal, accountId);
      reaches.set(accountId, known);
      return known;
    };
  });
  return {
    servicePorts,
    domainPorts,
    dataKinds,
    idempotency,
    cursors,
    recordUsage,
    noteRefused,
    nowMs,
    aheadMsOf,
    atomically,
    inTurn,
    keptAtEnd,
    authenticate: async (evidence, address) => evidence && principalOf(evidence)(address),
    reach: (principal, accountId) => reachesOf(principal)(accountId),
    rateLimit: async (principal, request) => {
      const chain = accountChains.get(principal) ?? [];
      const counters = parts.countersOf({ principal, chain, request });
      const { counter, ...standing } = await parts.rates.count(counters, nowMs());
      return { ...standing, countedFor: counter.countedFor };
    },
    configChain: ({ accountId, applicationId, endpointId }) =>
      parts.configs.configChain({ accountId, applicationId, endpointId }),
    setConfig: async ({ accountId, applicationId, instanceType, endpointId }, service, said) => {
      const before = await parts.configs.setConfig({
        accountId,
        // An endpoint has one word, whatever its application.
        ...(endpointId === undefined ? { applicationId, instanceType } : { endpointId }),
        service,
        ...said,
      });
      if (typeof before === 'object') await parts.bus.publish({ type: 'account.changed', accountId });
      return before;
    },
    policyChain: async (entity, asking) => policyChain(entity, await storedPolicies(parts, entity, asking)),
    accessChain: async (accountId, asking) => accessChain(await storedPolicies(parts, { accountId }, asking)),
    emit: async (accountId, event, payload) => {
      await parts.events.append(eventOfHandler({ accountId, type: event, data: payload, atMs: nowMs() }));
      const message = toBusMessage(accountId, event, payload);
      if (message !== undefined) await parts.bus.publish(message);
    },
    audit: async ({ accountId, accountPath, actor, actorName, actorAccountId, ...said }) => {
      const { action, target, requestId, address, before, after } = said;
      await parts.auditLog.append({
        accountId,
        accountPath: accountPath ?? (await parts.chainOf(accountId)).map(({ id }) => id),
        actorId: actorIdOf(actor),
        actorName,
        actorAccountId,
        address,
        action,
        target,
        requestId,
        before,
        after,
      });
    },
  };
}

/**
 * Answers once for each object, as long as it lives. Evidence and principal are made anew for every request: so the calls
 * of one batch, which run at once, ask the database a single time who is calling and how far that reaches.
 */
function onceForEach<Subject extends object, Answer>(
  ask: (subject: Subject) => Answer,
): (subject: Subject) => Answer {
  const answers = new WeakMap<Subject, { readonly answer: Answer }>();
  return (subject) => {
    const known = answers.get(subject) ?? { answer: ask(subject) };
    answers.set(subject, known);
    return known.answer;
  };
}

/** At the host of an account's brand, a key or a credential of an account that is not below it, or a twin of that, is none. */
async function authenticate(parts: PlatformParts, evidence: Evidence): Promise<Principal | undefined> {
  const principal = await holderOf(parts, evidence);
  const { within } = evidence;
  if (principal === undefined || within === undefined || !('accountId' in principal.actor)) return principal;
  return (await parts.isWithin(principal.actor.accountId, within)) ? principal : undefined;
}

async function holderOf(
  { keys, signIns, viewOf, ofCredential, chainOf }: PlatformParts,
  evidence: Evidence,
): Promise<Principal | undefined> {
  const within = evidence.within === undefined ? {} : { within: evidence.within };
  if (evidence.kind === 'signIn') {
    // First, because a view that is over has no session: the other way round it would be one without bounds for a moment.
    const viewing = await viewOf(evidence.signInSessionId);
    const user = await signIns.check(evidence.signInSessionId);
    if (user === undefined) return undefined;
    const looking = viewing === undefined ? {} : { viewing };
    const { signInSessionId } = evidence;
    return {
      actor: { kind: 'user', userId: user.userId, signInSessionId, ...looking, ...within },
      name: user.name,
    };
  }
  if (evidence.kind === 'callback') {
    const { accountId, webhookId, scope } = evidence;
    const principal: Principal = {
      actor: { kind: 'callback', webhookId, accountId },
      name: `Callback ${webhookId}`,
      scopes: [scope],
    };
    accountChains.set(
      principal,
      (await chainOf(accountId)).map(({ id }) => id),
    );
    return principal;
  }
  // A secret key begins with pb_, a credential never does.
  if (!evidence.token.startsWith('pb_')) {
    const held = await ofCredential(evidence.token);
    if (held !== undefined) accountChains.set(held.principal, held.accountChain);
    return held?.principal;
  }
  const key = await keys.authenticate(evidence.token);
  if (key === undefined) return undefined;
  const { keyId, accountId, name, scopes, standing } = key;
  const principal: Principal = { actor: { kind: 'key', keyId, accountId }, name, scopes };
  standings.set(principal, { ...standing, accountId });
  accountChains.set(
    principal,
    standing.chain.map(({ id }) => id),
  );
  return principal;
}

/**
 * What was read of a key's account with the key itself. A principal is made anew for every request, and lives no longer.
 */
const standings = new WeakMap<Principal, AccountStanding & { readonly accountId: string }>();

/** Of the account of a key or a credential, from the platform down, as it was read with that. */
const accountChains = new WeakMap<Principal, readonly string[]>();

function standingOf(principal: Principal, accountId: string): AccountStanding | undefined {
  const known = standings.get(principal);
  return known?.accountId === accountId ? known : undefined;
}

const storedPolicies = async (
  { policies }: PlatformParts,
  { accountId }: { readonly accountId: string },
  asking: Principal,
) => standingOf(asking, accountId)?.policies ?? (await policies.chain({ accountId }));

/** A key holds all rights at its own account, and so below it; a user, what they were given along the chain. */
async function reach(
  { chainOf, grantsOf }: PlatformParts,
  principal: Principal,
  accountId: string,
): Promise<Reach | undefined> {
  const { actor } = principal;
  const chain = standingOf(principal, accountId)?.chain ?? (await chainOf(accountId));
  const held = await grantsOfActor(actor, grantsOf);
  const grants = held.filter((grant) => chain.some(({ id }) => id === grant.accountId));
  return grants.length === 0 ? undefined : { chain, grants };
}

async function grantsOfActor(actor: Actor, grantsOf: PlatformParts['grantsOf']): Promise<Reach['grants']> {
  switch (actor.kind) {
    case 'key':
      return [{ accountId: actor.accountId, role: 'owner' }];
    case 'callback':
      return [{ accountId: actor.accountId, role: 'developer' }];
    case 'user':
      return grantsOf(actor.userId, actor.viewing?.accountId, actor.within);
    case 'credential':
    case 'platform':
    case 'stranger':
      return [];
  }
}

function actorIdOf(actor: Actor): string {
  switch (actor.kind) {
    case 'key':
      return actor.keyId;
    case 'user':
      return actor.userId;
    case 'credential':
      return actor.credentialId;
    case 'callback':
      return actor.webhookId;
    case 'platform':
    case 'stranger':
      return actor.kind;
  }
}
