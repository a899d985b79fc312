/** The resolver on a control plane that lives in memory, with credentials minted as a customer's server mints them. */

import { createHash } from 'node:crypto';
import type { InternalCall, InternalRequest } from '@patchbay/domain/fleet/internal-api';
import type { SpentBudget } from '@patchbay/domain/policy/decide';
import type { PolicyChain, PolicyLevel } from '@patchbay/domain/policy/policy-level';
import type { AccountState } from '@patchbay/domain/tenancy/account-state';
import type { CountryTable } from '@patchbay/kit/country-table';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import { createId } from '@patchbay/kit/ids';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { mint } from '@patchbay/protocol/credential/credential';
import type { Effective } from '@patchbay/protocol/credential/effective';
import { ControlPlaneRefusal } from './control-plane-client.ts';
import type { HeldPolicy } from './credential-policy.ts';
import { CredentialResolver, endsOf } from './credential-resolver.ts';
import { Revocations } from './revocations.ts';
import { type AccountSnapshot, type KeySnapshot, Snapshots } from './snapshots.ts';

export interface ResolverBench {
  readonly accountId: string;
  readonly childId: string;
  readonly keyId: string;
  /** Of the account, with the instance type `paid`. */
  readonly applicationId: string;
  readonly nowMs: number;
  readonly revocations: Revocations;
  /** What was asked of the ends of credentials. */
  readonly watched: readonly InternalRequest<'watchEnds'>[];
  readonly resolver: CredentialResolver;
  /** The username of a new credential; it lives for an hour unless the caveats say otherwise. */
  username(...caveats: readonly Restriction[]): string;
  /** What a use at a service comes to: `ok` or the code of the refusal. */
  outcome(service: string, username: string): Promise<string>;
  /** The same of whoever holds it, and has proven so. */
  provenOutcome(service: string, username: string): Promise<string>;
  /** What it may do there; throws when it is refused. */
  effective(service: string, username: string): Promise<Effective>;
  /** What policies make of it there; throws when it is refused. */
  held(service: string, username: string): Promise<HeldPolicy>;
}

interface BenchOptions {
  readonly key?: Partial<KeySnapshot>;
  /** Of both accounts. */
  readonly caps?: AccountSnapshot['caps'];
  /** Of the application, and of its one instance type `paid`. Default: those of its account. */
  readonly applicationCaps?: AccountSnapshot['caps'];
  readonly paidCaps?: AccountSnapshot['caps'];
  /** Of both accounts. */
  readonly capsByEndpoint?: AccountSnapshot['capsByEndpoint'];
  /** Of both accounts. */
  readonly policy?: PolicyChain;
  readonly endpointPolicies?: PolicyChain;
  /** Those that are put there later hold as well, until an account is first asked about. */
  readonly credentialPolicies?: PolicyLevel[];
  readonly spent?: readonly SpentBudget[];
  readonly countries?: CountryTable;
  /** What the control plane says of a credential that events end; undefined: it is away. */
  readonly hasEnded?: boolean | undefined;
  /** What clients of signaling say that they run on. */
  readonly deviceKind?: DeviceKind;
  readonly accountState?: AccountState;
}

const mintKey = createHash('sha256').update('the mint branch of a test').digest();

