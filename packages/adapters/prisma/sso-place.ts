import type { ProviderRecord } from '@patchbay/domain/sso/ports';
import type { ProviderError } from '@patchbay/domain/sso/provider-error';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';
import { readProvider } from './sso-store.ts';

/** Where somebody signs in: an organisation, by its top account. */
export interface SsoPlace {
  readonly accountId: string;
  readonly provider: ProviderRecord;
  /** Proved ones alone. */
  readonly domains: readonly string[];
}

export const placeAt = (prisma: PrismaClient, accountId: string): Promise<SsoPlace | undefined> =>
  inAccount(prisma, accountId, async (transaction) => {
    const provider = await readProvider(transaction, accountId);
    if (provider === undefined) return undefined;
    const proved = await transaction.ssoDomain.findMany({
      where: { accountId, provedAt: { not: null } },
      select: { domain: true },
    });
    return { accountId, provider, domains: proved.map(({ domain }) => domain) };
  });

export async function placeOfOrganisation(
  prisma: PrismaClient,
  organisationId: string,
): Promise<SsoPlace | undefined> {
  const [row] = await prisma.$queryRaw<{ account_id: string }[]>`
    SELECT account_id FROM sso_of_organisation(${organisationId})`;
  return row && (await placeAt(prisma, row.account_id));
}

/** What a provider did wrong is shown to the owners; what it declined is between it and the person. */
export async function noteProblem(
  prisma: PrismaClient,
  accountId: string,
  { kind, detail, code }: Pick<ProviderError, 'kind' | 'detail' | 'code'>,
): Promise<void> {
  if (kind === 'declined') return;
  const data = { problem: detail, problemCode: code ?? null, problemAt: new Date() };
  await inAccount(prisma, accountId, ({ ssoProvider }) =>
    ssoProvider.updateMany({ where: { accountId }, data }),
  );
}

export async function forgetProblem(prisma: PrismaClient, { accountId, provider }: SsoPlace): Promise<void> {
  if (provider.problem === undefined) return;
  const data = { problem: null, problemCode: null, problemAt: null };
  await inAccount(prisma, accountId, ({ ssoProvider }) =>
    ssoProvider.updateMany({ where: { accountId }, data }),
  );
}
