import { setTimeout as wait } from 'node:timers/promises';
import type {
  ClaimedDelivery,
  ClaimedRequest,
  DeliveryStore,
  EndedRequest,
  LaneKind,
  RequestOutcome,
} from '@patchbay/adapters/hooks/delivery-store';
import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import type { WebhookNotices } from '@patchbay/adapters/prisma/webhook-notices';
import { consequenceOf } from '@patchbay/domain/hooks/after-attempt';
import type { EndpointRecord } from '@patchbay/domain/hooks/endpoint-health';
import { batchBodyOf, bodyOf, type EventCursors } from '@patchbay/domain/hooks/envelope';
import { nextAttemptAtMs } from '@patchbay/domain/hooks/retry-schedule';
import { isServiceTarget } from '@patchbay/domain/hooks/service-target';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import { replayHeader, signWebhook, webhookHeaders } from '@patchbay/protocol/webhook/signature';
import { GroupWriter } from './group-writer.ts';
import { Poll } from './poll.ts';
import type { RunDelivery } from './run-delivery.ts';

/** Requests at a time to one endpoint, of all workers together: a slow one has so many open, and no more. */
const ENDPOINT_REQUEST_COUNT_MAX = 4;
/** Requests at a time of this process. Each is a socket and a few kilobytes. */
const REQUEST_COUNT_MAX = 512;
/**
 * From here on a request is slow, and so is its webhook, until several of its requests were quick. Slow webhooks have as much
 * room again, and so have requests that turn out to be slow: they give theirs back to the others.
 */
const SLOW_MS = 1_000;
/** To endpoints that fail, besides: they take no room from the others (C37). */
const FAILING_SHARE = 1 / 4;
/** Of each kind, so much at most for the webhooks of one account: many slow receivers of its own cost it alone (C37). */
const ACCOUNT_SHARE = 1 / 16;
/**
 * And for an account right below the platform with all that is below it, however many accounts it makes there: a quarter of
 * all when it is alone, for it may hold a third of what is left. However many such tenants come, something is left.
 */
const TENANT_SHARE = 1 / 3;
/** The last part is for webhooks that were asked before: any number of new ones leaves those room that are known to be quick. */
const PROVEN_SHARE = 1 / 4;
/** Longer than two requests, one to the fallback, can last with all that is written around them. */
const LEASE_MS = 60_000;
/** What is left of a batch after that is run in the next attempt. */
const RUNS_MS_MAX = 15_000;
const POLL_MS = 200;
/** Where events come one after the other, the next one does not wait so long for its place. */
const LIVELY_POLL_MS = 40;
/**
 * Webhooks that are slow or fail are looked at no more often, however many of their requests end: each look costs the database
 * as much as several deliveries of those that are quick.
 */
const REST_MS = { ok: 0, slow: 50, failing: 100 } as const satisfies Record<LaneKind, number>;
/** Outcomes are written in so many groups at a time, of so many at most. */
const NOTED_GROUPS_AT_ONCE_MAX = 2;
const NOTED_TOGETHER_MAX = 64;
const NOTE_RETRY_MS = 1_000;
const SIGNATURE_CHARACTERS_KEPT = 'v1,'.length + 8;

export interface DeliveryWorkerOptions {
  readonly store: DeliveryStore;
  readonly cursors: Pick<EventCursors, 'seal'>;
  readonly send: SendSafely;
  /** Hands a delivery to the control plane, where its callback names an operation of a service (HKS-4). */
  readonly run: RunDelivery;
  readonly notices: WebhookNotices;
  /** Where this process is. */
  readonly region: string;
  /** Gives events their places, if there are any: answers how many. */
  readonly placeEvents: () => Promise<number>;
  /** Takes one of the replays that run a step on: answers whether there was one. */
  readonly takeReplayOn: () => Promise<boolean>;
  /** What an account's webhooks were told, and in how many requests (MET-6). */
  readonly count: (usedBy: UsedBy, use: CountedUse) => void;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs?: () => number;
  readonly random?: () => number;
  readonly leaseMs?: number;
  readonly requestCountMax?: number;
  /** Of a clock that nobody sets. */
  readonly elapsedMs?: () => number;
}

