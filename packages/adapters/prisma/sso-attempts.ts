import { createHash, randomBytes } from 'node:crypto';
import type { PrismaClient } from './generated/client.ts';

/** From the way to the provider until the way back. */
export const SSO_ATTEMPT_LIFETIME_MS = 10 * 60_000;
const SECRET_BYTES = 32;

const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

export const newBrowserSecret = newSecret;

export const attemptHash = (text: string) => Uint8Array.from(createHash('sha256').update(text).digest());

/** `state` goes to the provider and back; `browserSecret` stays in the browser. */
export interface Attempt {
  readonly state: string;
  readonly browserSecret: string;
}

export const newAttempt = (browserSecret = newSecret()): Attempt => ({ state: newSecret(), browserSecret });

/** False: strangers began too many. */
export async function makeAttempt(
  prisma: PrismaClient,
  {
    state,
    browserSecret,
    providerId,
    userId,
  }: Attempt & { readonly providerId: string; readonly userId: string | undefined },
): Promise<boolean> {
  const until = new Date(Date.now() + SSO_ATTEMPT_LIFETIME_MS);
  const [row] = await prisma.$queryRaw<{ made: boolean }[]>`
    SELECT sso_attempt_make(${attemptHash(state)}, ${providerId}, ${attemptHash(browserSecret)}, ${userId ?? null},
      ${until}) AS made`;
  return row?.made === true;
}
