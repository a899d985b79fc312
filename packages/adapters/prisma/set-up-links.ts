import { createHash, randomBytes } from 'node:crypto';
import { isUniqueViolation } from './database-error.ts';
import type { PrismaClient } from './generated/client.ts';
import { hashPassword } from './password.ts';

/** How long a link to set a password works. */
export const SET_UP_LINK_LIFETIME_MS = 7 * 24 * 3_600_000;
const TOKEN_BYTES = 32;

const hashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest());

/** Anything that runs a query: the client, or a transaction of it. */
type Queries = Pick<PrismaClient, '$executeRaw'>;

/** Makes a link for a user. The token is returned here and only its hash is kept. */
export async function makeSetUpLink(queries: Queries, userId: string): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const until = new Date(Date.now() + SET_UP_LINK_LIFETIME_MS);
  await queries.$executeRaw`SELECT set_up_link_make(${hashOf(token)}, ${userId}, ${until})`;
  return token;
}

/** Whom a link is for, or undefined when it does not work any more. Without an e-mail, the person has to give one. */
export async function readSetUpLink(
  prisma: PrismaClient,
  token: string,
): Promise<{ readonly email: string | undefined; readonly name: string } | undefined> {
  const [row] = await prisma.$queryRaw<{ email: string | null; name: string }[]>`
    SELECT email, name FROM set_up_link_read(${hashOf(token)})`;
  return row && { email: row.email ?? undefined, name: row.name };
}

export interface SetUp {
  readonly token: string;
  readonly password: string;
  /** Taken only for an owner who has none yet. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

/** Sets the password, once. All of the user's older sign-in sessions and links end with it. */
export async function useSetUpLink(
  prisma: PrismaClient,
  { token, password, email, name }: SetUp,
): Promise<{ readonly userId: string; readonly email: string } | 'email_taken' | undefined> {
  const passwordHash = await hashPassword(password);
  try {
    const [row] = await prisma.$queryRaw<{ id: string; email: string }[]>`
      SELECT id, email FROM set_up_link_use(${hashOf(token)}, ${passwordHash}, ${email ?? null}, ${name ?? null})`;
    return row && { userId: row.id, email: row.email };
  } catch (error) {
    if (isUniqueViolation(error)) return 'email_taken';
    throw error;
  }
}
