import { countingRole, countingScopes } from '@patchbay/domain/tenancy/access';
import type { NamedGrant, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { roles } from '@patchbay/domain/tenancy/role-operations';
import { mayView } from '@patchbay/domain/tenancy/views';
import { createId } from '@patchbay/kit/ids';
import { accountChain } from './account-store.ts';
import { makeEmailLink } from './email-links.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { hashPassword } from './password.ts';

/** The role as the code knows it; the table holds no other. */
export function roleOf(text: string) {
  const role = roles.find((known) => known === text);
  if (role === undefined) throw new Error(`The database holds the unknown role ${text}.`);
  return role;
}

interface GrantRow {
  readonly account_id: string;
  readonly account_name: string;
  readonly role: string;
  readonly custom_role_id: `rol_${string}` | null;
  readonly custom_role_name: string | null;
  readonly scopes: readonly string[] | null;
  readonly is_verified: boolean;
  readonly is_test: boolean;
}

function grantFromRow(row: GrantRow, isProofAsked: boolean): NamedGrant {
  const at = { accountId: row.account_id, accountName: row.account_name, isTest: row.is_test };
  const { custom_role_id: roleId, custom_role_name: name, scopes } = row;
  const isProven = !isProofAsked || row.is_verified;
  if (roleId !== null)
    return { ...at, ...countingScopes(scopes ?? [], isProven), roleRef: roleId, roleName: name ?? roleId };
  const role = countingRole(roleOf(row.role), isProven);
  return { ...at, role, roleRef: role, roleName: role };
}

/** Of some accounts, those that are at or below one, or twins of such. */
export async function accountsWithin(
  prisma: PrismaClient,
  ids: readonly string[],
  within: string,
): Promise<ReadonlySet<string>> {
  const inside = await prisma.$queryRaw<
    { id: string }[]
  >`SELECT id FROM accounts_within(${[...ids]}, ${within}) AS id`;
  return new Set(inside.map(({ id }) => id));
}

export interface PeopleOptions {
  /** False where no mail leaves the machine, and whoever is at it reads them all: a proof would say nothing there. */
  readonly isProofAsked?: boolean | undefined;
}

/** Users, whom no account owns: everything here goes through the functions that may look over the wall. */
export function peopleStore(
  prisma: PrismaClient,
  { isProofAsked = true }: PeopleOptions = {},
): TenancyPorts['people'] {
  return {
    offeredCurrencies: async (below) => {
      if (below !== undefined) {
        const [row] = await prisma.$queryRaw<{ currency: string | null }[]>`
          SELECT brand_sign_up_currency(${below}) AS currency`;
        return row?.currency == null ? [] : [row.currency];
      }
      const rows = await prisma.$queryRaw<{ currency: string }[]>`
        SELECT currency FROM billing_offered_currencies()`;
      return rows.map(({ currency }) => currency);
    },

    hashPassword,

    signUp: async ({ email, passwordHash, name, organisationName, currency, timeZone, below }) => {
      const userId = createId('usr');
      const accountId = createId('acc');
      const organisationId = createId('org');
      const asked =
        below === undefined
          ? Prisma.sql`sign_up(${userId}, ${email}, ${name}, ${passwordHash}, ${organisationId}, ${organisationName},
              ${accountId}, ${currency}, ${timeZone})`
          : Prisma.sql`sign_up_below(${below}, ${userId}, ${email}, ${name}, ${passwordHash}, ${organisationId},
              ${organisationName}, ${accountId}, ${timeZone})`;
      const [row] = await prisma.$queryRaw<{ outcome: string }[]>`SELECT ${asked} AS outcome`;
      switch (row?.outcome) {
        case 'signed_up':
          return {
            outcome: 'signed_up',
            userId,
            accountId,
            parentId: (await accountChain(prisma, accountId)).at(-2)?.id ?? accountId,
          };
        case 'email_taken':
          return { outcome: 'email_taken' };
        default:
          return { outcome: 'closed' };
      }
    },

    makeVerification: (user) => makeEmailLink(prisma, { ...user, purpose: 'verify' }),

    isVerified: async (userId) => {
      const [row] = await prisma.$queryRaw<{ ok: boolean }[]>`SELECT email_is_verified(${userId}) AS ok`;
      return row?.ok === true;
    },

    profileOf: async (userId) => {
      const [row] = await prisma.$queryRaw<{ name: string; email: string }[]>`
        SELECT name, email FROM user_profile(${userId})`;
      return row;
    },

    grantsOf: async (userId, viewing, within) => {
      const source =
        viewing === undefined
          ? Prisma.sql`user_reach(${userId})`
          : Prisma.sql`user_reach_in_view(${userId}, ${viewing})`;
      const rows = await prisma.$queryRaw<GrantRow[]>`
        SELECT account_id, account_name, role, custom_role_id, custom_role_name, scopes, is_test,
          email_is_verified(${userId}) AS is_verified FROM ${source}`;
      const inside =
        within === undefined
          ? undefined
          : await accountsWithin(
              prisma,
              rows.map(({ account_id: id }) => id),
              within,
            );
      return rows
        .filter(({ account_id: id }) => inside === undefined || inside.has(id))
        .map((row) => grantFromRow(row, isProofAsked))
        .filter((held) => viewing === undefined || mayView(held));
    },

    organisationsOf: async (userId) => {
      const rows = await prisma.$queryRaw<{ id: string; name: string; account_id: string }[]>`
        SELECT id, name, account_id FROM user_organisations(${userId})`;
      return rows.map(({ account_id: accountId, ...rest }) => ({ ...rest, accountId }));
    },
  };
}
