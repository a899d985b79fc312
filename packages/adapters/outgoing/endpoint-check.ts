import type { HooksPorts } from '@patchbay/domain/hooks/ports';
import type { AddressRule, Resolve } from './address-rule.ts';
import { resolveHost } from './resolve-host.ts';

const LOOK_UP_MS_MAX = 3_000;

/**
 * Whether a URL is one that is sent to, as far as it can be told now: a host that nobody knows yet may come, and whatever a
 * name leads to is looked at again each time that something is sent.
 */
export function endpointCheck(rule: AddressRule, resolve: Resolve = resolveHost): HooksPorts['endpoints'] {
  return {
    async refusalOf(text) {
      const url = URL.parse(text);
      if (url === null) return 'only http and https are spoken';
      const signal = AbortSignal.timeout(LOOK_UP_MS_MAX);
      const addresses = await rule.addressesOf(url, resolve, signal).catch(() => []);
      return typeof addresses === 'string' ? addresses : undefined;
    },
  };
}
