import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { type SpeechOrder, speechOrderSchema } from '@patchbay/domain/speech/speech-order';
import type { SpeechFailureReason, SpeechRecord } from '@patchbay/domain/speech/speech-record';
import type { Entity } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import { insertObject, type WrittenObject } from '../objects/stored-objects.ts';
import { pageFrom } from '../prisma/page.ts';

/** Texts of one account that wait: more are refused. */
export const WAITING_MAX = 1_000;
/** How often whoever waits looks, and for how long. */
const LOOK_MS = 75;
const SETTLED_MS_MAX = 25_000;

interface Row {
  readonly id: string;
  readonly account_id: string;
  readonly application_id: string | null;
  readonly endpoint_id: string | null;
  readonly state: SpeechRecord['state'];
  readonly delivery: SpeechRecord['delivery'];
  readonly format: SpeechRecord['format'];
  readonly sample_rate_hz: number;
  readonly speech_order: unknown;
  readonly voices: readonly string[];
  readonly characters: number;
  readonly words: number;
  readonly is_cache_hit: boolean;
  readonly duration_ms: number | null;
  readonly failure: SpeechFailureReason | null;
  readonly failure_detail: string | null;
  readonly attempt: number;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

interface ShownRow extends Row {
  readonly object_id: string | null;
  readonly media_type: string | null;
  readonly size_bytes: string | null;
  readonly object_created_at: Date | null;
  readonly expires_at: Date | null;
}

const shown = `SELECT s.*, o.media_type, o.size_bytes, o.created_at AS object_created_at, o.expires_at FROM speech s
  LEFT JOIN stored_object o ON o.id = s.object_id AND (o.expires_at IS NULL OR o.expires_at > now())`;

function fromRow(row: ShownRow): SpeechRecord {
  const {
    object_id: objectId,
    media_type: mediaType,
    size_bytes: sizeBytes,
    object_created_at: createdAt,
  } = row;
  const isThere = objectId !== null && mediaType !== null && sizeBytes !== null && createdAt !== null;
  return {
    id: row.id,
    accountId: row.account_id,
    state: row.state,
    delivery: row.delivery,
    format: row.format,
    sampleRateHz: row.sample_rate_hz,
    voices: row.voices,
    characters: row.characters,
    words: row.words,
    createdAt: row.created_at,
    finishedAt: row.finished_at ?? undefined,
    durationMs: row.duration_ms ?? undefined,
    isCacheHit: row.is_cache_hit,
    failure: row.failure === null ? undefined : { reason: row.failure, detail: row.failure_detail ?? '' },
    file: isThere
      ? {
          objectId,
          mediaType,
          sizeBytes: Number(sizeBytes),
          createdAt,
          expiresAt: row.expires_at ?? undefined,
        }
      : undefined,
  };
}

interface Asked {
  readonly entity: Entity;
  readonly order: SpeechOrder;
  readonly known: Pick<SpeechRecord, 'delivery' | 'voices' | 'characters' | 'words'>;
  readonly concurrentMax: number;
  readonly regions?: readonly string[] | undefined;
}

interface OneSpeech {
  readonly accountId: string;
  readonly speechId: string;
}

/** What accounts have spoken, as they see it. */
export function speechStore(pool: Pool) {
  const find = async ({ accountId, speechId }: OneSpeech): Promise<SpeechRecord | undefined> =>
    await inAccountScope(pool, accountId, (client) => findIn(client, { accountId, speechId }));
  return {
    ask: async ({
      entity,
      order,
      known,
      concurrentMax,
      regions = [],
    }: Asked): Promise<SpeechRecord | 'too_many'> => {
      const { accountId, applicationId = null, endpoint = null } = entity;
      return await inAccountScope(pool, accountId, async (client) => {
        // Who asks for one account does so one after the other, so that the bound holds.
        await client.query(
          "SELECT pg_advisory_xact_lock(hashtextextended('patchbay.speech.asked ' || $1, 0))",
          [accountId],
        );
        const { rows: waiting } = await client.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM (SELECT 1 FROM speech WHERE account_id = $1 AND state = 'queued' LIMIT $2) counted`,
          [accountId, WAITING_MAX],
        );
        if ((waiting[0]?.count ?? 0) >= WAITING_MAX) return 'too_many';
        const speechId = createId('spk');
        await client.query(
          `INSERT INTO speech (id, account_id, application_id, endpoint_id, delivery, format, sample_rate_hz, speech_order, voices,
             characters, words, concurrent_max, regions) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
          [
            ...[
              speechId,
              accountId,
              applicationId,
              endpoint,
              known.delivery,
              order.format,
              order.sampleRateHz,
            ],
            ...[JSON.stringify(order), known.voices, known.characters, known.words, concurrentMax, regions],
          ],
        );
        const record = await findIn(client, { accountId, speechId });
        if (record === undefined) throw new Error('What was just asked for is not there.');
        return record;
      });
    },

    async settled({ signal, ...speech }: OneSpeech & { readonly signal: AbortSignal }) {
      const endMs = performance.now() + SETTLED_MS_MAX;
      for (;;) {
        const record = await find(speech);
        const isOver = record === undefined || record.finishedAt !== undefined;
        if (isOver || signal.aborted || performance.now() > endMs) return record;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },

    find,

    list: async ({
      accountId,
      cursor,
      limit,
    }: {
      accountId: string;
      cursor?: string | undefined;
      limit: number;
    }) =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<ShownRow>(
          `${shown} WHERE s.account_id = $1 AND ($2::text IS NULL OR s.id < $2) ORDER BY s.id DESC LIMIT $3`,
          [accountId, cursor ?? null, limit + 1],
        );
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
      }),

