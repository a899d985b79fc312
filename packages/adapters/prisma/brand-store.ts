import { createHash, randomBytes } from 'node:crypto';
import type { HexColour } from '@patchbay/domain/branding/accent-tones';
import {
  type Brand,
  type BrandInEffect,
  type Logo,
  type Logos,
  logoThemes,
} from '@patchbay/domain/branding/brand';
import type { LogoImage } from '@patchbay/domain/branding/logo-image';
import type { BrandingPorts, HostRecord, Proof } from '@patchbay/domain/branding/ports';
import { createId } from '@patchbay/kit/ids';
import { z } from 'zod';
import { rowsOf } from '../postgres/at-once.ts';
import type { Statement } from '../postgres/round-trip.ts';
import type { PrismaClient } from './generated/client.ts';
import { linkHashOf } from './link-hash.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

const TOKEN_BYTES = 16;

/** One change of an account at a time, so that what one says was there before is what the other made of it (ACC-8). */
async function inTurn(transaction: ScopedTransaction, accountId: string): Promise<void> {
  const lock = JSON.stringify(['brand', accountId]);
  await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
}

interface BrandRow {
  readonly name: string;
  readonly accent: string | null;
  readonly supportUrl: string | null;
  readonly supportEmail: string | null;
  readonly termsUrl: string | null;
  readonly privacyUrl: string | null;
  readonly senderName: string | null;
  readonly senderAddress: string | null;
  readonly mainHost: string | null;
  readonly turnHost: string | null;
  readonly isSignUpOpen: boolean;
}

const optionalFields = [
  'accent',
  'supportUrl',
  'supportEmail',
  'termsUrl',
  'privacyUrl',
  'senderName',
  'senderAddress',
  'mainHost',
  'turnHost',
] as const;

// The accent is written here alone, as the definition has it.
const fromRow = (row: BrandRow): Brand => ({
  name: row.name,
  ...Object.fromEntries(
    optionalFields.flatMap((field) => (row[field] === null ? [] : [[field, row[field]]])),
  ),
  isSignUpOpen: row.isSignUpOpen,
});

const toRow = (brand: Brand): BrandRow => ({
  name: brand.name,
  accent: brand.accent ?? null,
  supportUrl: brand.supportUrl ?? null,
  supportEmail: brand.supportEmail ?? null,
  termsUrl: brand.termsUrl ?? null,
  privacyUrl: brand.privacyUrl ?? null,
  senderName: brand.senderName ?? null,
  senderAddress: brand.senderAddress ?? null,
  mainHost: brand.mainHost ?? null,
  turnHost: brand.turnHost ?? null,
  isSignUpOpen: brand.isSignUpOpen,
});

