import { cursorOf, type EventCursors } from '@patchbay/domain/hooks/envelope';
import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import type { DataKind, DataOwner } from '@patchbay/domain/privacy/data-kind';
import { kindOfService } from '@patchbay/domain/sessions/session-log';
import { idTimeMs } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

/** An identity is in sessions as a credential names it; an endpoint is named with its namespace. */
const identityOf = ({ endpoint }: DataOwner): string | null =>
  endpoint?.startsWith(userEndpointId('')) === true ? endpoint.slice(userEndpointId('').length) : null;

interface SessionRow {
  readonly id: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly size_bytes: bigint;
}

/** The log of each session that a service held (MET-7). */
export function sessionLogData(prisma: PrismaClient): DataKind {
  return {
    name: 'session-log',
    form: 'data',
    mediaType: 'application/json',
    dataClass: 'sessionLogs',
    readBy: 'sessions.listLog',
    list: async (owner, { before, limit }) => {
      const kind = kindOfService(owner.service);
      const identity = identityOf(owner);
      // No other endpoint than a user takes part in a session so far.
      if (kind === undefined || (owner.endpoint !== undefined && identity === null)) return [];
      const { accountId, applicationId = null } = owner;
      const beforeId = before === undefined ? null : `ses_${before}`;
      return inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<SessionRow[]>`
          WITH newest AS (
            SELECT s.id, s.started_at, s.ended_at FROM session s
            WHERE ${identity}::text IS NULL AND s.account_id = ${accountId} AND s.kind = ${kind}
              AND (${beforeId}::text IS NULL OR s.id < ${beforeId})
              AND (${applicationId}::text IS NULL OR s.application_id = ${applicationId})
            ORDER BY s.id DESC LIMIT ${limit}
          ), own AS (
            SELECT DISTINCT s.id, s.started_at, s.ended_at FROM session_leg l JOIN session s ON s.id = l.session_id
            WHERE l.account_id = ${accountId} AND l.identity = ${identity} AND s.kind = ${kind}
              AND (${beforeId}::text IS NULL OR l.session_id < ${beforeId})
            ORDER BY s.id DESC LIMIT ${limit})
          SELECT f.*, (SELECT coalesce(sum(octet_length(e.data::text)), 0) FROM session_event e
            WHERE e.session_id = f.id)::bigint AS size_bytes
          FROM (SELECT * FROM newest UNION ALL SELECT * FROM own) f ORDER BY f.id DESC`;
        return rows.map((row) => ({
          id: row.id,
          createdAt: row.started_at,
          sizeBytes: Number(row.size_bytes),
          ...(row.ended_at === null ? {} : { keptFrom: row.ended_at }),
          request: { sessionId: row.id },
        }));
      });
    },
  };
}

interface EventRow {
  readonly id: string;
  readonly position: bigint;
  readonly type: string;
  readonly at: Date;
  readonly size_bytes: number;
}

/** Each event of a service, as webhooks carry it (HKS-2). */
export function eventData(prisma: PrismaClient, cursors: EventCursors): DataKind {
  return {
    name: 'event',
    form: 'data',
    mediaType: 'application/json',
    dataClass: 'events',
    readBy: 'events.list',
    list: async (owner, { before, limit }) => {
      const identity = identityOf(owner);
      if (owner.endpoint !== undefined && identity === null) return [];
      const { accountId, service, applicationId = null } = owner;
      const beforeId = before === undefined ? null : `evt_${before}`;
      // The index is by time, which an id begins with.
      const until = beforeId === null ? null : new Date(idTimeMs('evt', beforeId) + 1);
      return inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<EventRow[]>`
          SELECT e.id, e.position, e.type, e.at, octet_length(e.data::text) AS size_bytes FROM platform_event e
          WHERE e.account_id = ${accountId} AND e.position IS NOT NULL AND e.type LIKE ${`${service}.%`}
            AND (${beforeId}::text IS NULL OR (e.at <= ${until} AND e.id < ${beforeId}))
            AND (${applicationId}::text IS NULL OR e.application_id = ${applicationId})
            AND (${identity}::text IS NULL OR EXISTS (SELECT 1 FROM session_leg l
              WHERE l.session_id = e.session_id AND l.account_id = e.account_id AND l.identity = ${identity}))
          ORDER BY e.at DESC, e.id DESC LIMIT ${limit}`;
        return rows.map((row) => ({
          id: row.id,
          createdAt: row.at,
          sizeBytes: row.size_bytes,
          keptFrom: row.at,
          request: { cursor: cursorOf(row.position - 1n, cursors), types: row.type, limit: '1' },
        }));
      });
    },
  };
}
