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
  /** As last said: each field of each thing. */
  readonly #said = new Map<string, Map<string, Said>>();

  constructor(source: StateSource) {
    this.#source = source;
  }

  client(client: Client): void {
    if (client.far !== undefined || client.media !== undefined) return;
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
    const said = this.#said.get(key);
    if (now === undefined) {
      this.#said.delete(key);
      return said === undefined ? undefined : { kind, id };
    }
    const saying = said ?? new Map<string, Said>();
    if (said === undefined) this.#said.set(key, saying);
    const fields: Record<string, unknown> = {};
    let changeCount = 0;
    let presentCount = 0;
    for (const [name, value] of Object.entries(now)) {
      if (value === undefined) continue;
      presentCount += 1;
      const words = saidOf(value);
      if (saying.get(name) === words) continue;
      saying.set(name, words);
      fields[name] = value;
      changeCount += 1;
    }
    if (saying.size > presentCount)
      for (const name of [...saying.keys()])
        if ((now as Readonly<Record<string, unknown>>)[name] === undefined) {
          saying.delete(name);
          fields[name] = null;
          changeCount += 1;
        }
    return changeCount === 0 ? undefined : { kind, id, fields };
  }
}

/** What two values are compared by: what is plain as it is, what nobody changes by its identity, and all else by its text. */
type Said = unknown;

const saidOf = (value: unknown): Said =>
  typeof value !== 'object' || value === null || Object.isFrozen(value)
    ? value
    : `\u0000${JSON.stringify(value)}`;
