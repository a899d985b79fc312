import { sqlStateOf } from '../metering/account-scope.ts';
import { rowsInAccount, writeInAccount } from '../postgres/at-once.ts';
import { TRANSACTION_MS_MAX } from './client.ts';
import type { PrismaClient } from './generated/client.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { findPlatform } from './seed.ts';

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

export interface IdempotentRequest {
  /** The key's or the user's id: two callers never meet. */
  readonly callerId: string;
  /** Absent where a request is about no account: then it is kept at the platform's. */
  readonly accountId: string | undefined;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** A request under work, and which attempt at it this is. */
export interface IdempotencyClaim extends IdempotentRequest {
  readonly attempt: number;
}

export interface IdempotencyStore {
  begin(
    request: IdempotentRequest,
  ): Promise<
    | { readonly kind: 'fresh'; readonly claim: IdempotencyClaim }
    | { readonly kind: 'replay'; readonly answer: StoredAnswer }
    | { readonly kind: 'mismatch' }
    | { readonly kind: 'in_progress' }
  >;
  /**
   * False when another attempt took the request over: what this one changed must not stay. Within work that keeps all at
   * its end it is that end which fails, and nothing stays.
   */
  complete(claim: IdempotencyClaim, answer: StoredAnswer): Promise<boolean>;
  abandon(claim: IdempotencyClaim): Promise<void>;
}

type Placed<Request extends IdempotentRequest> = Request & { readonly accountId: string };

const entryOf = ({ accountId, callerId, route, key }: Placed<IdempotentRequest>) => ({
  accountId,
  callerId,
  route,
  key,
});

/**
 * How long a request is under work before a repeat may take it over: longer than any transaction lives, so that what
 * still runs has no effect any more.
 */
export const LEASE_MS = 3 * TRANSACTION_MS_MAX;

/**
 * Answers kept for 24 hours (C40). The answer is kept in the transaction of the change that it tells of. So a request
 * whose process died had no effect, and is begun anew by a repeat when its lease is over; one that is only slow finds out
 * when it ends, and takes its change back.
 */
export function idempotencyStore(prisma: PrismaClient): IdempotencyStore {
  async function placed<Request extends IdempotentRequest>(request: Request): Promise<Placed<Request>> {
    const accountId = request.accountId ?? (await findPlatform(prisma));
    if (accountId === undefined) throw new Error('There is no platform yet.');
    return { ...request, accountId };
  }

  return {
    async begin(given) {
      const request = await placed(given);
      const entry = entryOf(request);
      const { accountId, callerId, route, key, fingerprint } = request;
      const begun = await rowsInAccount(prisma, accountId, {
        text: `INSERT INTO idempotency_key (account_id, caller_id, route, key, fingerprint) VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT DO NOTHING RETURNING attempt`,
        values: [accountId, callerId, route, key, fingerprint],
      });
      if (begun.length > 0) return { kind: 'fresh', claim: { ...given, attempt: 1 } };
      return inAccount(prisma, accountId, async (transaction) => {
        const { idempotencyKey } = transaction;
        const attempt = await takeOver(transaction, request);
        if (attempt !== undefined) return { kind: 'fresh', claim: { ...given, attempt } };
        const stored = await idempotencyKey.findFirst({ where: entry });
        if (stored === null) return { kind: 'in_progress' };
        if (stored.fingerprint !== request.fingerprint) return { kind: 'mismatch' };
        if (stored.status === null || stored.body === null) return { kind: 'in_progress' };
        return { kind: 'replay', answer: { status: stored.status, body: stored.body } };
      });
    },

    async complete(given, { status, body }) {
      const { accountId, callerId, route, key, attempt } = await placed(given);
      try {
        await writeInAccount(prisma, accountId, {
          text: 'SELECT idempotency_answer($1, $2, $3, $4, $5, $6, $7)',
          values: [accountId, callerId, route, key, attempt, status, body],
        });
        return true;
      } catch (error) {
        if (isTakenOver(error)) return false;
        throw error;
      }
    },

    async abandon(given) {
      const claim = await placed(given);
      await inAccount(prisma, claim.accountId, async ({ idempotencyKey }) => {
        await idempotencyKey.deleteMany({
          where: { ...entryOf(claim), attempt: claim.attempt, answeredAt: null },
        });
      });
    },
  };
}

/** What the function says where another attempt took the request over. */
export const isTakenOver = (error: unknown): boolean => sqlStateOf(error) === 'PB410';

/** Takes over a request whose lease ran out, and answers the number of the new attempt. Of many at once, one does. */
async function takeOver(
  transaction: ScopedTransaction,
  { accountId, callerId, route, key, fingerprint }: Placed<IdempotentRequest>,
): Promise<number | undefined> {
  const [row] = await transaction.$queryRaw<{ attempt: number }[]>`
    UPDATE idempotency_key SET attempt = attempt + 1, started_at = clock_timestamp()
    WHERE account_id = ${accountId} AND caller_id = ${callerId} AND route = ${route} AND key = ${key}
      AND fingerprint = ${fingerprint} AND answered_at IS NULL
      AND started_at < clock_timestamp() - make_interval(secs => ${LEASE_MS} / 1000.0)
    RETURNING attempt`;
  return row?.attempt;
}

/** Forgets what has had its time: answers, failed sign-ins, old bus messages. To be run every few minutes. */
export async function prune(prisma: PrismaClient): Promise<number> {
  const [row] = await prisma.$queryRaw<{ count: bigint }[]>`SELECT prune() AS count`;
  return Number(row?.count ?? 0);
}
