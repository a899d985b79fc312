import { type PolicySubject, policyChain, type StoredPolicy } from './policy-chain.ts';
import type { PolicyChain, PolicyLevel } from './policy-level.ts';

/** What a node is told of the levels of an account: it puts them together for whoever comes. */
export interface AccountLevels {
  /** Its own and those of the accounts above, for the region of the node. */
  readonly policy: PolicyLevel[];
  readonly endpointPolicies: PolicyLevel[];
  /** What levels of credentials are held to. */
  readonly credentialPolicies: PolicyLevel[];
}

/** The same of an application. */
export interface ApplicationLevels {
  readonly policy: PolicyLevel[];
  readonly policyByInstanceType: Readonly<Record<string, PolicyLevel[]>>;
}

type Stored = readonly StoredPolicy[];

export function accountLevels(
  { chain, region }: Pick<PolicySubject, 'chain' | 'region'>,
  stored: Stored,
): AccountLevels {
  const endpoints = [...new Set(stored.flatMap(({ endpoint }) => endpoint ?? []))];
  const prefixIds = stored.flatMap(({ credentialId }) => credentialId ?? []);
  return {
    policy: [...policyChain({ chain, region }, stored)],
    endpointPolicies: endpoints.flatMap((endpoint) => levelsAt('endpoint', { chain, endpoint }, stored)),
    credentialPolicies: levelsAt('credential', { chain, prefixIds }, stored),
  };
}

export function applicationLevels(
  {
    chain,
    applicationId,
    instanceTypes,
  }: Pick<PolicySubject, 'chain' | 'applicationId'> & { readonly instanceTypes: readonly string[] },
  stored: Stored,
): ApplicationLevels {
  const ofType = (instanceType: string) =>
    levelsAt('instanceType', { chain, applicationId, instanceType }, stored);
  return {
    policy: levelsAt('application', { chain, applicationId }, stored),
    policyByInstanceType: Object.fromEntries(instanceTypes.map((type) => [type, ofType(type)])),
  };
}

const levelsAt = (level: PolicyLevel['origin']['level'], subject: PolicySubject, stored: Stored) =>
  policyChain(subject, stored).filter(({ origin }) => origin.level === level);

/** The chain that the control plane has of the same subject: so both decide alike (POL-2). */
export function joinedLevels(
  account: AccountLevels,
  application: ApplicationLevels | undefined,
  { instanceType, endpoint, prefixIds = [] }: Pick<PolicySubject, 'instanceType' | 'endpoint' | 'prefixIds'>,
): PolicyChain {
  const byType = application?.policyByInstanceType ?? {};
  // A name of the credential's own: what every object has is no instance type.
  const ofType =
    instanceType !== undefined && Object.hasOwn(byType, instanceType) ? byType[instanceType] : [];
  const ofEndpoint = account.endpointPolicies.filter(
    ({ origin }) => origin.level === 'endpoint' && origin.endpoint === endpoint,
  );
  const ofCredential = account.credentialPolicies.filter(
    ({ origin }) => origin.level === 'credential' && prefixIds.includes(origin.credentialId),
  );
  return [
    ...account.policy,
    ...(application?.policy ?? []),
    ...(ofType ?? []),
    ...ofEndpoint,
    ...ofCredential,
  ];
}
