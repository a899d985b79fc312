import { certificateEndingMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import type { PrismaClient } from './generated/client.ts';
import { mailToOwners } from './owner-mails.ts';
import { inAccount } from './scope.ts';
import { atomically } from './unit-of-work.ts';

/** How long before the end their owners hear of it: time for whoever runs the provider to make another one. */
export const TOLD_BEFORE_END_MS = 14 * 24 * 3_600_000;

interface Ending {
  readonly id: string;
  readonly account_id: string;
  readonly issuer: string;
  readonly ends_at: Date;
}

/**
 * Tells the owners of providers whose last signing certificate ends soon, once of each: nobody signs in by them afterwards. Answers of how
 * many.
 */
export async function tellOfEndingCertificates(
  prisma: PrismaClient,
  { mails, nowMs }: { readonly mails: Mails; readonly nowMs: () => number },
): Promise<number> {
  const before = new Date(nowMs() + TOLD_BEFORE_END_MS);
  const endings = await prisma.$queryRaw<Ending[]>`
    SELECT id, account_id, issuer, ends_at FROM sso_certificates_ending(${before})`;
  let toldCount = 0;
  for (const { id, account_id: accountId, issuer, ends_at: endsAt } of endings) {
    const isTold = await atomically(prisma, async () => {
      const { count } = await inAccount(prisma, accountId, ({ ssoProvider }) =>
        ssoProvider.updateMany({
          // Of two who look at once, one tells.
          where: { id, accountId, OR: [{ toldOfEnd: null }, { toldOfEnd: { not: endsAt } }] },
          data: { toldOfEnd: endsAt },
        }),
      );
      if (count === 0) return false;
      const path = `/accounts/${accountId}/single-sign-on`;
      await mailToOwners(prisma, mails, {
        accountId,
        letterTo: (name) =>
          certificateEndingMail({ name, issuer, endsAt, isOver: endsAt.getTime() <= nowMs(), path }),
      });
      return true;
    });
    if (isTold) toldCount += 1;
  }
  return toldCount;
}
