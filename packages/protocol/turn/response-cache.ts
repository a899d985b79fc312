/** RFC 8489 §6.3.1: a server remembers its answers for 40 seconds. */
const keepMs = 40_000;

export interface ResponseCache {
  find(key: string, nowMs: number): Uint8Array | undefined;
  keep(key: string, bytes: Uint8Array, nowMs: number): void;
  sweep(nowMs: number): void;
}

/** Answers by client and transaction, so that a retransmission gets the same answer and no second effect (S18). */
export function createResponseCache(countMax: number): ResponseCache {
  const responses = new Map<string, { readonly bytes: Uint8Array; readonly untilMs: number }>();
  return {
    find(key, nowMs) {
      const held = responses.get(key);
      return held === undefined || held.untilMs <= nowMs ? undefined : held.bytes;
    },
    keep(key, bytes, nowMs) {
      if (responses.size >= countMax) {
        const [oldest] = responses.keys();
        if (oldest !== undefined) responses.delete(oldest);
      }
      responses.set(key, { bytes, untilMs: nowMs + keepMs });
    },
    sweep(nowMs) {
      // In order of age, so the first that is kept ends the search.
      for (const [key, { untilMs }] of responses) {
        if (untilMs > nowMs) return;
        responses.delete(key);
      }
    },
  };
}
