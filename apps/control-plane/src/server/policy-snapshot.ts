import type { AccountSnapshot, ApplicationSnapshot } from '@patchbay/adapters/prisma/snapshots';
import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { policyChain } from '@patchbay/domain/policy/policy-chain';

const idsOf = (chain: AccountSnapshot['chain']) => chain.map(({ id }) => id);

/** The levels of an account that a node of a region decides by, and those of its endpoints. */
export function accountPolicyOf(
  { chain, policies }: AccountSnapshot,
  region: string,
): Pick<InternalResponse<'accountSnapshot'>, 'policy' | 'endpointPolicies'> {
  const ids = idsOf(chain);
  const endpoints = policies.flatMap(({ endpoint }) => endpoint ?? []);
  return {
    policy: [...policyChain({ chain: ids, region }, policies)],
    endpointPolicies: endpoints.flatMap((endpoint) =>
      policyChain({ chain: ids, endpoint }, policies).filter(({ origin }) => origin.level === 'endpoint'),
    ),
  };
}

/** What stands below that for an application, and for each of its instance types. */
export function applicationPolicyOf({
  chain,
  policies,
  applicationId,
  instanceTypes,
}: ApplicationSnapshot): Pick<InternalResponse<'applicationSnapshot'>, 'policy' | 'policyByInstanceType'> {
  const levelsOf = (level: string, instanceType?: string) =>
    policyChain({ chain: idsOf(chain), applicationId, instanceType }, policies).filter(
      ({ origin }) => origin.level === level,
    );
  return {
    policy: levelsOf('application'),
    policyByInstanceType: Object.fromEntries(
      instanceTypes.map((instanceType) => [instanceType, levelsOf('instanceType', instanceType)]),
    ),
  };
}
