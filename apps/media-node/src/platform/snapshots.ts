import type { InternalResponse } from '@patchbay/domain/fleet/internal-api';
import { type ControlPlaneClient, ControlPlaneRefusal } from './control-plane-client.ts';

export type KeySnapshot = InternalResponse<'keySnapshot'>;
export type AccountSnapshot = InternalResponse<'accountSnapshot'>;
export type ApplicationSnapshot = InternalResponse<'applicationSnapshot'>;

/** While the bus is away, what is in the snapshot admits new work for this long (architecture §3). */
export const GRACE_MS = 15 * 60_000;
const SNAPSHOT_COUNT_MAX = 100_000;
/** Somebody who invents key ids is answered from memory for this long. */
const UNKNOWN_MS = 10_000;

export type Lookup<Snapshot> =
  | { readonly kind: 'known'; readonly snapshot: Snapshot }
  | { readonly kind: 'unknown' }
  /** Neither in memory nor to be fetched now. */
  | { readonly kind: 'away' };

interface Entry<Snapshot> {
  readonly snapshot: Snapshot | undefined;
  readonly fetchedMs: number;
  isStale: boolean;
}

interface CacheOptions<Snapshot> {
  readonly fetch: (id: string) => Promise<Snapshot>;
  readonly nowMs: () => number;
  readonly busAwaySinceMs: () => number | undefined;
}

/** Snapshots of one kind: fetched on first use, kept current over the bus, good for a while when all is away. */
class SnapshotCache<Snapshot extends { readonly chain: readonly { readonly id: string }[] }> {
  readonly #entries = new Map<string, Entry<Snapshot>>();
  readonly #pending = new Map<string, Promise<Lookup<Snapshot>>>();
  readonly #options: CacheOptions<Snapshot>;

  constructor(options: CacheOptions<Snapshot>) {
    this.#options = options;
  }

  async get(id: string): Promise<Lookup<Snapshot>> {
    const entry = this.#entries.get(id);
    if (entry !== undefined && this.#isFresh(entry)) return toLookup(entry);
    const running = this.#pending.get(id);
    if (running !== undefined) return running;
    const fetching = this.#fetch(id).finally(() => this.#pending.delete(id));
    this.#pending.set(id, fetching);
    return fetching;
  }

  #isFresh({ snapshot, fetchedMs, isStale }: Entry<Snapshot>): boolean {
    if (isStale) return false;
    if (snapshot === undefined) return this.#options.nowMs() - fetchedMs < UNKNOWN_MS;
    return this.#options.busAwaySinceMs() === undefined;
  }

  async #fetch(id: string): Promise<Lookup<Snapshot>> {
    try {
      return this.#keep(id, await this.#options.fetch(id));
    } catch (error) {
      if (error instanceof ControlPlaneRefusal && error.status === 404) return this.#keep(id, undefined);
      const entry = this.#entries.get(id);
      const awaySinceMs = this.#options.busAwaySinceMs();
      const inGrace = awaySinceMs === undefined || this.#options.nowMs() - awaySinceMs < GRACE_MS;
      // A stale entry is one that is known to have changed: it admits nobody.
      if (entry?.snapshot !== undefined && !entry.isStale && inGrace) return toLookup(entry);
      return { kind: 'away' };
    }
  }

  #keep(id: string, snapshot: Snapshot | undefined): Lookup<Snapshot> {
    this.#entries.delete(id);
    const entry = { snapshot, fetchedMs: this.#options.nowMs(), isStale: false };
    this.#entries.set(id, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= SNAPSHOT_COUNT_MAX) break;
      this.#entries.delete(oldest);
    }
    return toLookup(entry);
  }

  /** Marks what the account, or an account above it, is part of. Answers the ids marked. */
  markAccount(accountId: string): readonly string[] {
    const marked: string[] = [];
    for (const [id, entry] of this.#entries) {
      if (!entry.snapshot?.chain.some((level) => level.id === accountId)) continue;
      entry.isStale = true;
      marked.push(id);
    }
    return marked;
  }

  mark(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.isStale = true;
  }

  /** The ids held. After a gap in the bus each of them has to be looked at again. */
  heldIds(): readonly string[] {
    return [...this.#entries].flatMap(([id, { snapshot }]) => (snapshot === undefined ? [] : [id]));
  }
}

function toLookup<Snapshot>({ snapshot }: Entry<Snapshot>): Lookup<Snapshot> {
  return snapshot === undefined ? { kind: 'unknown' } : { kind: 'known', snapshot };
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
    const shared = { nowMs, busAwaySinceMs };
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
