import type { Callback, CallbackPlace, SetCallback } from './callbacks.ts';
import type { EventCursors, PlacedPlatformEvent } from './envelope.ts';
import type { FlowCount } from './flows.ts';

export interface WebhookRecord {
  readonly id: string;
  readonly url: string;
  readonly fallbackUrl: string | undefined;
  readonly description: string;
  readonly eventTypes: readonly string[];
  readonly scope: 'own' | 'descendants';
  readonly applicationId: string | undefined;
  /** Of a callback: the instance type of the application whose events alone it hears of. */
  readonly instanceType: string | undefined;
  /** Of a callback: the endpoint whose events alone it hears of, and the service whose configuration names it. */
  readonly endpointId: string | undefined;
  readonly service: string | undefined;
  /** Of one that a trigger's action has for itself. */
  readonly triggerId: string | undefined;
  readonly batchEventsMax: number;
  readonly batchWaitMs: number;
  readonly state: 'active' | 'disabled';
  readonly disabledReason: 'failing' | 'gone' | undefined;
  /** The last time. */
  readonly disabledAt: Date | undefined;
  readonly failedCount: number;
  readonly failingSince: Date | undefined;
  readonly succeededAt: Date | undefined;
  /** Since then its address fails, and its fallback takes what it is told. */
  readonly fallbackSince: Date | undefined;
  readonly previousEndsAt: Date | undefined;
  readonly createdAt: Date;
}

export interface NewWebhook {
  readonly accountId: string;
  readonly url: string;
  readonly fallbackUrl?: string | undefined;
  readonly description: string;
  readonly eventTypes: readonly string[];
  readonly scope: 'own' | 'descendants';
  readonly applicationId?: string | undefined;
  readonly batchEventsMax?: number | undefined;
  readonly batchWaitMs?: number | undefined;
}

export interface WebhookChange {
  readonly url?: string | undefined;
  readonly fallbackUrl?: string | null | undefined;
  readonly description?: string | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly scope?: 'own' | 'descendants' | undefined;
  readonly batchEventsMax?: number | undefined;
  readonly batchWaitMs?: number | undefined;
  readonly state?: 'active' | 'disabled' | undefined;
}

export interface AttemptRecord {
  readonly number: number;
  readonly target: 'main' | 'fallback';
  readonly startedAt: Date;
  /** Absent of attempts that were made before it was kept. */
  readonly url: string | undefined;
  readonly requestHeaders: Readonly<Record<string, string>> | undefined;
  readonly responseHeaders: Readonly<Record<string, string>> | undefined;
  readonly status: number | undefined;
  readonly latencyMs: number | undefined;
  readonly error: string | undefined;
  readonly response: string | undefined;
  readonly batchId: string | undefined;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly webhookId: string;
  readonly event: PlacedPlatformEvent;
  readonly state: 'waiting' | 'delivered' | 'failed' | 'cancelled';
  readonly replayId: string | undefined;
  readonly attemptCount: number;
  readonly nextAttemptAt: Date | undefined;
  readonly createdAt: Date;
  readonly endedAt: Date | undefined;
  readonly lastAttempt: AttemptRecord | undefined;
}

export interface ReplayRecord {
  readonly id: string;
  readonly state: 'running' | 'done' | 'cancelled';
  readonly from: bigint;
  readonly until: bigint;
  readonly next: bigint;
  readonly counts: Readonly<Record<DeliveryRecord['state'], number>>;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
}

export interface FlowRecord {
  readonly webhook: WebhookRecord;
  readonly counts: readonly FlowCount[];
  readonly countedSince: Date | undefined;
}

interface Page {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | undefined;
}

interface WebhookKey {
  readonly accountId: string;
  readonly webhookId: string;
}