interface LogoRow {
  readonly theme: string;
  readonly hash: string;
  readonly mediaType: string;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

const withoutBytes = {
  theme: true,
  hash: true,
  mediaType: true,
  widthPixels: true,
  heightPixels: true,
} as const;

const logoFromRow = ({ hash: digest, mediaType, widthPixels, heightPixels }: LogoRow): Logo => ({
  digest,
  mediaType: mediaType as LogoImage['mediaType'],
  widthPixels,
  heightPixels,
});

const logosFromRows = (rows: readonly LogoRow[]): Logos =>
  Object.fromEntries(
    logoThemes.flatMap((theme) => {
      const row = rows.find((each) => each.theme === theme);
      return row === undefined ? [] : [[theme, logoFromRow(row)]];
    }),
  );

interface HostRow {
  readonly id: string;
  readonly host: string;
  readonly token: string;
  readonly createdAt: Date;
  readonly provedAt: Date | null;
}

const hostFromRow = ({ id, host, token, createdAt, provedAt }: HostRow): HostRecord => ({
  id,
  host,
  token,
  createdAt,
  provedAt: provedAt ?? undefined,
});

/** What the account itself writes and reads: its own brand, in its own scope. */
export function brandStore(prisma: PrismaClient): Omit<BrandingPorts, 'names' | 'platformHost'> {
  return {
    brands: {
      find: ({ accountId }) =>
        inAccount(prisma, accountId, async ({ brand }) => {
          const row = await brand.findUnique({
            where: { accountId },
            include: { logos: { select: withoutBytes } },
          });
          return row === null ? undefined : { brand: fromRow(row), logos: logosFromRows(row.logos) };
        }),

      put: ({ accountId, brand }) =>
        inAccount(prisma, accountId, async (transaction) => {
          await inTurn(transaction, accountId);
          const before = await transaction.brand.findUnique({ where: { accountId } });
          const data = { ...toRow(brand), changedAt: new Date() };
          await transaction.brand.upsert({
            where: { accountId },
            create: { accountId, ...data },
            update: data,
          });
          return before === null ? undefined : fromRow(before);
        }),

      remove: ({ accountId }) =>
        inAccount(prisma, accountId, async (transaction) => {
          await inTurn(transaction, accountId);
          const before = await transaction.brand.findUnique({ where: { accountId } });
          if (before === null) return undefined;
          await transaction.brandLogo.deleteMany({ where: { accountId } });
          await transaction.brand.delete({ where: { accountId } });
          return fromRow(before);
        }),

      above: ({ accountId }) => shownBrands(prisma).above(accountId),
    },

    logos: {
      put: ({ accountId, theme, logo, bytes }) =>
        inAccount(prisma, accountId, async (transaction) => {
          await inTurn(transaction, accountId);
          if ((await transaction.brand.count({ where: { accountId } })) === 0) return undefined;
          const where = { accountId_theme: { accountId, theme } };
          const before = await transaction.brandLogo.findUnique({ where, select: withoutBytes });
          const { digest: hash, mediaType, widthPixels, heightPixels } = logo;
          const data = { hash, mediaType, widthPixels, heightPixels, bytes: Uint8Array.from(bytes) };
          await transaction.brandLogo.upsert({ where, create: { accountId, theme, ...data }, update: data });
          return { before: before === null ? undefined : logoFromRow(before) };
        }),

      remove: ({ accountId, theme }) =>
        inAccount(prisma, accountId, async (transaction) => {
          await inTurn(transaction, accountId);
          const where = { accountId_theme: { accountId, theme } };
          const before = await transaction.brandLogo.findUnique({ where, select: withoutBytes });
          if (before === null) return undefined;
          await transaction.brandLogo.delete({ where });
          return logoFromRow(before);
        }),
    },

    hosts: hostStore(prisma),
    digestOf: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    newToken: () => randomBytes(TOKEN_BYTES).toString('hex'),
  };
}

function hostStore(prisma: PrismaClient): BrandingPorts['hosts'] {
  return {
    list: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ brandHost }) =>
        (await brandHost.findMany({ where: { accountId }, orderBy: { host: 'asc' } })).map(hostFromRow),
      ),

    find: ({ accountId, hostId }) =>
      inAccount(prisma, accountId, async ({ brandHost }) => {
        const row = await brandHost.findFirst({ where: { accountId, id: hostId } });
        return row === null ? undefined : hostFromRow(row);
      }),

    add: ({ accountId, host, token, countMax }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await inTurn(transaction, accountId);
        const known = await transaction.brandHost.findFirst({ where: { accountId, host } });
        if (known !== null) return { host: hostFromRow(known), isNew: false };
        if ((await transaction.brandHost.count({ where: { accountId } })) >= countMax) return undefined;
        const data = { id: createId('bho'), accountId, host, token };
        return { host: hostFromRow(await transaction.brandHost.create({ data })), isNew: true };
      }),

    prove: ({ accountId, hostId, found }) =>
      inAccount(prisma, accountId, async (transaction): Promise<Proof> => {
        const [row] = await transaction.$queryRaw<{ outcome: string; lost_by: string | null }[]>`
          SELECT outcome, lost_by FROM brand_host_prove(${accountId}, ${hostId}, ${[...found]})`;
        const outcome = z.enum(['unknown', 'missing', 'taken', 'proved']).parse(row?.outcome);
        if (outcome !== 'proved') return { outcome };
        // Whoever looks finds it: what was missed before is over.
        const data = { missedCount: 0, missedSince: null };
        const proved = await transaction.brandHost.update({ where: { id: hostId }, data });
        return { outcome, host: hostFromRow(proved), lostBy: row?.lost_by ?? undefined };
      }),

    remove: ({ accountId, hostId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await inTurn(transaction, accountId);
        const row = await transaction.brandHost.findFirst({ where: { accountId, id: hostId } });
        if (row === null) return undefined;
        await transaction.brandHost.delete({ where: { id: hostId } });
        return hostFromRow(row);
      }),
  };
}

