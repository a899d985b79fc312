import { type EndpointRecord, FAILING_ATTEMPT_COUNT } from '@patchbay/domain/hooks/endpoint-health';
import type { PlacedPlatformEvent } from '@patchbay/domain/hooks/envelope';
import type { Id } from '@patchbay/kit/ids';
import type { Pool } from 'pg';
import type { MintBranchCipher } from '../prisma/mint-branch-cipher.ts';
import { storable } from '../prisma/storable.ts';

/** A delivery that this process has in hand, with an attempt of it that is counted already. */
export interface ClaimedDelivery {
  readonly deliveryId: string;
  /** Of all of the delivery: it names this attempt. */
  readonly attempt: number;
  /** Of this round. */
  readonly roundAttempt: number;
  readonly event: PlacedPlatformEvent;
}

/** What goes out in one request: one delivery, or a batch of them, which are taken all or none. */
export interface ClaimedRequest {
  readonly webhookId: string;
  /** The webhook's. */
  readonly accountId: string;
  readonly url: string;
  readonly fallbackUrl: string | undefined;
  /** The present one first; the one before it as long as it holds. */
  readonly secrets: readonly Uint8Array[];
  /** Of a webhook that asks for batches, also where one holds a single event. It is made of the ids of its events. */
  readonly batchId: string | undefined;
  /** Of what is sent again. */
  readonly replayId: string | undefined;
  /** In the order in which they are told. */
  readonly deliveries: readonly [ClaimedDelivery, ...ClaimedDelivery[]];
}

/** What one request led to. */
export interface RequestOutcome {
  readonly target: 'main' | 'fallback';
  readonly url?: string | undefined;
  /** As they are kept: with signatures that nobody can use. */
  readonly requestHeaders?: Readonly<Record<string, string>> | undefined;
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly status?: number | undefined;
  readonly latencyMs: number;
  readonly error?: string | undefined;
  readonly response?: string | undefined;
}

export interface AttemptOutcome {
  readonly isDelivered: boolean;
  readonly requests: readonly RequestOutcome[];
}

export interface EndedAttempt extends Pick<ClaimedDelivery, 'deliveryId' | 'attempt'> {
  /** Undefined when it was taken, or was the last one. */
  readonly nextAttemptAtMs?: number | undefined;
}

/** A request that is over. */
export interface EndedRequest {
  readonly webhookId: string;
  readonly attempts: readonly EndedAttempt[];
  readonly outcome: AttemptOutcome;
}

/** Webhooks that fail, that are slow, and all others: each have room of their own, and take none from the others. */
export type LaneKind = 'ok' | 'slow' | 'failing';

export interface Claim {
  readonly kind: LaneKind;
  /** Requests at a time of this worker, of this kind. */
  readonly requestMax: number;
  /** Requests at a time to one endpoint, of all workers together. */
  readonly endpointMax: number;
  /** Requests at a time of this worker for one account, those that it holds included. */
  readonly accountMax: number;
  /**
   * An account right below the platform, with all that is below it, holds no more than this part of what is left: so that
   * something is left, however many of them come. Its first one is let in as long as there is any room.
   */
  readonly tenantShare: number;
  /** So many at last are kept for webhooks that were asked before. */
  readonly provenCount: number;
  /** From here on a webhook is slow. */
  readonly slowMs: number;
  /** Where this worker is: what an account has kept elsewhere it does not take (PRD-4). */
  readonly region: string;
  /** What this worker has under way of this kind already, by the webhooks' account. */
  readonly held: Readonly<Record<string, number>>;
  /** After that another worker may take them: longer than an attempt can last. */
  readonly leaseMs: number;
}

export interface DeliveryStore {
  claim(claim: Claim): Promise<readonly ClaimedRequest[]>;
  /** A request to each of these webhooks has been open for so long. */
  noteSlow(webhookIds: readonly string[], openMs: number): Promise<void>;
  /**
   * Notes them all, or none. How the endpoint of each does after it; undefined where it was given up meanwhile, and counts for
   * nothing.
   */
  finish(requests: readonly EndedRequest[]): Promise<readonly (EndpointRecord | undefined)[]>;
}

interface ClaimedRow {
  readonly id: string;
  readonly webhook_id: string;
  readonly webhook_account_id: string;
  readonly attempt: number;
  readonly round_attempt: number;
  readonly url: string;
  readonly fallback_url: string | null;
  readonly secret_ciphertext: Uint8Array;
  readonly previous_ciphertext: Uint8Array | null;
  readonly event_id: string;
  readonly position: string;
  readonly account_id: string;
  readonly type: string;
  readonly at: Date;
  readonly application_id: string | null;
  readonly instance_type: string | null;
  readonly session_id: string | null;
  readonly session_sequence: number | null;
  readonly data: Record<string, unknown>;
  readonly batch_id: string | null;
  readonly replay_id: string;
}

