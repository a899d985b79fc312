import type { Mails, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { accountStore } from './account-store.ts';
import { applicationStore } from './application-store.ts';
import { credentialStore } from './credential-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { keyStore } from './key-store.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { organisationStore } from './organisation-store.ts';
import { type PeopleOptions, peopleStore } from './people-store.ts';
import { teamStore } from './team-store.ts';

/** All that tenancy's handlers need, on one database. */
export function tenancyPorts(
  prisma: PrismaClient,
  {
    cipher,
    catalogue,
    mails,
    isProofAsked,
  }: {
    readonly cipher: MintBranchCipher;
    readonly catalogue: TenancyPorts['catalogue'];
    readonly mails: Mails;
  } & PeopleOptions,
): TenancyPorts {
  return {
    catalogue,
    mails,
    people: peopleStore(prisma, { isProofAsked }),
    organisations: organisationStore(prisma),
    accounts: accountStore(prisma),
    applications: applicationStore(prisma),
    keys: keyStore(prisma, cipher).keys,
    credentials: credentialStore(prisma).credentials,
    team: teamStore(prisma),
  };
}
