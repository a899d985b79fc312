import type { InternalRequest, InternalResponse } from '@patchbay/domain/fleet/internal-api';
import type { ControlPlaneClient } from './control-plane-client.ts';

export type SessionClaim = InternalRequest<'claimSession'>;
export type ClaimRefusal = NonNullable<InternalResponse<'claimSession'>['refusal']>;

/** What a client's use of a credential on a relay is counted as, whichever relay it is. */
export const holdIdOf = (sessionKey: string): string => `relay ${sessionKey}`;

/** How often the control plane is told of everything that is held: what was lost on the way is made good. */
const KEEP_INTERVAL_MS = 10_000;
const RETRY_MS = 500;
/** A claim that nothing came of in this time is given back. */
const UNCONFIRMED_MS = 15_000;

interface Hold {
  /** Whom it is counted for: each party of a call. */
  readonly subjects: Set<string>;
  readonly claimedAtMs: number;
  isConfirmed: boolean;
}

/**
 * The sessions of this node that policies count over all nodes (POL-4). Each is claimed at the control plane before it
 * begins, and given back when it has ended; nobody else's word is asked for what is held already.
 */
export class SessionClaims {
  readonly #client: Pick<ControlPlaneClient, 'call'>;
  readonly #nowMs: () => number;
  readonly #onFailure: (error: unknown) => void;
  readonly #held = new Map<string, Hold>();
  readonly #released = new Set<string>();
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor({
    client,
    onFailure,
    nowMs = Date.now,
  }: {
    readonly client: Pick<ControlPlaneClient, 'call'>;
    readonly onFailure: (error: unknown) => void;
    readonly nowMs?: () => number;
  }) {
    this.#client = client;
    this.#onFailure = onFailure;
    this.#nowMs = nowMs;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  has(holdId: string): boolean {
    return this.#held.has(holdId);
  }

  /** Begins to tell what is held; `heldIds` are sessions that a process before this one left behind. */
  start(heldIds: readonly string[] = []): void {
    for (const id of heldIds)
      this.#held.set(id, { subjects: new Set(), claimedAtMs: this.#nowMs(), isConfirmed: true });
    void this.#tellKept();
    this.#timer = setInterval(() => void this.#tellKept(), KEEP_INTERVAL_MS);
  }

  /** Undefined: the session may begin. Throws when nobody can say: a limit that cannot be counted lets nobody begin. */
  async claim(claim: SessionClaim): Promise<ClaimRefusal | undefined> {
    const { holdId, isRunning, accountId, applicationId, instanceType, endpoint } = claim;
    const subject = JSON.stringify([accountId, applicationId, instanceType, endpoint]);
    if (this.#held.get(holdId)?.subjects.has(subject) === true) return undefined;
    this.#released.delete(holdId);
    // One that is just being given back would be ended by that after it was claimed.
    await this.#flushing;
    const { refusal } = await this.#client.call('claimSession', claim);
    if (refusal !== undefined) return refusal;
    const hold = this.#held.get(holdId) ?? {
      subjects: new Set(),
      claimedAtMs: this.#nowMs(),
      isConfirmed: isRunning,
    };
    hold.subjects.add(subject);
    this.#held.set(holdId, hold);
    return undefined;
  }

  /** The session has begun. */
  confirm(holdId: string): void {
    const hold = this.#held.get(holdId);
    if (hold !== undefined) hold.isConfirmed = true;
  }

  release(holdId: string): void {
    if (!this.#held.delete(holdId)) return;
    this.#released.add(holdId);
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
  }

  /** What was given back is told before the node goes, if anybody hears it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Whatever is released in the same turn goes with it.
    await Promise.resolve();
    while (this.#released.size > 0) {
      const releasedIds = [...this.#released];
      this.#released.clear();
      try {
        await this.#client.call('releaseSessions', { releasedIds });
      } catch (error) {
        this.#onFailure(error);
        for (const id of releasedIds) if (!this.#held.has(id)) this.#released.add(id);
        if (this.#isStopped) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  async #tellKept(): Promise<void> {
    for (const [id, { claimedAtMs, isConfirmed }] of this.#held)
      if (!isConfirmed && this.#nowMs() - claimedAtMs >= UNCONFIRMED_MS) this.release(id);
    try {
      await this.#client.call('releaseSessions', { releasedIds: [], keptIds: [...this.#held.keys()] });
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
