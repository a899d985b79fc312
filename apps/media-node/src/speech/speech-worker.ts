import { createHash } from 'node:crypto';
import type { NewObject, WrittenObject } from '@patchbay/adapters/objects/stored-objects';
import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import type { ClaimedSpeech, SpeechEnd, SpeechQueue } from '@patchbay/adapters/speech/speech-store';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import { charactersOf, type Passage, voicesOf, wordsOf } from '@patchbay/domain/speech/passage';
import { soundFormatFacts } from '@patchbay/domain/speech/sound-format';
import { type ReadMarkup, soundKeyText } from '@patchbay/domain/speech/speech-order';
import { usesOfSpeech } from '@patchbay/domain/speech/speech-usage';
import { Poll } from '../jobs/poll.ts';
import type { Pronounce } from './engines.ts';
import { renderPassages } from './render.ts';
import type { WriteSound } from './sound-writer.ts';
import { passagesOfOrder } from './text-of-order.ts';

/** Longer than a text of the longest kind takes: who has it that long has lost it. */
const LEASE_MS = 300_000;
const POLL_MS = 200;
/** After a text, the next one often follows. */
const LIVELY_POLL_MS = 50;
/** A text that brought its process down so often is not given to another. */
const ATTEMPTS_MAX = 3;
const SWEEP_MS = 60_000;

export interface SpeechWorkerOptions {
  readonly queue: SpeechQueue;
  readonly pronounce: Pronounce;
  readonly writeSound: WriteSound;
  /** Fetches texts: as bytes, and no more of them than a text may have. */
  readonly fetch: SendSafely;
  readonly readMarkup: ReadMarkup;
  /** Undefined: files are stored nowhere. */
  readonly store: ((object: NewObject, bytes: Uint8Array) => Promise<WrittenObject>) | undefined;
  /** Takes files away that are over; now and then. */
  readonly sweep: () => Promise<unknown>;
  readonly region: string;
  readonly atOnceMax: number;
  readonly count: (usedBy: UsedBy, use: CountedUse) => void;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs?: () => number;
}

/** Speaks what accounts ask for, until it is stopped. Any number of them work beside each other. */
export class SpeechWorker {
  readonly #options: SpeechWorkerOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #poll: Poll;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(options: SpeechWorkerOptions) {
    this.#options = options;
    const { onFailure } = options;
    this.#poll = new Poll({
      work: () => this.#take(),
      everyMs: POLL_MS,
      livelyEveryMs: LIVELY_POLL_MS,
      onFailure: (error) => onFailure(error, 'Texts to speak wait for the database.'),
    });
  }

  get speechCount(): number {
    return this.#running.size;
  }

  start(): void {
    const { sweep, onFailure } = this.#options;
    this.#sweeping = setInterval(
      () => void sweep().catch((error: unknown) => onFailure(error, 'Files that are over are still there.')),
      SWEEP_MS,
    );
    this.#poll.ask();
  }

  /** Takes nothing new, and resolves when what it has in hand is over. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeping);
    await this.#poll.stop();
    await Promise.all(this.#running);
  }

  /** Answers whether there was something to take. */
  async #take(): Promise<boolean> {
    const { queue, region, atOnceMax, onFailure } = this.#options;
    const countMax = atOnceMax - this.#running.size;
    if (countMax <= 0) return false;
    const claimed = await queue.claim({ region, countMax, leaseMs: LEASE_MS });
    for (const speech of claimed) {
      const work = this.#speak(speech)
        // It is taken again when its time in our hand is over.
        .catch((error: unknown) => onFailure(error, 'A text was not spoken.'))
        .finally(() => {
          this.#running.delete(work);
          this.#poll.ask();
        });
      this.#running.add(work);
    }
    return claimed.length > 0;
  }

  /** What a text costs is counted by whoever ended it, once. */
  async #speak(speech: ClaimedSpeech): Promise<void> {
    const startedMs = performance.now();
    const { end, passages, passageMs } = await this.#endOf(speech);
    const { queue, count, nowMs = Date.now } = this.#options;
    const isOurs = await queue.finish(speech, end, nowMs());
    if (!isOurs || end.kind === 'failed') return;
    const { accountId, applicationId, endpoint, order } = speech;
    const usedBy = {
      accountId,
      ...(applicationId === undefined ? {} : { applicationId }),
      ...(endpoint === undefined ? {} : { endpoint }),
    };
    const uses = usesOfSpeech({
      ...{ passages, passageMs, format: order.format, sampleRateHz: order.sampleRateHz },
      processMs: performance.now() - startedMs,
      isCacheHit: end.kind === 'cached',
      sessionKind: 'none',
    });
    for (const use of uses) count(usedBy, use);
  }

  async #endOf(speech: ClaimedSpeech): Promise<Ended> {
    const { accountId, attempt, order } = speech;
    const { queue, fetch, readMarkup, pronounce, writeSound, store } = this.#options;
    if (attempt > ATTEMPTS_MAX) return failedBy('failed', 'Each node that took it up lost it.');
    const passages = await passagesOfOrder(order, { fetch, readMarkup });
    if ('reason' in passages) return failedBy(passages.reason, passages.detail);
    const soundKey = createHash('sha256').update(soundKeyText(passages, order)).digest();
    const facts = {
      voices: voicesOf(passages),
      characters: charactersOf(passages),
      words: wordsOf(passages),
      soundKey,
    };
    const found = await queue.find(accountId, soundKey);
    if (found !== undefined) return { end: { kind: 'cached', ...facts, found }, passages, passageMs: [] };
    if (store === undefined)
      return failedBy(
        'unavailable',
        'Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL at the nodes of the role jobs.',
      );
    const { sampleRateHz: rateHz, providerUrl, format } = order;
    const sound = await renderPassages(passages, { pronounce, rateHz, providerUrl });
    if ('failure' in sound) return failedBy(sound.failure, sound.detail);
    const bytes = await writeSound(sound, format);
    if ('failure' in bytes) return failedBy(bytes.failure, bytes.detail);
    const durationMs = Math.round((sound.samples.length * 1_000) / rateHz);
    const object = await store(
      {
        ...{ accountId, applicationId: speech.applicationId, endpoint: speech.endpoint },
        ...{ service: 'text-to-speech', kind: 'speech', dataClass: 'speechFiles', durationMs },
        mediaType: soundFormatFacts(format).mediaType,
      },
      bytes,
    );
    return { end: { kind: 'spoken', ...facts, durationMs, object }, passages, passageMs: sound.passageMs };
  }
}

interface Ended {
  readonly end: SpeechEnd;
  readonly passages: readonly Passage[];
  readonly passageMs: readonly number[];
}

const failedBy = (reason: Extract<SpeechEnd, { kind: 'failed' }>['reason'], detail: string): Ended => ({
  end: { kind: 'failed', reason, detail },
  passages: [],
  passageMs: [],
});
