import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BandwidthClass, bandwidthClassRates } from '../turn/bandwidth-class.ts';
import type { Restriction } from './caveats.ts';
import { mint, narrow, type ParsedCredential, verify } from './credential.ts';
import { allowsPeer, type CredentialUse, check, type Effective, effectiveOf } from './effective.ts';
import { LIFETIME_SECONDS_MAX, LIFETIME_SKEW_MS_MAX } from './lifetime.ts';
import { oneRestriction, someRestrictions } from './restrictions.testing.ts';

const keyId = 'key_00k0000000000000000000000000a';
const root = 'acc_00k00000000000000000000000000';
const shop = 'acc_00k00000000000000000000000001';
const branch = 'acc_00k00000000000000000000000002';
const mintKey = new Uint8Array(32).fill(7);
const nowMs = 1_800_000_000_000;

/** Each list after the first is a narrowing by a holder. */
function parsedOf(...levels: readonly (readonly Restriction[])[]): ParsedCredential {
  const [caveats = [], ...narrowings] = levels;
  const minted = mint({ keyId, mintKey, caveats, randomId: new Uint8Array(12) });
  const credential = narrowings.reduce(
    (wider, own) => narrow({ credential: wider, caveats: own, random: new Uint8Array(8) }),
    minted,
  );
  const parsed = verify(mintKey, credential);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  return parsed;
}

function effective(...levels: readonly (readonly Restriction[])[]): Effective {
  const folded = effectiveOf(parsedOf(...levels));
  if ('type' in folded) throw new Error(folded.detail);
  return folded;
}

const use: CredentialUse = {
  nowMs,
  service: 'network-discovery',
  sourceIp: '192.0.2.1',
  region: 'eu-1',
  accountChain: [root, shop],
};

/** An hour, for what is not about time. */
const anHour: Restriction = { type: 'notAfter', atMs: nowMs + 3_600_000 };

const codeOf = (levels: readonly Restriction[], change: Partial<CredentialUse> = {}) =>
  check(effective([anHour, ...levels]), { ...use, ...change })?.code;

test('a credential with nothing but an end is allowed what its key is', () => {
  expect(check(effective([anHour]), use)).toBeUndefined();
  expect(allowsPeer(effective([]), '203.0.113.1')).toBe(true);
});

test('a credential without an end, or with one beyond the longest lifetime, is refused (ACC-7)', () => {
  const until = (atMs: number) => check(effective([{ type: 'notAfter', atMs }]), use)?.code;
  const farthestMs = nowMs + LIFETIME_SECONDS_MAX * 1_000 + LIFETIME_SKEW_MS_MAX;
  expect(check(effective([]), use)?.code).toBe('credential.lifetime_too_long');
  expect(until(farthestMs)).toBeUndefined();
  expect(until(farthestMs + 1)).toBe('credential.lifetime_too_long');
  expect(codeOf([], { lifetimeSecondsMax: 600 })).toBe('credential.lifetime_too_long');
  expect(codeOf([], { lifetimeSecondsMax: 3_600 })).toBeUndefined();
});

test('no holder narrows a credential that was minted without an end to one that is admitted (ACC-7)', () => {
  expect(check(effective([], [anHour]), use)?.code).toBe('credential.lifetime_too_long');
  expect(check(effective([anHour], []), use)).toBeUndefined();
});

test('it is valid from notBefore on, and until just before notAfter (ACC-7)', () => {
  const window: Restriction[] = [
    { type: 'notBefore', atMs: nowMs },
    { type: 'notAfter', atMs: nowMs + 1_000 },
  ];
  expect(codeOf(window, { nowMs: nowMs - 1 })).toBe('credential.not_yet_valid');
  expect(codeOf(window)).toBeUndefined();
  expect(codeOf(window, { nowMs: nowMs + 999 })).toBeUndefined();
  expect(codeOf(window, { nowMs: nowMs + 1_000 })).toBe('credential.expired');
});

