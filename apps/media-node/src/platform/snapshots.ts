import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { type ConcurrencyLimit, createConcurrencyLimit } from './concurrency-limit.ts';
import { type ControlPlaneClient, ControlPlaneRefusal } from './control-plane-client.ts';

export type KeySnapshot = InternalResponse<'keySnapshot'>;
export type AccountSnapshot = InternalResponse<'accountSnapshot'>;
export type ApplicationSnapshot = InternalResponse<'applicationSnapshot'>;

/** While the bus is away, what is in the snapshot admits new work for this long (architecture §3). */
export const GRACE_MS = 15 * 60_000;
const SNAPSHOT_COUNT_MAX = 100_000;
/** Somebody who invents key ids is answered from memory for this long. */
const UNKNOWN_MS = 10_000;
const UNKNOWN_COUNT_MAX = 10_000;
/** How often one question is asked again because of changes meanwhile. */
const FETCH_COUNT_MAX = 5;

export type Lookup<Snapshot> =
  | { readonly kind: 'known'; readonly snapshot: Snapshot }
  | { readonly kind: 'unknown' }
  /** Neither in memory nor to be fetched now. */
  | { readonly kind: 'away' };

interface Entry<Snapshot> {
  readonly snapshot: Snapshot;
  isStale: boolean;
}

interface CacheOptions<Snapshot> {
  readonly fetch: (id: string) => Promise<Snapshot>;
  /** For ids that are not held: anybody can name those. */
  readonly limit: ConcurrencyLimit;
  readonly nowMs: () => number;
  readonly busAwaySinceMs: () => number | undefined;
}

/** Snapshots of one kind: fetched on first use, kept current over the bus, good for a while when all is away. */
class SnapshotCache<Snapshot extends { readonly chain: readonly { readonly id: string }[] }> {
  readonly #entries = new Map<string, Entry<Snapshot>>();
  /** What there was none of, and when. Apart, so that invented ids push out nothing that is known. */
  readonly #unknownSinceMs = new Map<string, number>();
  readonly #pending = new Map<string, Promise<Lookup<Snapshot>>>();
  /** Of each fetch under way, what was marked since it began: the answer may be older than that. */
  readonly #markedSince = new Map<string, Set<string>>();
  readonly #options: CacheOptions<Snapshot>;

  constructor(options: CacheOptions<Snapshot>) {
    this.#options = options;
  }

