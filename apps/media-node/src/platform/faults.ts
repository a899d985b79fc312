import { createTokenBucket } from '@patchbay/protocol/turn/token-bucket';

/** Faults written out: above it they are counted alone, so that whoever can cause one cannot fill a disk. */
const logged = { perSecond: 1, size: 20 } as const;

export interface FaultLog {
  error(fields: object, message: string): void;
}

/** Errors of ours that nobody expected. Each fails what met it, and neither the process nor anybody's call (decision 0005). */
export interface Faults {
  readonly count: number;
  /** Counts an error, and logs it with the place where it was met. */
  met(place: string, error: unknown): void;
  /** Makes of a step one that never throws. */
  contained<A extends readonly unknown[]>(place: string, step: (...args: A) => void): (...args: A) => void;
}

export function createFaults(log: FaultLog, nowMs: () => number = () => performance.now()): Faults {
  const bucket = createTokenBucket(logged);
  let count = 0;
  let unloggedCount = 0;
  const met = (place: string, error: unknown) => {
    count++;
    if (!bucket.take(1, nowMs())) {
      unloggedCount++;
      return;
    }
    log.error({ place, error, count, unloggedCount }, 'A fault of ours failed what met it.');
    unloggedCount = 0;
  };
  return {
    get count() {
      return count;
    },
    met,
    contained:
      (place, step) =>
      (...args) => {
        try {
          step(...args);
        } catch (error) {
          met(place, error);
        }
      },
  };
}
