import { randomBytes } from 'node:crypto';
import {
  changedAddressMail,
  organisationSignInMail,
  resetMail,
  verificationMail,
} from '@patchbay/domain/tenancy/mails';
import type { Mails } from '@patchbay/domain/tenancy/ports';
import { isUniqueViolation } from './database-error.ts';
import type { PrismaClient } from './generated/client.ts';
import { linkHashOf } from './link-hash.ts';
import { hashPassword, isPassword } from './password.ts';
import { noteKnown } from './sign-in.ts';
import { noteSignIn } from './sign-in-log.ts';
import { ssoBinding } from './sso-binding.ts';
import { atomically } from './unit-of-work.ts';

export type EmailLinkPurpose = 'verify' | 'reset';

export const EMAIL_LINK_LIFETIMES_MS: Readonly<Record<EmailLinkPurpose, number>> = {
  verify: 24 * 3_600_000,
  reset: 30 * 60_000,
};
const TOKEN_BYTES = 32;
/** The page of those who sign in by their organisation. */
const ORGANISATION_SIGN_IN_PATH = '/sign-in/organisation';

export interface EmailLinkRequest {
  readonly userId: string;
  readonly purpose: EmailLinkPurpose;
  readonly email: string;
}

/** A token, of which only the hash is kept. Undefined: there were five within the hour. */
export async function makeEmailLink(
  prisma: PrismaClient,
  { userId, purpose, email }: EmailLinkRequest,
): Promise<string | undefined> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const until = new Date(Date.now() + EMAIL_LINK_LIFETIMES_MS[purpose]);
  const [row] = await prisma.$queryRaw<{ made: boolean }[]>`
    SELECT email_link_make(${linkHashOf(token)}, ${userId}, ${purpose}, ${email}, ${until}) AS made`;
  return row?.made === true ? token : undefined;
}

interface LinkedUser {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
}

export interface EmailLinks {
  /** Nobody waits for it: how long it takes must not tell whether there is such a user (C13). */
  requestReset(email: string): Promise<void>;
  /** `organisationName`: theirs signs them in by its provider alone, and the link sets nothing. */
  readReset(
    token: string,
  ): Promise<{ readonly email: string; readonly organisationName?: string | undefined } | undefined>;
  /**
   * Sets the password, once, and ends every session. Undefined: the link does not work any more, or their organisation signs
   * them in in no other way than by its provider.
   */
  reset(setting: {
    readonly token: string;
    readonly password: string;
    readonly address: string;
  }): Promise<{ readonly email: string } | undefined>;
  /** The address that is proved now. Undefined: the link does not work any more. */
  verify(token: string, address: string): Promise<{ readonly email: string } | 'email_taken' | undefined>;
  /** Sends a link to the user's own address, or to the one that is to replace it. False: too many within the hour. */
  sendVerification(user: {
    readonly userId: string;
    readonly name: string;
    readonly email: string;
  }): Promise<boolean>;
  /**
   * Undefined: the password is not theirs. `organisation`: theirs is at a domain of an organisation that signs them in. The
   * address changes when the new one is proved.
   */
  changeEmail(change: {
    readonly userId: string;
    readonly oldEmail: string;
    readonly name: string;
    readonly email: string;
    readonly password: string;
  }): Promise<boolean | 'organisation' | undefined>;
}

