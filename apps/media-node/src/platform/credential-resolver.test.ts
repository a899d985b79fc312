import { toProblem } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { turnRestPrefixId } from '@patchbay/protocol/credential/turn-rest';
import { expect, test } from 'vitest';
import { nodeRefusal } from './node-refusal.ts';
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

test.each<readonly [string, Restriction]>([['room', { type: 'session', session: 'room:standup' }]])(
  'a caveat that nobody would hold is refused, not ignored: %s (ACC-7)',
  async (_name, caveat) => {
    const bench = resolverBench();
    for (const service of ['network-discovery', 'signaling'])
      expect(await bench.outcome(service, bench.username(caveat))).toBe('credential.caveat_unenforced');
  },
);

test('kinds of media are held by signaling, and the relay takes them for a session alone (ACC-7)', async () => {
  const bench = resolverBench();
  const audio: Restriction = { type: 'mediaKinds', mediaKinds: ['audio'] };
  expect(await bench.outcome('signaling', bench.username(audio))).toBe('ok');
  expect(await bench.outcome('network-discovery', bench.username(audio))).toBe(
    'credential.caveat_unenforced',
  );
});

test.each([
  ['suspended', 'account.suspended'],
  ['closed', 'tenancy.account_closed'],
] as const)(
  'of an account that is %s nothing begins, in the words of the API: %s (ACC-2)',
  async (accountState, code) => {
    const bench = resolverBench({ accountState });
    const child: Restriction = { type: 'account', accountId: bench.childId };
    for (const service of ['network-discovery', 'signaling']) {
      expect(await bench.outcome(service, bench.username())).toBe(code);
      expect(await bench.outcome(service, bench.username(child))).toBe(code);
    }
    expect(toProblem(nodeRefusal(code, 'It is so.'))).toMatchObject({
      code,
      status: 403,
      type: `/docs/errors/${code}`,
    });
  },
);

test('an application has to be the account’s own, and an instance type the application’s (ACC-6)', async () => {
  const bench = resolverBench();
  const own: Restriction = { type: 'application', applicationId: bench.applicationId };
  const paid: Restriction = { type: 'instanceType', instanceType: 'paid' };
  const free: Restriction = { type: 'instanceType', instanceType: 'free' };
  const child: Restriction = { type: 'account', accountId: bench.childId };
  const code = (...caveats: Restriction[]) => bench.outcome('network-discovery', bench.username(...caveats));
  expect(await code(own)).toBe('ok');
  expect(await code(own, paid)).toBe('ok');
  expect(await code(own, free)).toBe('credential.application_not_allowed');
  expect(await code(paid)).toBe('credential.application_not_allowed');
  expect(await code(own, child)).toBe('credential.application_not_allowed');
  const unknown: Restriction = { type: 'application', applicationId: createId('app') };
  expect(await code(unknown)).toBe('credential.application_not_allowed');
});

test('the account’s configuration holds for what was minted offline: the narrower of both (ACC-6)', async () => {
  const bench = resolverBench({
    caps: {
      'network-discovery': { lifetimeSecondsMax: 600, bitsPerSecondMax: 64_000 },
      signaling: { lifetimeSecondsMax: 7_200, sessionSecondsMax: 60 },
    },
  });
  const until = (seconds: number): Restriction => ({ type: 'notAfter', atMs: bench.nowMs + seconds * 1_000 });
  const rate = (bitsPerSecond: number): Restriction => ({
    type: 'bitRate',
    bitsPerSecond,
    burstBytes: 9_000,
  });
  const relayed = (...caveats: Restriction[]) =>
    bench.effective('network-discovery', bench.username(until(600), ...caveats));
  expect(await bench.outcome('network-discovery', bench.username(until(700)))).toBe(
    'credential.lifetime_too_long',
  );
  expect((await relayed()).bitRate).toEqual({ bitsPerSecond: 64_000, burstBytes: 2_000 });
  expect((await relayed(rate(1_000_000))).bitRate).toEqual({ bitsPerSecond: 64_000, burstBytes: 2_000 });
  expect((await relayed(rate(8_000))).bitRate).toEqual({ bitsPerSecond: 8_000, burstBytes: 9_000 });
  expect((await relayed()).limits).toEqual([]);

  expect(await bench.outcome('signaling', bench.username(until(8_000)))).toBe('credential.lifetime_too_long');
  const seconds: Restriction = { type: 'seconds', max: 90, counts: 'session' };
  const { limits } = await bench.effective('signaling', bench.username(until(7_200), seconds));
  expect(limits).toMatchObject([
    { kind: 'seconds', max: 90 },
    { kind: 'seconds', max: 60, counts: 'session', outcome: 'end' },
  ]);
});

