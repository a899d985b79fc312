import { expect, test } from 'vitest';
import { resolverBench } from './resolver.testing.ts';

test('a credential reaches the services alone that its key may mint for (ACC-4)', async () => {
  const both = resolverBench();
  expect(await both.outcome('network-discovery', both.username())).toBe('ok');
  expect(await both.outcome('signaling', both.username())).toBe('ok');

  const relaying = resolverBench({ key: { mintsFor: ['network-discovery'] } });
  expect(await relaying.outcome('network-discovery', relaying.username())).toBe('ok');
  expect(await relaying.outcome('signaling', relaying.username())).toBe('credential.service_not_allowed');

  const reading = resolverBench({ key: { mintsFor: [] } });
  for (const service of ['network-discovery', 'signaling'])
    expect(await reading.outcome(service, reading.username())).toBe('credential.service_not_allowed');
});

test('a caveat cannot give back what the scopes of the key leave out (ACC-4)', async () => {
  const bench = resolverBench({ key: { mintsFor: ['signaling'] } });
  const widened = bench.username({ type: 'services', services: ['network-discovery'] });
  expect(await bench.outcome('network-discovery', widened)).toBe('credential.service_not_allowed');
});

test('no service admits a credential that outlives the memory of its revocation (ACC-7)', async () => {
  const bench = resolverBench();
  const inTenYears = bench.username({ type: 'notAfter', atMs: bench.nowMs + 10 * 365 * 86_400_000 });
  for (const service of ['network-discovery', 'signaling'])
    expect(await bench.outcome(service, inTenYears)).toBe('credential.lifetime_too_long');
  const turnRest = `${Math.floor(bench.nowMs / 1_000) + 10 * 365 * 86_400}:${bench.keyId}`;
  expect(await bench.outcome('network-discovery', turnRest)).toBe('credential.lifetime_too_long');
});