test('each restriction refuses with its own code what lies outside it', () => {
  expect(codeOf([{ type: 'services', services: ['signaling'] }])).toBe('credential.service_not_allowed');
  expect(codeOf([{ type: 'regions', regions: ['us-1'] }])).toBe('credential.region_not_allowed');
  expect(codeOf([{ type: 'sourceCidrs', cidrs: ['10.0.0.0/8'] }])).toBe('credential.source_not_allowed');
  expect(codeOf([{ type: 'features', features: ['a'] }], { feature: 'b' })).toBe(
    'credential.feature_not_allowed',
  );
  expect(codeOf([{ type: 'mediaKinds', mediaKinds: ['audio'] }], { mediaKinds: ['audio', 'video'] })).toBe(
    'credential.media_not_allowed',
  );
  expect(codeOf([{ type: 'session', session: 'room:a' }], { sessions: ['ses_1', 'room:b'] })).toBe(
    'credential.session_not_allowed',
  );
  expect(codeOf([{ type: 'account', accountId: branch }])).toBe('credential.account_not_allowed');
});

test('each restriction allows what lies inside it', () => {
  const inside: Restriction[] = [
    { type: 'services', services: ['signaling', 'network-discovery'] },
    { type: 'regions', regions: ['eu-1'] },
    { type: 'sourceCidrs', cidrs: ['192.0.2.0/24'] },
    { type: 'features', features: ['a'] },
    { type: 'mediaKinds', mediaKinds: ['audio'] },
    { type: 'session', session: 'room:a' },
    { type: 'account', accountId: shop },
  ];
  expect(
    codeOf(inside, { feature: 'a', mediaKinds: ['audio'], sessions: ['ses_1', 'room:a'] }),
  ).toBeUndefined();
});

test('accounts go down the tree, never up or sideways, and the last one acts', () => {
  const down = effective(
    [anHour, { type: 'account', accountId: shop }],
    [{ type: 'account', accountId: branch }],
  );
  expect(down.accountId).toBe(branch);
  expect(check(down, { ...use, accountChain: [root, shop, branch] })).toBeUndefined();
  expect(check(down, { ...use, accountChain: [root, shop] })?.code).toBe('credential.account_not_allowed');
  expect(check(down, { ...use, accountChain: [root, branch] })?.code).toBe('credential.account_not_allowed');
  const up = effective(
    [anHour, { type: 'account', accountId: branch }],
    [{ type: 'account', accountId: shop }],
  );
  for (const accountChain of [[root, shop, branch], [root, shop], [root, branch, shop].slice(0, 2)]) {
    expect(check(up, { ...use, accountChain })?.code).toBe('credential.account_not_allowed');
  }
});

test('of two bandwidth classes the narrower holds, and its bit rate with any that is said besides (NDS)', () => {
  const ofClass = (bandwidthClass: BandwidthClass): Restriction => ({
    type: 'bandwidthClass',
    bandwidthClass,
  });
  const sound = { bandwidthClass: 'audio', bitRate: bandwidthClassRates.audio };
  expect(effective([ofClass('high-video')], [ofClass('audio')])).toMatchObject(sound);
  expect(effective([ofClass('audio')], [ofClass('high-video')])).toMatchObject(sound);
  const slow: Restriction = { type: 'bitRate', bitsPerSecond: 64_000, burstBytes: 1_000_000 };
  expect(effective([slow], [ofClass('low-video')])).toMatchObject({
    bandwidthClass: 'low-video',
    bitRate: { bitsPerSecond: 64_000, burstBytes: bandwidthClassRates['low-video'].burstBytes },
  });
});

test('a limit counts where it stands: what siblings share has the prefix they share', () => {
  const bytes = (max: number): Restriction => ({ type: 'bytes', max, counts: 'total', outcome: 'notify' });
  const { limits, prefixIds } = effective([bytes(100), { type: 'uses', max: 2 }], [bytes(1_000)]);
  expect(limits).toEqual([
    { prefixId: prefixIds[0], kind: 'bytes', max: 100, counts: 'total', outcome: 'notify' },
    { prefixId: prefixIds[0], kind: 'uses', max: 2, counts: 'total', outcome: 'end' },
    { prefixId: prefixIds[1], kind: 'bytes', max: 1_000, counts: 'total', outcome: 'notify' },
  ]);
});

test('another identity, application or session than its own allows nothing', () => {
  const refused = effectiveOf(
    parsedOf([{ type: 'identity', identity: 'bob' }], [{ type: 'identity', identity: 'alice' }]),
  );
  expect(refused).toMatchObject({ type: 'refusal', code: 'credential.malformed' });
});

test('peers outside the ranges of any level are not allowed', () => {
  const both = effective(
    [{ type: 'peerCidrs', cidrs: ['203.0.113.0/24', '2001:db8::/32'] }],
    [{ type: 'peerCidrs', cidrs: ['203.0.113.128/25'] }],
  );
  expect(allowsPeer(both, '203.0.113.200')).toBe(true);
  expect(allowsPeer(both, '203.0.113.1')).toBe(false);
  expect(allowsPeer(both, '2001:db8::1')).toBe(false);
});

