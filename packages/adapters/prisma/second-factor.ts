import { createHash, randomBytes } from 'node:crypto';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { Secret, TOTP } from 'otpauth';
import { type AddressProofOptions, mayAddFactor } from './address-proof.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { noteSignIn } from './sign-in-log.ts';
import { atomically } from './unit-of-work.ts';

/** RFC 4226 §4, R6: at least 128 bits, and 160 recommended. */
const SECRET_BYTES = 20;
const STEP_SECONDS = 30;
/** A code of the step before or after is taken as well: clocks differ (RFC 6238 §5.2). */
const STEP_WINDOW = 1;
export const RECOVERY_CODE_COUNT = 10;
/** 80 bits: no list of hashes gives it away. */
const RECOVERY_CODE_BYTES = 10;

interface Person {
  readonly userId: string;
  readonly name: string;
  readonly address: string;
  readonly requestId?: string;
}

export interface SecondFactors {
  /** Whether a code is asked for at sign-in. */
  isOn(userId: string): Promise<boolean>;
  /**
   * A secret for an authenticator, which counts from its first code on. Undefined: there is one in use, or their address is not
   * proved.
   */
  propose(user: {
    readonly userId: string;
    readonly email: string;
    /** What the authenticator shows beside the address. */
    readonly issuer?: string | undefined;
  }): Promise<{ readonly secret: string; readonly uri: string } | undefined>;
  /** Turns it on, and answers the recovery codes, here and nowhere else. Undefined: not this code. */
  confirm(person: Person & { readonly code: string }): Promise<readonly string[] | undefined>;
  /** Turns it off, for whoever shows a code. */
  remove(person: Person & { readonly code: string }): Promise<boolean>;
  /** Takes a code of the authenticator, or a recovery code. Each is taken once. */
  take(userId: string, code: string): Promise<boolean>;
}

const nameOf = (userId: string) => `second factor ${userId}`;
const hashOf = (code: string) =>
  Uint8Array.from(createHash('sha256').update(code.replace(/[\s-]/g, '').toLowerCase()).digest());

const totpOf = (secret: Uint8Array, { label = '', issuer = '' } = {}) =>
  new TOTP({
    issuer,
    label,
    secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
    period: STEP_SECONDS,
  });

export interface SecondFactorOptions extends AddressProofOptions {
  readonly cipher: MintBranchCipher;
  readonly nowMs?: () => number;
}

export function secondFactors(
  prisma: PrismaClient,
  { cipher, isProofAsked, nowMs = Date.now }: SecondFactorOptions,
): SecondFactors {
  const read = async (userId: string) => {
    const [row] = await prisma.$queryRaw<{ secret: Uint8Array; is_confirmed: boolean }[]>`
      SELECT secret, is_confirmed FROM second_factor_read(${userId})`;
    return row && { secret: cipher.open(nameOf(userId), row.secret), isConfirmed: row.is_confirmed };
  };

  async function takeTotp(userId: string, secret: Uint8Array, code: string): Promise<boolean> {
    const timestamp = nowMs();
    const token = code.replace(/\s/g, '');
    // Compares in constant time.
    const delta = totpOf(secret).validate({ token, timestamp, window: STEP_WINDOW });
    if (delta === null) return false;
    const step = Math.floor(timestamp / 1_000 / STEP_SECONDS) + delta;
    const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
      SELECT second_factor_take(${userId}, ${step}::bigint) AS ok`;
    return row?.ok === true;
  }

  const take: SecondFactors['take'] = async (userId, code) => {
    const factor = await read(userId);
    if (factor?.isConfirmed !== true) return false;
    if (await takeTotp(userId, factor.secret, code)) return true;
    const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
      SELECT recovery_code_use(${userId}, ${hashOf(code)}) AS ok`;
    return row?.ok === true;
  };

  return {
    take,

    isOn: async (userId) => (await read(userId))?.isConfirmed === true,

    async propose({ userId, email: label, issuer = PLATFORM_NAME }) {
      if (!(await mayAddFactor(prisma, userId, { isProofAsked }))) return undefined;
      const bytes = randomBytes(SECRET_BYTES);
      const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
        SELECT second_factor_propose(${userId}, ${cipher.seal(nameOf(userId), bytes)}) AS ok`;
      if (row?.ok !== true) return undefined;
      const totp = totpOf(bytes, { label, issuer });
      return { secret: totp.secret.base32, uri: totp.toString() };
    },

    confirm: ({ code, ...person }) =>
      atomically(prisma, async () => {
        const { userId } = person;
        const factor = await read(userId);
        if (factor === undefined || factor.isConfirmed) return undefined;
        if (!(await mayAddFactor(prisma, userId, { isProofAsked }))) return undefined;
        if (!(await takeTotp(userId, factor.secret, code))) return undefined;
        const codes = Array.from({ length: RECOVERY_CODE_COUNT }, newRecoveryCode);
        const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
          SELECT second_factor_confirm(${userId}, ${codes.map(hashOf)}::bytea[]) AS ok`;
        if (row?.ok !== true) return undefined;
        await noteSignIn(prisma, { action: 'second-factor.on', ...entryOf(person) });
        return codes;
      }),

    remove: ({ code, ...person }) =>
      atomically(prisma, async () => {
        const { userId } = person;
        if (!(await take(userId, code))) return false;
        await prisma.$executeRaw`SELECT second_factor_remove(${userId})`;
        await noteSignIn(prisma, { action: 'second-factor.off', ...entryOf(person) });
        return true;
      }),
  };
}

const entryOf = ({ userId, name, address, requestId }: Person) => ({ userId, name, address, requestId });

/** In groups of five, to be written down. */
const newRecoveryCode = () =>
  (randomBytes(RECOVERY_CODE_BYTES).toString('hex').match(/.{5}/g) ?? []).join('-');
