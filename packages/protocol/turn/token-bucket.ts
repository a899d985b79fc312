/** A bucket that fills at a steady rate up to its size. Time comes from the caller, in milliseconds. */
export interface TokenBucket {
  /** Takes all of the tokens or none. */
  take(tokens: number, nowMs: number): boolean;
  /** Changes the rate while running; tokens above the new size are lost. */
  reshape(shape: TokenBucketShape): void;
  /** True when nothing has been taken that has not been refilled: forgetting the bucket changes nothing. */
  isFull(nowMs: number): boolean;
}

export interface TokenBucketShape {
  readonly perSecond: number;
  readonly size: number;
}

/** A full bucket. Time that runs backwards refills nothing. */
export function createTokenBucket(initial: TokenBucketShape): TokenBucket {
  let { perSecond, size } = initial;
  let level = size;
  let filledMs = Number.NEGATIVE_INFINITY;
  const fill = (nowMs: number) => {
    if (nowMs <= filledMs) return;
    if (filledMs !== Number.NEGATIVE_INFINITY) {
      level = Math.min(size, level + ((nowMs - filledMs) * perSecond) / 1000);
    }
    filledMs = nowMs;
  };
  return {
    take(tokens, nowMs) {
      fill(nowMs);
      if (level < tokens) return false;
      level -= tokens;
      return true;
    },
    reshape(shape) {
      ({ perSecond, size } = shape);
      level = Math.min(level, size);
    },
    isFull(nowMs) {
      fill(nowMs);
      return level >= size;
    },
  };
}
