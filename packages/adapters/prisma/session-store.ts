import type { LegRecord, LogRecord, SessionRecord, SessionsPorts } from '@patchbay/domain/sessions/ports';
import { participantsOf } from '@patchbay/domain/sessions/session-log';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

type SessionRow = Prisma.SessionGetPayload<{ include: { account: { select: { name: true } } } }>;
type LegRow = Prisma.SessionLegGetPayload<object>;

type SessionQuery = Parameters<SessionsPorts['sessions']['list']>[0];

const withAccountName = { account: { select: { name: true } } } as const;

const legFromRow = (row: LegRow): LegRecord => ({
  id: row.id,
  accountId: row.accountId,
  identity: row.identity ?? undefined,
  // A check on the column holds it to these.
  state: row.state as LegRecord['state'],
  media: { audio: row.audio, video: row.video, screen: row.screen },
  bitsPerSecond: row.bitsPerSecond === null ? undefined : Number(row.bitsPerSecond),
  joinedAt: row.joinedAt ?? undefined,
  leftAt: row.leftAt ?? undefined,
});

const fromRow = (row: SessionRow, legs: readonly LegRow[]): SessionRecord => ({
  id: row.id,
  // A check on the column holds it to these.
  kind: row.kind as SessionRecord['kind'],
  accountId: row.accountId,
  accountName: row.account.name,
  applicationId: row.applicationId ?? undefined,
  nodeId: row.nodeId ?? undefined,
  // Checks on the columns hold them to these.
  state: row.state as SessionRecord['state'],
  mode: row.mode as SessionRecord['mode'],
  region: row.region,
  startedAt: row.startedAt,
  connectedAt: row.connectedAt ?? undefined,
  endedAt: row.endedAt ?? undefined,
  endCode: row.endCode ?? undefined,
  participants: participantsOf({ ...row, endedAtMs: row.endedAt?.getTime() }),
  legIds: row.legIds,
  legs: legs.map(legFromRow),
});

async function withLegs(
  { sessionLeg }: ScopedTransaction,
  rows: readonly SessionRow[],
): Promise<SessionRecord[]> {
  const legs = await sessionLeg.findMany({
    where: { sessionId: { in: rows.map(({ id }) => id) } },
    orderBy: { id: 'asc' },
  });
  const bySession = Map.groupBy(legs, ({ sessionId }) => sessionId);
  return rows.map((row) => fromRow(row, bySession.get(row.id) ?? []));
}

const statesOf: Readonly<Record<SessionQuery['state'], readonly string[]>> = {
  open: ['ringing', 'live'],
  ended: ['ended'],
  all: ['ringing', 'live', 'ended'],
};

/**
 * The newest ids of an account and of all below it: the newest of each by its index, and of those the newest. What it
 * costs follows from how many accounts there are and how long a page is, and not from how many sessions were ever held.
 */
function newestIds(transaction: ScopedTransaction, query: SessionQuery, limit: number) {
  const { accountId, state, kind, scope, cursor } = query;
  return transaction.$queryRaw<{ id: string }[]>`
    SELECT s.id FROM account_closure c CROSS JOIN LATERAL (
      SELECT id FROM session
      WHERE account_id = c.descendant_id AND state = ANY (${[...statesOf[state]]}) AND (${kind} = 'all' OR kind = ${kind})
        AND (${cursor ?? null}::text IS NULL OR id < ${cursor ?? null}::text)
      ORDER BY id DESC LIMIT ${limit}) s
    WHERE c.ancestor_id = ${accountId} AND c.valid_to = 'infinity'
      AND (c.depth = 0 OR ${scope} = 'descendants')
    ORDER BY s.id DESC LIMIT ${limit}`;
}

export function sessionStore(prisma: PrismaClient): SessionsPorts['sessions'] {
  return {
    list: (query) =>
      inAccount(prisma, query.accountId, async (transaction) => {
        const { limit } = query;
        const newest = await newestIds(transaction, query, limit + 1);
        const rows = await transaction.session.findMany({
          where: { id: { in: newest.map(({ id }) => id) } },
          orderBy: { id: 'desc' },
          include: withAccountName,
        });
        const page = pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: (row) => row });
        return { ...page, items: await withLegs(transaction, page.items) };
      }),

    find: ({ accountId, sessionId: id }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const row = await transaction.session.findFirst({ where: { id }, include: withAccountName });
        return row === null ? undefined : (await withLegs(transaction, [row]))[0];
      }),

    log: ({ accountId, sessionId, after, limit }) =>
      inAccount(prisma, accountId, async ({ sessionEvent }) => {
        const rows = await sessionEvent.findMany({
          where: { sessionId, sequence: { gt: after } },
          orderBy: { sequence: 'asc' },
          take: limit,
        });
        return rows.map(
          ({ sequence, at, kind, legId, data }): LogRecord => ({
            sequence,
            at,
            kind,
            legId: legId ?? undefined,
            // Written by ingestSessionEvents alone, which takes objects only.
            data: data as LogRecord['data'],
          }),
        );
      }),
  };
}