test('no narrowing widens: what the narrowed credential may, its parent may (ACC-7)', () => {
  const uses: fc.Arbitrary<CredentialUse> = fc.record({
    nowMs: fc.integer({ min: 0, max: 172_800_000 }),
    service: fc.constantFrom('a', 'b'),
    sourceIp: fc.constantFrom('10.0.0.1', '192.0.2.1', '2001:db8::1'),
    region: fc.constantFrom('a', 'b'),
    accountChain: fc.subarray([root, shop, branch], { minLength: 1 }),
    feature: fc.constantFrom('a', 'b'),
    mediaKinds: fc.subarray(['audio', 'video'] as const),
    sessions: fc.subarray(['a', 'b']),
  });
  // From few values, so that restrictions meet: otherwise nearly everything is refused and nothing is tried.
  const list = fc.subarray(['a', 'b'], { minLength: 1 });
  const ranges = fc.subarray(['10.0.0.0/8', '0.0.0.0/0', '192.0.2.0/24', '::/0'], { minLength: 1 });
  const close: fc.Arbitrary<Restriction> = fc.oneof(
    list.map((services) => ({ type: 'services', services }) as const),
    list.map((regions) => ({ type: 'regions', regions }) as const),
    list.map((features) => ({ type: 'features', features }) as const),
    fc
      .subarray(['audio', 'video'] as const, { minLength: 1 })
      .map((mediaKinds) => ({ type: 'mediaKinds', mediaKinds }) as const),
    ranges.map((cidrs) => ({ type: 'sourceCidrs', cidrs }) as const),
    ranges.map((cidrs) => ({ type: 'peerCidrs', cidrs }) as const),
    fc.constantFrom('a', 'b').map((session) => ({ type: 'session', session }) as const),
    fc.constantFrom(root, shop, branch).map((accountId) => ({ type: 'account', accountId }) as const),
    oneRestriction,
  );
  const own = fc.array(close, { maxLength: 3 });
  const minted = fc
    .tuple(own, fc.integer({ min: 1, max: 400_000_000 }))
    .map(([more, atMs]) => [{ type: 'notAfter', atMs } as const, ...more]);
  let allowedCount = 0;
  fc.assert(
    fc.property(minted, own, uses, (wide, added, wanted) => {
      const parent = effectiveOf(parsedOf(wide));
      const child = effectiveOf(parsedOf(wide, added));
      if ('type' in child) return;
      if ('type' in parent) throw new Error('A refused credential was narrowed to one that is not.');
      if (check(child, wanted) === undefined) {
        allowedCount += 1;
        expect(check(parent, { ...wanted, accountChain: parentChain(parent, wanted) })).toBeUndefined();
      }
      if (allowsPeer(child, wanted.sourceIp)) expect(allowsPeer(parent, wanted.sourceIp)).toBe(true);
      expect(child.limits.slice(0, parent.limits.length)).toEqual(parent.limits);
      expect(child.endEvents).toEqual(expect.arrayContaining([...parent.endEvents]));
      expect(child.bitRate?.bitsPerSecond ?? Infinity).toBeLessThanOrEqual(
        parent.bitRate?.bitsPerSecond ?? Infinity,
      );
      expect(child.bitRate?.burstBytes ?? Infinity).toBeLessThanOrEqual(
        parent.bitRate?.burstBytes ?? Infinity,
      );
      expect(child.identity ?? parent.identity).toBe(child.identity);
    }),
    { numRuns: 3_000 },
  );
  expect(allowedCount).toBeGreaterThan(300);
});

/** The child may act for an account below its parent's; the parent is asked for the part of the chain that it names. */
function parentChain(parent: Effective, { accountChain }: CredentialUse): readonly string[] {
  const depth =
    parent.accountId === undefined ? accountChain.length : accountChain.indexOf(parent.accountId) + 1;
  return accountChain.slice(0, depth);
}

test('what is allowed is plain JSON, so that it can cross a process', () => {
  fc.assert(
    fc.property(someRestrictions, (caveats) => {
      const folded = effectiveOf(parsedOf(caveats));
      expect(JSON.parse(JSON.stringify(folded))).toEqual(folded);
    }),
  );
});
