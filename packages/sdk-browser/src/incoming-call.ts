import { Emitter } from '@patchbay/protocol/client/emitter';
import type { EndReason, Media } from '@patchbay/protocol/signaling/messages';
import type { Call } from './call.ts';
import type { MediaOptions } from './local-media.ts';

export interface AcceptOptions extends MediaOptions {
  /** `relay` hides this party's addresses from the caller. */
  readonly mode?: 'auto' | 'relay';
}

interface IncomingSetup {
  readonly id: string;
  readonly from: string;
  readonly media: Media;
  readonly accept: (options: AcceptOptions) => Promise<Call>;
  readonly reject: (reason?: string) => void;
}

/** Somebody calls this identity. */
export class IncomingCall extends Emitter<{ cancelled: EndReason }> {
  readonly id: string;
  /** Identity of the caller; of another account with that account behind an @. */
  readonly from: string;
  /** What the caller sends. */
  readonly media: Media;
  readonly #setup: IncomingSetup;
  #accepted: Promise<Call> | undefined;

  constructor(setup: IncomingSetup) {
    super();
    this.#setup = setup;
    this.id = setup.id;
    this.from = setup.from;
    this.media = setup.media;
  }

  /** Answers with a microphone, and with a camera if the caller shows one, unless told otherwise. */
  accept(options: AcceptOptions = {}): Promise<Call> {
    this.#accepted ??= this.#setup.accept({ video: this.media.video || this.media.screen, ...options });
    return this.#accepted;
  }

  reject(reason?: string): void {
    if (this.#accepted === undefined) this.#setup.reject(reason);
  }

  /** @internal The caller gave up, or another device answered. */
  cancel(reason: EndReason): void {
    this.emit('cancelled', reason);
  }
}
