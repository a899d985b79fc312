import type { DecidedLine, DecisionsPorts } from '@patchbay/domain/decisions/ports';
import type { RefusedRequest } from '@patchbay/domain/decisions/refused-request';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount } from './scope.ts';
import { storable } from './storable.ts';

export interface DecisionStore {
  readonly log: DecisionsPorts['log'];
  /** Keeps refused requests, of one account. */
  keep(accountId: string, refused: readonly RefusedRequest[]): Promise<void>;
  /** Forgets all but the newest of each account, and answers how many went. */
  forget(kept: { readonly perAccount: number }): Promise<number>;
}

/** Lines that say what was decided; the others say how it went. */
const decidingKinds = ['allocation.refused', 'limit.reached', 'refusal.repeated', 'session.ended'];

type RefusedRow = Prisma.RefusedRequestGetPayload<object>;

const fromRow = ({ id, at, askedAccountId, rule, level, known, ...row }: RefusedRow): RefusedRequest => ({
  ...row,
  requestId: id,
  atMs: at.getTime(),
  askedAccountId: askedAccountId ?? undefined,
  rule: rule ?? undefined,
  level: level ?? undefined,
  // Written by `keep` alone.
  known: known as RefusedRequest['known'],
});

export function decisionStore(prisma: PrismaClient): DecisionStore {
  return {
    log: {
      listRefused: ({ accountId, cursor, limit }) =>
        inAccount(prisma, accountId, async ({ refusedRequest }) => {
          const rows = await refusedRequest.findMany({
            where: cursor === undefined ? {} : { id: { lt: cursor } },
            orderBy: { id: 'desc' },
            take: limit + 1,
          });
          return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
        }),

      findRefused: ({ accountId, requestId }) =>
        inAccount(prisma, accountId, async ({ refusedRequest }) => {
          const row = await refusedRequest.findFirst({ where: { id: requestId } });
          return row === null ? undefined : fromRow(row);
        }),

      findAllowed: ({ accountId, requestId }) =>
        inAccount(prisma, accountId, async ({ auditEntry }) => {
          const row = await auditEntry.findFirst({
            where: { requestId },
            select: { accountId: true, at: true, actorId: true, actorName: true, action: true, target: true },
          });
          return row ?? undefined;
        }),

      linesOf: ({ accountId, sessionId, limit }) =>
        inAccount(prisma, accountId, async ({ sessionEvent }) => {
          const rows = await sessionEvent.findMany({
            where: { sessionId, kind: { in: decidingKinds } },
            orderBy: { sequence: 'asc' },
            take: limit,
          });
          return rows.map(lineFromRow);
        }),

      linesOfCredential: ({ accountId, prefixIds, limit }) =>
        inAccount(prisma, accountId, async (transaction) => {
          const rows = await transaction.$queryRaw<Parameters<typeof lineFromRow>[0][]>`
            SELECT e.session_id AS "sessionId", e.at, e.kind, e.data FROM session_event begun
            JOIN session_event e ON e.session_id = begun.session_id AND e.kind = ANY (${decidingKinds})
            WHERE begun.kind = 'session.created' AND begun.data ->> 'credentialId' = ANY (${[...prefixIds]})
            ORDER BY e.at DESC, e.sequence DESC LIMIT ${limit}`;
          return rows.map(lineFromRow).reverse();
        }),
    },

    keep: (accountId, refused) =>
      inAccount(prisma, accountId, async ({ refusedRequest }) => {
        await refusedRequest.createMany({
          data: refused.map(({ requestId, atMs, known, askedAccountId, rule, level, ...row }) => ({
            ...storable(row),
            id: requestId,
            at: new Date(atMs),
            askedAccountId: storable(askedAccountId) ?? null,
            rule: rule ?? null,
            level: level ?? null,
            known: storable(known) as Prisma.InputJsonObject,
          })),
          skipDuplicates: true,
        });
      }),

    forget: async ({ perAccount }) => {
      // What is old is removed by what each account says (PRD-4).
      const [row] = await prisma.$queryRaw<{ gone: bigint }[]>(
        Prisma.sql`SELECT forget_refused_requests('-infinity', ${perAccount}::int) AS gone`,
      );
      return Number(row?.gone ?? 0);
    },
  };
}

const lineFromRow = ({
  sessionId,
  at,
  kind,
  data,
}: Pick<Prisma.SessionEventGetPayload<object>, 'sessionId' | 'at' | 'kind' | 'data'>): DecidedLine => ({
  sessionId,
  at,
  kind,
  // Written by ingestSessionEvents alone, which takes objects only.
  data: data as DecidedLine['data'],
});