const fromRow = (row: ClaimedRow): ClaimedDelivery => ({
  deliveryId: row.id,
  attempt: row.attempt,
  roundAttempt: row.round_attempt,
  event: {
    id: row.event_id as Id<'evt'>,
    position: BigInt(row.position),
    accountId: row.account_id,
    type: row.type,
    atMs: row.at.getTime(),
    applicationId: row.application_id ?? undefined,
    instanceType: row.instance_type ?? undefined,
    sessionId: row.session_id ?? undefined,
    sessionSequence: row.session_sequence ?? undefined,
    data: row.data,
  },
});

/**
 * Neither of them waits for the disk, for lanes are held meanwhile: whatever is noted of a delivery later is written after it. A
 * database that loses its last moment loses with it that a request was under way or was answered, and it is made again with the
 * same id, as that of a worker that died.
 */
const CLAIM = `SELECT c.* FROM set_config('synchronous_commit', 'off', true) s, deliveries_claim($1, $2) c`;
const FINISH = `SELECT (r.value ->> 'place')::int AS place, f.failed_count, f.failing_since
  FROM set_config('synchronous_commit', 'off', true) s, jsonb_array_elements($1) WITH ORDINALITY r (value, number),
    deliveries_finish(r.value -> 'attempts', r.value -> 'outcome') f
  ORDER BY r.number`;

/** Deliveries of all tenants, for the workers that make them. */
export function deliveryStore(pool: Pool, cipher: MintBranchCipher): DeliveryStore {
  const requestOf = ([row, ...others]: readonly [ClaimedRow, ...ClaimedRow[]]): ClaimedRequest => ({
    webhookId: row.webhook_id,
    accountId: row.webhook_account_id,
    url: row.url,
    fallbackUrl: row.fallback_url ?? undefined,
    secrets: [row.secret_ciphertext, row.previous_ciphertext].flatMap((sealed) =>
      sealed === null ? [] : [cipher.open(row.webhook_id, sealed)],
    ),
    batchId: row.batch_id ?? undefined,
    replayId: row.replay_id === '' ? undefined : row.replay_id,
    deliveries: [fromRow(row), ...others.map(fromRow)],
  });
  return {
    async claim({ held, ...bounds }) {
      const heldCount = Object.values(held).reduce((sum, count) => sum + count, 0);
      if (heldCount >= bounds.requestMax) return [];
      const { rows } = await pool.query<ClaimedRow>(CLAIM, [
        JSON.stringify({ ...bounds, failingCount: FAILING_ATTEMPT_COUNT }),
        JSON.stringify(held),
      ]);
      // A batch is one webhook's, for two that hear of the same events have batches of one name.
      const requests = Map.groupBy(rows, ({ id, webhook_id, batch_id }) =>
        batch_id === null ? id : `${webhook_id} ${batch_id}`,
      );
      return [...requests.values()].flatMap(([first, ...others]) =>
        first === undefined ? [] : [requestOf([first, ...others])],
      );
    },

    async noteSlow(webhookIds, openMs) {
      await pool.query('SELECT lanes_slow($1, $2)', [webhookIds, Math.round(openMs)]);
    },

    async finish(requests) {
      const ended = requests.map(({ webhookId, attempts, outcome }, place) => ({
        place,
        webhookId,
        outcome: storable(outcome),
        attempts: attempts.map(({ deliveryId, attempt, nextAttemptAtMs }) => ({
          deliveryId,
          attempt,
          ...(nextAttemptAtMs === undefined
            ? {}
            : { nextAttemptAt: new Date(nextAttemptAtMs).toISOString() }),
        })),
      }));
      // In the order in which others take several lanes: two that finish some of the same ones do not wait for each other.
      const inOrder = ended.toSorted((one, other) => (one.webhookId < other.webhookId ? -1 : 1));
      const { rows } = await pool.query<{
        readonly place: number;
        readonly failed_count: number;
        readonly failing_since: Date | null;
      }>(FINISH, [JSON.stringify(inOrder)]);
      const found = new Map(rows.map((row) => [row.place, row]));
      return requests.map((_, place) => {
        const row = found.get(place);
        return (
          row && { failedCount: row.failed_count, failingSinceMs: row.failing_since?.getTime() ?? undefined }
        );
      });
    },
  };
}
