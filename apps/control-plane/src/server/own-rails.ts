import type { OwnRailSecrets } from '@patchbay/adapters/billing/own-collecting-store';
import { stripeRail } from '@patchbay/adapters/stripe/stripe-rail';
import { type PaymentRail, RailError } from '@patchbay/domain/billing/collection/rail';
import type { OwnRailCheck, OwnRailCredentials } from '@patchbay/domain/billing/own-collecting';
import type { ControlPlaneEnv } from './env.ts';

type RailEnv = Pick<ControlPlaneEnv, 'STRIPE_SECRET_KEY' | 'STRIPE_API_URL'>;

/** Any that no account of Stripe has: a key that may read customers is told that there is none. */
const NO_CUSTOMER = 'cus_patchbay_none';

/** What asks at Stripe for sellers that collect themselves, each by its own key (decision 0017). */
export function ownRails(secrets: OwnRailSecrets, env: RailEnv) {
  const known = new Map<string, { readonly rail: PaymentRail; readonly changedAtMs: number }>();
  const railFrom = (credentials: OwnRailCredentials): PaymentRail =>
    stripeRail({
      ...credentials,
      ...(env.STRIPE_API_URL === undefined ? {} : { apiUrl: env.STRIPE_API_URL }),
    });
  return {
    /** Undefined: it has no key here. */
    async of(collectorId: string): Promise<PaymentRail | undefined> {
      const found = await secrets.credentialsOf(collectorId);
      if (found === undefined) {
        known.delete(collectorId);
        return undefined;
      }
      const { credentials, changedAtMs } = found;
      const before = known.get(collectorId);
      if (before?.changedAtMs === changedAtMs) return before.rail;
      const rail = railFrom(credentials);
      known.set(collectorId, { rail, changedAtMs });
      return rail;
    },
    async check(credentials: OwnRailCredentials, knownCustomers: readonly string[]): Promise<OwnRailCheck> {
      if (isTestKey(credentials.secretKey) && !areTestKeysTaken(env)) return 'test-key';
      try {
        const rail = railFrom(credentials);
        if (knownCustomers.length === 0) {
          await rail.readCustomer(NO_CUSTOMER);
          return 'usable';
        }
        // One of them may have been removed at Stripe; not all of them, or there is nobody to be asked for anything.
        for (const customerId of knownCustomers)
          if ((await rail.readCustomer(customerId)) !== undefined) return 'usable';
        return 'other-account';
      } catch (cause) {
        if (!(cause instanceof RailError)) throw cause;
        return cause.failure === 'unavailable' ? 'unavailable' : 'refused';
      }
    },
  };
}

export type OwnRails = ReturnType<typeof ownRails>;

export const isTestKey = (secretKey: string): boolean => /^(sk|rk)_test_/.test(secretKey);

/** A platform that tries Stripe itself takes keys for tests of others as well; one that asks for real money does not. */
const areTestKeysTaken = ({ STRIPE_SECRET_KEY: key, STRIPE_API_URL: url }: RailEnv): boolean =>
  url !== undefined || (key !== undefined && isTestKey(key));