/** A request under way. */
interface Running {
  readonly webhookId: string;
  readonly accountId: string;
  readonly startedMs: number;
  /** Its webhook is known to be slow by it. */
  isNoted: boolean;
}

const laneKinds = ['ok', 'slow', 'failing'] as const satisfies readonly LaneKind[];

/** Places events, and delivers them to webhooks, until it is stopped. Any number of them work beside each other. */
export class DeliveryWorker {
  readonly #options: DeliveryWorkerOptions;
  readonly #running = {
    ok: new Map<Promise<void>, Running>(),
    slow: new Map<Promise<void>, Running>(),
    failing: new Map<Promise<void>, Running>(),
    turnedSlow: new Map<Promise<void>, Running>(),
  };
  readonly #noting: GroupWriter<EndedRequest, EndpointRecord | undefined>;
  #isStopped = false;

  /** None of these waits for another: what one tenant has too much of in one of them delays nobody in the others. */
  readonly #placing: Poll;
  readonly #replaying: Poll;
  readonly #claiming: Readonly<Record<LaneKind, Poll>>;

  constructor(options: DeliveryWorkerOptions) {
    this.#options = options;
    this.#noting = new GroupWriter({
      write: (requests) => options.store.finish(requests),
      atOnceMax: NOTED_GROUPS_AT_ONCE_MAX,
      groupMax: NOTED_TOGETHER_MAX,
    });
    const onFailure = (error: unknown) => options.onFailure(error, 'Deliveries wait for the database.');
    this.#placing = new Poll({
      work: async () => {
        const isFound = (await options.placeEvents()) > 0;
        if (isFound) this.#askLanes();
        return isFound;
      },
      everyMs: POLL_MS,
      livelyEveryMs: LIVELY_POLL_MS,
      onFailure,
    });
    this.#replaying = new Poll({
      work: async () => {
        const isFound = await options.takeReplayOn();
        if (isFound) this.#askLanes();
        return isFound;
      },
      everyMs: POLL_MS,
      onFailure,
    });
    const claiming = (kind: LaneKind, before: () => Promise<void> = async () => {}) =>
      new Poll({
        // What is left due then waits for room, which somebody asks for when there is some.
        work: async () => {
          await before();
          await this.#claim(kind);
          return false;
        },
        everyMs: POLL_MS,
        restMs: REST_MS[kind],
        onFailure,
      });
    this.#claiming = {
      ok: claiming('ok', () => this.#leaveToOthers()),
      slow: claiming('slow'),
      failing: claiming('failing'),
    };
  }

  get requestCount(): number {
    return Object.values(this.#running).reduce((count, { size }) => count + size, 0);
  }

  start(): void {
    this.#placing.ask();
    this.#replaying.ask();
    this.#askLanes();
  }

  /** Takes nothing new, and resolves when what it has in hand is over: in the time that two requests have, at most. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const polls = [this.#placing, this.#replaying, ...Object.values(this.#claiming)];
    await Promise.all(polls.map((poll) => poll.stop()));
    await Promise.all(Object.values(this.#running).flatMap((running) => [...running.keys()]));
  }

  #askLanes(): void {
    for (const kind of laneKinds) this.#claiming[kind].ask();
  }

  /** What lasts gives its place to others, as far as there is room for it, and its webhook waits with the slow ones. */
  async #leaveToOthers(): Promise<void> {
    const { ok, turnedSlow } = this.#running;
    const lasting = [...ok].filter(([, { startedMs }]) => this.#elapsedMs() - startedMs >= SLOW_MS);
    const news = lasting.filter(([, { isNoted }]) => !isNoted);
    if (news.length > 0)
      await this.#options.store.noteSlow([...new Set(news.map(([, { webhookId }]) => webhookId))], SLOW_MS);
    for (const [work, request] of lasting) {
      request.isNoted = true;
      if (turnedSlow.size >= this.#requestMax('slow')) continue;
      // Unless it ended while that was noted.
      if (ok.delete(work)) turnedSlow.set(work, request);
    }
  }

  #requestMax(kind: LaneKind): number {
    const { requestCountMax = REQUEST_COUNT_MAX } = this.#options;
    return kind === 'failing' ? Math.ceil(requestCountMax * FAILING_SHARE) : requestCountMax;
  }

  async #claim(kind: LaneKind): Promise<void> {
    const { store, region, leaseMs = LEASE_MS } = this.#options;
    const requestMax = this.#requestMax(kind);
    const claimed = await store.claim({
      kind,
      region,
      requestMax,
      // One that fails is asked whether it is back, and not besieged.
      endpointMax: kind === 'failing' ? 1 : ENDPOINT_REQUEST_COUNT_MAX,
      accountMax: Math.ceil(requestMax * ACCOUNT_SHARE),
      tenantShare: TENANT_SHARE,
      provenCount: kind === 'ok' ? Math.floor(requestMax * PROVEN_SHARE) : 0,
      slowMs: SLOW_MS,
      held: countsOf(this.#running[kind].values()),
      leaseMs,
    });
    for (const request of claimed) {
      const work = this.#deliver(request)
        // It is tried again when its time in our hand is over.
        .catch((error: unknown) => this.#options.onFailure(error, 'A delivery was not noted.'))
        .finally(() => {
          for (const running of Object.values(this.#running)) running.delete(work);
          // Where its webhook is of another kind by now, that one looks soon.
          this.#claiming[kind].ask();
        });
      const { webhookId, accountId } = request;
      this.#running[kind].set(work, { webhookId, accountId, startedMs: this.#elapsedMs(), isNoted: false });
    }
  }

  async #deliver(request: ClaimedRequest): Promise<void> {
    const requests = await this.#attempt(request);
    const last = requests.at(-1);
    const isDelivered = last?.error === undefined;
    const atMs = this.#nowMs();
    // What failed together comes back together, as far as its rounds are alike.
    const random = (this.#options.random ?? Math.random)();
    const attempts = request.deliveries.map(({ deliveryId, attempt, roundAttempt }) => {
      const failed = { attempt: roundAttempt, failedAtMs: atMs, retryAfterMs: last?.retryAfterMs };
      return {
        deliveryId,
        attempt,
        ...(isDelivered || last.isFinal ? {} : { nextAttemptAtMs: nextAttemptAtMs(failed, random) }),
      };
    });
    const { webhookId } = request;
    const endpoint = await this.#note({ webhookId, attempts, outcome: { isDelivered, requests } });
    const endedCount = attempts.filter(({ nextAttemptAtMs: nextMs }) => nextMs === undefined).length;
    this.#count(request.accountId, { requests, endedCount });
    if (endpoint === undefined || isDelivered) return;
    const { notices } = this.#options;
    const { status, error } = last;
    const failed = { accountId: request.accountId, webhookId, atMs, status, error };
    switch (consequenceOf(endpoint, { status, atMs })) {
      case 'none':
        return;
      case 'tell_failing':
        return await notices.failing(failed);
      case 'disable_failing':
        return await notices.disable({ ...failed, reason: 'failing' });
      case 'disable_gone':
        return await notices.disable({ ...failed, reason: 'gone' });
    }
  }

  /** A request counts for itself, and a callback once, when it was taken or is given up. */
  #count(
    accountId: string,
    { requests, endedCount }: { readonly requests: readonly SentRequest[]; readonly endedCount: number },
  ): void {
    const { count } = this.#options;
    for (const { error } of requests) {
      const outcome = error === undefined ? 'succeeded' : 'failed';
      count({ accountId }, { meter: 'api.attempts', quantity: 1, dimensions: { outcome } });
    }
    const outcome = requests.at(-1)?.error === undefined ? 'delivered' : 'failed';
    if (endedCount > 0)
      count({ accountId }, { meter: 'api.callbacks', quantity: endedCount, dimensions: { outcome } });
  }

  /** A database that is away for a while costs no second attempt, as long as the delivery is ours. */
  async #note(request: EndedRequest): Promise<EndpointRecord | undefined> {
    const { leaseMs = LEASE_MS } = this.#options;
    const deadlineMs = performance.now() + leaseMs / 2;
    for (;;) {
      try {
        return await this.#noting.write(request);
      } catch (error) {
        if (performance.now() > deadlineMs || this.#isStopped) throw error;
        await wait(NOTE_RETRY_MS);
      }
    }
  }

  /** The main address, and if that fails the other one, with the same bytes. */
  async #attempt({ url, fallbackUrl, ...request }: ClaimedRequest): Promise<readonly SentRequest[]> {
    const main = await this.#request(request, { target: 'main', url });
    if (main.error === undefined || fallbackUrl === undefined) return [main];
    return [main, await this.#request(request, { target: 'fallback', url: fallbackUrl })];
  }

  async #request(
    request: Omit<ClaimedRequest, 'url' | 'fallbackUrl'>,
    { target, url }: { readonly target: RequestOutcome['target']; readonly url: string },
  ): Promise<SentRequest> {
    const { deliveries, secrets, batchId, replayId } = request;
    if (isServiceTarget(url)) return { target, url, ...(await this.#run(request, target)) };
    const [{ event }] = deliveries;
    const { cursors } = this.#options;
    const events = deliveries.map((each) => each.event);
    const body = batchId === undefined ? bodyOf(event, cursors) : batchBodyOf(events, cursors);
    const id = batchId ?? event.id;
    const timestampSeconds = Math.floor(this.#nowMs() / 1_000);
    const signature = signWebhook({ id, timestampSeconds, body }, secrets);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Patchbay-Webhooks/1',
      [webhookHeaders.id]: id,
      [webhookHeaders.timestamp]: String(timestampSeconds),
      ...(replayId === undefined ? {} : { [replayHeader]: replayId }),
    };
    const { headers: responseHeaders, ...answer } = await this.#options.send({
      url,
      body,
      headers: { ...headers, [webhookHeaders.signature]: signature },
    });
    const requestHeaders = { ...headers, [webhookHeaders.signature]: beginningOf(signature) };
    return { target, url, requestHeaders, responseHeaders, ...answer };
  }

  /** A batch ends at the first that is refused: what of it was done comes again, and is found done. */
  async #run(
    { accountId, webhookId, deliveries }: Omit<ClaimedRequest, 'url' | 'fallbackUrl'>,
    target: RequestOutcome['target'],
  ): Promise<Omit<SentRequest, 'target'>> {
    const startedMs = this.#elapsedMs();
    const runOf = ({ deliveryId }: ClaimedDelivery) =>
      this.#options.run({ accountId, webhookId, deliveryId, target });
    const [first, ...others] = deliveries;
    let answer = await runOf(first);
    for (const delivery of others) {
      if (answer.error !== undefined) break;
      const isInTime = this.#elapsedMs() - startedMs < RUNS_MS_MAX;
      answer = isInTime ? await runOf(delivery) : { error: 'timeout' };
    }
    return { ...answer, latencyMs: Math.round(this.#elapsedMs() - startedMs) };
  }

  #elapsedMs(): number {
    return (this.#options.elapsedMs ?? performance.now.bind(performance))();
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }
}

/** Of each signature so much that a receiver's own can be told from it, and nobody sends the request again with it. */
const beginningOf = (signature: string): string =>
  signature
    .split(' ')
    .map((one) => `${one.slice(0, SIGNATURE_CHARACTERS_KEPT)}…`)
    .join(' ');

/** How many each account has. */
function countsOf(requests: Iterable<Running>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { accountId } of requests) counts[accountId] = (counts[accountId] ?? 0) + 1;
  return counts;
}

type SentRequest = RequestOutcome & {
  readonly retryAfterMs?: number | undefined;
  /** It would fail each time. */
  readonly isFinal?: boolean | undefined;
};
