import type { ChannelMember } from '@patchbay/domain/channels/message';
import type { InChannel, Page } from '@patchbay/domain/channels/records';
import { NODE_LIVE_MS } from '@patchbay/domain/fleet/internal-api';
import { type Database, rowsInAccount, rowsOf } from '../postgres/at-once.ts';
import { pageFrom } from '../prisma/page.ts';

/** Connections in one channel. One more is not shown; it receives messages as all do. */
export const MEMBER_COUNT_MAX = 1_000;
/** Taken out in one statement. */
const GONE_COUNT_MAX = 1_000;

interface MemberRow {
  readonly account_id: string;
  readonly channel: string;
  readonly connection_id: string;
  readonly identity: string;
  readonly device: string | null;
  readonly joined_at: Date;
}

export interface Membership extends InChannel {
  readonly member: ChannelMember;
}

interface Joining extends InChannel {
  readonly connectionId: string;
  readonly identity: string;
  readonly device?: string | undefined;
  readonly nodeId: string;
  readonly boot: string;
}

const fromRow = (row: MemberRow): ChannelMember => ({
  connectionId: row.connection_id,
  identity: row.identity,
  ...(row.device === null ? {} : { device: row.device }),
  sinceMs: row.joined_at.getTime(),
});

const columns = 'm.account_id, m.channel, m.connection_id, m.identity, m.device, m.joined_at';
/** Of a run of a node that beats. Before its first beat a run has no other word for itself than that it has just begun. */
const isThere = `EXISTS (SELECT 1 FROM node n WHERE n.id = m.node_id AND n.state <> 'removed'
  AND coalesce(n.last_heartbeat_at, n.joined_at) >= now() - ${NODE_LIVE_MS} * interval '1 millisecond'
  AND (n.boot_id IS NOT DISTINCT FROM m.boot OR m.joined_at >= now() - ${NODE_LIVE_MS} * interval '1 millisecond'))`;

/** Who is in channels, in the scope of their account. */
export function memberStore(database: Database) {
  return {
    /** The member as others see it, or undefined: it is there already, or there is no room to show it. */
    async join({ accountId, channel, connectionId, identity, device, nodeId, boot }: Joining) {
      const [row] = await rowsInAccount<MemberRow & { is_new: boolean }>(database, accountId, {
        text: `INSERT INTO channel_member AS m (account_id, channel, connection_id, identity, device, node_id, boot)
          SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM (
            SELECT 1 FROM channel_member x WHERE x.account_id = $1 AND x.channel = $2 LIMIT $8) counted) < $8
          ON CONFLICT (account_id, channel, connection_id) DO UPDATE SET node_id = excluded.node_id, boot = excluded.boot
          RETURNING ${columns}, m.xmax = 0 AS is_new`,
        values: [accountId, channel, connectionId, identity, device ?? null, nodeId, boot, MEMBER_COUNT_MAX],
      });
      return row?.is_new === true ? fromRow(row) : undefined;
    },

    /** Undefined: it was not there. */
    async leave({
      accountId,
      channel,
      connectionId,
      nodeId,
    }: InChannel & { connectionId: string; nodeId: string }): Promise<ChannelMember | undefined> {
      const [row] = await rowsInAccount<MemberRow>(database, accountId, {
        text: `DELETE FROM channel_member m WHERE m.account_id = $1 AND m.channel = $2 AND m.connection_id = $3 AND m.node_id = $4
          RETURNING ${columns}`,
        values: [accountId, channel, connectionId, nodeId],
      });
      return row && fromRow(row);
    },

    async list({
      accountId,
      channel,
      cursor = '',
      limit,
    }: InChannel & { cursor?: string | undefined; limit: number }): Promise<Page<ChannelMember>> {
      const rows = await rowsInAccount<MemberRow>(database, accountId, {
        text: `SELECT ${columns} FROM channel_member m WHERE m.account_id = $1 AND m.channel = $2
            AND m.connection_id COLLATE "C" > $3 AND ${isThere}
          ORDER BY m.connection_id COLLATE "C" LIMIT $4`,
        values: [accountId, channel, cursor, limit + 1],
      });
      return pageFrom(rows, limit, { cursorOf: ({ connection_id }) => connection_id, toItem: fromRow });
    },

    async count({ accountId, names }: { accountId: string; names: readonly string[] }) {
      const rows = await rowsInAccount<{ channel: string; count: string }>(database, accountId, {
        text: `SELECT m.channel, count(*) AS count FROM channel_member m
          WHERE m.account_id = $1 AND m.channel IN (SELECT jsonb_array_elements_text($2::jsonb)) AND ${isThere} GROUP BY m.channel`,
        values: [accountId, JSON.stringify(names)],
      });
      return new Map(rows.map(({ channel, count }) => [channel, Number(count)]));
    },

    /** Of all accounts: takes out those whose node is gone, so many at most, and answers who they were. */
    async gone(): Promise<readonly Membership[]> {
      const rows = await rowsOf<MemberRow>(database, {
        text: `SELECT ${columns} FROM channel_members_gone($1, $2) m`,
        values: [NODE_LIVE_MS, GONE_COUNT_MAX],
      });
      return rows.map((row) => ({ accountId: row.account_id, channel: row.channel, member: fromRow(row) }));
    },
  };
}

export type MemberStore = ReturnType<typeof memberStore>;
