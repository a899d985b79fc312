import {
  type KnownPresence,
  type PresenceBook,
  type SaidPresence,
  saidStates,
} from '@patchbay/domain/presence/presence';
import { REGISTRATION_LIVE_MS } from '@patchbay/domain/presence/registration';
import { deviceKinds } from '@patchbay/kit/device-kind';
import { type Database, rowsInAccount, rowsOf } from '../postgres/at-once.ts';
import { pageFrom } from '../prisma/page.ts';

/** Who comes and goes in one statement. */
const TURNED_COUNT_MAX = 1_000;
/** Whoever says nothing of themselves is forgotten when they were not seen for so long. */
export const UNSEEN_DAYS_MAX = 90;

interface Row {
  readonly identity: string;
  readonly devices: readonly DeviceRow[] | null;
  readonly is_in_call: boolean;
  readonly state: string | null;
  readonly note: string | null;
  readonly until: Date | null;
  readonly last_seen_at: Date | null;
}

interface DeviceRow {
  readonly id: string | null;
  readonly name: string | null;
  readonly kind: string;
  readonly since_ms: number;
}

export interface Turned {
  readonly accountId: string;
  readonly identity: string;
  readonly isOnline: boolean;
}

/** Of `p`, which has an account and an identity. */
const devices = `(SELECT jsonb_agg(jsonb_build_object('id', r.device_id, 'name', r.device_name, 'kind', r.device_kind,
    'since_ms', (extract(epoch FROM r.since) * 1000)::bigint) ORDER BY r.since DESC, r.connection_id)
  FROM endpoint_registration r WHERE r.account_id = p.account_id AND r.identity = p.identity
    AND is_registered_now(r, ${REGISTRATION_LIVE_MS})) AS devices`;
const isInCall = `EXISTS (SELECT 1 FROM session_leg l WHERE l.account_id = p.account_id AND l.identity = p.identity
  AND l.joined_at IS NOT NULL AND l.left_at IS NULL) AS is_in_call`;
const columns = `p.identity, ${devices}, ${isInCall}, p.state, p.note, p.until, p.last_seen_at`;

/** Who is there, and what they say of themselves. */
export function presenceStore(database: Database) {
  const presences: PresenceBook = {
    async list({ accountId, isOnline, cursor = '', limit }) {
      const rows = await rowsInAccount<Row>(database, accountId, {
        text: `SELECT ${columns} FROM identity_presence p WHERE p.account_id = $1 AND p.identity COLLATE "C" > $2
            AND ($3::boolean IS NULL OR p.is_online = $3)
          ORDER BY p.identity COLLATE "C" LIMIT $4`,
        values: [accountId, cursor, isOnline ?? null, limit + 1],
      });
      return pageFrom(rows, limit, { cursorOf: ({ identity }) => identity, toItem: fromRow });
    },

    async find({ accountId, identity }) {
      const [row] = await rowsInAccount<Row>(database, accountId, {
        text: `SELECT p.identity, ${devices}, ${isInCall}, k.state, k.note, k.until, k.last_seen_at
          FROM (SELECT $1::text AS account_id, $2::text AS identity) p
          LEFT JOIN identity_presence k ON k.account_id = p.account_id AND k.identity = p.identity`,
        values: [accountId, identity],
      });
      return row === undefined ? { identity, devices: [], isInCall: false } : fromRow(row);
    },

    async say({ accountId, identity, said }) {
      const [before] = await rowsInAccount<Pick<Row, 'state' | 'note' | 'until'>>(database, accountId, {
        text: `SELECT p.state, p.note, p.until FROM identity_presence p
          WHERE p.account_id = $1 AND p.identity = $2 FOR UPDATE`,
        values: [accountId, identity],
      });
      const until = said?.untilMs === undefined ? null : new Date(said.untilMs);
      await rowsInAccount(database, accountId, {
        text: `INSERT INTO identity_presence AS p (account_id, identity, state, note, set_at, until)
          VALUES ($1, $2, $3, $4, now(), $5)
          ON CONFLICT (account_id, identity) DO UPDATE SET state = excluded.state, note = excluded.note,
            set_at = excluded.set_at, until = excluded.until`,
        values: [accountId, identity, said?.state ?? null, said?.note ?? null, until],
      });
      return before && saidOf(before);
    },
  };
  return {
    presences,

    /** Notes who of those that are named came or went; with nobody named, of all by nodes that went or are back. */
    async turned(
      named?: readonly { readonly accountId: string; readonly identity: string }[],
    ): Promise<readonly Turned[]> {
      const asked = named?.map(({ accountId, identity }) => ({ account_id: accountId, identity }));
      const rows = await rowsOf<{ account_id: string; identity: string; is_online: boolean }>(database, {
        text: 'SELECT account_id, identity, is_online FROM presence_turned($1::jsonb, $2, $3)',
        values: [asked === undefined ? null : JSON.stringify(asked), REGISTRATION_LIVE_MS, TURNED_COUNT_MAX],
      });
      return rows.map((row) => ({
        accountId: row.account_id,
        identity: row.identity,
        isOnline: row.is_online,
      }));
    },

    async forget(): Promise<void> {
      const text = 'SELECT presence_forget($1, $2)';
      await rowsOf(database, { text, values: [UNSEEN_DAYS_MAX, TURNED_COUNT_MAX] });
    },
  };
}

function fromRow(row: Row): KnownPresence {
  return {
    identity: row.identity,
    devices: (row.devices ?? []).map(({ id, name, kind, since_ms: sinceMs }) => ({
      ...(id === null ? {} : { id }),
      ...(name === null ? {} : { name }),
      kind: deviceKinds.find((known) => known === kind) ?? 'other',
      sinceMs,
    })),
    isInCall: row.is_in_call,
    said: saidOf(row),
    ...(row.last_seen_at === null ? {} : { lastSeenAtMs: row.last_seen_at.getTime() }),
  };
}

function saidOf({
  state: written,
  note,
  until,
}: Pick<Row, 'state' | 'note' | 'until'>): SaidPresence | undefined {
  const state = saidStates.find((known) => known === written);
  if (state === undefined) return undefined;
  return {
    state,
    ...(note === null ? {} : { note }),
    ...(until === null ? {} : { untilMs: until.getTime() }),
  };
}
