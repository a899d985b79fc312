import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

export interface TeamAddressesOptions {
  /** False on a machine that only its owner reaches: there no address has to be proved. */
  readonly isProofAsked: boolean;
}

/** Whether an address is that of somebody who took a role in the account itself, and proved it where proof is asked. */
export const teamAddresses =
  (prisma: PrismaClient, { isProofAsked }: TeamAddressesOptions) =>
  ({ accountId, address }: { readonly accountId: string; readonly address: string }): Promise<boolean> =>
    inAccount(prisma, accountId, async ({ roleGrant }) => {
      const grant = await roleGrant.findFirst({
        where: {
          accountId,
          acceptedAt: { not: null },
          user: {
            email: address.toLowerCase(),
            ...(isProofAsked ? { emailVerifiedAt: { not: null } } : {}),
          },
        },
        select: { userId: true },
      });
      return grant !== null;
    });