export function resolverBench({
  key: ofKey = {},
  caps = {},
  capsByEndpoint = {},
  applicationCaps = caps,
  paidCaps = applicationCaps,
  policy = [],
  endpointPolicies = [],
  credentialPolicies = [],
  spent = [],
  countries,
  hasEnded,
  deviceKind = 'desktop',
  accountState = 'active',
}: BenchOptions = {}): ResolverBench {
  const nowMs = Date.UTC(2026, 10, 24);
  const [accountId, childId, keyId] = [createId('acc'), createId('acc'), createId('key')];
  const applicationId = createId('app');
  const policies = {
    policy: [...policy],
    endpointPolicies: [...endpointPolicies],
    credentialPolicies,
    spent: [...spent],
  };
  const chain = [{ id: accountId, state: accountState }];
  const key: KeySnapshot = {
    keyId,
    mode: 'live',
    mintKey: mintKey.toString('base64url'),
    accountId,
    chain,
    isRevoked: false,
    mintsFor: ['network-discovery', 'signaling', 'notification'],
    ...ofKey,
  };
  const accounts: readonly AccountSnapshot[] = [
    { accountId, chain, caps, capsByEndpoint, ...policies },
    {
      accountId: childId,
      chain: [...chain, { id: childId, state: 'active' }],
      caps,
      capsByEndpoint,
      ...policies,
    },
  ];
  const answers: Partial<Record<InternalCall, (request: Readonly<Record<string, unknown>>) => unknown>> = {
    keySnapshot: (request) => (request.keyId === keyId ? key : undefined),
    applicationSnapshot: (request) =>
      request.accountId === accountId && request.applicationId === applicationId
        ? {
            accountId,
            applicationId,
            chain,
            caps: applicationCaps,
            capsByInstanceType: { paid: paidCaps },
            policy: [],
            policyByInstanceType: {},
          }
        : undefined,
    accountSnapshot: (request) => accounts.find((account) => account.accountId === request.accountId),
  };
  const call = async (name: InternalCall, request: object) => {
    const answer = answers[name]?.({ ...request });
    if (answer === undefined) throw new ControlPlaneRefusal(404, 'resource.unknown', 'There is none.');
    return answer as never;
  };
  const snapshots = new Snapshots({ client: { call }, busAwaySinceMs: () => undefined, nowMs: () => nowMs });
  const revocations = new Revocations();
  const watched: InternalRequest<'watchEnds'>[] = [];
  const resolver = new CredentialResolver({
    snapshots,
    revocations,
    countries,
    watchEnds: async (credential) => {
      watched.push(credential);
      if (hasEnded === undefined) throw new Error('It is away.');
      return { hasEnded };
    },
    region: 'local',
    nowMs: () => nowMs,
  });
  const allowed = async (service: string, username: string) => {
    const resolved = await resolve(service, username);
    if (resolved.kind !== 'ok') throw new Error(resolved.detail);
    return resolved;
  };
  const resolve = (service: string, username: string) => {
    const sourceIp = '192.0.2.1';
    const use =
      service === 'network-discovery'
        ? ({ verifier: 'relay', feature: 'network-discovery.relay' } as const)
        : ({ verifier: 'signaling', deviceKind } as const);
    return resolver.resolveUsername(username, { ...use, service, sourceIp });
  };
  let count = 0;
  return {
    accountId,
    childId,
    keyId,
    applicationId,
    nowMs,
    revocations,
    resolver,
    watched,
    username: (...caveats) => {
      const isTimed = caveats.some(({ type }) => type === 'notAfter');
      const life: Restriction[] = isTimed ? [] : [{ type: 'notAfter', atMs: nowMs + 3_600_000 }];
      const randomId = new Uint8Array(12).fill(++count);
      return mint({ keyId, mintKey, caveats: [...life, ...caveats], randomId }).username;
    },
    outcome: async (service, username) => {
      const resolved = await resolve(service, username);
      return resolved.kind === 'refused' ? resolved.code : resolved.kind;
    },
    provenOutcome: async (service, username) => {
      const resolved = await resolve(service, username);
      if (resolved.kind !== 'ok') return resolved.kind === 'refused' ? resolved.code : resolved.kind;
      const refused = await resolver.refusalByEvent(resolved.credentialId, endsOf(resolved));
      return refused === undefined ? 'ok' : refused.kind === 'refused' ? refused.code : refused.kind;
    },
    effective: async (service, username) => (await allowed(service, username)).effective,
    held: async (service, username) => (await allowed(service, username)).policy,
  };
}
