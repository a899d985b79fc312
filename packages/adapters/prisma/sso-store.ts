import { randomBytes } from 'node:crypto';
import type { DomainRecord, ProviderRecord, SsoPorts } from '@patchbay/domain/sso/ports';
import type { RoleRef } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { isUniqueViolation } from './database-error.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

const CHALLENGE_BYTES = 20;

// The secret is not listed: the role may not even read it.
const providerColumns = {
  id: true,
  issuer: true,
  clientId: true,
  newcomerRole: true,
  groupsClaim: true,
  groupRoles: true,
  trustsEmail: true,
  isRequired: true,
  emergencyUserIds: true,
  problem: true,
  problemAt: true,
  changedAt: true,
} as const;

type ProviderRow = Prisma.SsoProviderGetPayload<{ select: typeof providerColumns }>;

const providerFromRow = ({
  problem,
  problemAt,
  newcomerRole,
  groupRoles,
  ...row
}: ProviderRow): ProviderRecord => ({
  ...row,
  newcomerRole: (newcomerRole as RoleRef | null) ?? undefined,
  // What was written here was read by the schema of the operation.
  groupRoles: groupRoles as unknown as ProviderRecord['groupRoles'],
  problem: problem === null || problemAt === null ? undefined : { text: problem, at: problemAt },
});

const domainColumns = { id: true, domain: true, challenge: true, provedAt: true, createdAt: true } as const;

type DomainRow = Prisma.SsoDomainGetPayload<{ select: typeof domainColumns }>;

const domainFromRow = ({ provedAt, ...row }: DomainRow): DomainRecord => ({
  ...row,
  provedAt: provedAt ?? undefined,
});

export async function readProvider(
  { ssoProvider }: ScopedTransaction,
  accountId: string,
): Promise<ProviderRecord | undefined> {
  const row = await ssoProvider.findFirst({ where: { accountId }, select: providerColumns });
  return row === null ? undefined : providerFromRow(row);
}

/** The same. Within a unit of work it stays as it is until the end of that: what is judged is what is changed. */
async function holdProvider(
  transaction: ScopedTransaction,
  accountId: string,
): Promise<ProviderRecord | undefined> {
  await transaction.$queryRaw`SELECT id FROM sso_provider WHERE account_id = ${accountId} FOR UPDATE`;
  return await readProvider(transaction, accountId);
}

export const secretName = (providerId: string) => `client secret ${providerId}`;

const sealed = (cipher: MintBranchCipher, providerId: string, secret: string) =>
  cipher.seal(secretName(providerId), Buffer.from(secret, 'utf8'));

/** Ends what the provider opened, and forgets whom it knew. Answers how many sessions ended. */
async function forgetPeople(transaction: ScopedTransaction, accountId: string): Promise<number> {
  const [row] = await transaction.$queryRaw<{ ended: number }[]>`
    SELECT sso_end_sessions(${accountId}) AS ended`;
  await transaction.ssoIdentity.deleteMany({ where: { accountId } });
  return row?.ended ?? 0;
}

