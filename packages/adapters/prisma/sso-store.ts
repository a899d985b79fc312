import { randomBytes } from 'node:crypto';
import type {
  DomainRecord,
  ProviderRecord,
  ProviderSettings,
  SamlSettings,
  SsoPorts,
} from '@patchbay/domain/sso/ports';
import type { RoleRef } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { isUniqueViolation } from './database-error.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

const CHALLENGE_BYTES = 20;
const notMissed = { missedCount: 0, missedSince: null } as const;

// The secret is not listed: the role may not even read it.
const providerColumns = {
  id: true,
  kind: true,
  issuer: true,
  clientId: true,
  groupsClaim: true,
  trustsEmail: true,
  saml: true,
  newcomerRole: true,
  groupRoles: true,
  isRequired: true,
  emergencyUserIds: true,
  problem: true,
  problemCode: true,
  problemAt: true,
  changedAt: true,
} as const;

type ProviderRow = Prisma.SsoProviderGetPayload<{ select: typeof providerColumns }>;

/** What of a SAML provider is one value in its row: nothing is looked for by it. */
type SamlColumn = Omit<
  SamlSettings,
  'kind' | 'issuer' | 'newcomerRole' | 'groupRoles' | 'metadataUrl' | 'signsRequests'
> & {
  readonly metadataUrl?: string | undefined;
  readonly signsRequests?: boolean | undefined;
};

function providerFromRow(row: ProviderRow): ProviderRecord {
  const { id, issuer, newcomerRole, groupRoles, isRequired, emergencyUserIds, changedAt } = row;
  const { problem, problemCode, problemAt } = row;
  const kept = {
    id,
    issuer,
    newcomerRole: (newcomerRole as RoleRef | null) ?? undefined,
    // What was written here was read by the schema of the operation.
    groupRoles: groupRoles as unknown as ProviderRecord['groupRoles'],
    isRequired,
    emergencyUserIds,
    changedAt,
    problem:
      problem === null || problemAt === null
        ? undefined
        : { code: problemCode ?? undefined, text: problem, at: problemAt },
  };
  if (row.saml !== null) {
    const saml = row.saml as unknown as SamlColumn;
    // What was set before requests could be signed says nothing of it.
    const { signsRequests = false } = saml;
    return { ...kept, kind: 'saml', ...saml, signsRequests, metadataUrl: saml.metadataUrl };
  }
  const { clientId, groupsClaim, trustsEmail } = row;
  if (clientId === null || groupsClaim === null || trustsEmail === null)
    throw new Error('A constraint of the table is broken: sso_provider_is_one_kind.');
  return { ...kept, kind: 'oidc', clientId, groupsClaim, trustsEmail };
}

/** The columns of one kind, and nothing in those of the other. */
function rowFromSettings(settings: ProviderSettings) {
  const { kind, issuer, newcomerRole = null } = settings;
  const groupRoles = settings.groupRoles.map((one) => ({ ...one }));
  const common = { kind, issuer, newcomerRole, groupRoles };
  if (settings.kind === 'oidc') {
    const { clientId, groupsClaim, trustsEmail } = settings;
    return { ...common, clientId, groupsClaim, trustsEmail, saml: Prisma.DbNull };
  }
  const { signInUrl, certificates, metadataUrl, attributes, acceptsUnasked, signsRequests } = settings;
  const saml: SamlColumn = {
    ...{ signInUrl, certificates, attributes, acceptsUnasked, signsRequests },
    ...(metadataUrl === undefined ? {} : { metadataUrl }),
  };
  const none = { clientId: null, clientSecret: null, groupsClaim: null, trustsEmail: null };
  return { ...common, ...none, saml: saml as unknown as Prisma.InputJsonObject };
}

const domainColumns = {
  ...{ id: true, domain: true, challenge: true, provedAt: true, missedSince: true, createdAt: true },
} as const;

type DomainRow = Prisma.SsoDomainGetPayload<{ select: typeof domainColumns }>;

const domainFromRow = ({ provedAt, missedSince, ...row }: DomainRow): DomainRecord => ({
  ...row,
  provedAt: provedAt ?? undefined,
  missingSince: missedSince ?? undefined,
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

    put: ({ accountId, settings, clientSecret, isNew, isOther }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const before = await holdProvider(transaction, accountId);
        const row = rowFromSettings(settings);
        const id = before?.id ?? createId('sso');
        const secret = clientSecret === undefined ? {} : { clientSecret: sealed(cipher, id, clientSecret) };
        if (before === undefined) {
          const data = { id, accountId, ...row, ...secret };
          return providerFromRow(await transaction.ssoProvider.create({ data, select: providerColumns }));
        }
        if (isNew) await forgetPeople(transaction, accountId);
        return providerFromRow(
          await transaction.ssoProvider.update({
            where: { id, accountId },
            data: {
              ...row,
              ...secret,
              // Nobody is bound to what was never seen to work.
              ...(isNew ? { isRequired: false } : {}),
              ...(isOther
                ? { changedAt: new Date(), problem: null, problemCode: null, problemAt: null }
                : {}),
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
        await transaction.samlKey.deleteMany({ where: { accountId } });
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
          // Whoever looks finds it: what was missed before is over.
          await ssoDomain.updateMany({ where: { accountId, id }, data: notMissed });
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
