import type { LegRecord, LogRecord, SessionRecord, SessionsPorts } from '@patchbay/domain/sessions/ports';
import { participantsOf } from '@patchbay/domain/sessions/session-log';
import { createId } from '@patchbay/kit/ids';
import { textArray } from '../metering/array-literal.ts';
import { rowsInAccount } from '../postgres/at-once.ts';
import type { Statement } from '../postgres/round-trip.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

type SessionRow = Prisma.SessionGetPayload<{ include: { account: { select: { name: true } } } }>;
type LegRow = Prisma.SessionLegGetPayload<object>;

type SessionQuery = Parameters<SessionsPorts['sessions']['list']>[0];

const withAccountName = { account: { select: { name: true } } } as const;

const numberOf = (value: bigint | string | null) => (value === null ? undefined : Number(value));

const legFromRow = (row: LegRow): LegRecord => ({
  id: row.id,
  accountId: row.accountId,
  identity: row.identity ?? undefined,
  // A check on the column holds it to these.
  state: row.state as LegRecord['state'],
  media: { audio: row.audio, video: row.video, screen: row.screen },
  bitsPerSecond: numberOf(row.bitsPerSecond),
  muted:
    row.mutedAudio || row.mutedVideo || row.mutedScreen
      ? { audio: row.mutedAudio, video: row.mutedVideo, screen: row.mutedScreen }
      : undefined,
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
  pausedAt: row.pausedAt ?? undefined,
  endsAt: row.endsAt ?? undefined,
  bitsPerSecondMax: numberOf(row.bitsPerSecondMax),
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

type ListedSession = Omit<SessionRow, 'account'> & { readonly accountName: string };

/**
 * The newest sessions of an account and of all below it: the newest of each by its index, and of those the newest. What it
 * costs follows from how many accounts there are and how long a page is, and not from how many sessions were ever held.
 */
const newest = ({
  accountId,
  state,
  kind,
  scope,
  identity,
  applicationId,
  from,
  to,
  cursor,
  limit,
}: SessionQuery): Statement => ({
  text: `SELECT DISTINCT ON (s.id) s.*, a.name AS "accountName" FROM account_closure c CROSS JOIN LATERAL (
      SELECT s.id, s.account_id AS "accountId", application_id AS "applicationId", node_id AS "nodeId", kind, s.state, mode, region,
        mode_sequence AS "modeSequence", coalesce(leg_ids, '{}') AS "legIds",
        coalesce(joined_leg_ids, '{}') AS "joinedLegIds", coalesce(left_leg_ids, '{}') AS "leftLegIds", started_at AS "startedAt", connected_at AS "connectedAt", ended_at AS "endedAt",
        end_code AS "endCode", paused_at AS "pausedAt", ends_at AS "endsAt", bits_per_second_max AS "bitsPerSecondMax"
      FROM ${identity === undefined ? 'session s WHERE s.account_id = c.descendant_id' : sessionsOfIdentity}
        AND s.state = ANY ($2) AND ($3 = 'all' OR kind = $3) AND ($4::text IS NULL OR s.id < $4)
        AND ($7::timestamptz IS NULL OR (s.started_at >= $7 AND s.id >= $8))
        AND ($9::timestamptz IS NULL OR (s.started_at < $9 AND s.id < $10))
        AND ($11::text IS NULL OR s.application_id = $11)${identity === undefined ? '' : ' AND l.identity = $12'}
      ORDER BY s.id DESC LIMIT $6) s JOIN account a ON a.id = s."accountId"
    WHERE c.ancestor_id = $1 AND c.valid_to = 'infinity' AND (c.depth = 0 OR $5 = 'descendants')
    ORDER BY s.id DESC LIMIT $6`,
  values: [
    ...[accountId, textArray(statesOf[state]), kind, cursor ?? null, scope, limit + 1],
    ...[from ?? null, boundOf(from, -CLOCK_MS), to ?? null, boundOf(to, CLOCK_MS), applicationId ?? null],
    ...(identity === undefined ? [] : [identity]),
  ],
});

/** By the index of legs: of whoever is asked for, and not of all who were in sessions. */
const sessionsOfIdentity =
  'session_leg l JOIN session s ON s.id = l.session_id WHERE l.account_id = c.descendant_id';

/** By how much the clock of a node, which makes the id, may differ from ours. */
const CLOCK_MS = 86_400_000;

/** Ids sort by time, so what began long before or after is not looked at. */
const boundOf = (at: string | undefined, shiftMs: number): string | null =>
  at === undefined ? null : createId('ses', Math.max(0, Date.parse(at) + shiftMs));

export function sessionStore(prisma: PrismaClient): SessionsPorts['sessions'] {
  return {
    list: async (query) => {
      const { accountId, limit } = query;
      const rows = await rowsInAccount<ListedSession>(prisma, accountId, newest(query));
      const page = pageFrom(rows, limit, {
        cursorOf: ({ id }) => id,
        toItem: ({ accountName, ...row }) => ({ ...row, account: { name: accountName } }),
      });
      if (page.items.length === 0) return { ...page, items: [] };
      return await inAccount(prisma, accountId, async (transaction) => ({
        ...page,
        items: await withLegs(transaction, page.items),
      }));
    },

    find: ({ accountId, sessionId: id }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const row = await transaction.session.findFirst({ where: { id }, include: withAccountName });
        return row === null ? undefined : (await withLegs(transaction, [row]))[0];
      }),

    legs: ({ accountId, sessionId }) =>
      inAccount(prisma, accountId, async ({ sessionLeg }) =>
        (await sessionLeg.findMany({ where: { sessionId }, orderBy: { id: 'asc' } })).map(legFromRow),
      ),

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
