import type { AddressProofOptions } from './address-proof.ts';
import type { PrismaClient } from './generated/client.ts';
import { liveAccountOf } from './live-account.ts';
import { inAccount } from './scope.ts';

/** Of one account, so that an event does not become a flood. */
const PEOPLE_COUNT_MAX = 20;

export interface BillingPerson {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
}

/** Who looks after the money of an account: those with the role billing there, or where nobody has it, its owners. */
export const billingPeople =
  (prisma: PrismaClient, { isProofAsked }: AddressProofOptions) =>
  async (ofAccountId: string): Promise<readonly BillingPerson[]> => {
    const accountId = await liveAccountOf(prisma, ofAccountId);
    return await inAccount(prisma, accountId, async ({ roleGrant }) => {
      const grants = await roleGrant.findMany({
        where: {
          accountId,
          role: { in: ['billing', 'owner'] },
          acceptedAt: { not: null },
          ...(isProofAsked ? { user: { emailVerifiedAt: { not: null } } } : {}),
        },
        select: { role: true, user: { select: { id: true, email: true, name: true } } },
        orderBy: { userId: 'asc' },
        take: 2 * PEOPLE_COUNT_MAX,
      });
      const ofBilling = grants.filter(({ role }) => role === 'billing');
      return (ofBilling.length === 0 ? grants : ofBilling)
        .slice(0, PEOPLE_COUNT_MAX)
        .map(({ user: { id: userId, email, name } }) => ({ userId, email, name }));
    });
  };
