import type { NoticeAtWork, NoticeQueue, PlaceAtWork } from '@patchbay/adapters/notices/notice-queue';
import type { SendNotice } from '@patchbay/adapters/notices/send-notice';
import type { OpenTarget, TargetStore } from '@patchbay/adapters/notices/target-store';
import type { PushOutcome } from '@patchbay/adapters/push/outcome';
import type { UsedBy } from '@patchbay/domain/metering/use-counter';
import { noticeChannelOf, RECEIPT_MS, type ToldNotice } from '@patchbay/domain/notices/notice';
import { nextMove, retryAtMs } from '@patchbay/domain/notices/notice-move';
import { type NoticeStep, type NoticeWay, stepOf, subscribedWays } from '@patchbay/domain/notices/notice-way';

const AT_ONCE_MAX = 20;
/** Longer than any attempt: whoever holds it that long is gone. */
const LEASE_MS = 120_000;
const DAY_MS = 86_400_000;
const LOOK_MS = 1_000;

export interface NoticeWorkerPorts {
  readonly queue: NoticeQueue;
  readonly targets: Pick<TargetStore, 'forgetGone' | 'noteUsed' | 'openOf'>;
  readonly send: SendNotice;
  /** Whether somebody hears a channel now. */
  readonly isHeard: (accountId: string, channel: string) => Promise<boolean>;
  readonly publish: (message: {
    readonly accountId: string;
    readonly channel: string;
    readonly told: ToldNotice;
    readonly ttlSeconds: number;
  }) => Promise<void>;
  readonly mail: (accountId: string, to: string, notice: NoticeAtWork) => Promise<void>;
  /** As an event, which webhooks are told of. */
  readonly hand: (notice: NoticeAtWork) => Promise<void>;
  readonly receiptUrlOf: (notice: NoticeAtWork, expiresMs: number) => Promise<string>;
  /** Whether an account and all above it are in order. */
  readonly isActive: (accountId: string) => Promise<boolean>;
  readonly meter: (usedBy: UsedBy, way: NoticeWay) => void;
  readonly atomically: <Value>(work: () => Promise<Value>) => Promise<Value>;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs: () => number;
}

/** What is to be done at one place. */
interface Attempt {
  readonly outcome: PushOutcome;
  /** Written with the outcome, or not at all. */
  readonly along?: () => Promise<void>;
}

interface Tried extends Attempt {
  readonly place: PlaceAtWork;
}

/** Brings notices to endpoints, way after way, for as long as nobody says that they came (NTF). */
export class NoticeWorker {
  readonly #ports: NoticeWorkerPorts;
  readonly #working = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #isStopped = false;

  constructor(ports: NoticeWorkerPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#schedule(LOOK_MS);
  }

