import type { Resolution, Review } from '@patchbay/protocol/turn/grant';
import type { UseAnswer } from '@patchbay/protocol/turn/pending-allocate';
import type { CountedUse, RelayLog, RelayPlatform } from './platform.ts';

/** RFC 8489 §14.8: 500 tells the client to try again. */
const away = { ok: false, code: 500, reason: 'The platform cannot be reached. Try again.' } as const;

/** How often one question is asked again because of changes meanwhile. */
const RESOLVE_COUNT_MAX = 5;

/** The platform's answers, without its failures: who asks always gets an answer. */
export interface PlatformLink {
  resolve(username: string): Promise<Resolution>;
  /** Undefined while nobody can say. */
  review(username: string): Promise<Review | undefined>;
  /** What was read before this may be old: answers that are under way are asked for again. */
  changed(): void;
  countUse(use: CountedUse): Promise<UseAnswer>;
}

/**
 * Asks the platform. It speaks of the time of day, and the core of a clock that never steps, so the end of a
 * credential is moved from the one to the other by `toOurClock`.
 */
export function createPlatformLink(
  platform: RelayPlatform,
  log: RelayLog,
  toOurClock: (timeOfDayMs: number) => number,
): PlatformLink {
  let changeCount = 0;
  async function resolveCurrent(username: string): Promise<Resolution> {
    for (let tries = 0; tries < RESOLVE_COUNT_MAX; tries++) {
      const countBefore = changeCount;
      const resolution = await platform.resolveCredential(username);
      if (countBefore === changeCount) return resolution;
    }
    return away;
  }
  return {
    changed: () => void changeCount++,
    async review(username) {
      try {
        const review = await platform.reviewCredential(username);
        if (!review.ok || review.terms?.endsAtMs === undefined) return review;
        return { ...review, terms: { ...review.terms, endsAtMs: toOurClock(review.terms.endsAtMs) } };
      } catch (error) {
        log.warn({ error }, 'A credential in use could not be looked at again.');
        return undefined;
      }
    },
    async resolve(username) {
      try {
        const resolution = await resolveCurrent(username);
        if (!resolution.ok || resolution.grant.endsAtMs === undefined) return resolution;
        const endsAtMs = toOurClock(resolution.grant.endsAtMs);
        return { ...resolution, grant: { ...resolution.grant, endsAtMs } };
      } catch (error) {
        log.warn({ error }, 'A credential could not be resolved.');
        return away;
      }
    },
    async countUse(use) {
      try {
        return await platform.countUse(use);
      } catch (error) {
        log.warn({ error }, 'A use could not be counted.');
        return away;
      }
    },
  };
}
