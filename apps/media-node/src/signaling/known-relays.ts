import type { RelayPlacement } from './platform.ts';

/** What is known of relays by their heartbeats and by the calls that are on them: which run, which died, which are about to go. */
export class KnownRelays {
  /** The newest boot known of each. */
  readonly #boots = new Map<string, string>();
  /** The boot at which each died, where it was known. */
  readonly #dead = new Map<string, string | undefined>();
  readonly #draining = new Set<string>();

  /** A call that is taken up again is on it. */
  carries({ nodeId, boot }: RelayPlacement): void {
    this.#boots.set(nodeId, boot);
  }

  /** Answers whether it is another process than was known before. */
  alive(nodeId: string, boot: string): 'restarted' | 'same' {
    const isRestarted = this.#boots.get(nodeId) !== boot;
    this.#boots.set(nodeId, boot);
    this.#draining.delete(nodeId);
    if (this.#dead.get(nodeId) !== boot) this.#dead.delete(nodeId);
    return isRestarted ? 'restarted' : 'same';
  }

  died(nodeId: string): void {
    this.#dead.set(nodeId, this.#boots.get(nodeId));
    this.#draining.delete(nodeId);
  }

  drains(nodeId: string): void {
    this.#draining.add(nodeId);
  }

  isDraining(nodeId: string): boolean {
    return this.#draining.has(nodeId);
  }

  /** One that is dead or about to go is not offered again, even while the platform has yet to hear of it. */
  isOffered({ nodeId, boot }: RelayPlacement): boolean {
    const isDead = this.#dead.has(nodeId) && (this.#dead.get(nodeId) ?? boot) === boot;
    return !isDead && !this.#draining.has(nodeId);
  }
}
