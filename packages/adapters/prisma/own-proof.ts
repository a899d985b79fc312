import { passwordChangedMail } from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import type { PrismaClient } from './generated/client.ts';
import type { Passkeys, RelyingParty } from './passkeys.ts';
import { hashPassword, isPassword } from './password.ts';
import type { SecondFactors } from './second-factor.ts';
import { isTryAdmitted, noteKnown } from './sign-in.ts';
import { noteSignIn } from './sign-in-log.ts';
import { ssoBinding } from './sso-binding.ts';
import { atomically } from './unit-of-work.ts';

/** For so long after they showed who they are somebody may add what signs them in, or set another password. */
export const PROOF_FRESH_MS = 10 * 60_000;

interface Holder {
  readonly signInSessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly email: string;
}

export type ProofOutcome =
  | 'proved'
  /** The password is right, and a code is asked for. */
  | 'second_factor'
  | 'refused'
  /** Their organisation signs them in in no other way than by its provider: they sign in anew. */
  | 'organisation';

/**
 * That whoever holds a session is still whoever opened it. Whoever takes somebody's browser, or their cookie, gets no way in
 * that lasts: that asks for a proof of the last minutes (PRD-3).
 */
export interface OwnProofs {
  isFresh(signInSessionId: string): Promise<boolean>;
  byPassword(
    proof: Holder & { readonly password: string; readonly code?: string | undefined },
  ): Promise<ProofOutcome>;
  byPasskey(proof: Holder & { readonly response: unknown; readonly at: RelyingParty }): Promise<ProofOutcome>;
  /** Ends the other sessions of the same person. `stale`: a fresh proof comes first. */
  changePassword(
    change: Holder & { readonly password: string; readonly address: string; readonly requestId?: string },
  ): Promise<'changed' | 'stale' | 'organisation'>;
}

export interface OwnProofOptions {
  readonly factors: Pick<SecondFactors, 'isOn' | 'take'>;
  readonly passkeys: Pick<Passkeys, 'take'>;
  readonly mails: Mails;
  readonly nowMs?: () => number;
}

export function ownProofs(
  prisma: PrismaClient,
  { factors, passkeys, mails, nowMs = Date.now }: OwnProofOptions,
): OwnProofs {
  const prove = async (signInSessionId: string): Promise<ProofOutcome> => {
    await prisma.$executeRaw`SELECT sign_in_prove(${signInSessionId})`;
    return 'proved';
  };

  const isFresh: OwnProofs['isFresh'] = async (signInSessionId) => {
    const [row] = await prisma.$queryRaw<{ at: Date | null }[]>`
      SELECT sign_in_proved_at(${signInSessionId}) AS at`;
    const provedAt = row?.at ?? undefined;
    return provedAt !== undefined && nowMs() - provedAt.getTime() < PROOF_FRESH_MS;
  };

  return {
    isFresh,

    async byPassword({ signInSessionId, userId, email, password, code }) {
      if ((await ssoBinding(prisma, userId)) !== undefined) return 'organisation';
      // Whoever holds a session has as few tries as somebody who has none.
      if (!(await isTryAdmitted(prisma, { of: 'proof', userId }))) return 'refused';
      const [user] = await prisma.$queryRaw<{ password_hash: string | null }[]>`
        SELECT password_hash FROM user_for_sign_in(${email})`;
      if (!(await isPassword(password, user?.password_hash))) return 'refused';
      if (!(await factors.isOn(userId))) return await prove(signInSessionId);
      if (code === undefined || code === '') return 'second_factor';
      return (await factors.take(userId, code)) ? await prove(signInSessionId) : 'refused';
    },

    async byPasskey({ signInSessionId, userId, response, at }) {
      if ((await ssoBinding(prisma, userId)) !== undefined) return 'organisation';
      if (!(await isTryAdmitted(prisma, { of: 'proof', userId }))) return 'refused';
      const taken = await passkeys.take(response, at);
      return taken?.userId === userId ? await prove(signInSessionId) : 'refused';
    },

    async changePassword({ signInSessionId, userId, name, email, password, address, requestId }) {
      if ((await ssoBinding(prisma, userId)) !== undefined) return 'organisation';
      if (!(await isFresh(signInSessionId))) return 'stale';
      const passwordHash = await hashPassword(password);
      return await atomically(prisma, async () => {
        const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`
          SELECT password_change(${signInSessionId}, ${passwordHash}) AS ok`;
        if (row?.ok !== true) return 'stale';
        const after = { signInSessions: 'others ended', by: 'signed in' };
        await noteSignIn(prisma, { action: 'password.set', userId, name, address, requestId, after });
        await noteKnown(prisma, email, address);
        await mails.send({
          to: email,
          reader: { userId },
          ...passwordChangedMail({ name, path: '/forgot' }),
        });
        return 'changed';
      });
    },
  };
}