    remove: async ({ accountId, speechId }: OneSpeech): Promise<SpeechRecord | undefined> =>
      await inAccountScope(pool, accountId, async (client) => {
        const record = await findIn(client, { accountId, speechId });
        if (record === undefined) return undefined;
        const { rows } = await client.query<{ object_id: string | null }>(
          'DELETE FROM speech WHERE account_id = $1 AND id = $2 RETURNING object_id',
          [accountId, speechId],
        );
        await client.query(
          'DELETE FROM stored_object o WHERE o.account_id = $1 AND o.id = $2 AND NOT EXISTS (SELECT 1 FROM speech s WHERE s.object_id = o.id)',
          [accountId, rows[0]?.object_id ?? null],
        );
        return record;
      }),
  };
}

async function findIn(
  client: PoolClient,
  { accountId, speechId }: OneSpeech,
): Promise<SpeechRecord | undefined> {
  const { rows } = await client.query<ShownRow>(`${shown} WHERE s.account_id = $1 AND s.id = $2`, [
    accountId,
    speechId,
  ]);
  return rows.map(fromRow)[0];
}

/** A text that this process has in hand. */
export interface ClaimedSpeech {
  readonly id: string;
  readonly accountId: string;
  readonly applicationId?: string | undefined;
  /** The identifier of an endpoint. */
  readonly endpoint?: string | undefined;
  readonly delivery: SpeechRecord['delivery'];
  readonly attempt: number;
  readonly order: SpeechOrder;
}

/** What was said, and what became of it. */
export interface SpokenFacts {
  readonly voices: readonly string[];
  readonly characters: number;
  readonly words: number;
}

export type SpeechEnd =
  | (SpokenFacts & {
      readonly kind: 'spoken';
      readonly soundKey: Uint8Array;
      readonly durationMs: number;
      readonly object: WrittenObject;
    })
  | (SpokenFacts & { readonly kind: 'cached'; readonly soundKey: Uint8Array; readonly found: FoundSound })
  | { readonly kind: 'failed'; readonly reason: SpeechFailureReason; readonly detail: string };

/** A file that sounds as another would. */
export interface FoundSound {
  readonly objectId: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly durationMs: number;
}

const DETAIL_CHARACTERS_MAX = 500;

