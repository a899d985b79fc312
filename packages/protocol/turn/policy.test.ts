import { describe, expect, test } from 'vitest';
import { attributeType } from '../stun/attribute-type.ts';
import { findAttribute, type StunMessage } from '../stun/message.ts';
import { familyOf } from './address-family.ts';
import { policyCounterId } from './grant.ts';
import { addressesOf, addressFamily, codeOf, phraseOf, udpTransport } from './testing/client-session.ts';
import { at, createRelayWorld, grantOf } from './testing/relay-world.ts';

type Grant = ReturnType<typeof grantOf>;

const ruleOf = (...steps: readonly [network: string, refusal: string][]) => ({
  steps: steps.map(([network, refusal]) => ({ networks: [network], refusal })),
});

function worldOf(grant: Partial<Grant>, options: Parameters<typeof createRelayWorld>[0] = {}) {
  const world = createRelayWorld(options);
  world.resolutions.set('ann', { ok: true, password: 'secret', grant: grantOf(grant) });
  const client = (ip = '81.2.69.1', port = 40_000) =>
    world.client(at(ip, port), { username: 'ann', password: 'secret' });
  return { world, client };
}

test('what a policy refuses is refused in its words, to whoever proves the credential (POL-4)', () => {
  const phrase = 'policy.refused: regions does not allow it, as set at account.';
  const { world, client } = worldOf({ refusal: { code: 403, phrase } });
  const answer = client().allocate();
  expect([codeOf(answer), phraseOf(answer)]).toEqual([403, phrase]);
  expect(world.core.allocationCount).toBe(0);
});

test('a client is counted over all relays before its allocation opens, and refused when there is no room', () => {
  const { world, client } = worldOf({ isCounted: true });
  expect(codeOf(client().allocate())).toBe(0);
  expect(world.uses.at(-1)).toMatchObject({ counterId: policyCounterId, clientKey: '81.2.69.1' });
  world.useAnswer = { ok: false, code: 486, reason: 'limit.exceeded: one too many.' };
  const answer = client('81.2.69.2').allocate();
  expect([codeOf(answer), phraseOf(answer)]).toEqual([486, 'limit.exceeded: one too many.']);
  expect(world.core.allocationCount).toBe(1);
});

test('networks of policies hold besides those of the credential, for new allocations and living ones (POL-5)', () => {
  const sourceRules = [ruleOf(['81.2.69.0/24', 'sourceNetworks'])];
  const { world, client } = worldOf({ sourceCidrs: ['81.2.0.0/16'], sourceRules });
  const refused = client('81.2.70.1').allocate();
  expect([codeOf(refused), phraseOf(refused)]).toEqual([403, 'policy.refused: sourceNetworks']);
  expect(codeOf(client().allocate())).toBe(0);
  const terms = { sourceRules: [...sourceRules, ruleOf(['192.0.2.0/24', 'clientAllowList'])] };
  world.perform(world.core.review('ann', { ok: true, rate: {}, terms }, world.nowMs));
  expect(world.actionsOf('ended').at(-1)).toMatchObject({
    reason: 'policy-refused',
    detail: 'clientAllowList',
  });
  expect(world.core.allocationCount).toBe(0);
});

test('countries hold as networks do, by what the operator’s table says of the address', () => {
  const countryOf = ([first]: Uint8Array) => (first === 81 ? 'GB' : 'ZZ');
  const inCountries = (countries: readonly string[]) => [{ steps: [{ countries, refusal: 'countries' }] }];
  const { world, client } = worldOf({ sourceRules: inCountries(['GB', 'FR']) }, { core: { countryOf } });
  expect(phraseOf(client('10.0.0.1').allocate())).toBe('policy.refused: countries');
  expect(codeOf(client().allocate())).toBe(0);
  const terms = { sourceRules: inCountries(['FR']) };
  world.perform(world.core.review('ann', { ok: true, rate: {}, terms }, world.nowMs));
  expect(world.actionsOf('ended').at(-1)).toMatchObject({ reason: 'policy-refused', detail: 'countries' });
  // Without a table nobody is anywhere.
  const unknown = worldOf({ sourceRules: inCountries(['GB', 'ZZ']) });
  expect(codeOf(unknown.client().allocate())).toBe(403);
});

test('a client is told of the first level from which on it may not come from where it is; the last one decides', () => {
  const rule = ruleOf(['81.0.0.0/8', 'top'], ['81.2.0.0/16', 'middle'], ['81.2.69.0/24', 'last']);
  const { client } = worldOf({ sourceRules: [rule] });
  const told = (ip: string) => phraseOf(client(ip).allocate());
  expect([told('10.0.0.1'), told('81.3.0.1'), told('81.2.70.1'), told('81.2.69.1')]).toEqual([
    'policy.refused: top',
    'policy.refused: middle',
    'policy.refused: last',
    '',
  ]);
  const widened = worldOf({ sourceRules: [ruleOf(['192.0.2.0/24', 'top'], ['81.2.0.0/16', 'bound'])] });
  expect(codeOf(widened.client().allocate())).toBe(0);
});

test('a living allocation ends when the times do, and goes on where they were lengthened', () => {
  const endsBy = { reason: 'policy-refused', detail: 'times does not allow it any longer.' } as const;
  const { world, client } = worldOf({});
  client().allocate();
  const review = (endsAtMs: number) =>
    world.perform(world.core.review('ann', { ok: true, rate: {}, terms: { endsAtMs, endsBy } }, world.nowMs));
  review(world.nowMs + 10_000);
  review(world.nowMs + 20_000);
  world.pass(15_000);
  expect(world.core.allocationCount).toBe(1);
  world.pass(6_000);
  expect(world.actionsOf('ended').at(-1)).toMatchObject({ reason: 'policy-refused', detail: endsBy.detail });
});

