import { randomBytes } from 'node:crypto';
import { NO_EPOCH } from '@patchbay/domain/channels/channel-log';
import type { StoredMessage } from '@patchbay/domain/channels/message';
import type { NamespaceSettings } from '@patchbay/domain/channels/namespace';
import type {
  ChannelRecord,
  InChannel,
  Page,
  Publication,
  Published,
} from '@patchbay/domain/channels/records';
import { createId } from '@patchbay/kit/ids';
import { type Database, rowsInAccount } from '../postgres/at-once.ts';
import { pageFrom } from '../prisma/page.ts';

/** Channels of one account: as many as nobody needs by hand. */
export const CHANNEL_COUNT_MAX = 100_000;

/** A part of a log with all that a reader of it has to know. */
export interface StoredPart {
  readonly epoch: string;
  readonly headOffset: number;
  readonly firstOffset: number;
  readonly messages: readonly StoredMessage[];
  readonly throughOffset: number;
}

/** What a namespace keeps of each of its channels. */
export type Kept = Pick<NamespaceSettings, 'historyCount' | 'historySeconds'>;

interface PartRequest extends InChannel {
  readonly after: number;
  /** Of the log that `after` is a number of: of another log of that name all is asked for. Absent: of whichever it is. */
  readonly epoch?: string | undefined;
  readonly limit: number;
  readonly kept: Kept;
}

interface MessageRow {
  readonly message_offset: string;
  readonly epoch: string;
  readonly id: string;
  readonly published_at: Date;
  readonly publisher: string | null;
  readonly encoding: string;
  readonly data: string;
  readonly expires_at: Date | null;
  readonly is_over: boolean;
}

interface ChannelRow {
  readonly name: string;
  readonly epoch: string;
  readonly head_offset: string;
  readonly created_at: Date;
  readonly published_at: Date;
}

const messageColumns = `m.message_offset, m.epoch, m.id, m.published_at, m.publisher, m.encoding, m.data, m.expires_at,
  coalesce(m.expires_at <= now(), false) AS is_over`;
const channelColumns = 'c.name, c.epoch, c.head_offset, c.created_at, c.published_at';
/** Rows of the channel $1 $2 that its namespace keeps: the newest $3, of the last $4 seconds. */
const isKept = `m.account_id = c.account_id AND m.channel = c.name
  AND m.message_offset > c.head_offset - $3::int AND m.published_at >= now() - $4::int * interval '1 second'`;
const keptRows = `FROM channel c JOIN channel_message m ON ${isKept} WHERE c.account_id = $1 AND c.name = $2`;

const fromRow = (row: MessageRow): StoredMessage => ({
  epoch: row.epoch,
  offset: Number(row.message_offset),
  messageId: row.id,
  publishedAtMs: row.published_at.getTime(),
  ...(row.publisher === null ? {} : { publisher: row.publisher }),
  // A check on the column holds it to these.
  encoding: row.encoding === 'base64' ? 'base64' : 'json',
  data: row.data,
  ...(row.expires_at === null ? {} : { expiresAtMs: row.expires_at.getTime() }),
});

const fromChannelRow = (row: ChannelRow): ChannelRecord => ({
  name: row.name,
  epoch: row.epoch,
  headOffset: Number(row.head_offset),
  createdAt: row.created_at,
  publishedAt: row.published_at,
});

interface HeadRow {
  readonly head_epoch: string;
  readonly head_offset: string;
  readonly first_offset: string | null;
}

