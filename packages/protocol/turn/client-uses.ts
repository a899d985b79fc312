/** A use is over when none of its allocations has lived for this long: a client that starts anew is quicker. */
const releasedMs = 2_000;
/** One client's allocations within this time are one use (ACC-7): for so long the platform knows the address. */
const useMs = 30_000;
const useCountMax = 10_000;

/** What the platform tells one use from another by. */
export interface UseClaim {
  /** The address, or for a client that comes after the one before has left, a key that nobody had before. */
  readonly clientKey: string;
  /** This relay knows of no allocation of this client: it may be one that lost its relay, and restarts. */
  readonly isFirstSeen: boolean;
}

interface Use {
  readonly clientKey: string;
  allocationCount: number;
  /** When its last allocation was released; undefined while it has one. */
  releasedMs: number | undefined;
}

/**
 * Tells clients of one credential with a limit of uses apart. An address is all that a relay sees of a client, and
 * several stand behind one: so the address is the client's own only until it has left (decision 0003).
 */
export interface ClientUses {
  join(
    counterId: string,
    address: string,
    at: { readonly allocationId: string; readonly nowMs: number },
  ): UseClaim;
  /** `isReleased`: the client gave the allocation up. One that was lost may come back. */
  leave(
    counterId: string,
    address: string,
    at: { readonly isReleased: boolean; readonly nowMs: number },
  ): void;
  sweep(nowMs: number): void;
}

export function createClientUses(): ClientUses {
  const uses = new Map<string, Use>();
  const keyOf = (counterId: string, address: string) => `${counterId}@${address}`;
  return {
    join(counterId, address, { allocationId, nowMs }) {
      const key = keyOf(counterId, address);
      const held = uses.get(key);
      const isOver = held?.releasedMs !== undefined && held.releasedMs + releasedMs <= nowMs;
      if (held !== undefined && !isOver) {
        held.allocationCount++;
        held.releasedMs = undefined;
        return { clientKey: held.clientKey, isFirstSeen: false };
      }
      // Allocation ids are unique for all time, so this client is nobody that the platform has counted.
      const clientKey = held === undefined ? address : `${address}/${allocationId}`;
      if (held === undefined && uses.size >= useCountMax) {
        const [oldest] = uses.keys();
        if (oldest !== undefined) uses.delete(oldest);
      }
      uses.set(key, { clientKey, allocationCount: 1, releasedMs: undefined });
      return { clientKey, isFirstSeen: held === undefined };
    },
    leave(counterId, address, { isReleased, nowMs }) {
      const key = keyOf(counterId, address);
      const held = uses.get(key);
      if (held === undefined) return;
      held.allocationCount--;
      if (held.allocationCount > 0) return;
      // Forgetting one that came after another would give it the address of the other.
      if (isReleased || held.clientKey !== address) held.releasedMs = nowMs;
      else uses.delete(key);
    },
    sweep(nowMs) {
      for (const [key, { releasedMs: atMs }] of uses) {
        if (atMs !== undefined && atMs + useMs <= nowMs) uses.delete(key);
      }
    },
  };
}
