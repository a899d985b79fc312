import { randomBytes } from 'node:crypto';
import type { StoredPolicy } from '@patchbay/domain/policy/policy-chain';
import type { AccountState } from '@patchbay/domain/tenancy/account-state';
import type { KeyRecord, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import {
  apiBranch,
  createSecret,
  hashApiBranch,
  mintBranch,
  parseSecret,
  SECRET_BYTES,
} from '@patchbay/protocol/credential/secret';
import { rowsInAccount, rowsOf } from '../postgres/at-once.ts';
import type { PrismaClient } from './generated/client.ts';
import type { MintBranchCipher } from './mint-branch-cipher.ts';
import { pageFrom } from './page.ts';
import { policyFromRow, type StoredRow } from './policy-store.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

/** A key that authenticated a request. */
export interface AuthenticatedKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Of the key's own account. */
  readonly standing: AccountStanding;
}

/** What holds for an account at one moment: who is above it, and what is stored of policies along that chain. */
export interface AccountStanding {
  readonly chain: readonly { readonly id: string; readonly state: AccountState }[];
  readonly policies: readonly StoredPolicy[];
}

export interface KeyStore {
  readonly keys: TenancyPorts['keys'];
  /** Undefined for a text that is no secret of a key in force. A mistyped one costs no query. */
  authenticate(secret: string): Promise<AuthenticatedKey | undefined>;
  /** Credentials of these keys are in use. Written at most once a minute for each key. */
  noteUse(used: readonly { readonly keyId: string; readonly accountId: string }[]): Promise<void>;
}

const LAST_USE_WRITTEN_EVERY_MS = 60_000;
/** pb_live_ and the first of the key's own characters: enough to recognise it by, and nothing of the secret. */
const DISPLAY_CHARACTERS = 20;

// Whatever is not listed stays in the database: the role may not even read hash and ciphertext.
const columns = {
  id: true,
  accountId: true,
  name: true,
  display: true,
  mode: true,
  scopes: true,
  createdAt: true,
  expiresAt: true,
  lastUsedAt: true,
  revokedAt: true,
  replacedBy: true,
} as const;

const selected = `id, account_id AS "accountId", name, display, mode, coalesce(scopes, '{}') AS scopes, created_at AS "createdAt", expires_at AS "expiresAt",
  last_used_at AS "lastUsedAt", revoked_at AS "revokedAt", replaced_by AS "replacedBy"`;

interface KeyRow {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly display: string;
  readonly mode: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly replacedBy: string | null;
}

const modeOf = (mode: string) => (mode === 'test' ? 'test' : 'live');

const fromRow = (row: KeyRow): KeyRecord => ({
  ...row,
  mode: modeOf(row.mode),
  expiresAt: row.expiresAt ?? undefined,
  lastUsedAt: row.lastUsedAt ?? undefined,
  revokedAt: row.revokedAt ?? undefined,
  replacedBy: row.replacedBy ?? undefined,
});

async function find({ apiKey }: ScopedTransaction, accountId: string, id: string) {
  const row = await apiKey.findFirst({ where: { accountId, id }, select: columns });
  return row === null ? undefined : fromRow(row);
}

type Wanted = Parameters<TenancyPorts['keys']['create']>[0] & { readonly id?: string };

async function create(
  transaction: ScopedTransaction,
  cipher: MintBranchCipher,
  { id = createId('key'), accountId, name, mode, scopes, expiresAt, createdBy }: Wanted,
) {
  const secret = createSecret({ keyId: id, mode, random: randomBytes(SECRET_BYTES) });
  const parsed = parseSecret(secret);
  if (parsed.type === 'refusal') throw new Error(`A new secret does not parse: ${parsed.detail}`);
  const data = {
    id,
    accountId,
    name,
    display: secret.slice(0, DISPLAY_CHARACTERS),
    mode,
    scopes: [...scopes],
    apiHash: hashBytes(hashApiBranch(apiBranch(parsed))),
    mintCiphertext: cipher.seal(id, mintBranch(parsed)),
    createdBy,
    expiresAt: expiresAt ?? null,
  };
  // createMany answers no row, so it does not ask for the columns that the role may not read.
  await transaction.apiKey.createMany({ data });
  const key = await find(transaction, accountId, id);
  if (key === undefined) throw new Error(`The new key ${id} is not in its account's scope.`);
  return { key, secret };
}

