import type { AddressProofOptions } from './address-proof.ts';
import type { PrismaClient } from './generated/client.ts';
import { liveAccountOf } from './live-account.ts';
import { inAccount } from './scope.ts';

/** Whether an address is that of somebody who took a role in the account itself, and proved it where proof is asked. */
export const teamAddresses =
  (prisma: PrismaClient, { isProofAsked }: AddressProofOptions) =>
  async (asked: { readonly accountId: string; readonly address: string }): Promise<boolean> => {
    const accountId = await liveAccountOf(prisma, asked.accountId);
    return await inAccount(prisma, accountId, async ({ roleGrant }) => {
      const grant = await roleGrant.findFirst({
        where: {
          accountId,
          acceptedAt: { not: null },
          user: {
            email: asked.address.toLowerCase(),
            ...(isProofAsked ? { emailVerifiedAt: { not: null } } : {}),
          },
        },
        select: { userId: true },
      });
      return grant !== null;
    });
  };