/** What nodes speak. */
export function speechQueue(pool: Pool) {
  return {
    claim: async (claim: {
      readonly region: string;
      readonly countMax: number;
      readonly leaseMs: number;
    }): Promise<readonly ClaimedSpeech[]> => {
      const { rows } = await pool.query<Row>('SELECT * FROM speech_claim($1, $2, $3)', [
        claim.region,
        claim.countMax,
        claim.leaseMs,
      ]);
      return rows.map((row) => ({
        id: row.id,
        accountId: row.account_id,
        applicationId: row.application_id ?? undefined,
        endpoint: row.endpoint_id ?? undefined,
        delivery: row.delivery,
        attempt: row.attempt,
        order: speechOrderSchema.parse(row.speech_order),
      }));
    },

    /** A file of the same account that sounds so. Undefined: there is none. */
    find: async (accountId: string, soundKey: Uint8Array): Promise<FoundSound | undefined> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{
          id: string;
          media_type: string;
          size_bytes: string;
          duration_ms: number;
        }>(
          `SELECT o.id, o.media_type, o.size_bytes, o.duration_ms FROM speech s JOIN stored_object o ON o.id = s.object_id
           WHERE s.account_id = $1 AND o.account_id = $1 AND s.sound_key = $2 AND s.state = 'completed'
             AND (o.expires_at IS NULL OR o.expires_at > now()) ORDER BY o.id DESC LIMIT 1`,
          [accountId, soundKey],
        );
        return rows.map((row) => ({
          objectId: row.id,
          mediaType: row.media_type,
          sizeBytes: Number(row.size_bytes),
          durationMs: row.duration_ms,
        }))[0];
      }),

    /**
     * Writes how it ended, with the event that tells of it, and answers whether it was ours to end: not when it was removed, or
     * taken again because this took too long.
     */
    finish: async (speech: ClaimedSpeech, end: SpeechEnd, nowMs: number): Promise<boolean> => {
      try {
        return await inAccountScope(pool, speech.accountId, (client) =>
          finishIn(client, speech, { end, nowMs }),
        );
      } catch (error) {
        if (error instanceof NotOursError) return false;
        throw error;
      }
    },
  };
}

export type SpeechQueue = ReturnType<typeof speechQueue>;

/** Takes back all of its transaction. */
class NotOursError extends Error {}

async function finishIn(
  client: PoolClient,
  speech: ClaimedSpeech,
  { end, nowMs }: { readonly end: SpeechEnd; readonly nowMs: number },
): Promise<boolean> {
  if (end.kind === 'spoken') await insertObject(client, end.object);
  const isDone = end.kind !== 'failed';
  const file = isDone ? fileOf(end) : undefined;
  const { rowCount } = await client.query(
    `UPDATE speech SET state = $4, speech_order = NULL, lease_until = NULL, finished_at = $5, voices = coalesce($6, voices),
       characters = coalesce($7, characters), words = coalesce($8, words), sound_key = $9, is_cache_hit = $10, object_id = $11,
       duration_ms = $12, failure = $13, failure_detail = $14
     WHERE account_id = $1 AND id = $2 AND state = 'running' AND attempt = $3`,
    [
      ...[speech.accountId, speech.id, speech.attempt, isDone ? 'completed' : 'failed', new Date(nowMs)],
      ...(isDone ? [end.voices, end.characters, end.words, end.soundKey] : [null, null, null, null]),
      ...[end.kind === 'cached', file?.objectId ?? null, file?.durationMs ?? null],
      ...(isDone ? [null, null] : [end.reason, end.detail.slice(0, DETAIL_CHARACTERS_MAX)]),
    ],
  );
  if (rowCount !== 1) throw new NotOursError();
  if (speech.delivery === 'async') await tell(client, speech, { end, nowMs });
  return true;
}

type Done = Exclude<SpeechEnd, { readonly kind: 'failed' }>;

function fileOf(end: Done): FoundSound {
  if (end.kind === 'cached') return end.found;
  const { id: objectId, mediaType, sizeBytes } = end.object;
  return { objectId, mediaType, sizeBytes, durationMs: end.durationMs };
}

async function tell(
  client: PoolClient,
  { id: speechId, accountId, applicationId, order }: ClaimedSpeech,
  { end, nowMs }: { readonly end: SpeechEnd; readonly nowMs: number },
): Promise<void> {
  const path = `/v1/accounts/${accountId}/services/text-to-speech/speech/${speechId}/audio`;
  const event =
    end.kind === 'failed'
      ? {
          type: 'text-to-speech.failed',
          data: { speechId, code: `text-to-speech.${end.reason}`, detail: end.detail },
        }
      : { type: 'text-to-speech.completed', data: { speechId, ...toldOf(end), format: order.format, path } };
  await appendEvent(client, { ...eventOfHandler({ accountId, ...event, atMs: nowMs }), applicationId });
}

function toldOf(end: Done) {
  const { objectId, mediaType, sizeBytes, durationMs } = fileOf(end);
  const { voices, characters, words } = end;
  const isCacheHit = end.kind === 'cached';
  return { voices, characters, words, objectId, mediaType, sizeBytes, durationMs, isCacheHit };
}