  async get(id: string): Promise<Lookup<Snapshot>> {
    const { nowMs, busAwaySinceMs } = this.#options;
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.isStale && busAwaySinceMs() === undefined) return toLookup(entry);
    const unknownSinceMs = this.#unknownSinceMs.get(id);
    if (unknownSinceMs !== undefined && nowMs() - unknownSinceMs < UNKNOWN_MS) return { kind: 'unknown' };
    const running = this.#pending.get(id);
    if (running !== undefined) return running;
    const fetching = this.#fetch(id).finally(() => this.#pending.delete(id));
    this.#pending.set(id, fetching);
    return fetching;
  }

  /** Whether the id is answered from memory, and not as an unknown one. */
  holds(id: string): boolean {
    return this.#entries.get(id)?.isStale === false;
  }

  async #fetch(id: string): Promise<Lookup<Snapshot>> {
    try {
      return await this.#fetchCurrent(id);
    } catch (error) {
      if (error instanceof ControlPlaneRefusal && error.status === 404) return this.#keep(id, undefined);
      const entry = this.#entries.get(id);
      const awaySinceMs = this.#options.busAwaySinceMs();
      const inGrace = awaySinceMs === undefined || this.#options.nowMs() - awaySinceMs < GRACE_MS;
      // A stale entry is one that is known to have changed: it admits nobody.
      if (entry !== undefined && !entry.isStale && inGrace) return toLookup(entry);
      return { kind: 'away' };
    }
  }

  /** Asks again as long as what was asked for changed meanwhile; gives up on what changes all the time. */
  async #fetchCurrent(id: string): Promise<Lookup<Snapshot>> {
    const { fetch, limit } = this.#options;
    const isHeld = this.#entries.has(id);
    try {
      for (let tries = 0; tries < FETCH_COUNT_MAX; tries++) {
        const marked = new Set<string>();
        const snapshot = await (isHeld
          ? this.#watched(id, marked, fetch)
          : limit(() => this.#watched(id, marked, fetch)));
        const isOld = marked.has(id) || snapshot.chain.some((level) => marked.has(level.id));
        if (!isOld) return this.#keep(id, snapshot);
      }
    } finally {
      this.#markedSince.delete(id);
    }
    return { kind: 'away' };
  }

  #watched(id: string, marked: Set<string>, fetch: (id: string) => Promise<Snapshot>): Promise<Snapshot> {
    this.#markedSince.set(id, marked);
    return fetch(id);
  }

  #keep(id: string, snapshot: Snapshot | undefined): Lookup<Snapshot> {
    this.#entries.delete(id);
    this.#unknownSinceMs.delete(id);
    if (snapshot === undefined) {
      keepNewest(this.#unknownSinceMs, [id, this.#options.nowMs()], UNKNOWN_COUNT_MAX);
      return { kind: 'unknown' };
    }
    const entry = { snapshot, isStale: false };
    keepNewest(this.#entries, [id, entry], SNAPSHOT_COUNT_MAX);
    return toLookup(entry);
  }

  /** Marks what the account, or an account above it, is part of. Answers the ids marked. */
  markAccount(accountId: string): readonly string[] {
    const marked: string[] = [];
    for (const since of this.#markedSince.values()) since.add(accountId);
    for (const [id, entry] of this.#entries) {
      if (!entry.snapshot.chain.some((level) => level.id === accountId)) continue;
      entry.isStale = true;
      marked.push(id);
    }
    return marked;
  }

  mark(id: string): void {
    this.#markedSince.get(id)?.add(id);
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.isStale = true;
  }

  /** The ids held. After a gap in the bus each of them has to be looked at again. */
  heldIds(): readonly string[] {
    return [...this.#entries.keys()];
  }
}

const toLookup = <Snapshot>({ snapshot }: Entry<Snapshot>): Lookup<Snapshot> => ({ kind: 'known', snapshot });

/** Adds to a map whose oldest entries go first. */
function keepNewest<Value>(
  entries: Map<string, Value>,
  [id, value]: [string, Value],
  countMax: number,
): void {
  entries.set(id, value);
  for (const oldest of entries.keys()) {
    if (entries.size <= countMax) break;
    entries.delete(oldest);
  }
}

interface SnapshotsOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly nowMs?: () => number;
  readonly busAwaySinceMs: () => number | undefined;
}

/** What a node knows of keys and accounts. */
export class Snapshots {
  readonly keys: SnapshotCache<KeySnapshot>;
  readonly accounts: SnapshotCache<AccountSnapshot>;
  readonly #applications: SnapshotCache<ApplicationSnapshot>;

  constructor({ client, busAwaySinceMs, nowMs = Date.now }: SnapshotsOptions) {
    const shared = { nowMs, busAwaySinceMs, limit: createConcurrencyLimit() };
    this.keys = new SnapshotCache({ ...shared, fetch: (keyId) => client.call('keySnapshot', { keyId }) });
    this.accounts = new SnapshotCache({
      ...shared,
      fetch: (accountId) => client.call('accountSnapshot', { accountId }),
    });
    this.#applications = new SnapshotCache({
      ...shared,
      fetch: (joined) => {
        const [accountId = '', applicationId = ''] = joined.split('/');
        return client.call('applicationSnapshot', { accountId, applicationId });
      },
    });
  }

  /** Of the account itself: an application of another one, below or above it, is unknown. */
  application(accountId: string, applicationId: string): Promise<Lookup<ApplicationSnapshot>> {
    return this.#applications.get(`${accountId}/${applicationId}`);
  }

  /** What is held of applications is asked for again, of one account and those below it or of all. */
  markApplications(accountId?: string): void {
    if (accountId !== undefined) this.#applications.markAccount(accountId);
    else for (const id of this.#applications.heldIds()) this.#applications.mark(id);
  }
}
