import { createHash } from 'node:crypto';
import type { Principal } from '@patchbay/faces/platform';
import { networkOf } from '@patchbay/kit/cidr';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { RateLimiter } from './rate-limiter.ts';

const wrongOfAddress = { perMinuteMax: 30, burstMax: 60 };
const KNOWN_COUNT_MAX = 10_000;
const KNOWN_MS = 3_600_000;

/**
 * Wrong secrets of one network, which cost a look into the database each. When there are too many, only secrets
 * that held within the last hour are still looked up from there: one client with an old key does not shut out the office
 * that it stands in.
 */
export class WrongSecrets {
  readonly #limiter = new RateLimiter(wrongOfAddress);
  readonly #heldUntilMs = new Map<string, number>();

  async authenticate(
    { secret, address, nowMs }: { readonly secret: string; readonly address: string; readonly nowMs: number },
    look: () => Promise<Principal | undefined>,
  ): Promise<Principal | undefined> {
    // What stands in memory for an hour is no secret.
    const name = createHash('sha256').update(secret).digest('base64url');
    const isKnown = (this.#heldUntilMs.get(name) ?? 0) > nowMs;
    // Counted before it is looked up, and taken back when it holds: many at once do not slip through together.
    const network = networkOf(address);
    const { isExceeded, retryAfterMs } = this.#limiter.count(network, nowMs);
    if (isExceeded && !isKnown) {
      const { fields } = platformError('limit.exceeded', 'Too many wrong keys came from this address.');
      throw new ServiceError({ ...fields, rule: 'authentication', level: 'platform', retryAfterMs });
    }
    const principal = await look();
    if (principal === undefined) return undefined;
    if (!isExceeded) this.#limiter.takeBack(network);
    this.#keep(name, nowMs);
    return principal;
  }

  #keep(name: string, nowMs: number): void {
    this.#heldUntilMs.delete(name);
    this.#heldUntilMs.set(name, nowMs + KNOWN_MS);
    const [oldest] = this.#heldUntilMs.keys();
    if (this.#heldUntilMs.size > KNOWN_COUNT_MAX && oldest !== undefined) this.#heldUntilMs.delete(oldest);
  }
}
