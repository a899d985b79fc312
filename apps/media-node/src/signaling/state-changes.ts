import type { KeptFrame } from '@patchbay/protocol/signaling/mailbox';
import type { Client } from './clients.ts';
import { type StateChange, savedClient, savedSession } from './saved-state.ts';
import type { Session } from './session.ts';

type Thing = { readonly kind: 'client' | 'session'; readonly id: string };

export interface StateSource {
  readonly clients: () => Iterable<Client>;
  readonly sessions: () => Iterable<Session>;
  readonly hasClient: (connectionId: string) => boolean;
  readonly hasSession: (sessionId: string) => boolean;
  readonly usedMsOf: (prefixId: string) => number;
}

/** Gathers what one input changed in the live state, and says it as the difference to what was said before. */
export class StateChanges {
  readonly #source: StateSource;
  readonly #clients = new Map<string, Client>();
  readonly #sessions = new Map<string, Session>();
  #frames: StateChange[] = [];
  /** As last said: each field of each thing, as text. */
  readonly #said = new Map<string, ReadonlyMap<string, string>>();

  constructor(source: StateSource) {
    this.#source = source;
  }

  client(client: Client): void {
    this.#clients.set(client.connectionId, client);
  }

  session(session: Session): void {
    this.#sessions.set(session.sessionId, session);
  }

  /** A frame that its client has yet to acknowledge. */
  frame(client: Client, frame: KeptFrame): void {
    this.client(client);
    this.#frames.push({ kind: 'frame', id: client.connectionId, ...frame });
  }

  take(): readonly StateChange[] {
    if (this.#clients.size === 0 && this.#sessions.size === 0) return [];
    const { hasClient, hasSession, usedMsOf } = this.#source;
    const things = [
      ...[...this.#clients].map(([id, client]) =>
        this.#difference({ kind: 'client', id }, hasClient(id) ? savedClient(client) : undefined),
      ),
      ...[...this.#sessions].map(([id, session]) =>
        this.#difference(
          { kind: 'session', id },
          hasSession(id) ? savedSession(session, usedMsOf) : undefined,
        ),
      ),
    ];
    const frames = this.#frames.filter(({ id }) => hasClient(id));
    this.#clients.clear();
    this.#sessions.clear();
    this.#frames = [];
    return [...things.flatMap((change) => change ?? []), ...frames];
  }

  /** All of it from nothing, for a store that begins a new file. */
  *all(): Generator<StateChange> {
    for (const client of this.#source.clients()) {
      const id = client.connectionId;
      yield { kind: 'client', id, fields: { ...savedClient(client) } };
      for (const { sequence, source } of client.outbox.kept) yield { kind: 'frame', id, sequence, source };
    }
    for (const session of this.#source.sessions()) {
      const fields = { ...savedSession(session, this.#source.usedMsOf) };
      yield { kind: 'session', id: session.sessionId, fields };
    }
  }

  #difference({ kind, id }: Thing, now: object | undefined): StateChange | undefined {
    const key = `${kind} ${id}`;
    const before = this.#said.get(key);
    if (now === undefined) {
      this.#said.delete(key);
      return before === undefined ? undefined : { kind, id };
    }
    const texts = new Map<string, string>();
    const fields: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(now)) {
      if (value === undefined) continue;
      const text = JSON.stringify(value);
      texts.set(name, text);
      if (before?.get(name) !== text) fields[name] = value;
    }
    for (const name of before?.keys() ?? []) if (!texts.has(name)) fields[name] = null;
    this.#said.set(key, texts);
    return Object.keys(fields).length === 0 ? undefined : { kind, id, fields };
  }
}
