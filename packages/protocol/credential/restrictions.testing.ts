/** Arbitrary restrictions for property tests. */
import { cidrText } from '@patchbay/kit/cidr';
import { deviceKinds } from '@patchbay/kit/device-kind';
import { idFromBytes } from '@patchbay/kit/ids';
import fc from 'fast-check';
import { bandwidthClasses } from '../turn/bandwidth-class.ts';
import { limitOutcomes, limitScopes, mediaKinds, type Restriction } from './caveats.ts';

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const max = fc.integer({ min: 1, max: 2 ** 48 - 1 });
const token = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/);
const tokens = fc.uniqueArray(token, { minLength: 1, maxLength: 3 });
const outcome = fc.constantFrom(...limitOutcomes);
const counts = fc.constantFrom(...limitScopes);
const id = (prefix: 'acc' | 'app') =>
  fc.uint8Array({ minLength: 18, maxLength: 18 }).map((bytes) => idFromBytes(prefix, bytes));
const text = fc.stringMatching(/^[\p{L}\p{N} @:._-]{1,12}$/u);
const cidr = fc
  .tuple(fc.constantFrom(4, 16), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(128))
  .map(([length, bytes, bits]) => {
    const prefixBits = bits % (length * 8 + 1);
    const address = bytes.slice(0, length).map((byte, index) => {
      const kept = Math.min(8, Math.max(0, prefixBits - index * 8));
      return byte & (0xff00 >> kept);
    });
    return cidrText({ address, prefixBits });
  });
const cidrs = fc.array(cidr, { minLength: 1, maxLength: 2 });
const kinds = fc.subarray([...mediaKinds], { minLength: 1 });

export const oneRestriction: fc.Arbitrary<Restriction> = fc.oneof(
  fc.record({ type: fc.constantFrom('notBefore' as const, 'notAfter' as const), atMs: time }),
  fc.record({ type: fc.constant('account' as const), accountId: id('acc') }),
  fc.record({ type: fc.constant('application' as const), applicationId: id('app') }),
  fc.record({ type: fc.constant('instanceType' as const), instanceType: token }),
  fc.record({ type: fc.constant('identity' as const), identity: text }),
  fc.record({ type: fc.constant('services' as const), services: tokens }),
  fc.record({ type: fc.constant('features' as const), features: tokens }),
  fc.record({ type: fc.constant('mediaKinds' as const), mediaKinds: kinds }),
  fc.record({ type: fc.constant('uses' as const), max, outcome }),
  fc.record({ type: fc.constantFrom('seconds' as const, 'bytes' as const), max, counts, outcome }),
  fc.record({ type: fc.constant('bitRate' as const), bitsPerSecond: max, burstBytes: max }),
  fc.record({ type: fc.constant('regions' as const), regions: tokens }),
  fc.record({
    type: fc.constant('countries' as const),
    countries: fc.subarray(['DE', 'FR', 'ZZ'], { minLength: 1 }),
  }),
  fc.record({
    type: fc.constant('deviceKinds' as const),
    deviceKinds: fc.subarray([...deviceKinds], { minLength: 1 }),
  }),
  fc.record({ type: fc.constantFrom('sourceCidrs' as const, 'peerCidrs' as const), cidrs }),
  fc.record({ type: fc.constant('session' as const), session: text }),
  fc.record({ type: fc.constant('endEvent' as const), event: token }),
  fc.record({
    type: fc.constant('bandwidthClass' as const),
    bandwidthClass: fc.constantFrom(...bandwidthClasses),
  }),
  fc.record({ type: fc.constant('endEvent' as const), event: token, subject: text }),
);

/** Few enough to fit a username. */
export const someRestrictions = fc.array(oneRestriction, { maxLength: 5 });
