import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import {
  type NoticeDelivery,
  type NoticeRecord,
  noticeContent,
  urgencyOf,
} from '@patchbay/domain/notices/notice';
import type { PoolClient } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';

export interface NoticeRow {
  readonly id: string;
  readonly account_id: string;
  readonly application_id: string | null;
  readonly endpoint_id: string;
  readonly state: NoticeRecord['state'];
  readonly content: unknown;
  readonly urgency_rank: number;
  readonly ways: readonly string[];
  readonly emails_per_day: number;
  readonly step: number;
  readonly due_at: Date | null;
  readonly taken_count: number;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly sent_at: Date | null;
  readonly delivered_at: Date | null;
  readonly read_at: Date | null;
}

export interface DeliveryRow {
  readonly notice_id: string;
  readonly number: number;
  readonly step: number;
  readonly way: NoticeDelivery['way'];
  readonly subscription_id: string | null;
  readonly device: string | null;
  readonly state: NoticeDelivery['state'];
  readonly attempt_count: number;
  readonly reason: string | null;
  readonly retry_at: Date | null;
  readonly at: Date | null;
}

export interface OneNotice {
  readonly accountId: string;
  readonly noticeId: string;
}

export const deliveryFromRow = (row: DeliveryRow): NoticeDelivery => ({
  way: row.way,
  subscriptionId: row.subscription_id ?? undefined,
  device: row.device ?? undefined,
  state: row.state,
  attemptCount: row.attempt_count,
  reason: row.reason ?? undefined,
  at: row.at ?? undefined,
});

export const noticeFromRow = (row: NoticeRow, deliveries: readonly DeliveryRow[]): NoticeRecord => ({
  id: row.id,
  endpoint: row.endpoint_id,
  state: row.state,
  content: row.content === null ? undefined : noticeContent.parse(row.content),
  urgency: urgencyOf(row.urgency_rank),
  ways: row.ways,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  sentAt: row.sent_at ?? undefined,
  deliveredAt: row.delivered_at ?? undefined,
  readAt: row.read_at ?? undefined,
  deliveries: deliveries.map(deliveryFromRow),
});

/** Of an account, within a transaction in its scope. */
export async function deliveriesOf(
  client: PoolClient,
  accountId: string,
  noticeIds: readonly string[],
): Promise<readonly DeliveryRow[]> {
  const { rows } = await client.query<DeliveryRow>(
    'SELECT * FROM notice_delivery WHERE account_id = $1 AND notice_id = ANY ($2) ORDER BY notice_id, number',
    [accountId, noticeIds],
  );
  return rows;
}

/** What an account is told of one of its notices, in the transaction of its cause. */
export async function tellOf(
  client: PoolClient,
  { account_id: accountId, application_id, id: noticeId, endpoint_id: endpoint }: NoticeRow,
  { event, data = {}, nowMs }: { readonly event: string; readonly data?: object; readonly nowMs: number },
): Promise<void> {
  const told = eventOfHandler({
    ...{ accountId, type: `notification.notice.${event}`, atMs: nowMs },
    data: { noticeId, endpoint, ...data },
  });
  await appendEvent(client, { ...told, applicationId: application_id ?? undefined });
}
