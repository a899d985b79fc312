import { TOLD_ROOM_COUNT_MAX } from '@patchbay/domain/conferencing/node-calls';
import type { RoomSnapshot } from '@patchbay/domain/conferencing/room-words';
import type { RoomName } from './room-ports.ts';

/** A room that changes is told twice a second at most: who is there, and who talks. */
const CHANGE_MS = 500;
/** How loud they are, once a second. */
const LEVEL_MS = 1_000;
/** All rooms are named this often, changed or not: a home that says nothing for longer is none any more. */
const LEASE_MS = 5_000;

interface Told extends RoomName {
  readonly snapshot?: RoomSnapshot | undefined;
  readonly isOver: boolean;
}

export interface RoomsToldOptions {
  readonly names: () => readonly RoomName[];
  readonly snapshotOf: (room: RoomName) => RoomSnapshot | undefined;
  readonly send: (rooms: readonly Told[]) => Promise<unknown>;
  readonly onFailure: (error: unknown) => void;
  readonly nowMs: () => number;
}

const keyOf = ({ accountId, name }: RoomName): string => `${accountId} ${name}`;

/** Tells the control plane how rooms are. What it did not hear is told again, as it is by then. */
export class RoomsTold {
  readonly #options: RoomsToldOptions;
  readonly #changed = new Map<string, RoomName>();
  readonly #heard = new Map<string, RoomName>();
  readonly #over = new Map<string, RoomName>();
  #isSending = false;
  #sentMs = 0;
  #leasedMs = 0;

  constructor(options: RoomsToldOptions) {
    this.#options = options;
  }

  changed(room: RoomName): void {
    this.#changed.set(keyOf(room), room);
  }

  heard(room: RoomName): void {
    this.#heard.set(keyOf(room), room);
  }

  over(room: RoomName): void {
    this.#over.set(keyOf(room), room);
  }

  /** Called several times a second. */
  async tick(): Promise<void> {
    const { names, nowMs } = this.#options;
    const sinceMs = nowMs() - this.#sentMs;
    const isLeaseDue = names().length > 0 && nowMs() - this.#leasedMs >= LEASE_MS;
    const hasNews =
      this.#over.size > 0 ||
      (this.#changed.size > 0 && sinceMs >= CHANGE_MS) ||
      (this.#heard.size > 0 && sinceMs >= LEVEL_MS);
    if (this.#isSending || !(hasNews || isLeaseDue)) return;
    this.#isSending = true;
    this.#sentMs = nowMs();
    if (isLeaseDue) this.#leasedMs = nowMs();
    const [changed, over] = [new Map([...this.#changed, ...this.#heard]), new Map(this.#over)];
    this.#changed.clear();
    this.#heard.clear();
    this.#over.clear();
    try {
      await this.#send(changed, over);
    } catch (error) {
      this.#options.onFailure(error);
      for (const [key, room] of changed) this.#changed.set(key, room);
      for (const [key, room] of over) this.#over.set(key, room);
    } finally {
      this.#isSending = false;
    }
  }

  async #send(changed: ReadonlyMap<string, RoomName>, over: ReadonlyMap<string, RoomName>): Promise<void> {
    const { names, snapshotOf, send } = this.#options;
    const running = new Map(names().map((room) => [keyOf(room), room]));
    // A room of the name may have begun again meanwhile.
    const ended = [...over].flatMap(([key, room]) => (running.has(key) ? [] : [{ ...room, isOver: true }]));
    const going = [...running].map(([key, room]) => ({
      ...room,
      ...(changed.has(key) || over.has(key) ? { snapshot: snapshotOf(room) } : {}),
      isOver: false,
    }));
    const rooms = [...ended, ...going];
    for (let at = 0; at < rooms.length; at += TOLD_ROOM_COUNT_MAX)
      await send(rooms.slice(at, at + TOLD_ROOM_COUNT_MAX));
  }
}