test('what was minted offline is held to the caps of the application and the instance type that it names (ACC-6)', async () => {
  const capsOf = (lifetimeSecondsMax: number, bitsPerSecondMax: number) => ({
    'network-discovery': { lifetimeSecondsMax, bitsPerSecondMax },
    signaling: { lifetimeSecondsMax, isRelayOnly: bitsPerSecondMax < 1_000_000 },
  });
  const bench = resolverBench({
    caps: capsOf(7_200, 1_000_000),
    applicationCaps: capsOf(3_700, 64_000),
    paidCaps: capsOf(600, 32_000),
  });
  const own: Restriction = { type: 'application', applicationId: bench.applicationId };
  const paid: Restriction = { type: 'instanceType', instanceType: 'paid' };
  const until = (seconds: number): Restriction => ({ type: 'notAfter', atMs: bench.nowMs + seconds * 1_000 });
  const rateOf = async (...caveats: Restriction[]) =>
    (await bench.effective('network-discovery', bench.username(...caveats))).bitRate?.bitsPerSecond;
  const outcome = (...caveats: Restriction[]) => bench.outcome('signaling', bench.username(...caveats));
  expect(await rateOf()).toBe(1_000_000);
  expect(await rateOf(own)).toBe(64_000);
  expect(await rateOf(own, paid, until(600))).toBe(32_000);
  expect(await outcome(until(7_200))).toBe('ok');
  expect(await outcome(own, paid, until(600))).toBe('ok');
  expect(await outcome(own, paid, until(700))).toBe('credential.lifetime_too_long');
  // A name that every object has is no instance type.
  const inherited: Restriction = { type: 'instanceType', instanceType: 'constructor' };
  expect(await outcome(own, inherited)).toBe('credential.application_not_allowed');
});

test('whose endpoint has settings of its own is held to them too, whatever application it names (ACC-5, POL-2)', async () => {
  const capsOf = (lifetimeSecondsMax: number, bitsPerSecondMax: number) => ({
    'network-discovery': { lifetimeSecondsMax, bitsPerSecondMax },
  });
  const bench = resolverBench({
    caps: capsOf(7_200, 1_000_000),
    applicationCaps: capsOf(7_200, 64_000),
    capsByEndpoint: { 'user:bob': capsOf(600, 500_000), 'user:constructor': {} },
  });
  const until: Restriction = { type: 'notAfter', atMs: bench.nowMs + 600_000 };
  const rateOf = async (identity: string, ...caveats: Restriction[]) =>
    (
      await bench.effective(
        'network-discovery',
        bench.username({ type: 'identity', identity }, until, ...caveats),
      )
    ).bitRate?.bitsPerSecond;
  const own: Restriction = { type: 'application', applicationId: bench.applicationId };
  expect(await rateOf('eve')).toBe(1_000_000);
  expect(await rateOf('bob')).toBe(500_000);
  expect(await rateOf('bob', own)).toBe(64_000);
  const long = bench.username(
    { type: 'identity', identity: 'bob' },
    { type: 'notAfter', atMs: bench.nowMs + 700_000 },
  );
  expect(await bench.outcome('network-discovery', long)).toBe('credential.lifetime_too_long');
});

test('what runs goes on under a shorter lifetime, and is held to all else that was narrowed (POL-5)', async () => {
  const bench = resolverBench({
    caps: { 'network-discovery': { lifetimeSecondsMax: 600, bitsPerSecondMax: 64_000 } },
  });
  const relay = { verifier: 'relay', service: 'network-discovery', sourceIp: undefined } as const;
  const begin = (caveats: readonly Restriction[], isRunning: boolean) =>
    bench.resolver.resolveUsername(bench.username(...caveats), { ...relay, isRunning });
  expect(await begin([], false)).toMatchObject({ kind: 'refused', code: 'credential.lifetime_too_long' });
  expect(await begin([], true)).toMatchObject({
    kind: 'ok',
    effective: { bitRate: { bitsPerSecond: 64_000 } },
  });
  const application: Restriction = { type: 'application', applicationId: createId('app') };
  expect(await begin([application], true)).toMatchObject({
    kind: 'refused',
    code: 'credential.application_not_allowed',
  });
});

