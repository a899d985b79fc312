import { type Gone, REGISTRATIONS_MAX, type Registration } from '@patchbay/domain/presence/registration';
import type { ControlPlaneClient } from './control-plane-client.ts';

/** What comes together is told together. */
const TELL_MS = 50;
const RETRY_MS = 500;

export interface RegistrarOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  /** The run of this node. */
  readonly boot: () => string;
  readonly onFailure: (error: unknown, message: string) => void;
}

/**
 * Tells the control plane who is connected here, in order and until it is heard. Of each connection the last word counts: one that
 * came and went before anybody was told is told as gone.
 */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #here = new Map<string, Registration>();
  readonly #untold = new Map<string, Registration | Gone>();
  #telling: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  register(registration: Registration): void {
    this.#here.set(registration.connectionId, registration);
    this.#untold.set(registration.connectionId, registration);
    this.#begin();
  }

  unregister(gone: Gone): void {
    this.#here.delete(gone.connectionId);
    this.#untold.set(gone.connectionId, gone);
    this.#begin();
  }

  /** What was told may have been forgotten while nobody was heard. */
  tellAll(): void {
    for (const [connectionId, registration] of this.#here) this.#untold.set(connectionId, registration);
    this.#begin();
  }

  /** Tells what is left, once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#telling;
    if (this.#untold.size > 0) await this.#tellBatch();
  }

  #begin(): void {
    if (this.#isStopped || this.#untold.size === 0) return;
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tell(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, TELL_MS));
    while (this.#untold.size > 0) {
      if (!(await this.#tellBatch()) && !this.#isStopped)
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (this.#isStopped) return;
    }
  }

  async #tellBatch(): Promise<boolean> {
    const { client, boot, onFailure } = this.#options;
    const batch = [...this.#untold].slice(0, REGISTRATIONS_MAX);
    const here = batch.flatMap(([, said]) => ('device' in said ? [said] : []));
    const gone = batch.flatMap(([, said]) => ('device' in said ? [] : [said]));
    try {
      await client.call('registerEndpoints', { boot: boot(), here, gone });
      for (const [connectionId, said] of batch)
        if (this.#untold.get(connectionId) === said) this.#untold.delete(connectionId);
      return true;
    } catch (error) {
      onFailure(error, 'Who is connected was not told.');
      return false;
    }
  }
}
