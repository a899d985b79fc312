import { type EndpointRecord, FAILING_ATTEMPT_COUNT } from '@patchbay/domain/hooks/endpoint-health';
import type { PlacedPlatformEvent } from '@patchbay/domain/hooks/envelope';
import type { Id } from '@patchbay/kit/ids';
import type { Pool } from 'pg';
import type { MintBranchCipher } from '../prisma/mint-branch-cipher.ts';
import { storable } from '../prisma/storable.ts';

/** A delivery that this process has in hand, with an attempt of it that is counted already. */
export interface ClaimedDelivery {
  readonly deliveryId: string;
  readonly webhookId: string;
  /** The webhook's. */
  readonly accountId: string;
  /** Of all of the delivery: it names this attempt. */
  readonly attempt: number;
  /** Of this round. */
  readonly roundAttempt: number;
  readonly url: string;
  readonly fallbackUrl: string | undefined;
  /** The present one first; the one before it as long as it holds. */
  readonly secrets: readonly Uint8Array[];
  readonly event: PlacedPlatformEvent;
}

/** What one request led to. */
export interface RequestOutcome {
  readonly target: 'main' | 'fallback';
  readonly status?: number | undefined;
  readonly latencyMs: number;
  readonly error?: string | undefined;
  readonly response?: string | undefined;
}

export interface AttemptOutcome {
  readonly isDelivered: boolean;
  /** Undefined when it was the last one. */
  readonly nextAttemptAtMs?: number | undefined;
  readonly requests: readonly RequestOutcome[];
}

export interface Claim {
  readonly deliveryMax: number;
  /** Requests at a time to one endpoint, of all workers together. */
  readonly endpointMax: number;
  /** Requests at a time of this worker for one account, those that it holds included. */
  readonly accountMax: number;
  /** The same for an account right below the platform and all that is below it. */
  readonly tenantMax: number;
  /** What this worker has under way already, by the webhooks' account. */
  readonly held: Readonly<Record<string, number>>;
  /** After that another worker may take them: longer than an attempt can last. */
  readonly leaseMs: number;
  /** Of endpoints that fail, or of all others: those that fail take no room from the others. */
  readonly ofFailing: boolean;
}

export interface DeliveryStore {
  claim(claim: Claim): Promise<readonly ClaimedDelivery[]>;
  /** How the endpoint does after it; undefined when the attempt was given up meanwhile, and counts for nothing. */
  finish(
    attempt: Pick<ClaimedDelivery, 'deliveryId' | 'attempt'>,
    outcome: AttemptOutcome,
  ): Promise<EndpointRecord | undefined>;
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
  readonly session_id: string | null;
  readonly session_sequence: number | null;
  readonly data: Record<string, unknown>;
}

/** Deliveries of all tenants, for the workers that make them. */
export function deliveryStore(pool: Pool, cipher: MintBranchCipher): DeliveryStore {
  const fromRow = (row: ClaimedRow): ClaimedDelivery => ({
    deliveryId: row.id,
    webhookId: row.webhook_id,
    accountId: row.webhook_account_id,
    attempt: row.attempt,
    roundAttempt: row.round_attempt,
    url: row.url,
    fallbackUrl: row.fallback_url ?? undefined,
    secrets: [row.secret_ciphertext, row.previous_ciphertext].flatMap((sealed) =>
      sealed === null ? [] : [cipher.open(row.webhook_id, sealed)],
    ),
    event: {
      id: row.event_id as Id<'evt'>,
      position: BigInt(row.position),
      accountId: row.account_id,
      type: row.type,
      atMs: row.at.getTime(),
      applicationId: row.application_id ?? undefined,
      sessionId: row.session_id ?? undefined,
      sessionSequence: row.session_sequence ?? undefined,
      data: row.data,
    },
  });
  return {
    async claim({ held, ...bounds }) {
      if (bounds.deliveryMax <= 0) return [];
      const { rows } = await pool.query<ClaimedRow>('SELECT * FROM deliveries_claim($1, $2)', [
        JSON.stringify({ ...bounds, failingCount: FAILING_ATTEMPT_COUNT }),
        JSON.stringify(held),
      ]);
      return rows.map(fromRow);
    },

    async finish({ deliveryId, attempt }, { isDelivered, nextAttemptAtMs, requests }) {
      const outcome = {
        isDelivered,
        requests,
        ...(nextAttemptAtMs === undefined ? {} : { nextAttemptAt: new Date(nextAttemptAtMs).toISOString() }),
      };
      const { rows } = await pool.query<{ failed_count: number; failing_since: Date | null }>(
        'SELECT * FROM delivery_finish($1, $2, $3)',
        [deliveryId, attempt, JSON.stringify(storable(outcome))],
      );
      const [row] = rows;
      return (
        row && { failedCount: row.failed_count, failingSinceMs: row.failing_since?.getTime() ?? undefined }
      );
    },
  };
}
