/**
 * How a node proves who it is: it signs method, path, time, nonce and body with its own Ed25519 key (architecture §8).
 * Everything here is a pure function of what it is given; who keeps nonces and keys passes them in.
 */
export const signatureHeaders = {
  node: 'x-patchbay-node',
  time: 'x-patchbay-time',
  nonce: 'x-patchbay-nonce',
  signature: 'x-patchbay-signature',
} as const;

/** How far the clocks of a node and of the control plane may differ. */
export const SIGNATURE_SKEW_MS_MAX = 60_000;
const NONCE_PATTERN = /^[A-Za-z0-9_-]{16,64}$/;

export interface SignedParts {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly path: string;
  readonly timeMs: number;
  readonly nonce: string;
  /** SHA-256 of the body, base64url. */
  readonly bodyHash: string;
}

/** The bytes that are signed. One field a line, so that no two requests have the same text. */
export function canonicalText({ method, path, timeMs, nonce, bodyHash }: SignedParts): string {
  return ['patchbay-node-v1', method, path, String(timeMs), nonce, bodyHash].join('\n');
}

export interface SignatureClaim {
  readonly nodeId: string;
  readonly timeMs: number;
  readonly nonce: string;
  readonly signature: string;
}

/** Reads what a request claims, or undefined when a header is missing or malformed. */
export function readClaim(headers: { get(name: string): string | null }): SignatureClaim | undefined {
  const nodeId = headers.get(signatureHeaders.node);
  const time = headers.get(signatureHeaders.time);
  const nonce = headers.get(signatureHeaders.nonce);
  const signature = headers.get(signatureHeaders.signature);
  if (nodeId === null || time === null || nonce === null || signature === null) return undefined;
  if (!/^\d{1,15}$/.test(time) || !NONCE_PATTERN.test(nonce) || signature.length > 128) return undefined;
  return { nodeId, timeMs: Number(time), nonce, signature };
}

/** Whether a claim is of now. */
export const isTimely = ({ timeMs }: SignatureClaim, nowMs: number): boolean =>
  Math.abs(nowMs - timeMs) <= SIGNATURE_SKEW_MS_MAX;

/** Remembers nonces for as long as a claim could be repeated, and no more than `countMax` of them. */
export class NonceMemory {
  readonly #seen = new Map<string, number>();
  readonly #countMax: number;

  constructor(countMax = 200_000) {
    this.#countMax = countMax;
  }

  /** False when the nonce was seen before: the request is a repetition by somebody who overheard it. */
  admit(key: string, nowMs: number): boolean {
    if (this.#seen.has(key)) return false;
    this.#seen.set(key, nowMs);
    for (const [oldest, seenMs] of this.#seen) {
      if (nowMs - seenMs <= 2 * SIGNATURE_SKEW_MS_MAX && this.#seen.size <= this.#countMax) break;
      this.#seen.delete(oldest);
    }
    return true;
  }
}
