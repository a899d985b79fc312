import type { ReadCredential, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { parseUsername } from '@patchbay/protocol/credential/credential';
import { effectiveOf } from '@patchbay/protocol/credential/effective';
import {
  isTurnRestUsername,
  parseTurnRestUsername,
  turnRestPrefixId,
} from '@patchbay/protocol/credential/turn-rest';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

export interface UseRequest {
  readonly accountId: string;
  /** The level of the credential at which the limit stands. */
  readonly prefixId: string;
  readonly usesMax: number;
  /** What tells one client from another: the relay's choice, the same on every node. */
  readonly clientKey: string;
  /** The client was counted under this key before: it is no new use, however late it comes. */
  readonly isRestart?: boolean;
  /** This key goes on with a use that was counted under another, as a call does with that of its connection. */
  readonly isContinuation?: boolean;
  /** This client may have lost its relay: it is no new use if it is known, and the credential was in use until just now. */
  readonly restartsCredentialId?: string | undefined;
}

export interface Revocation {
  readonly accountId: string;
  readonly keyId: string;
  /** Absent: the key itself, with all that it minted. */
  readonly prefixId: string | undefined;
  readonly revokedAt: Date;
}

export interface CredentialStore {
  readonly credentials: TenancyPorts['credentials'];
  /** Counts a use, or refuses it. One use is one client's allocations within 30 seconds (ACC-7). Exact over any number of nodes that ask at once. */
  admitUse(request: UseRequest): Promise<boolean>;
  /** Whether a credential of this account's key, which has these levels, was revoked at any of them. */
  isRevoked(credential: {
    readonly accountId: string;
    readonly prefixIds: readonly string[];
  }): Promise<boolean>;
  /** Of all accounts, for nodes: what was revoked at or after a time, or could still be used; oldest first. */
  revocationsSince(since: Date): Promise<readonly Revocation[]>;
}

export function credentialStore(prisma: PrismaClient): CredentialStore {
  return {
    credentials: {
      read: (username) => {
        if (isTurnRestUsername(username)) return readTurnRest(username);
        const parsed = parseUsername(username);
        if (parsed.type === 'refusal') return undefined;
        const prefixId = parsed.blocks.at(-1)?.prefixId;
        const effective = effectiveOf(parsed);
        if (prefixId === undefined || 'type' in effective) return undefined;
        return { keyId: parsed.keyId, prefixId, ...expiryOf(effective.expiresAtMs) };
      },

      revoke: ({ accountId, keyId, prefixId, expiresAt = null }) =>
        inAccount(prisma, accountId, async ({ apiKey, credentialRevocation }) => {
          const key = await apiKey.findFirst({ where: { id: keyId }, select: { accountId: true } });
          if (key === null) return 'unknown';
          const { count } = await credentialRevocation.createMany({
            data: { accountId: key.accountId, keyId, prefixId, expiresAt },
            skipDuplicates: true,
          });
          return count > 0 ? 'revoked' : 'was_revoked';
        }),
    },

    admitUse: ({ accountId, prefixId, usesMax, clientKey, ...more }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const { isRestart = false, isContinuation = false, restartsCredentialId = null } = more;
        // One at a time for each credential: the count and the new row belong together.
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`use:${prefixId}`}, 0))::text`;
        const uses = await transaction.$queryRaw<
          { is_known: boolean; is_same: boolean; is_continuation: boolean }[]
        >`
          SELECT client_key = ${clientKey} AS is_known, is_continuation,
            client_key = ${clientKey} AND (${isRestart} OR first_at > clock_timestamp() - interval '30 seconds') AS is_same
          FROM credential_use WHERE account_id = ${accountId} AND prefix_id = ${prefixId}`;
        if (uses.some(({ is_same }) => is_same)) return true;
        const isBack =
          uses.some(({ is_known }) => is_known) &&
          (await wasJustUsed(transaction, accountId, restartsCredentialId));
        // A continuation needs something to go on with, and takes nothing away from the number of uses.
        const counted = uses.filter(({ is_continuation }) => !is_continuation);
        const goesOn = isContinuation || isBack;
        if (isContinuation ? counted.length === 0 : !isBack && counted.length >= usesMax) return false;
        await transaction.$executeRaw`
          INSERT INTO credential_use (account_id, prefix_id, client_key, first_at, is_continuation)
          VALUES (${accountId}, ${prefixId}, ${clientKey}, clock_timestamp(), ${goesOn})`;
        return true;
      }),

    isRevoked: ({ accountId, prefixIds }) =>
      inAccount(prisma, accountId, async ({ credentialRevocation }) => {
        const where = { accountId, prefixId: { in: [...prefixIds] } };
        return (await credentialRevocation.count({ where })) > 0;
      }),

    revocationsSince: async (since) => {
      const rows = await prisma.$queryRaw<
        { account_id: string; key_id: string; prefix_id: string | null; revoked_at: Date }[]
      >`SELECT account_id, key_id, prefix_id, revoked_at FROM revocations_since(${since})`;
      return rows.map((row) => ({
        accountId: row.account_id,
        keyId: row.key_id,
        prefixId: row.prefix_id ?? undefined,
        revokedAt: row.revoked_at,
      }));
    },
  };
}

/** The last time that ISO 8601 writes with four digits for the year. */
const TIME_MS_MAX = Date.UTC(9999, 11, 31);

const expiryOf = (expiresAtMs: number) =>
  expiresAtMs > TIME_MS_MAX ? {} : { expiresAt: new Date(expiresAtMs) };

/** The plain form names no key: whose it is, only a listener knows. */
function readTurnRest(username: string): ReadCredential | undefined {
  const parsed = parseTurnRestUsername(username);
  if (parsed.type === 'refusal' || parsed.keyId === undefined) return undefined;
  return { keyId: parsed.keyId, prefixId: turnRestPrefixId(username), ...expiryOf(parsed.expiresAtMs) };
}

/** Whether a relay reported use of the credential that is at most 30 seconds old: its client is hardly gone. */
async function wasJustUsed(
  transaction: Pick<PrismaClient, '$queryRaw'>,
  accountId: string,
  credentialId: string | null,
): Promise<boolean> {
  if (credentialId === null) return false;
  const rows = await transaction.$queryRaw<unknown[]>`
    SELECT 1 FROM usage_session WHERE account_id = ${accountId} AND credential_id = ${credentialId}
      AND last_at > clock_timestamp() - interval '30 seconds' LIMIT 1`;
  return rows.length > 0;
}
