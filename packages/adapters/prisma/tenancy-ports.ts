import type { Mails, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { accountStore } from './account-store.ts';
import { applicationStore } from './application-store.ts';
import { credentialStore } from './credential-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { keyStore } from './key-store.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { type MovedRules, moveStore } from './move-store.ts';
import { organisationStore } from './organisation-store.ts';
import { type PeopleOptions, peopleStore } from './people-store.ts';
import { roleStore } from './role-store.ts';
import { teamStore } from './team-store.ts';
import { viewStore } from './view-store.ts';

/** All that tenancy's handlers need, on one database. */
export function tenancyPorts(
  prisma: PrismaClient,
  {
    cipher,
    catalogue,
    mails,
    isProofAsked,
    movedRules,
  }: {
    readonly cipher: MintBranchCipher;
    readonly catalogue: TenancyPorts['catalogue'];
    readonly mails: Mails;
    readonly movedRules: MovedRules;
  } & PeopleOptions,
): TenancyPorts {
  return {
    catalogue,
    mails,
    people: peopleStore(prisma, { isProofAsked }),
    organisations: organisationStore(prisma),
    accounts: accountStore(prisma),
    views: viewStore(prisma),
    moves: moveStore(prisma, movedRules),
    applications: applicationStore(prisma),
    keys: keyStore(prisma, cipher).keys,
    credentials: credentialStore(prisma).credentials,
    roles: roleStore(prisma),
    team: teamStore(prisma),
  };
}
