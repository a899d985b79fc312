import { createHash } from 'node:crypto';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import { isPassword } from './password.ts';

/** The one text for a wrong address, a wrong password and too many tries (C13). */
export const SIGN_IN_REFUSAL =
  'This address and password do not belong together, or there were too many tries: wait 15 minutes.';
export const SIGN_IN_SESSION_LIFETIME_MS = 14 * 24 * 3_600_000;
/** Failures within 15 minutes: of one user from one network address, and from one address for whichever user. */
export const SIGN_IN_TRIES_MAX = 5;
const TRIES_FROM_ADDRESS_MAX = 50;

export interface SignInRequest {
  readonly email: string;
  readonly password: string;
  /** The network address that asks. */
  readonly address: string;
  readonly userAgent?: string | undefined;
}

export interface SignedIn {
  readonly signInSessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly email: string;
}

export interface SignIns {
  /** Undefined is a refusal, with SIGN_IN_REFUSAL as the only thing to say. A new session each time (C12). */
  signIn(request: SignInRequest): Promise<SignedIn | undefined>;
  /** Who holds a session that is neither ended nor expired. */
  check(signInSessionId: string): Promise<Omit<SignedIn, 'signInSessionId'> | undefined>;
  signOut(signInSessionId: string): Promise<void>;
  /** Ends every session of the user who holds this one. Answers how many. */
  signOutEverywhere(signInSessionId: string): Promise<number>;
  /** Opens a session for somebody who proved who they are in another way, such as with a set-up link. */
  open(user: {
    readonly userId: string;
    readonly address: string;
    readonly userAgent?: string;
  }): Promise<string>;
}

export function signIns(prisma: PrismaClient): SignIns {
  async function open({ userId, address, userAgent }: Parameters<SignIns['open']>[0]): Promise<string> {
    const id = createId('sin');
    const until = new Date(Date.now() + SIGN_IN_SESSION_LIFETIME_MS);
    await prisma.$executeRaw`SELECT sign_in_open(${id}, ${userId}, ${until}, ${address}, ${userAgent ?? null})`;
    return id;
  }

  return {
    open,

    signIn: async ({ email, password, address, userAgent }) => {
      const keys = attemptKeys(email, address);
      const { isAdmitted, attemptIds } = await noteAttempt(prisma, keys);
      const [user] = await prisma.$queryRaw<
        { id: string; email: string; name: string; password_hash: string | null }[]
      >`SELECT id, email, name, password_hash FROM user_for_sign_in(${email})`;
      // The password is compared in every case: one timing.
      const isRight = await isPassword(password, user?.password_hash);
      if (!isAdmitted || !isRight || user === undefined) return undefined;
      await prisma.signInAttempt.deleteMany({
        where: { OR: [{ key: keys.pair }, { id: { in: [...attemptIds] } }] },
      });
      const signInSessionId = await open({
        userId: user.id,
        address,
        ...(userAgent === undefined ? {} : { userAgent }),
      });
      return { signInSessionId, userId: user.id, name: user.name, email: user.email };
    },

    check: async (signInSessionId) => {
      const [row] = await prisma.$queryRaw<{ user_id: string; name: string; email: string }[]>`
        SELECT user_id, name, email FROM sign_in_check(${signInSessionId})`;
      return row && { userId: row.user_id, name: row.name, email: row.email };
    },

    signOut: async (signInSessionId) => {
      await prisma.$queryRaw`SELECT sign_in_revoke(${signInSessionId}, false)`;
    },

    signOutEverywhere: async (signInSessionId) => {
      const [row] = await prisma.$queryRaw<{ ended: number }[]>`
        SELECT sign_in_revoke(${signInSessionId}, true) AS ended`;
      return row?.ended ?? 0;
    },
  };
}

interface AttemptKeys {
  readonly pair: string;
  readonly address: string;
}

/** Hashed, so that the table of failures is no list of customers. */
function attemptKeys(email: string, address: string): AttemptKeys {
  const keyOf = (text: string) => createHash('sha256').update(text).digest('base64url');
  return { pair: keyOf(`pair\n${email.toLowerCase()}\n${address}`), address: keyOf(`address\n${address}`) };
}

interface NotedAttempt {
  readonly isAdmitted: boolean;
  readonly attemptIds: readonly bigint[];
}

/** The attempt is written before it is judged: many at once do not slip through together. */
async function noteAttempt(prisma: PrismaClient, { pair, address }: AttemptKeys): Promise<NotedAttempt> {
  const noted = await prisma.signInAttempt.createManyAndReturn({
    data: [{ key: pair }, { key: address }],
    select: { id: true },
  });
  const [counted] = await prisma.$queryRaw<{ pair: bigint; address: bigint }[]>`
    SELECT count(*) FILTER (WHERE key = ${pair}) AS pair, count(*) FILTER (WHERE key = ${address}) AS address
    FROM sign_in_attempt WHERE key IN (${pair}, ${address}) AND at > now() - interval '15 minutes'`;
  const isAdmitted =
    counted !== undefined &&
    counted.pair <= BigInt(SIGN_IN_TRIES_MAX) &&
    counted.address <= BigInt(TRIES_FROM_ADDRESS_MAX);
  return { isAdmitted, attemptIds: noted.map(({ id }) => id) };
}