test('a token that signaling admitted goes on at the relay with the session that it was narrowed to', async () => {
  const bench = resolverBench({
    caps: { 'network-discovery': { lifetimeSecondsMax: 600 }, signaling: { lifetimeSecondsMax: 3_600 } },
  });
  const token = bench.username({ type: 'session', session: createId('ses') });
  expect(await bench.outcome('network-discovery', token)).toBe('ok');
  expect(await bench.outcome('network-discovery', bench.username())).toBe('credential.lifetime_too_long');
});

test('a TURN REST username that was revoked is refused, and its siblings are not (ACC-7)', async () => {
  const bench = resolverBench();
  const expiry = Math.floor(bench.nowMs / 1_000) + 600;
  const [bob, alice] = [`${expiry}:${bench.keyId}.bob`, `${expiry}:${bench.keyId}.alice`];
  expect(await bench.outcome('network-discovery', bob)).toBe('ok');
  bench.revocations.addPrefix(turnRestPrefixId(bob));
  expect(await bench.outcome('network-discovery', bob)).toBe('credential.revoked');
  expect(await bench.outcome('network-discovery', alice)).toBe('ok');
});

test('what a test key minted relays and connects, as the policies of its account allow (PRD-1)', async () => {
  const bench = resolverBench({ key: { mode: 'test' } });
  for (const service of ['network-discovery', 'signaling'])
    expect(await bench.outcome(service, bench.username())).toBe('ok');
});

test('why a token is refused is said to whoever holds it: with a wrong password it is as unknown as its key (R10)', async () => {
  const bench = resolverBench({ key: { mintsFor: [] } });
  const use = { verifier: 'signaling', service: 'signaling', sourceIp: '81.2.69.1' } as const;
  const username = bench.username();
  const held = await bench.resolver.resolveUsername(username, use);
  const codeWith = async (password: string) => {
    const resolved = await bench.resolver.resolveToken({ username, password }, use);
    return resolved.kind === 'refused' ? resolved.code : resolved.kind;
  };
  expect(await codeWith('guessed')).toBe('credential.signature');
  expect(await codeWith(held.kind === 'refused' ? (held.password ?? '') : '')).toBe(
    'credential.service_not_allowed',
  );
});

test('a credential that an event ends is good once somebody looks for that, and until it has happened (ACC-7)', async () => {
  const caveats = [
    { type: 'notBefore', atMs: 1 },
    { type: 'endEvent', event: 'signaling.session.ended', subject: 'ses_1' },
  ] as const;
  const bench = resolverBench({ hasEnded: false });
  const username = bench.username(...caveats);
  // Who only names it has nobody look for anything.
  expect(await bench.outcome('signaling', username)).toBe('ok');
  expect(bench.watched).toEqual([]);
  expect(await bench.provenOutcome('signaling', username)).toBe('ok');
  expect(await bench.provenOutcome('network-discovery', username)).toBe('ok');
  // Asked once: what follows is heard as a revocation.
  expect(bench.watched).toMatchObject([
    {
      accountId: bench.accountId,
      keyId: bench.keyId,
      notBeforeMs: 1,
      expiresAtMs: bench.nowMs + 3_600_000,
      ends: [{ event: 'signaling.session.ended', subject: 'ses_1' }],
    },
  ]);
  const [end] = bench.watched[0]?.ends ?? [];
  bench.revocations.addPrefix(end?.prefixId ?? '');
  expect(await bench.outcome('signaling', username)).toBe('credential.revoked');
  const [ended, away] = [resolverBench({ hasEnded: true }), resolverBench()];
  expect(await ended.provenOutcome('signaling', ended.username(...caveats))).toBe('credential.revoked');
  expect(await away.provenOutcome('signaling', away.username(...caveats))).toBe('away');
});
