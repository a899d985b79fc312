import type { SeenPresence } from '../signaling/presence-messages.ts';
import { Emitter } from './emitter.ts';
import type { SignalConversation } from './signal-conversation.ts';

export interface PresenceEvents {
  /** How they are now; the first time as soon as the platform has said so. */
  changed: SeenPresence;
}

/** What others see of somebody, or what this client says of itself. */
export interface PresenceWord {
  readonly state: 'available' | 'away' | 'busy' | 'dnd';
  /** Up to 200 characters. */
  readonly note?: string;
}

/** One identity of the account, for as long as somebody watches it. */
export class IdentityPresence extends Emitter<PresenceEvents> {
  readonly identity: string;
  readonly #stop: () => void;
  #current: SeenPresence | undefined;

  constructor(identity: string, stop: () => void) {
    super();
    this.identity = identity;
    this.#stop = stop;
  }

  /** Undefined until the platform has said something. */
  get current(): SeenPresence | undefined {
    return this.#current;
  }

  /** Watches no longer. */
  close(): void {
    this.#stop();
  }

  heard(presence: SeenPresence): void {
    this.#current = presence;
    this.emit('changed', presence);
  }
}

/** Whom one client watches over its conversation with signaling, across any number of losses (IDP). */
export class Presences<Failure extends Error> {
  readonly #conversation: SignalConversation<Failure>;
  readonly #watched = new Map<string, Set<IdentityPresence>>();
  #word: PresenceWord | undefined;

  constructor(conversation: SignalConversation<Failure>) {
    this.#conversation = conversation;
    conversation.on('authenticated', () => this.#again());
    conversation.on('frame', (frame) => {
      if (frame.type !== 'presence') return;
      const { type: _type, sequence: _sequence, ...presence } = frame;
      for (const each of this.#watched.get(presence.identity) ?? []) each.heard(presence);
    });
  }

  watch(identity: string): IdentityPresence {
    const watchers = this.#watched.get(identity) ?? new Set();
    const known = [...watchers].find(({ current }) => current !== undefined)?.current;
    const presence: IdentityPresence = new IdentityPresence(identity, () => {
      watchers.delete(presence);
      if (watchers.size > 0 || this.#watched.get(identity) !== watchers) return;
      this.#watched.delete(identity);
      this.#say();
    });
    this.#watched.set(identity, watchers.add(presence));
    // Not before whoever asks has a listener.
    if (known !== undefined) queueMicrotask(() => presence.heard(known));
    else if (watchers.size === 1) this.#say();
    return presence;
  }

  /** Undefined takes back what was said. Said while there is no connection, it is said with the next one. */
  set(word: PresenceWord | undefined): void {
    this.#word = word;
    if (this.#isConnected) this.#conversation.send({ type: 'setPresence', ...word });
  }

  get #isConnected(): boolean {
    return this.#conversation.state === 'connected';
  }

  #say(): void {
    if (this.#isConnected)
      this.#conversation.send({ type: 'watchPresence', identities: [...this.#watched.keys()] });
  }

  #again(): void {
    if (this.#word !== undefined) this.#conversation.send({ type: 'setPresence', ...this.#word });
    if (this.#watched.size > 0) this.#say();
  }
}
