import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import type { Client } from './clients.ts';
import type { ChannelQuantity, UsageRecord } from './platform.ts';

/** How often what was counted is recorded: so much a node that is killed does not bill. */
const FLUSH_MS = 5_000;
/** The same of a client to whom nothing was said: most of them wait most of the time. */
const IDLE_FLUSH_MS = 30_000;

interface Counted {
  /** Undefined: it has no subscription. */
  subscribedSinceMs: number | undefined;
  deliveredCount: number;
  publishedCount: number;
  sinceMs: number;
}

/** What the clients of this node use of channels (MET-1). */
export class ChannelUsage {
  readonly #counted = new Map<Client, Counted>();
  readonly #ports: { readonly region: string; readonly recordUsage: (record: UsageRecord) => void };

  constructor(ports: { readonly region: string; readonly recordUsage: (record: UsageRecord) => void }) {
    this.#ports = ports;
  }

  begins(client: Client, nowMs: number): void {
    this.#of(client, nowMs).subscribedSinceMs ??= nowMs;
  }

  delivered(client: Client, nowMs: number): void {
    this.#of(client, nowMs).deliveredCount += 1;
  }

  /** By a client that may have no subscription at all. */
  published(client: Client, nowMs: number): void {
    const counted = this.#of(client, nowMs);
    counted.publishedCount += 1;
    if (counted.subscribedSinceMs === undefined) this.ends(client, nowMs);
  }

  tick(client: Client, nowMs: number): void {
    const counted = this.#counted.get(client);
    if (counted === undefined) return;
    const isIdle = counted.deliveredCount + counted.publishedCount === 0;
    if (nowMs - counted.sinceMs >= (isIdle ? IDLE_FLUSH_MS : FLUSH_MS)) this.#flush(client, counted, nowMs);
  }

  /** It has no subscription any more. */
  ends(client: Client, nowMs: number): void {
    const counted = this.#counted.get(client);
    if (counted === undefined) return;
    this.#flush(client, counted, nowMs);
    this.#counted.delete(client);
  }

  #of(client: Client, nowMs: number): Counted {
    const counted = this.#counted.get(client) ?? {
      subscribedSinceMs: undefined,
      deliveredCount: 0,
      publishedCount: 0,
      sinceMs: nowMs,
    };
    this.#counted.set(client, counted);
    return counted;
  }

  #flush(client: Client, counted: Counted, nowMs: number): void {
    const { deliveredCount, publishedCount, subscribedSinceMs, sinceMs } = counted;
    const subscribedMs = subscribedSinceMs === undefined ? 0 : Math.max(0, nowMs - subscribedSinceMs);
    const quantities: ChannelQuantity[] = [
      { meter: 'messages', quantity: publishedCount, dimensions: { direction: 'published' } },
      { meter: 'messages', quantity: deliveredCount, dimensions: { direction: 'delivered' } },
      { meter: 'subscribedMs', quantity: subscribedMs, dimensions: { transport: 'websocket' } },
    ];
    Object.assign(counted, { deliveredCount: 0, publishedCount: 0, sinceMs: nowMs });
    if (subscribedSinceMs !== undefined) counted.subscribedSinceMs = nowMs;
    const used = quantities.filter(({ quantity }) => quantity > 0);
    if (used.length === 0) return;
    const { accountId, applicationId, credentialId, identity } = client.principal;
    this.#ports.recordUsage({
      accountId,
      ...(applicationId === undefined ? {} : { applicationId }),
      endpointId: userEndpointId(identity),
      credentialId,
      segment: 0,
      service: 'notification',
      region: this.#ports.region,
      modality: 'data',
      fromMs: Math.min(sinceMs, nowMs),
      toMs: nowMs,
      quantities: used,
    });
  }
}
