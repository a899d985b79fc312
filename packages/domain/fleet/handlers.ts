import type { DomainHandlers } from '@patchbay/kit/definition';
import type { fleet } from './definition.ts';
import type { FleetPorts } from './ports.ts';
import { publishedAddresses } from './published-address.ts';

export const handlers: DomainHandlers<typeof fleet, FleetPorts> = {
  platform: {
    async addresses({ actor }, { role, region }, { nodes, apiUrlAt }) {
      const apiUrl = await apiUrlAt('within' in actor ? actor.within : undefined);
      const items = publishedAddresses(await nodes.serving(), apiUrl).filter(
        (address) =>
          (role === undefined || address.role === role) &&
          (region === undefined || address.region === region),
      );
      return { items };
    },
  },
};