  /** There is something to do. Does not wait. */
  asked(): void {
    if (this.#timer !== undefined && !this.#isStopped) this.#schedule(50);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    await Promise.all(this.#working);
  }

  /** Takes what is due, and does it. */
  async runDue(): Promise<void> {
    await this.#claim();
    await Promise.all(this.#working);
  }

  async #claim(): Promise<void> {
    const free = AT_ONCE_MAX - this.#working.size;
    if (free <= 0) return;
    for (const notice of await this.#ports.queue.claim({ countMax: free, leaseMs: LEASE_MS })) {
      const work = this.#work(notice)
        // Its lease ends by itself, and then it is taken again.
        .catch((error: unknown) =>
          this.#ports.onFailure(error, 'A notice was not brought; it is tried again.'),
        )
        .finally(() => {
          this.#working.delete(work);
          this.asked();
        });
      this.#working.add(work);
    }
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      if (this.#round !== undefined) return;
      this.#round = this.#claim()
        .catch((error: unknown) => this.#ports.onFailure(error, 'Notices were not looked for.'))
        .finally(() => {
          this.#round = undefined;
          this.#schedule(LOOK_MS);
        });
    }, afterMs);
    this.#timer.unref();
  }

  async #work(claimed: NoticeAtWork): Promise<void> {
    const { queue, nowMs, isActive } = this.#ports;
    const steps = claimed.ways.map(stepOf);
    const of = { nowMs: nowMs(), leaseMs: LEASE_MS };
    if (!(await isActive(claimed.accountId))) {
      await queue.write(claimed, { ...of, step: claimed.step, places: [], end: 'failed' });
      return;
    }
    let notice = claimed;
    for (;;) {
      const atMs = nowMs();
      const { step, places, expiresAtMs } = notice;
      const move = nextMove({ steps, step, deliveries: places, expiresAtMs }, atMs);
      switch (move.kind) {
        case 'end':
          await queue.write(notice, { ...of, nowMs: atMs, step, places: [], end: move.state });
          return;
        case 'wait':
          await queue.write(notice, { ...of, nowMs: atMs, step, places: [], dueMs: move.untilMs });
          return;
        case 'begin': {
          const begun = await this.#placesOf(notice, steps[move.step], move.step);
          const next = { ...notice, step: move.step + 1, places: [...places, ...begun] };
          if (begun.length > 0) {
            const change = { ...of, nowMs: atMs, step: next.step, places: begun };
            if (!(await queue.write(notice, change))) return;
          }
          notice = next;
          break;
        }
        case 'attempt': {
          const tried = await this.#attemptAll(notice, atMs);
          if (tried === undefined) return;
          notice = tried;
          break;
        }
      }
    }
  }

