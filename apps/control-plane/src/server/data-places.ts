import type { FleetStore } from '@patchbay/adapters/prisma/fleet-store';
import type { DataPlaces } from '@patchbay/domain/policy/data-regions';
import { effectivePolicy } from '@patchbay/domain/policy/effective-policy';
import { policyChain } from '@patchbay/domain/policy/policy-chain';
import type { PolicyPorts } from '@patchbay/domain/policy/ports';
import { servingRegions } from '@patchbay/domain/policy/serving-regions';
import type { NodePlace, PlacePorts } from '@patchbay/domain/privacy/ports';
import type { ControlPlaneEnv } from './env.ts';

interface Ports {
  readonly env: Pick<ControlPlaneEnv, 'PATCHBAY_STORAGE_REGIONS'>;
  readonly fleet: Pick<FleetStore, 'list' | 'serving'>;
  readonly policies: Pick<PolicyPorts['policies'], 'chain'>;
  readonly chainOf: (accountId: string) => Promise<readonly { readonly id: string }[]>;
}

export interface ServingIn {
  /** Absent: in all. */
  readonly regions?: readonly string[] | undefined;
}

/** Where a browser connects. */
export async function signalUrlIn(
  fleet: Pick<FleetStore, 'live'>,
  regions: readonly string[] | undefined,
): Promise<string | undefined> {
  const nodes = await fleet.live({ role: 'signaling' });
  return nodes.find(({ region }) => regions?.includes(region) ?? true)?.urls.signal?.[0];
}

/** Where data are, and where accounts have them kept (PRD-4): for whoever sets that, and whoever asks. */
export function dataPlaces({ env, fleet, policies, chainOf }: Ports) {
  const { PATCHBAY_STORAGE_REGIONS: storageRegions } = env;
  const placed: PlacePorts = {
    storageRegions,
    dataRegions: async ({ accountId, chain }) =>
      effectivePolicy(policyChain({ chain }, await policies.chain({ accountId }))).dataRegions,
    async nodes() {
      const places = (await fleet.serving()).flatMap(({ roles, region }) =>
        roles.map((role): NodePlace => ({ role, region })),
      );
      return [...new Map(places.map((place) => [`${place.role} ${place.region}`, place])).values()];
    },
  };
  return {
    placed,
    /** Whose nodes an account is told of. */
    async servingRegions(accountId: string): Promise<readonly string[] | undefined> {
      const [accounts, stored] = await Promise.all([chainOf(accountId), policies.chain({ accountId })]);
      const chain = accounts.map(({ id }) => id);
      return servingRegions(effectivePolicy(policyChain({ chain }, stored)));
    },
    regionNames: async () => [...new Set((await fleet.list()).map(({ region }) => region))].sort(),
    async promised(): Promise<DataPlaces> {
      const workers = (await fleet.list()).filter(
        ({ roles, state }) => roles.includes('jobs') && state !== 'removed',
      );
      return { storageRegions, workerRegions: [...new Set(workers.map(({ region }) => region))].sort() };
    },
  };
}
