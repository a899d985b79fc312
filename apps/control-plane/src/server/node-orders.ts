import type { PostgresBus } from '@patchbay/adapters/bus/postgres-bus';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import { CONTROL_MS_MAX } from '@patchbay/domain/sessions/control';
import { createId } from '@patchbay/kit/ids';

export interface OrderBus {
  readonly bus: Pick<PostgresBus, 'latest' | 'subscribe' | 'publish'>;
  readonly nowMs: () => number;
  readonly timeoutMs?: number;
}

export interface NodeOrdersOptions<Asked, Answer> extends OrderBus {
  readonly messageOf: (
    asked: Asked,
    order: { readonly orderId: string; readonly issuedAtMs: number },
  ) => BusMessage;
  /** Undefined of what is no answer to such an order. */
  readonly answerIn: (
    message: BusMessage,
  ) => { readonly orderId: string; readonly answer: Answer } | undefined;
}

/**
 * Orders to whichever node holds something, and its answer: both over the bus, as the node may speak with another process of the
 * control plane than the one that was asked (LIV-1).
 */
export class NodeOrders<Asked, Answer> {
  readonly #options: NodeOrdersOptions<Asked, Answer>;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #listening: Promise<() => void> | undefined;

  constructor(options: NodeOrdersOptions<Asked, Answer>) {
    this.#options = options;
  }

  /** Resolves to undefined where no node answers in time. */
  readonly give = async (asked: Asked): Promise<Answer | undefined> => {
    const { bus, nowMs, messageOf, timeoutMs = CONTROL_MS_MAX } = this.#options;
    await this.#hearing();
    const orderId = createId('req');
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    let timer: NodeJS.Timeout | undefined;
    this.#waiting.set(orderId, resolve);
    try {
      await bus.publish(messageOf(asked, { orderId, issuedAtMs: nowMs() }));
      // Of many at once each has its time from when it is said.
      timer = setTimeout(() => resolve(undefined), timeoutMs);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(orderId);
    }
  };

  async stop(): Promise<void> {
    (await this.#listening?.catch(() => undefined))?.();
  }

  #hearing(): Promise<() => void> {
    this.#listening ??= this.#subscribe().catch((error: unknown) => {
      this.#listening = undefined;
      throw error;
    });
    return this.#listening;
  }

  async #subscribe(): Promise<() => void> {
    const { bus, answerIn } = this.#options;
    return bus.subscribe(
      ({ message }) => {
        const answered = answerIn(message);
        if (answered !== undefined) this.#waiting.get(answered.orderId)?.(answered.answer);
      },
      await bus.latest(),
    );
  }
}
