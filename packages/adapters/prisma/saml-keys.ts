import type { KeyObject } from 'node:crypto';
import type { SamlKeyRecord, SsoPorts } from '@patchbay/domain/sso/ports';
import { createId } from '@patchbay/kit/ids';
import type { PublishedKeys } from '../saml/metadata.ts';
import { makeSamlKey, openSamlKey } from '../saml/own-key.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

// The private one is not listed: the role may not even read it.
const columns = {
  ...{ id: true, certificate: true, fingerprint: true },
  ...{ certificateEndsAt: true, createdAt: true, endsAt: true },
} as const;

interface Row extends Omit<SamlKeyRecord, 'endsAt'> {
  readonly endsAt: Date | null;
}
const fromRow = ({ endsAt, ...row }: Row): SamlKeyRecord => ({ ...row, endsAt: endsAt ?? undefined });

const nameOf = (keyId: string) => `SAML key ${keyId}`;

async function keysOf({ samlKey }: ScopedTransaction, accountId: string): Promise<readonly SamlKeyRecord[]> {
  const rows = await samlKey.findMany({
    where: { accountId, OR: [{ endsAt: null }, { endsAt: { gt: new Date() } }] },
    select: columns,
  });
  // The newest is the one without an end.
  return rows
    .map(fromRow)
    .toSorted((one, other) => Number(one.endsAt !== undefined) - Number(other.endsAt !== undefined));
}

/** Key pairs of ours, by the organisation whose provider knows them. */
export function samlKeyStore(prisma: PrismaClient, cipher: MintBranchCipher): SsoPorts['samlKeys'] {
  return {
    list: ({ accountId }) => inAccount(prisma, accountId, (transaction) => keysOf(transaction, accountId)),

    make: () => makeSamlKey(Date.now()),

    put: ({ accountId, key: { privateKey, ...key }, replacedEndsAt }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const { samlKey } = transaction;
        // One at a time, so that of two at once neither ends the key of the other.
        const lock = `saml keys ${accountId}`;
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
        await samlKey.deleteMany({ where: { accountId, endsAt: { lte: new Date() } } });
        if ((await keysOf(transaction, accountId)).length > 1) return 'two';
        await samlKey.updateMany({ where: { accountId, endsAt: null }, data: { endsAt: replacedEndsAt } });
        await samlKey.deleteMany({ where: { accountId, endsAt: { lte: new Date() } } });
        const id = createId('smk');
        const data = { id, accountId, ...key, privateKey: cipher.seal(nameOf(id), privateKey) };
        return fromRow(await samlKey.create({ data, select: columns }));
      }),

    endReplaced: ({ accountId }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const replaced = (await keysOf(transaction, accountId)).find(({ endsAt }) => endsAt !== undefined);
        const { count } = await transaction.samlKey.deleteMany({
          where: { accountId, endsAt: { not: null } },
        });
        return count === 0 ? undefined : replaced;
      }),
  };
}

export interface OpenSamlKeys {
  /** All that have not ended: whichever a provider encrypts to. */
  readonly all: readonly KeyObject[];
  /** With which requests are signed: while there are two the older one, which the provider knows. */
  readonly signing: KeyObject | undefined;
}

/** For whoever signs in just now. */
export async function openSamlKeys(
  prisma: PrismaClient,
  cipher: MintBranchCipher,
  accountId: string,
): Promise<OpenSamlKeys> {
  const rows = await inAccount(
    prisma,
    accountId,
    (transaction) =>
      transaction.$queryRaw<
        { id: string; private_key: Uint8Array; ends_at: Date | null }[]
      >`SELECT id, private_key, ends_at FROM saml_private_keys(${accountId})`,
  );
  const keys = rows.map(({ id, private_key: sealed, ends_at: endsAt }) => ({
    key: openSamlKey(cipher.open(nameOf(id), sealed)),
    isReplaced: endsAt !== null,
  }));
  const signing = keys.find(({ isReplaced }) => isReplaced) ?? keys[0];
  return { all: keys.map(({ key }) => key), signing: signing?.key };
}

interface PublishedRow {
  readonly certificate: string;
  readonly is_replaced: boolean;
  readonly signs_requests: boolean;
}

/** What our metadata say of keys. Of an organisation that there is not: nothing, as of one without keys. */
export async function publishedSamlKeys(
  prisma: PrismaClient,
  organisationId: string,
): Promise<PublishedKeys> {
  const rows = await prisma.$queryRaw<PublishedRow[]>`
    SELECT certificate, is_replaced, signs_requests FROM saml_published_keys(${organisationId})`;
  return {
    signing: rows.map(({ certificate }) => certificate),
    encryption: rows.filter((row) => !row.is_replaced).map(({ certificate }) => certificate),
    signsRequests: rows.some((row) => row.signs_requests),
  };
}
