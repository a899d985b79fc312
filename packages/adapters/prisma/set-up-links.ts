import { createHash, randomBytes } from 'node:crypto';
import type { InvitationTokens } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { appendEntry } from './audit-store.ts';
import { isUniqueViolation } from './database-error.ts';
import { appendEvents } from './event-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { memberEvent } from './member-events.ts';
import { hashPassword } from './password.ts';
import { heldRoleColumns, roleFromRow } from './role-store.ts';
import { inAccount } from './scope.ts';
import { noteSignIn } from './sign-in-log.ts';
import { atomically } from './unit-of-work.ts';

/** How long a link to set a password works. */
export const SET_UP_LINK_LIFETIME_MS = 7 * 24 * 3_600_000;
const TOKEN_BYTES = 32;

const hashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest());

/** Anything that runs a query: the client, or a transaction of it. */
type Queries = Pick<PrismaClient, '$executeRaw' | '$queryRaw'>;

const newToken = () => randomBytes(TOKEN_BYTES).toString('base64url');
const endOf = () => new Date(Date.now() + SET_UP_LINK_LIFETIME_MS);

/** Makes a link to set a password again. The token is returned here and only its hash is kept. */
export async function makeSetUpLink(queries: Queries, userId: string): Promise<string> {
  const token = newToken();
  await queries.$executeRaw`SELECT set_up_link_make(${hashOf(token)}, NULL, ${userId}, ${endOf()}, NULL)`;
  return token;
}

/** Makes the two links of an invitation: one to show to whoever invites, and one that proves the address it is mailed to. */
export async function makeInvitation(
  queries: Queries,
  { userId, accountId }: { readonly userId: string; readonly accountId: string },
): Promise<InvitationTokens> {
  const [shown, mailed] = [newToken(), newToken()];
  const [made] = await queries.$queryRaw<{ is_mailed: boolean }[]>`
    SELECT set_up_link_invite(${hashOf(shown)}, ${hashOf(mailed)}, ${userId}, ${endOf()}, ${accountId}) AS is_mailed`;
  return made?.is_mailed === true ? { shown, mailed } : { shown };
}

/** What a link is for. */
export interface SetUpLink {
  /** Absent: the person has to give one. */
  readonly email: string | undefined;
  readonly name: string;
  /** Of an invitation. */
  readonly accountName: string | undefined;
  /** Or signs in by their organisation. Then an invitation is taken by signing in, and sets no password. */
  readonly hasPassword: boolean;
}

/** Undefined when the link does not work any more. */
export async function readSetUpLink(prisma: PrismaClient, token: string): Promise<SetUpLink | undefined> {
  const [row] = await prisma.$queryRaw<
    { email: string | null; name: string; account_name: string | null; has_password: boolean }[]
  >`SELECT email, name, account_name, has_password FROM set_up_link_read(${hashOf(token)})`;
  return (
    row && {
      email: row.email ?? undefined,
      name: row.name,
      accountName: row.account_name ?? undefined,
      hasPassword: row.has_password,
    }
  );
}

export interface SetUp {
  readonly token: string;
  readonly password: string;
  /** Taken only for an owner who has none yet. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

/** Who used a link, and the account of its invitation. */
export interface SetUpDone {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly isEmailVerified: boolean;
  readonly accountId: string | undefined;
}

/**
 * Sets the password, once, and takes the role of an invitation. All of the user's older sign-in sessions end with it.
 * Undefined: the link does not work any more, or invites somebody who has a password and signs in with it.
 */
export async function useSetUpLink(
  prisma: PrismaClient,
  { token, password, email, name }: SetUp,
): Promise<SetUpDone | 'email_taken' | undefined> {
  // A made-up token costs no hash.
  const link = await readSetUpLink(prisma, token);
  // Nor does one of an invitation to somebody who has another way in: that of their organisation, or a password.
  if (link === undefined || (link.accountName !== undefined && link.hasPassword)) return undefined;
  const passwordHash = await hashPassword(password);
  try {
    return await atomically(prisma, async () => {
      const [row] = await prisma.$queryRaw<
        { id: string; email: string; name: string; account_id: string | null; is_verified: boolean }[]
      >`
        SELECT u.id, u.email, u.account_id, u.is_verified, (SELECT p.name FROM user_profile(u.id) p) AS name FROM set_up_link_use(${hashOf(token)}, ${passwordHash}, ${email ?? null},
          ${name ?? null}) u`;
      if (row === undefined) return undefined;
      const accountId = row.account_id ?? undefined;
      if (accountId !== undefined) await noteTaken(prisma, { accountId, userId: row.id });
      const after = { signInSessions: 'ended' };
      await noteSignIn(prisma, { action: 'password.set', userId: row.id, name: row.name, after });
      const { id: userId, name: known, email: proved } = row;
      return { userId, name: known, email: proved, isEmailVerified: row.is_verified, accountId };
    });
  } catch (error) {
    if (isUniqueViolation(error)) return 'email_taken';
    throw error;
  }
}

/** Takes the role of an invitation, as the person it names. The account, or undefined when there is nothing to take. */
export async function acceptInvitation(
  prisma: PrismaClient,
  { token, userId }: { readonly token: string; readonly userId: string },
): Promise<string | undefined> {
  return await atomically(prisma, async () => {
    const [row] = await prisma.$queryRaw<{ at: string | null }[]>`
      SELECT invitation_accept(${hashOf(token)}, ${userId}) AS at`;
    const accountId = row?.at ?? undefined;
    if (accountId !== undefined) await noteTaken(prisma, { accountId, userId });
    return accountId;
  });
}

/** Leaves the entry of a role that was taken, in the transaction that took it (ACC-8). */
const noteTaken = (
  prisma: PrismaClient,
  { accountId, userId }: { readonly accountId: string; readonly userId: string },
): Promise<void> =>
  inAccount(prisma, accountId, async (transaction) => {
    const chain = await transaction.$queryRaw<{ id: string }[]>`SELECT id FROM account_chain(${accountId})`;
    const grant = await transaction.roleGrant.findUniqueOrThrow({
      where: { userId_accountId: { userId, accountId } },
      select: { ...heldRoleColumns, user: { select: { name: true, email: true } } },
    });
    const { role } = roleFromRow(grant);
    const member = { userId, ...grant.user, role, accountId };
    await appendEntry(transaction, {
      accountId,
      accountPath: chain.map(({ id }) => id),
      actorId: userId,
      actorName: grant.user.name,
      action: 'team.accept',
      target: userId,
      requestId: createId('req'),
      before: { ...member, state: 'invited' },
      after: { ...member, state: 'active' },
    });
    await appendEvents(transaction, [memberEvent('joined', { accountId, userId, role })]);
  });
