import { linksOf } from '@patchbay/kit/signed-link';
import { z } from 'zod';
import { channelName } from '../channels/channel-name.ts';
import { NOTICES_NAMESPACE } from '../channels/namespace.ts';
import type { DeliveryState } from './notice-move.ts';
import type { NoticeWay, SubscribedWay } from './notice-way.ts';

/** Notices of one account for which something is still to be done: more are refused. */
export const WAITING_MAX = 10_000;
/** Places of one endpoint. */
export const TARGETS_MAX = 20;
export const TTL_SECONDS_MAX = 7 * 86_400;
/** As JSON. With the link of its receipts it fits into what every push service takes. */
export const CONTENT_BYTES_MAX = 3_000;
export const TITLE_CHARACTERS_MAX = 120;
export const BODY_CHARACTERS_MAX = 500;

export const noticeStates = [
  'waiting',
  'sent',
  'delivered',
  'read',
  'failed',
  'expired',
  'cancelled',
] as const;
export type NoticeState = (typeof noticeStates)[number];

export const urgencies = ['high', 'normal', 'low'] as const;
export type Urgency = (typeof urgencies)[number];
export const rankOf = (urgency: Urgency): number => urgencies.indexOf(urgency);
export const urgencyOf = (rank: number): Urgency => urgencies[rank] ?? 'normal';

/** What whoever got it says of it. */
export const receipts = ['delivered', 'read'] as const;
export type Receipt = (typeof receipts)[number];

export const noticeContent = z.object({
  title: z.string(),
  body: z.string().optional(),
  data: z.json().optional(),
  tag: z.string().optional(),
});
export type NoticeContent = z.output<typeof noticeContent>;

export interface NoticeDelivery {
  readonly way: NoticeWay;
  readonly subscriptionId?: string | undefined;
  readonly device?: string | undefined;
  readonly state: DeliveryState;
  readonly attemptCount: number;
  readonly reason?: string | undefined;
  readonly at?: Date | undefined;
}

/** A notice as its account sees it. */
export interface NoticeRecord {
  readonly id: string;
  /** The identifier of an endpoint. */
  readonly endpoint: string;
  readonly state: NoticeState;
  /** Absent once the person was erased. */
  readonly content?: NoticeContent | undefined;
  readonly urgency: Urgency;
  readonly ways: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly sentAt?: Date | undefined;
  readonly deliveredAt?: Date | undefined;
  readonly readAt?: Date | undefined;
  readonly deliveries: readonly NoticeDelivery[];
}

/** Where an endpoint is reached. What it is stays sealed. */
export interface SubscriptionRecord {
  readonly id: string;
  readonly endpoint: string;
  readonly way: SubscribedWay;
  readonly device?: string | undefined;
  readonly label: string;
  readonly createdAt: Date;
  readonly usedAt?: Date | undefined;
}

/** What whoever got a notice says so by, without a key: it names the notice and is signed. */
export const receiptLinks = linksOf({ use: 'receipt', path: '/api/receipts/{noticeId}', method: 'POST' });
/** Behind the end of the notice: a browser that was off shows it then, and somebody reads it. */
export const RECEIPT_MS = 30 * 86_400_000;

/** Where clients of an endpoint hear of its notices. Undefined: no channel can be called so, and nobody of that name hears of notices in one. */
export function noticeChannelOf(endpoint: string): string | undefined {
  const name = `${NOTICES_NAMESPACE}:${endpoint.replace(/^user:/, '')}`;
  return channelName.safeParse(name).success ? name : undefined;
}

/** What goes to whoever is told, on ways that carry JSON. */
export interface ToldNotice extends NoticeContent {
  readonly noticeId: string;
  readonly receiptUrl: string;
}
