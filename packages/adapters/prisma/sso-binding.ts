import type { PrismaClient } from './generated/client.ts';

/** The organisation by whose provider alone somebody signs in. */
export interface SsoBinding {
  readonly organisationId: string;
  readonly organisationName: string;
}

export async function ssoBinding(prisma: PrismaClient, userId: string): Promise<SsoBinding | undefined> {
  const [row] = await prisma.$queryRaw<{ organisation_id: string; organisation_name: string }[]>`
    SELECT organisation_id, organisation_name FROM sso_binding(${userId})`;
  return row && { organisationId: row.organisation_id, organisationName: row.organisation_name };
}
