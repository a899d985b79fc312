import type { CredentialEnds } from '@patchbay/adapters/prisma/credential-ends';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import type { Logger } from 'pino';
import { rootOf } from './failure-log.ts';

/** How often it is looked whether an event has ended credentials: with the bus, well within 5 seconds (ACC-7). */
const LOOK_MS = 1_000;

export interface CredentialEndsOptions {
  readonly ends: Pick<CredentialEnds, 'due'>;
  readonly atomically: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Within a unit of work, told when that is committed. */
  readonly publish: (message: BusMessage) => Promise<void>;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * Ends credentials at events, in any number of processes: whichever looks first tells the nodes, in the transaction in which
 * the credential ends, so that none is ended and not told.
 */
export class CredentialEndsWork {
  readonly #options: CredentialEndsOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(options: CredentialEndsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#round ??= this.#look().finally(() => {
        this.#round = undefined;
      });
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  async runDue(): Promise<void> {
    const { ends, atomically, publish } = this.#options;
    await atomically(async () => {
      for (const prefixId of await ends.due()) await publish({ type: 'credential.revoked', prefixId });
    });
  }

  async #look(): Promise<void> {
    try {
      await this.runDue();
    } catch (error) {
      this.#options.log.warn({ error: rootOf(error) }, 'Ends of credentials wait for the database.');
    }
  }
}