const logoInEffect = z.object({
  digest: z.string(),
  mediaType: z.enum(['image/png', 'image/webp']),
  widthPixels: z.int(),
  heightPixels: z.int(),
});
/** As `brand_in_effect` writes it. */
const inEffect = z.object({
  accountId: z.string(),
  name: z.string(),
  accent: z.custom<HexColour>((value) => typeof value === 'string').optional(),
  supportUrl: z.string().optional(),
  supportEmail: z.string().optional(),
  termsUrl: z.string().optional(),
  privacyUrl: z.string().optional(),
  host: z.string().optional(),
  turnHost: z.string().optional(),
  sender: z.object({ name: z.string(), address: z.string() }).optional(),
  isSignUpOpen: z.boolean(),
  logos: z.object({ light: logoInEffect.optional(), dark: logoInEffect.optional() }),
});

/** How brands are met: by who is below them, and at their hosts. It passes the wall, and tells nothing but what is shown. */
export interface ShownBrands {
  of(accountId: string): Promise<BrandInEffect | undefined>;
  /** Of the nearest account strictly above. With `notAbove`, of none that is above that one. */
  above(accountId: string, notAbove?: string): Promise<BrandInEffect | undefined>;
  /** Of the lowest account that is above everything where the user holds a role. */
  ofUser(userId: string): Promise<BrandInEffect | undefined>;
  /**
   * What the mail of a link was in, for the page that it leads to: of a link to set a password, to prove an address, or of an
   * invitation. With `notAbove`, of none that is above that account. Undefined as well for a link that does not work any more.
   */
  ofLink(token: string, notAbove?: string): Promise<BrandInEffect | undefined>;
  /** The account whose brand a host shows. */
  accountAt(host: string): Promise<string | undefined>;
  logo(hash: string): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>;
}

/** Answers one row, for brandFromRows(). */
export const brandAbove = (accountId: string, notAbove?: string): Statement => ({
  text: 'SELECT brand_above($1, $2) AS brand',
  values: [accountId, notAbove ?? null],
});

export function brandFromRows(rows: readonly { readonly brand?: unknown }[]): BrandInEffect | undefined {
  const brand = rows[0]?.brand ?? undefined;
  return brand === undefined ? undefined : inEffect.parse(brand);
}

export function shownBrands(prisma: PrismaClient): ShownBrands {
  return {
    of: async (accountId) =>
      brandFromRows(await prisma.$queryRaw`SELECT brand_in_effect(${accountId}) AS brand`),
    above: async (accountId, notAbove) =>
      brandFromRows(await rowsOf(prisma, brandAbove(accountId, notAbove))),
    ofUser: async (userId) => brandFromRows(await prisma.$queryRaw`SELECT brand_of_user(${userId}) AS brand`),
    ofLink: async (token, notAbove) =>
      brandFromRows(
        await prisma.$queryRaw`SELECT brand_of_link(${linkHashOf(token)}, ${notAbove ?? null}) AS brand`,
      ),
    accountAt: async (host) => {
      const [row] = await prisma.$queryRaw<{ id: string | null }[]>`SELECT brand_host_find(${host}) AS id`;
      return row?.id ?? undefined;
    },
    logo: async (hash) => {
      const [row] = await prisma.$queryRaw<{ media_type: string; bytes: Uint8Array }[]>`
        SELECT media_type, bytes FROM brand_logo_find(${hash})`;
      return row === undefined ? undefined : { mediaType: row.media_type, bytes: row.bytes };
    },
  };
}