test.each(['policy-refused', 'limit-exceeded', 'balance-used-up'] as const)(
  'what a policy ends says so: %s',
  (reason) => {
    const { world, client } = worldOf({});
    client().allocate();
    const review = { ok: false, reason, detail: 'services does not allow it.' } as const;
    world.perform(world.core.review('ann', review, world.nowMs));
    expect(world.actionsOf('ended').at(-1)).toMatchObject({ reason, detail: review.detail });
  },
);

test('a living session is held to a longest time that it is given while it runs, from its start on (POL-5)', () => {
  const ofPolicies = { counterId: 'key_1.policies', kind: 'seconds', used: 0, counts: 'session' } as const;
  const unlimited = {
    ...ofPolicies,
    max: Number.POSITIVE_INFINITY,
    outcome: 'end',
    isOfPolicy: true,
  } as const;
  const own = { ...ofPolicies, counterId: 'crd_1.0', max: 500, outcome: 'end' } as const;
  const { world, client } = worldOf({ limits: [own, unlimited] });
  client().allocate();
  world.pass(60_000);
  const hold = (terms: { readonly sessionSecondsMax?: number }) =>
    world.perform(world.core.review('ann', { ok: true, rate: {}, terms }, world.nowMs));
  hold({ sessionSecondsMax: 70 });
  hold({ sessionSecondsMax: 100 });
  world.pass(30_000);
  hold({});
  world.pass(30_000);
  expect(world.core.allocationCount).toBe(1);
  hold({ sessionSecondsMax: 130 });
  world.pass(9_000);
  expect(world.core.allocationCount).toBe(1);
  world.pass(1_000);
  const reached = { reason: 'limit-seconds', detail: 'The limit of 130 seconds is reached.' };
  expect(world.actionsOf('ended').at(-1)).toMatchObject(reached);

  client('81.2.69.2').allocate();
  world.pass(60_000);
  hold({ sessionSecondsMax: 30 });
  world.pass(0);
  expect(world.actionsOf('ended').at(-1)).toMatchObject({ detail: 'The limit of 30 seconds is reached.' });
  expect(world.core.allocationCount).toBe(0);
});

describe('IPv6 withheld by a policy (POL-3)', () => {
  const detail = 'features does not allow it, as set at account.';
  const phrase = `policy.refused: ${detail}`;
  const withheldFamilies = { ipv6: detail };
  const both = [udpTransport, addressFamily('additionalAddressFamily', 'ipv6')];
  const familiesOf = (answer: StunMessage) =>
    addressesOf(answer, attributeType.xorRelayedAddress).map(({ ip }) => familyOf(ip));

  test('known answer: REQUESTED-ADDRESS-FAMILY gets 440 in the words of the policy, which its owner reads (RFC 8656 §7.2, step 6)', () => {
    const { world, client } = worldOf({ withheldFamilies });
    const answer = client().allocate([udpTransport, addressFamily('requestedAddressFamily', 'ipv6')]);
    expect([codeOf(answer), phraseOf(answer)]).toEqual([440, phrase]);
    expect(world.actionsOf('attempted').at(-1)).toMatchObject({
      outcome: 'refused',
      code: 440,
      reason: phrase,
    });
    expect(world.core.allocationCount).toBe(0);
    const ipv4 = addressFamily('requestedAddressFamily', 'ipv4');
    expect(codeOf(client().allocate([udpTransport, ipv4]))).toBe(0);
  });

  test('known answer: ADDITIONAL-ADDRESS-FAMILY succeeds with IPv4, and ADDRESS-ERROR-CODE says why not with IPv6 (RFC 8656 §7.2, step 9)', () => {
    const { client } = worldOf({ withheldFamilies });
    const answer = client().allocate(both);
    expect([codeOf(answer), familiesOf(answer)]).toEqual([0, ['ipv4']]);
    const error = findAttribute(answer, attributeType.addressErrorCode)?.value ?? new Uint8Array(0);
    expect(Buffer.from(error).toString('hex')).toBe(`02000428${Buffer.from(phrase).toString('hex')}`);
  });

  test('where the relay has no IPv4, nothing is left of either request', () => {
    const { client } = worldOf({ withheldFamilies }, { core: { families: ['ipv6'] } });
    expect([codeOf(client().allocate()), codeOf(client().allocate(both))]).toEqual([440, 440]);
  });

  test('a running allocation loses its IPv6 address, and ends where it has no other (POL-5)', () => {
    const { world, client } = worldOf({});
    expect(familiesOf(client().allocate(both))).toEqual(['ipv4', 'ipv6']);
    const alone = [udpTransport, addressFamily('requestedAddressFamily', 'ipv6')];
    expect(codeOf(client('81.2.69.2').allocate(alone))).toBe(0);
    expect(codeOf(client('81.2.69.3').allocate())).toBe(0);
    const review = { ok: true, rate: {}, terms: { withheldFamilies } } as const;
    world.perform(world.core.review('ann', review, world.nowMs));
    expect(world.actionsOf('closeFamily')).toMatchObject([{ family: 'ipv6' }]);
    expect(world.actionsOf('ended')).toMatchObject([{ reason: 'policy-refused', detail }]);
    expect(world.core.allocationCount).toBe(2);
    // What was given back by the policy is had again by who asks.
    world.resolutions.set('ann', { ok: true, password: 'secret', grant: grantOf() });
    world.perform(world.core.review('ann', { ok: true, rate: {}, terms: {} }, world.nowMs));
    expect(familiesOf(client('81.2.69.4').allocate(both))).toEqual(['ipv4', 'ipv6']);
  });
});
