import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

export interface IdempotentRequest {
  /** The key's own account, or the user's id: two callers never meet. */
  readonly callerId: string;
  readonly accountId: string;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: string;
}

export interface IdempotencyStore {
  begin(
    request: IdempotentRequest,
  ): Promise<
    | { readonly kind: 'fresh' }
    | { readonly kind: 'replay'; readonly answer: StoredAnswer }
    | { readonly kind: 'mismatch' }
    | { readonly kind: 'in_progress' }
  >;
  complete(request: IdempotentRequest, answer: StoredAnswer): Promise<void>;
  abandon(request: IdempotentRequest): Promise<void>;
}

const entryOf = ({ accountId, callerId, route, key }: IdempotentRequest) => ({
  accountId,
  callerId,
  route,
  key,
});

/**
 * Answers kept for 24 hours (C40). A request whose process died between its effect and its answer stays in progress
 * until then: it is never worked on twice.
 */
export function idempotencyStore(prisma: PrismaClient): IdempotencyStore {
  return {
    begin: (request) =>
      inAccount(prisma, request.accountId, async ({ idempotencyKey }) => {
        const entry = entryOf(request);
        const { count } = await idempotencyKey.createMany({
          data: { ...entry, fingerprint: request.fingerprint },
          skipDuplicates: true,
        });
        if (count > 0) return { kind: 'fresh' };
        const stored = await idempotencyKey.findFirst({ where: entry });
        if (stored === null) return { kind: 'in_progress' };
        if (stored.fingerprint !== request.fingerprint) return { kind: 'mismatch' };
        if (stored.status === null || stored.body === null) return { kind: 'in_progress' };
        return { kind: 'replay', answer: { status: stored.status, body: stored.body } };
      }),

    complete: (request, { status, body }) =>
      inAccount(prisma, request.accountId, async ({ idempotencyKey }) => {
        await idempotencyKey.updateMany({
          where: entryOf(request),
          data: { status, body, answeredAt: new Date() },
        });
      }),

    abandon: (request) =>
      inAccount(prisma, request.accountId, async ({ idempotencyKey }) => {
        await idempotencyKey.deleteMany({ where: { ...entryOf(request), answeredAt: null } });
      }),
  };
}

/** Forgets what has had its time: answers, failed sign-ins, old bus messages. To be run every few minutes. */
export async function prune(prisma: PrismaClient): Promise<number> {
  const [row] = await prisma.$queryRaw<{ count: bigint }[]>`SELECT prune() AS count`;
  return Number(row?.count ?? 0);
}
