import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/**
 * Sources remembered at once, at about 450 bytes each; above it the oldest is forgotten, which lets that source start
 * afresh. So a flood with invented sources takes 8 MB in each table and no more.
 */
const sourceCountMax = 16_384;

export interface ChallengeLimit {
  /** Whether one more answer may go to this address. */
  isAllowed(source: string, nowMs: number): boolean;
  readonly sourceCount: number;
}

/**
 * Limits unauthenticated answers by source address without its port (R6), so that a relay is no amplifier and
 * a guesser is slow. Only sources that lately used tokens are remembered (R7).
 */
export function createChallengeLimit(shape: { perSecond: number; burst: number }): ChallengeLimit {
  const buckets = new Map<string, TokenBucket>();
  return {
    isAllowed(source, nowMs) {
      let bucket = buckets.get(source);
      if (bucket === undefined) {
        // The oldest is looked at for each new one, so that the table empties as fast as it fills.
        for (const [oldest, old] of buckets) {
          if (!old.isFull(nowMs) && buckets.size < sourceCountMax) break;
          buckets.delete(oldest);
          if (buckets.size < sourceCountMax - 1) break;
        }
        bucket = createTokenBucket({ perSecond: shape.perSecond, size: shape.burst });
        buckets.set(source, bucket);
      }
      return bucket.take(1, nowMs);
    },
    get sourceCount() {
      return buckets.size;
    },
  };
}
