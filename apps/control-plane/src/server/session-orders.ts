import type { PostgresBus } from '@patchbay/adapters/bus/postgres-bus';
import { CONTROL_MS_MAX, type ControlAnswer } from '@patchbay/domain/sessions/control';
import type { SessionsPorts } from '@patchbay/domain/sessions/ports';
import { createId } from '@patchbay/kit/ids';

interface SessionOrdersOptions {
  readonly bus: Pick<PostgresBus, 'latest' | 'subscribe' | 'publish'>;
  readonly nowMs: () => number;
  readonly timeoutMs?: number;
}

/**
 * Orders to whichever node holds a session, and its answer: both over the bus, as the node may speak with another process
 * of the control plane than the one that was asked (LIV-1).
 */
export class SessionOrders {
  readonly #options: SessionOrdersOptions;
  readonly #waiting = new Map<string, (answer: ControlAnswer) => void>();
  #listening: Promise<() => void> | undefined;

  constructor(options: SessionOrdersOptions) {
    this.#options = options;
  }

  /** Resolves to undefined where no node answers in time. */
  readonly give: SessionsPorts['commands']['order'] = async (asked) => {
    const { bus, nowMs, timeoutMs = CONTROL_MS_MAX } = this.#options;
    await this.#hearing();
    const orderId = createId('req');
    const { promise, resolve } = Promise.withResolvers<ControlAnswer | undefined>();
    let timer: NodeJS.Timeout | undefined;
    this.#waiting.set(orderId, resolve);
    try {
      await bus.publish({
        type: 'session.control',
        order: { ...asked, orderId, issuedAtMs: nowMs() },
      });
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
    const { bus } = this.#options;
    return bus.subscribe(
      ({ message }) => {
        if (message.type === 'session.controlled') this.#waiting.get(message.orderId)?.(message.answer);
      },
      await bus.latest(),
    );
  }
}
