import { createId } from '@patchbay/kit/ids';
import { accountChain } from './account-store.ts';
import { appendEntry } from './audit-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

/** The highest accounts of somebody with very many roles: one sign-in is no reason to write a thousand entries. */
const ACCOUNT_COUNT_MAX = 20;

export interface SignInEvent {
  readonly action:
    | 'sign-in.open'
    | 'sign-in.close'
    | 'sign-in.refuse'
    | 'password.set'
    | 'email.verify'
    | 'second-factor.on'
    | 'second-factor.off'
    | 'passkey.add'
    | 'passkey.rename'
    | 'passkey.remove'
    | 'profile.rename';
  readonly userId: string;
  /** Absent: whoever it was did not prove to be the user. */
  readonly name?: string | undefined;
  readonly address?: string | undefined;
  /** That asked for it, where one of the API did. */
  readonly requestId?: string | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
}

/**
 * Notes in the audit log of every account where a user holds a role that they signed in or out, or that somebody tried
 * to (ACC-8). Those who administer the account read it. Call it in the transaction of what it tells of.
 */
export async function noteSignIn(
  prisma: PrismaClient,
  { action, userId, name, address, requestId = createId('req'), before, after }: SignInEvent,
): Promise<void> {
  const grants = await prisma.$queryRaw<{ account_id: string }[]>`
    SELECT account_id FROM user_reach(${userId})`;
  // In one order everywhere: each entry holds the end of its account's chain until the transaction is over.
  const accountIds = grants
    .slice(0, ACCOUNT_COUNT_MAX)
    .map(({ account_id }) => account_id)
    .sort();
  for (const accountId of accountIds) {
    const chain = await accountChain(prisma, accountId);
    const entry = {
      accountId,
      accountPath: chain.map(({ id }) => id),
      actorId: name === undefined ? 'stranger' : userId,
      actorName: name ?? 'A stranger',
      address,
      action,
      target: userId,
      requestId,
      before,
      after,
    };
    await inAccount(prisma, accountId, (transaction) => appendEntry(transaction, entry));
  }
}
