import type { ClientMessageOf, ServerMessage } from '@patchbay/protocol/signaling/messages';
import type { Client } from './clients.ts';
import { type CallRefusal, featureRefusal } from './party-rules.ts';
import type { PresenceAnswer, PresenceQuestion } from './presence-words.ts';

/** How often all who are watched are asked for again: so late is seen, at the latest, what nobody told of. */
export const presenceRefreshMs = 15_000;

export interface PresencesPorts {
  /** Asks how they are; {@link Presences.answered} is called with the answer. */
  ask(askId: string, question: PresenceQuestion): void;
  send(client: Client, message: ServerMessage): void;
  refuse(client: Client, refusal: CallRefusal): void;
  now(): number;
}

interface Watch {
  readonly client: Client;
  readonly identities: ReadonlySet<string>;
  /** By identity, what it was told last. */
  readonly told: Map<string, string>;
  askedAtMs: number;
}

/** Clients that watch how others of their account are. Each change is asked for anew, so that whoever may not see it any more does not. */
export class Presences {
  readonly #ports: PresencesPorts;
  readonly #watches = new Map<Client, Watch>();
  readonly #asked = new Map<string, Watch>();
  #askCount = 0;

  constructor(ports: PresencesPorts) {
    this.#ports = ports;
  }

  watch(client: Client, { identities }: ClientMessageOf<'watchPresence'>): void {
    const refusal = refusalOf(client);
    if (refusal !== undefined) {
      this.#ports.refuse(client, refusal);
      return;
    }
    this.#watches.delete(client);
    if (identities.length === 0) return;
    const watch = { client, identities: new Set(identities), told: new Map(), askedAtMs: 0 };
    this.#watches.set(client, watch);
    this.#ask(watch, [...watch.identities]);
  }

  say(client: Client, { state, note }: ClientMessageOf<'setPresence'>): void {
    const refusal = refusalOf(client);
    if (refusal !== undefined) {
      this.#ports.refuse(client, refusal);
      return;
    }
    const { accountId, identity } = client.principal;
    this.#askCount += 1;
    const says = {
      identity,
      ...(state === undefined ? {} : { state }),
      ...(note === undefined ? {} : { note }),
    };
    const question = { accountId, identities: [], viewer: identity, says };
    this.#ports.ask(`presence ${this.#askCount}`, question);
  }

  /** Somebody may be another than they were. */
  changed(accountId: string, identity: string): void {
    for (const watch of this.#watches.values())
      if (watch.client.principal.accountId === accountId && watch.identities.has(identity))
        this.#ask(watch, [identity]);
  }

  answered(askId: string, answer: PresenceAnswer): void {
    const watch = this.#asked.get(askId);
    this.#asked.delete(askId);
    // It may watch others by now, or nobody.
    if (watch === undefined || this.#watches.get(watch.client) !== watch) return;
    if (answer === undefined) {
      watch.askedAtMs = 0;
      return;
    }
    for (const presence of answer) {
      const words = JSON.stringify(presence);
      if (!watch.identities.has(presence.identity) || watch.told.get(presence.identity) === words) continue;
      watch.told.set(presence.identity, words);
      this.#ports.send(watch.client, { type: 'presence', ...presence });
    }
  }

  /** Its connection is gone: it says anew whom it watches when it is back. */
  detached(client: Client): void {
    this.#watches.delete(client);
  }

  tick(nowMs: number): void {
    for (const watch of this.#watches.values())
      if (nowMs - watch.askedAtMs >= presenceRefreshMs) this.#ask(watch, [...watch.identities]);
  }

  #ask(watch: Watch, identities: readonly string[]): void {
    const { accountId, identity: viewer } = watch.client.principal;
    this.#askCount += 1;
    const askId = `presence ${this.#askCount}`;
    if (identities.length === watch.identities.size) watch.askedAtMs = this.#ports.now();
    this.#asked.set(askId, watch);
    this.#ports.ask(askId, { accountId, identities, viewer });
  }
}

/** It is for whoever takes part in calls: a credential for channels alone says and sees nothing. */
const refusalOf = ({ principal: { limits } }: Client): CallRefusal | undefined =>
  featureRefusal(limits, 'place-calls') && featureRefusal(limits, 'answer-calls');
