import { createHash, randomBytes } from 'node:crypto';
import type { SsoPorts } from '@patchbay/domain/sso/ports';
import type { PrismaClient } from './generated/client.ts';
import { type ScimGroups, scimGroups } from './scim-groups.ts';
import { type ScimUsers, scimUsers } from './scim-users.ts';
import { inAccount } from './scope.ts';

const TOKEN_BYTES = 32;
const TOKEN_PREFIX = 'pb_scim_';

export interface ScimStore {
  /** The top account of the organisation whose token it is. */
  accountOf(token: string): Promise<string | undefined>;
  readonly users: ScimUsers;
  readonly groups: ScimGroups;
}

const hashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest());

/** Tokens of organisations, of which only the hash is kept. */
export function scimTokenStore(prisma: PrismaClient): SsoPorts['scimTokens'] {
  return {
    find: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ scimToken }) => {
        const row = await scimToken.findFirst({
          where: { accountId },
          select: { createdAt: true, lastUsedAt: true },
        });
        return row === null ? undefined : { ...row, lastUsedAt: row.lastUsedAt ?? undefined };
      }),

    make: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ scimToken }) => {
        const token = `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
        const kept = { tokenHash: hashOf(token), createdAt: new Date(), lastUsedAt: null };
        const { count } = await scimToken.updateMany({ where: { accountId }, data: kept });
        if (count === 0) await scimToken.createMany({ data: { accountId, ...kept } });
        return token;
      }),

    remove: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ scimToken }) => {
        const { count } = await scimToken.deleteMany({ where: { accountId } });
        return count > 0;
      }),
  };
}

/** The people and groups of organisations, as their providers keep them up to date (RFC 7644). */
export function scimStore(prisma: PrismaClient): ScimStore {
  const users = scimUsers(prisma);
  return {
    accountOf: async (token) => {
      if (!token.startsWith(TOKEN_PREFIX)) return undefined;
      const [row] = await prisma.$queryRaw<{ account_id: string }[]>`
        SELECT account_id FROM scim_account(${hashOf(token)})`;
      return row?.account_id;
    },
    users,
    groups: scimGroups(prisma, users),
  };
}