/** Channels and their messages, each in the scope of its account. */
export function channelStore(database: Database) {
  return {
    /** Undefined: it would be one channel too many. */
    async publish(
      { accountId, channel, body, publisher, key, ttlSeconds }: Publication,
      { historyCount, historySeconds }: Kept,
    ): Promise<Published | undefined> {
      const [row] = await rowsInAccount<{ is_fresh: boolean } & MessageRow>(database, accountId, {
        text: `SELECT p.is_fresh, (p.message).*, false AS is_over
          FROM channel_publish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) p`,
        values: [
          ...[accountId, channel, randomBytes(9).toString('base64url'), createId('msg'), publisher ?? null],
          ...[body.encoding, body.data, key ?? null, ttlSeconds ?? null, historyCount, historySeconds],
          CHANNEL_COUNT_MAX,
        ],
      });
      return row && { message: fromRow(row), isFresh: row.is_fresh };
    },

    /** The oldest first, from behind an offset on. A channel in which nothing was published is an empty log. */
    async part({ accountId, channel, after, epoch, limit, kept }: PartRequest): Promise<StoredPart> {
      // One statement, so of one moment: what is published meanwhile may push out what was still kept when the head was read.
      const rows = await rowsInAccount<HeadRow & (MessageRow | { message_offset: null })>(
        database,
        accountId,
        {
          text: `SELECT c.epoch AS head_epoch, c.head_offset, k.first_offset, m.*
          FROM channel c
          CROSS JOIN LATERAL (SELECT min(m.message_offset) AS first_offset FROM channel_message m WHERE ${isKept}) k
          LEFT JOIN LATERAL (
            SELECT ${messageColumns} FROM channel_message m WHERE ${isKept}
              AND m.message_offset > CASE WHEN c.epoch = coalesce($7::text, c.epoch) THEN $5::bigint ELSE 0 END
            ORDER BY m.message_offset LIMIT $6) m ON true
          WHERE c.account_id = $1 AND c.name = $2 ORDER BY m.message_offset`,
          values: [
            ...[accountId, channel, kept.historyCount, kept.historySeconds],
            ...[after, limit, epoch ?? null],
          ],
        },
      );
      const [head] = rows;
      if (head === undefined)
        return { epoch: NO_EPOCH, headOffset: 0, firstOffset: 1, messages: [], throughOffset: 0 };
      const found = rows.filter((row): row is HeadRow & MessageRow => row.message_offset !== null);
      const headOffset = Number(head.head_offset);
      return {
        epoch: head.head_epoch,
        headOffset,
        firstOffset: head.first_offset === null ? headOffset + 1 : Number(head.first_offset),
        messages: found.filter(({ is_over }) => !is_over).map(fromRow),
        throughOffset: found.length < limit ? headOffset : Number(found.at(-1)?.message_offset),
      };
    },

    /** The newest first, from before an offset on. */
    async newest({
      accountId,
      channel,
      before,
      limit,
      kept,
    }: InChannel & { before?: number | undefined; limit: number; kept: Kept }): Promise<
      readonly StoredMessage[]
    > {
      const rows = await rowsInAccount<MessageRow>(database, accountId, {
        text: `SELECT ${messageColumns} ${keptRows} AND m.message_offset < $5 AND (m.expires_at IS NULL OR m.expires_at > now())
          ORDER BY m.message_offset DESC LIMIT $6`,
        values: [
          ...[accountId, channel, kept.historyCount, kept.historySeconds],
          ...[before ?? Number.MAX_SAFE_INTEGER, limit],
        ],
      });
      return rows.map(fromRow);
    },

    async find({ accountId, channel }: InChannel): Promise<ChannelRecord | undefined> {
      const [row] = await rowsInAccount<ChannelRow>(database, accountId, {
        text: `SELECT ${channelColumns} FROM channel c WHERE c.account_id = $1 AND c.name = $2`,
        values: [accountId, channel],
      });
      return row && fromChannelRow(row);
    },

    async list({
      accountId,
      namespace,
      cursor = '',
      limit,
    }: {
      accountId: string;
      namespace?: string | undefined;
      cursor?: string | undefined;
      limit: number;
    }): Promise<Page<ChannelRecord>> {
      const rows = await rowsInAccount<ChannelRow>(database, accountId, {
        text: `SELECT ${channelColumns} FROM channel c WHERE c.account_id = $1 AND c.name COLLATE "C" > $2 AND ($4::text IS NULL
            OR starts_with(c.name, $4 || ':')
            OR ($4 = 'default' AND position(':' IN c.name) = 0))
          ORDER BY c.name COLLATE "C" LIMIT $3`,
        values: [accountId, cursor, limit + 1, namespace ?? null],
      });
      return pageFrom(rows, limit, { cursorOf: ({ name }) => name, toItem: fromChannelRow });
    },

    async remove({ accountId, channel }: InChannel): Promise<ChannelRecord | undefined> {
      const [row] = await rowsInAccount<ChannelRow>(database, accountId, {
        text: `WITH said AS (DELETE FROM channel_message m WHERE m.account_id = $1 AND m.channel = $2)
          DELETE FROM channel c WHERE c.account_id = $1 AND c.name = $2 RETURNING ${channelColumns}`,
        values: [accountId, channel],
      });
      return row && fromChannelRow(row);
    },

    /** Of all accounts: what is past its time. Answers how many rows went, `rowMax` of each kind at most. */
    async forget(idleDays: number, rowMax: number): Promise<number> {
      const [row] = await rowsInAccount<{ readonly count: string }>(database, '', {
        text: 'SELECT channel_forget($1, $2) AS count',
        values: [idleDays, rowMax],
      });
      return Number(row?.count ?? 0);
    },
  };
}

export type ChannelStore = ReturnType<typeof channelStore>;
