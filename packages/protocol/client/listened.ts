import { Emitter } from './emitter.ts';
import type { ChannelEntry, Subscription } from './subscription.ts';

/**
 * What a subscription hears, as events of another kind. It begins when somebody listens: what was held until then is told to
 * all who began to listen in the same turn, and what is too much to be held is taken up again from where it stopped.
 */
export abstract class Listened<Events extends object> extends Emitter<Events> {
  protected abstract readonly subscription: Subscription;
  #isBegun = false;

  protected abstract heard(entry: ChannelEntry): void;

  override on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    if (!this.#isBegun) {
      this.#isBegun = true;
      queueMicrotask(() => void this.#hear());
    }
    return super.on(name, listener);
  }

  async #hear(): Promise<void> {
    try {
      for await (const entry of this.subscription) this.heard(entry);
    } catch {
      // Why it is over is told by its event.
    }
  }
}