export function ssoProviderStore(prisma: PrismaClient, cipher: MintBranchCipher): SsoPorts['providers'] {
  return {
    find: ({ accountId }) =>
      inAccount(prisma, accountId, (transaction) => holdProvider(transaction, accountId)),

    put: ({ accountId, clientSecret, isNew, newcomerRole, groupRoles, ...settings }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const before = await holdProvider(transaction, accountId);
        const said = {
          ...settings,
          newcomerRole: newcomerRole ?? null,
          groupRoles: groupRoles.map((one) => ({ ...one })),
        };
        if (before === undefined) {
          const id = createId('sso');
          if (clientSecret === undefined) throw new Error('A new provider has a secret.');
          const data = { id, accountId, ...said, clientSecret: sealed(cipher, id, clientSecret) };
          return providerFromRow(await transaction.ssoProvider.create({ data, select: providerColumns }));
        }
        if (isNew) await forgetPeople(transaction, accountId);
        const isOther = isNew || clientSecret !== undefined;
        return providerFromRow(
          await transaction.ssoProvider.update({
            where: { id: before.id, accountId },
            data: {
              ...said,
              ...(clientSecret === undefined
                ? {}
                : { clientSecret: sealed(cipher, before.id, clientSecret) }),
              // Nobody is bound to what was never seen to work.
              ...(isNew ? { isRequired: false } : {}),
              ...(isOther ? { changedAt: new Date(), problem: null, problemAt: null } : {}),
            },
            select: providerColumns,
          }),
        );
      }),

    update: ({ accountId, isRequired, emergencyUserIds }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const data = { isRequired, emergencyUserIds: [...emergencyUserIds] };
        await transaction.ssoProvider.updateMany({ where: { accountId }, data });
        const [row] = await transaction.$queryRaw<{ ended: number }[]>`
          SELECT sso_end_other_sessions(${accountId}) AS ended`;
        return row?.ended ?? 0;
      }),

    remove: ({ accountId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const endedCount = await forgetPeople(transaction, accountId);
        await transaction.ssoProvider.deleteMany({ where: { accountId } });
        return endedCount;
      }),

    triedAt: ({ accountId, issuer, userId }) =>
      inAccount(prisma, accountId, async ({ ssoIdentity }) => {
        const where = { accountId, issuer, userId };
        const row = await ssoIdentity.findFirst({ where, select: { lastUsedAt: true } });
        return row?.lastUsedAt;
      }),
  };
}

export function ssoDomainStore(prisma: PrismaClient): SsoPorts['domains'] {
  return {
    list: ({ accountId, cursor = '', limit }) =>
      inAccount(prisma, accountId, async ({ ssoDomain }) => {
        const rows = await ssoDomain.findMany({
          where: { accountId, id: { gt: cursor } },
          orderBy: { id: 'asc' },
          take: limit + 1,
          select: domainColumns,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: domainFromRow });
      }),

    find: ({ accountId, domainId: id }) =>
      inAccount(prisma, accountId, async ({ ssoDomain }) => {
        const row = await ssoDomain.findFirst({ where: { accountId, id }, select: domainColumns });
        return row === null ? undefined : domainFromRow(row);
      }),

    add: ({ accountId, domain, countMax }) =>
      inAccount(prisma, accountId, async (transaction) => {
        // One at a time, so that many at once are no more than may be.
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`domains ${accountId}`}, 0))::text`;
        const { ssoDomain } = transaction;
        const known = await ssoDomain.findFirst({ where: { accountId, domain }, select: domainColumns });
        if (known !== null) return domainFromRow(known);
        if ((await ssoDomain.count({ where: { accountId } })) >= countMax) return 'too_many';
        const [proved] = await transaction.$queryRaw<object[]>`
          SELECT 1 FROM sso_of_domain(${domain})`;
        if (proved !== undefined) return 'taken';
        const challenge = randomBytes(CHALLENGE_BYTES).toString('hex');
        const data = { id: createId('dom'), accountId, domain, challenge };
        return domainFromRow(await ssoDomain.create({ data, select: domainColumns }));
      }),

    prove: async ({ accountId, domainId: id }) => {
      try {
        return await inAccount(prisma, accountId, async ({ ssoDomain }) => {
          await ssoDomain.updateMany({
            where: { accountId, id, provedAt: null },
            data: { provedAt: new Date() },
          });
          const row = await ssoDomain.findFirst({ where: { accountId, id }, select: domainColumns });
          return row === null ? undefined : domainFromRow(row);
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken';
        throw error;
      }
    },

    remove: ({ accountId, domainId: id }) =>
      inAccount(prisma, accountId, async ({ ssoDomain }) => {
        const { count } = await ssoDomain.deleteMany({ where: { accountId, id } });
        return count > 0;
      }),
  };
}