  async #placesOf(
    notice: NoticeAtWork,
    step: NoticeStep | undefined,
    index: number,
  ): Promise<readonly PlaceAtWork[]> {
    const { accountId, endpoint } = notice;
    const ways = step?.ways ?? [];
    const found: Pick<PlaceAtWork, 'way' | 'subscriptionId' | 'device'>[] = [];
    const channel = noticeChannelOf(endpoint);
    if (
      ways.includes('websocket') &&
      channel !== undefined &&
      (await this.#ports.isHeard(accountId, channel))
    )
      found.push({ way: 'websocket' });
    if (ways.includes('webhook')) found.push({ way: 'webhook' });
    const subscribed: readonly NoticeWay[] = subscribedWays;
    const asked = ways.filter((way) => subscribed.includes(way));
    if (asked.length > 0)
      for (const { id, device, target } of await this.#ports.targets.openOf({
        accountId,
        endpoint,
        ways: asked,
      }))
        found.push({ way: target.way, subscriptionId: id, device });
    return found.map((place, at) => ({
      ...place,
      ...{ number: notice.places.length + at, step: index, state: 'waiting', attemptCount: 0 },
    }));
  }

  /** The notice as it stands then; undefined where it is not ours any more. */
  async #attemptAll(notice: NoticeAtWork, atMs: number): Promise<NoticeAtWork | undefined> {
    const { queue, targets, atomically, nowMs, meter } = this.#ports;
    const { accountId, applicationId, endpoint } = notice;
    const due = notice.places.filter(({ state, retryAtMs: at = 0 }) => state === 'waiting' && at <= atMs);
    const ways = [...new Set(due.map(({ way }) => way))];
    const open = await targets.openOf({ accountId, endpoint, ways });
    const tried: readonly Tried[] = await Promise.all(
      due.map(async (place) => ({
        place,
        ...(await this.#attempt(
          notice,
          place,
          open.find(({ id }) => id === place.subscriptionId),
        )),
      })),
    );
    const endedMs = nowMs();
    // Either it is written what became of it and that is done, or neither.
    const settled = await atomically(async () => {
      const within = await this.#withinBounds(notice, tried);
      const places = within.map(({ place, outcome }) => after(place, outcome, endedMs));
      const change = { nowMs: endedMs, leaseMs: LEASE_MS, step: notice.step, places };
      if (!(await queue.write(notice, change))) return undefined;
      for (const { along } of within) await along?.();
      return { within, places };
    });
    for (const { place, outcome } of settled?.within ?? tried) {
      const { subscriptionId, way } = place;
      if (outcome.kind === 'gone' && subscriptionId !== undefined)
        await targets.forgetGone({ accountId, subscriptionId }, endedMs);
      // What a provider took is use, whoever has the notice by now; what we do ourselves was done only with the write.
      if (outcome.kind !== 'accepted' || (settled === undefined && isWithin(way))) continue;
      meter({ accountId, endpoint, ...(applicationId === undefined ? {} : { applicationId }) }, way);
      if (subscriptionId !== undefined) await targets.noteUsed({ accountId, subscriptionId }, endedMs);
    }
    if (settled === undefined) return undefined;
    const others = notice.places.filter(({ number }) => !settled.places.some((one) => one.number === number));
    return { ...notice, places: [...others, ...settled.places] };
  }

  /** E-mails beyond those that its account may send in a day are refused. */
  async #withinBounds(
    { accountId, emailsPerDayMax }: NoticeAtWork,
    tried: readonly Tried[],
  ): Promise<readonly Tried[]> {
    if (!tried.some(isMail)) return tried;
    const { queue, nowMs } = this.#ports;
    let left = emailsPerDayMax - (await queue.emailsSince(accountId, nowMs() - DAY_MS));
    return tried.map((one) => {
      if (!isMail(one)) return one;
      left -= 1;
      return left < 0 ? { place: one.place, ...refused('emails_per_day') } : one;
    });
  }

  async #attempt(notice: NoticeAtWork, { way }: PlaceAtWork, open: OpenTarget | undefined): Promise<Attempt> {
    const { accountId, endpoint, content, expiresAtMs, urgency } = notice;
    const { publish, hand, mail, send, nowMs, receiptUrlOf } = this.#ports;
    const told = async (): Promise<ToldNotice> => ({
      ...content,
      noticeId: notice.id,
      receiptUrl: await receiptUrlOf(notice, expiresAtMs + RECEIPT_MS),
    });
    const accepted = { kind: 'accepted' } as const;
    if (way === 'webhook') return { outcome: accepted, along: () => hand(notice) };
    if (way === 'websocket') {
      const channel = noticeChannelOf(endpoint);
      if (channel === undefined) return refused('no_channel');
      const ttlSeconds = Math.max(1, Math.ceil((expiresAtMs - nowMs()) / 1_000));
      const message = await told();
      return { outcome: accepted, along: () => publish({ accountId, channel, told: message, ttlSeconds }) };
    }
    // It was removed meanwhile.
    if (open === undefined) return refused('removed');
    const { target } = open;
    if (target.way !== 'email')
      return { outcome: await send({ accountId, target, told: await told(), urgency, expiresAtMs }) };
    return { outcome: accepted, along: () => mail(accountId, target.to.address, notice) };
  }
}

const refused = (reason: string): Attempt => ({ outcome: { kind: 'refused', reason } });
const isMail = ({ place, outcome }: Tried) => place.way === 'email' && outcome.kind === 'accepted';
/** What the platform does itself. */
const isWithin = (way: NoticeWay) => way === 'websocket' || way === 'webhook' || way === 'email';

function after(place: PlaceAtWork, outcome: PushOutcome, atMs: number): PlaceAtWork {
  const attemptCount = place.attemptCount + 1;
  const tried = { ...place, attemptCount, atMs, retryAtMs: undefined };
  switch (outcome.kind) {
    case 'accepted':
    case 'gone':
      return { ...tried, state: outcome.kind, reason: undefined };
    case 'refused':
      return { ...tried, state: 'refused', reason: outcome.reason };
    case 'later': {
      const retryMs = retryAtMs({ attemptCount, retryAfterMs: outcome.retryAfterMs }, atMs);
      return {
        ...tried,
        state: retryMs === undefined ? 'failed' : 'waiting',
        reason: outcome.reason,
        retryAtMs: retryMs,
      };
    }
  }
}
