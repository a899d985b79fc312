import type { EndpointsPorts } from '@patchbay/domain/endpoints/ports';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

/**
 * What is configured of endpoints, as nodes have to hear of it.
 * @param changed Tells nodes to ask again for an account.
 */
export function endpointSettings(
  prisma: PrismaClient,
  changed: (accountId: string) => Promise<void>,
): EndpointsPorts['settings'] {
  return {
    came: async ({ accountId, endpointId }) => {
      const count = await inAccount(prisma, accountId, ({ serviceConfig }) =>
        serviceConfig.count({ where: { accountId, endpointId } }),
      );
      if (count > 0) await changed(accountId);
    },
  };
}