/** `accountId` is the scope of every port. */
export interface HooksPorts {
  readonly cursors: EventCursors;
  readonly webhooks: {
    list(page: Page & { readonly accountId: string }): Promise<PageOf<WebhookRecord>>;
    find(webhook: WebhookKey): Promise<WebhookRecord | undefined>;
    /** Undefined when the account has as many as it may have. */
    create(
      webhook: NewWebhook,
    ): Promise<{ readonly webhook: WebhookRecord; readonly secret: string } | undefined>;
    update(webhook: WebhookKey & { readonly change: WebhookChange }): Promise<WebhookRecord | undefined>;
    /**
     * Of one that triggers call, their names by their ids, and it stays. Whoever sets such a trigger at the same time waits
     * until this is over, or this waits for them: a trigger never calls what is gone.
     */
    remove(webhook: WebhookKey): Promise<'removed' | 'unknown' | ReadonlyMap<string, string>>;
    /**
     * Undefined when there is none. With `unlessSignedAt`, nothing is changed where the secret before the present one still signs at
     * that time, and until when it does is answered: two who rotate at once do not drop a secret that one of them promised.
     */
    rotate(
      webhook: WebhookKey & { readonly previousEndsAt: Date; readonly unlessSignedAt?: Date | undefined },
    ): Promise<{ readonly secret: string } | { readonly signsUntil: Date } | undefined>;
  };
  readonly callbacks: {
    /** Those of one place, in the order of their making. */
    list(place: CallbackPlace): Promise<readonly SetCallback[]>;
    /**
     * Sets them anew, and answers what stood there. 'too_many': the account has as many in all as it may. 'unknown': there is no such
     * application, instance type or endpoint, or no longer.
     */
    replace(
      place: CallbackPlace,
      wanted: readonly Callback[],
    ): Promise<
      | { readonly before: readonly SetCallback[]; readonly after: readonly SetCallback[] }
      | 'too_many'
      | 'unknown'
    >;
    /** Those of all places of the account that name a service in place of an address, with whole names of events. */
    ofServices(account: { readonly accountId: string }): Promise<readonly Callback[]>;
  };
  readonly flows: {
    /** In the order of their making. With an application or an instance type: what hears of that. */
    list(
      page: Page & {
        readonly accountId: string;
        readonly applicationId?: string | undefined;
        readonly instanceType?: string | undefined;
        readonly now: Date;
      },
    ): Promise<PageOf<FlowRecord>>;
  };
  readonly deliveries: {
    list(
      page: Page &
        WebhookKey & {
          readonly state: DeliveryRecord['state'] | 'all';
          readonly batchId?: string | undefined;
        },
    ): Promise<PageOf<DeliveryRecord>>;
    find(delivery: WebhookKey & { readonly deliveryId: string }): Promise<DeliveryRecord | undefined>;
    attempts(delivery: WebhookKey & { readonly deliveryId: string }): Promise<readonly AttemptRecord[]>;
    /** The events that a batch of a webhook carried, in its order. */
    batch(batch: WebhookKey & { readonly batchId: string }): Promise<readonly PlacedPlatformEvent[]>;
    resend(delivery: WebhookKey & { readonly deliveryId: string }): Promise<boolean>;
  };
  readonly replays: {
    /** False when one runs. */
    start(replay: WebhookKey & { readonly replayId: string; readonly after: bigint }): Promise<boolean>;
    /** The last one. */
    find(webhook: WebhookKey): Promise<ReplayRecord | undefined>;
    /** False when none runs. */
    cancel(webhook: WebhookKey): Promise<boolean>;
    /** Behind which position what happened since a time begins. */
    positionOf(place: {
      readonly accountId: string;
      readonly scope: 'own' | 'descendants';
      readonly since: Date;
    }): Promise<bigint>;
  };
  readonly events: {
    /** In order, from behind a position on. */
    list(page: {
      readonly accountId: string;
      readonly scope: 'own' | 'descendants';
      readonly after: bigint;
      readonly types: readonly string[];
      readonly limit: number;
    }): Promise<readonly PlacedPlatformEvent[]>;
    /** The position that was given last, to whosever event. */
    lastPosition(): Promise<bigint>;
  };
  readonly applications: {
    find(application: { readonly accountId: string; readonly applicationId: string }): Promise<unknown>;
  };
  readonly endpoints: {
    /** Why nothing is sent to a URL, or undefined. It asks for the host's addresses, so it takes as long as that. */
    refusalOf(url: string): Promise<string | undefined>;
  };
  readonly catalogue: {
    /** The names of all events that are told of. */
    readonly eventTypes: readonly string[];
  };
}

/** More would be one event sent many times over. */
export const WEBHOOK_COUNT_MAX = 20;