/** What a person does with the mails that they get (PRD-3). */
export function emailLinks(prisma: PrismaClient, mails: Mails): EmailLinks {
  const find = async (token: string, purpose: EmailLinkPurpose): Promise<LinkedUser | undefined> => {
    const [row] = await prisma.$queryRaw<LinkedUser[]>`
      SELECT user_id, name, email FROM email_link_read(${linkHashOf(token)}, ${purpose})`;
    return row;
  };

  /** Whether a link would lead out of the domain by which an organisation signs its people in: that is no way round. */
  async function isLeaving(token: string): Promise<boolean> {
    const [link] = await prisma.$queryRaw<{ user_id: string; email: string; old_email: string }[]>`
      SELECT user_id, email, old_email FROM email_link_read(${linkHashOf(token)}, 'verify')`;
    if (link === undefined || link.email === link.old_email) return false;
    return (await ssoBinding(prisma, link.user_id)) !== undefined;
  }

  const sendVerification: EmailLinks['sendVerification'] = ({ userId, name, email }) =>
    atomically(prisma, async () => {
      const token = await makeEmailLink(prisma, { userId, purpose: 'verify', email });
      if (token === undefined) return false;
      const letter = verificationMail({ name, path: `/verify/${token}` });
      await mails.send({ to: email, reader: { userId }, ...letter });
      return true;
    });

  return {
    requestReset: (asked) =>
      atomically(prisma, async () => {
        const [user] = await prisma.$queryRaw<{ id: string; email: string; name: string }[]>`
          SELECT id, email, name FROM user_for_sign_in(${asked})`;
        if (user === undefined) return;
        const { id: userId, email, name } = user;
        const bound = await ssoBinding(prisma, userId);
        if (bound !== undefined) {
          const letter = organisationSignInMail({ name, path: ORGANISATION_SIGN_IN_PATH, ...bound });
          await mails.send({ to: email, reader: { userId }, ...letter });
          return;
        }
        const token = await makeEmailLink(prisma, { userId, purpose: 'reset', email });
        if (token === undefined) return;
        const letter = resetMail({ name, path: `/reset/${token}` });
        await mails.send({ to: email, reader: { userId }, ...letter });
      }),

    readReset: async (token) => {
      const user = await find(token, 'reset');
      if (user === undefined) return undefined;
      const { organisationName } = (await ssoBinding(prisma, user.user_id)) ?? {};
      return { email: user.email, organisationName };
    },

    async reset({ token, password, address }) {
      // A made-up token costs no hash.
      const found = await find(token, 'reset');
      if (found === undefined || (await ssoBinding(prisma, found.user_id)) !== undefined) return undefined;
      const passwordHash = await hashPassword(password);
      return await atomically(prisma, async () => {
        const [user] = await prisma.$queryRaw<LinkedUser[]>`
          SELECT user_id, name, email FROM password_reset(${linkHashOf(token)}, ${passwordHash})`;
        if (user === undefined) return undefined;
        const { user_id: userId, name, email } = user;
        const after = { signInSessions: 'ended', by: 'mailed link' };
        await noteSignIn(prisma, { action: 'password.set', userId, name, address, after });
        await noteKnown(prisma, email, address);
        return { email };
      });
    },

    async verify(token, address) {
      try {
        return await atomically(prisma, async () => {
          if (await isLeaving(token)) return undefined;
          const [user] = await prisma.$queryRaw<(LinkedUser & { old_email: string })[]>`
            SELECT user_id, name, email, old_email FROM email_verify(${linkHashOf(token)})`;
          if (user === undefined) return undefined;
          const { user_id: userId, name, email, old_email: oldEmail } = user;
          await noteSignIn(prisma, {
            action: 'email.verify',
            userId,
            name,
            address,
            ...(oldEmail === email ? {} : { before: { email: oldEmail } }),
            after: { email },
          });
          if (oldEmail !== email)
            await mails.send({ to: oldEmail, reader: { userId }, ...changedAddressMail({ name }) });
          return { email };
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'email_taken';
        throw error;
      }
    },

    sendVerification,

    async changeEmail({ userId, oldEmail, name, email, password }) {
      const [user] = await prisma.$queryRaw<{ password_hash: string | null }[]>`
        SELECT password_hash FROM user_for_sign_in(${oldEmail})`;
      if (!(await isPassword(password, user?.password_hash))) return undefined;
      if ((await ssoBinding(prisma, userId)) !== undefined) return 'organisation';
      return await sendVerification({ userId, name, email: email.toLowerCase() });
    },
  };
}