export function keyStore(prisma: PrismaClient, cipher: MintBranchCipher): KeyStore {
  return {
    keys: {
      list: async ({ accountId, cursor = '', limit }) => {
        const rows = await rowsInAccount<KeyRow>(prisma, accountId, {
          text: `SELECT ${selected} FROM api_key WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
          values: [accountId, cursor, limit + 1],
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
      },

      find: async ({ accountId, keyId }) => {
        const [row] = await rowsInAccount<KeyRow>(prisma, accountId, {
          text: `SELECT ${selected} FROM api_key WHERE account_id = $1 AND id = $2`,
          values: [accountId, keyId],
        });
        return row && fromRow(row);
      },

      rename: ({ accountId, keyId, name }) =>
        inAccount(prisma, accountId, async (transaction) => {
          await transaction.apiKey.updateMany({ where: { accountId, id: keyId }, data: { name } });
          return await find(transaction, accountId, keyId);
        }),

      create: (wanted) =>
        inAccount(prisma, wanted.accountId, (transaction) => create(transaction, cipher, wanted)),

      rotate: ({ accountId, keyId, endsAt, createdBy }) =>
        inAccount(prisma, accountId, async (transaction) => {
          // Of many at once the first holds the row until its key is made.
          const id = createId('key');
          const count = await transaction.$executeRaw`
            UPDATE api_key SET replaced_by = ${id}, expires_at = least(expires_at, ${endsAt})
            WHERE account_id = ${accountId} AND id = ${keyId} AND revoked_at IS NULL AND replaced_by IS NULL
              AND (expires_at IS NULL OR expires_at > now())`;
          const replaced = count === 0 ? undefined : await find(transaction, accountId, keyId);
          if (replaced === undefined) return undefined;
          const { name, mode, scopes } = replaced;
          const made = await create(transaction, cipher, { id, accountId, name, mode, scopes, createdBy });
          return { ...made, replaced };
        }),

      revoke: ({ accountId, keyId }) =>
        inAccount(prisma, accountId, async (transaction) => {
          await transaction.$executeRaw`
            UPDATE api_key SET revoked_at = now() WHERE account_id = ${accountId} AND id = ${keyId} AND revoked_at IS NULL`;
          return await find(transaction, accountId, keyId);
        }),
    },

    authenticate: (secret) => authenticate(prisma, secret),

    noteUse: async (used) => {
      for (const [accountId, keys] of Map.groupBy(used, (key) => key.accountId)) {
        await noteUse(
          prisma,
          accountId,
          keys.map(({ keyId }) => keyId),
        );
      }
    },
  };
}

async function authenticate(prisma: PrismaClient, secret: string): Promise<AuthenticatedKey | undefined> {
  const parsed = parseSecret(secret);
  if (parsed.type === 'refusal') return undefined;
  const hash = hashBytes(hashApiBranch(apiBranch(parsed)));
  const [found] = await rowsOf<FoundKey>(prisma, { text: byHash, values: [hash] });
  if (found === undefined || found.id !== parsed.keyId) return undefined;
  const { last_used_at: lastUsedAt } = found;
  if (lastUsedAt === null || Date.now() - lastUsedAt.getTime() >= LAST_USE_WRITTEN_EVERY_MS)
    await noteUse(prisma, found.account_id, [found.id]);
  return {
    keyId: found.id,
    accountId: found.account_id,
    name: found.name,
    scopes: found.scopes,
    standing: { chain: found.chain, policies: found.policies.map(policyFromRow) },
  };
}

/** The key, and what every request with it asks next: of one moment, and in one round trip. */
const byHash = `
  SELECT k.id, k.account_id, k.name, k.scopes, k.last_used_at,
    (SELECT json_agg(json_build_object('id', c.id, 'state', c.state) ORDER BY c.ordinality)
      FROM account_chain(k.account_id) WITH ORDINALITY c) AS chain,
    (SELECT coalesce(json_agg(p ORDER BY p.ordinality), '[]')
      FROM policy_chain(k.account_id) WITH ORDINALITY p) AS policies
  FROM key_by_hash($1) k`;

interface FoundKey {
  readonly id: string;
  readonly account_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly last_used_at: Date | null;
  readonly chain: AccountStanding['chain'];
  readonly policies: readonly StoredRow[];
}

async function noteUse(prisma: PrismaClient, accountId: string, keyIds: readonly string[]): Promise<void> {
  await inAccount(
    prisma,
    accountId,
    (transaction) => transaction.$executeRaw`
      UPDATE api_key SET last_used_at = now() WHERE account_id = ${accountId} AND id = ANY(${[...keyIds]})
        AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
  );
}

const hashBytes = (base64Url: string) => Uint8Array.from(Buffer.from(base64Url, 'base64url'));
