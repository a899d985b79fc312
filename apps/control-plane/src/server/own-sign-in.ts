import { mayAddFactor } from '@patchbay/adapters/prisma/address-proof';
import type { PrismaClient } from '@patchbay/adapters/prisma/client';
import type { EmailLinks } from '@patchbay/adapters/prisma/email-links';
import type { OwnProofs } from '@patchbay/adapters/prisma/own-proof';
import type { Passkeys } from '@patchbay/adapters/prisma/passkeys';
import type { SecondFactors } from '@patchbay/adapters/prisma/second-factor';
import type { SignIns } from '@patchbay/adapters/prisma/sign-in';
import { ssoBinding } from '@patchbay/adapters/prisma/sso-binding';
import type { SignInPorts } from '@patchbay/domain/sign-in/ports';
import { passkeyCreationOptions } from '@patchbay/domain/sign-in/webauthn';
import { relyingPartyWhere } from './relying-party.ts';

export interface OwnSignInParts {
  readonly prisma: PrismaClient;
  readonly signIns: SignIns;
  readonly proofs: OwnProofs;
  readonly passkeys: Passkeys;
  readonly factors: SecondFactors;
  readonly emailLinks: Pick<EmailLinks, 'changeEmail'>;
  readonly isProofAsked: boolean;
  /** The same tries as those of whoever signs in. */
  readonly isTryAdmitted: (userId: string) => Promise<boolean>;
  readonly nameAt: SignInPorts['places']['nameAt'];
  readonly platformUrl: string;
}

/** What people do with their own sign-in, by what signs them in. */
export function ownSignIn({
  prisma,
  signIns,
  proofs,
  passkeys,
  factors,
  emailLinks,
  isProofAsked,
  isTryAdmitted,
  nameAt,
  platformUrl,
}: OwnSignInParts): SignInPorts {
  return {
    people: {
      of: (signInSessionId) => signIns.check(signInSessionId),
      rename: (person) => signIns.rename(person),
      isByOrganisation: async (userId) => (await ssoBinding(prisma, userId)) !== undefined,
      mayAddFactor: (userId) => mayAddFactor(prisma, userId, { isProofAsked }),
      isTryAdmitted,
      changeEmail: (change) => emailLinks.changeEmail(change),
    },
    places: { passkeysAt: (baseUrl) => relyingPartyWhere(baseUrl, platformUrl), nameAt },
    proofs,
    passkeys: {
      ...passkeys,
      propose: async (person) => {
        const options = await passkeys.propose(person);
        return options && passkeyCreationOptions.parse(options);
      },
    },
    factors,
    signIns,
  };
}
