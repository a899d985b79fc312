import { setTimeout as wait } from 'node:timers/promises';
import { type BusMessage, busMessageSchema } from '@patchbay/domain/fleet/bus';
import { BUS_PATH } from '@patchbay/domain/fleet/internal-api';
import type { ControlPlaneClient } from './control-plane-client.ts';
import { readEventStream } from './event-stream.ts';

export interface BusClientOptions {
  readonly client: ControlPlaneClient;
  readonly onMessage: (message: BusMessage) => void;
  /** After each connect: what is held may have changed in between. */
  readonly onConnected: () => void;
  readonly onAway?: (error: unknown) => void;
  readonly nowMs?: () => number;
}

/** The control plane sends a comment each 5 seconds; silence this long is a dead line. */
const SILENCE_MS_MAX = 15_000;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;

/** Listens to the bus for as long as the node lives, across any number of losses. */
export class BusClient {
  readonly #options: BusClientOptions;
  readonly #stop = new AbortController();
  #lastEventId: string | undefined;
  #awaySinceMs: number | undefined;
  #running: Promise<void> | undefined;

  constructor(options: BusClientOptions) {
    this.#options = options;
    this.#awaySinceMs = (options.nowMs ?? Date.now)();
  }

  /** When the bus was lost, or undefined while it is there (architecture §3: 15 minutes of grace). */
  get awaySinceMs(): number | undefined {
    return this.#awaySinceMs;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MS_MIN;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#listen(() => {
          retryMs = RETRY_MS_MIN;
        });
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#options.onAway?.(error);
      }
      this.#awaySinceMs ??= (this.#options.nowMs ?? Date.now)();
      await wait(retryMs * (0.5 + Math.random() / 2), undefined, { signal: this.#stop.signal }).catch(
        () => {},
      );
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
  }

  async #listen(onOpen: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
    try {
      const signal = AbortSignal.any([this.#stop.signal, silence.signal]);
      const body = await this.#options.client.stream(BUS_PATH, { lastEventId: this.#lastEventId, signal });
      this.#awaySinceMs = undefined;
      onOpen();
      this.#options.onConnected();
      for await (const event of readEventStream(body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
        if (event.data === undefined) continue;
        this.#lastEventId = event.id ?? this.#lastEventId;
        // A message of a later version is none of this node's business.
        const parsed = busMessageSchema.safeParse(JSON.parse(event.data));
        if (parsed.success) this.#options.onMessage(parsed.data);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
