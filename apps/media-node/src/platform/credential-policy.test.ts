import type { PolicyLevel } from '@patchbay/domain/policy/policy-level';
import { readCountryTable } from '@patchbay/kit/country-table';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { narrow, parseUsername } from '@patchbay/protocol/credential/credential';
import { describe, expect, test } from 'vitest';
import { endingOf } from './credential-policy.ts';
import { resolverBench } from './resolver.testing.ts';

const origin = { level: 'account', accountId: 'acc_above', by: 'above' } as const;
const levelOf = (values: PolicyLevel['values'], timeZone = 'UTC'): PolicyLevel => ({
  origin,
  timeZone,
  values,
  locked: [],
  overridable: {},
});
/** The bench's clock stands at Tuesday 24 November 2026, 00:00 UTC; its clients come from 192.0.2.1, its node is `local`. */
const benchOf = (...levels: readonly PolicyLevel[]) => resolverBench({ policy: levels });

describe('a credential that is good is refused by what a policy leaves out, at relay and signaling alike (POL-4)', () => {
  test.each<[string, PolicyLevel['values'], string, string]>([
    ['services', { services: ['signaling'] }, 'policy.refused', 'ok'],
    ['regions', { regions: ['eu'] }, 'policy.refused', 'policy.refused'],
    ['regions of data', { dataRegions: ['eu'] }, 'policy.refused', 'policy.refused'],
    ['regions of data that it is in', { dataRegions: ['eu', 'local'] }, 'ok', 'ok'],
    ['times', { times: ['wed 00:00-24:00'] }, 'policy.refused', 'policy.refused'],
    ['times that are open', { times: ['tue 00:00-01:00'] }, 'ok', 'ok'],
    // A relay cannot see what it carries: outside of a call it may be anything.
    ['mediaKinds', { mediaKinds: ['audio'] }, 'policy.refused', 'ok'],
    ['sourceNetworks', { sourceNetworks: ['10.0.0.0/8'] }, 'policy.refused', 'policy.refused'],
    ['allow-lists of clients', { clientAllowList: ['10.0.0.0/8'] }, 'policy.refused', 'policy.refused'],
    ['allow-lists of keys', { keyAllowList: ['10.0.0.0/8'] }, 'ok', 'ok'],
    ['features', { features: ['signaling.place-calls'] }, 'policy.refused', 'ok'],
    ['codecs', { codecs: ['opus'] }, 'policy.refused', 'ok'],
    ['deviceKinds', { deviceKinds: ['mobile'] }, 'policy.refused', 'policy.refused'],
    ['kinds of device that it is one of', { deviceKinds: ['desktop'] }, 'policy.refused', 'ok'],
    ['countries', { countries: ['FR'] }, 'policy.refused', 'policy.refused'],
    ['participantsMax', { participantsMax: 1 }, 'ok', 'ok'],
    ['servicesToEnable', { servicesToEnable: ['signaling'] }, 'ok', 'service.not_enabled'],
  ])('%s', async (_name, ...row) => {
    const [values, atRelay, atSignaling] = row;
    const bench = benchOf(levelOf(values));
    expect(await bench.outcome('network-discovery', bench.username())).toBe(atRelay);
    expect(await bench.outcome('signaling', bench.username())).toBe(atSignaling);
  });
});

test('a service that an account below enabled is served, and one that it turned off is not (ACC-10)', async () => {
  const asking = levelOf({ servicesToEnable: ['signaling'] });
  const own = (enabling: PolicyLevel['enabling']): PolicyLevel => ({
    ...levelOf({}),
    origin: { level: 'access', accountId: 'acc_own' },
    enabling,
  });
  const enabled = benchOf(asking, own({ enabled: ['signaling'], disabled: ['network-discovery'] }));
  expect(await enabled.outcome('signaling', enabled.username())).toBe('ok');
  expect(await enabled.outcome('network-discovery', enabled.username())).toBe('service.not_enabled');
});

test('where clients may come from is told to the relay level by level, each with its refusal', async () => {
  const listed: PolicyLevel = {
    ...levelOf({ clientAllowList: ['192.0.2.0/24'] }),
    origin: { level: 'access', accountId: 'acc_1' },
  };
  const bench = benchOf(levelOf({ sourceNetworks: ['192.0.0.0/16'] }), listed);
  expect(await bench.held('network-discovery', bench.username())).toMatchObject({
    sourceRules: [
      {
        steps: [
          {
            networks: ['192.0.0.0/16'],
            refusal: 'sourceNetworks does not allow it, as set at account.',
          },
        ],
      },
      {
        steps: [
          {
            networks: ['192.0.2.0/24'],
            refusal: 'clientAllowList does not allow it, as set at account.',
          },
        ],
      },
    ],
  });
});

test('of numbers the least of policies, configuration and credential holds', async () => {
  const bench = benchOf(levelOf({ bitsPerSecondMax: 64_000, burstBytesMax: 2_000, sessionSecondsMax: 60 }));
  const narrow = bench.username({ type: 'bitRate', bitsPerSecond: 1_000_000, burstBytes: 9_000 });
  expect(await bench.effective('network-discovery', narrow)).toMatchObject({
    bitRate: { bitsPerSecond: 64_000, burstBytes: 2_000 },
    limits: [{ kind: 'seconds', max: 60, counts: 'session' }],
  });
  const narrower = bench.username({ type: 'bitRate', bitsPerSecond: 32_000, burstBytes: 9_000 });
  expect(await bench.effective('network-discovery', narrower)).toMatchObject({
    bitRate: { bitsPerSecond: 32_000, burstBytes: 2_000 },
  });
});

test.each([
  ['limit.exceeded', 'It is full. It begins anew at 1970-01-01T00:00:01.000Z.', 'limit.exceeded'],
  ['balance.used_up', 'It is full. It begins anew at 1970-01-01T00:00:01.000Z.', 'balance.used_up'],
  ['policy.refused', 'It is full.', 'policy.refused'],
  ['service.not_enabled', 'It is full.', 'policy.refused'],
] as const)('what runs and is refused by %s ends with: %s (POL-3, PRD-8)', (code, detail, endCode) => {
  const refused = { code, detail: 'It is full.', rule: 'services', level: 'acc_1', resetsAtMs: 1_000 };
  expect(endingOf(refused)).toEqual({ code: endCode, detail });
});

test('what is used up refuses until it begins anew', async () => {
  const level = levelOf({ relayBytesPerDayMax: 10 });
  const { nowMs } = benchOf();
  const spentUntil = (resetsAtMs: number) =>
    resolverBench({
      policy: [level],
      spent: [{ setting: 'relayBytesPerDayMax', scope: origin.accountId, resetsAtMs }],
    });
  const spent = spentUntil(nowMs + 1);
  expect(await spent.outcome('network-discovery', spent.username())).toBe('limit.exceeded');
  expect(await spent.outcome('signaling', spent.username())).toBe('ok');
  const renewed = spentUntil(nowMs);
  expect(await renewed.outcome('network-discovery', renewed.username())).toBe('ok');
});

test('an endpoint is held to its own policy, and the others are not', async () => {
  const endpoint = { level: 'endpoint', accountId: 'acc_own', endpoint: 'user:bob' } as const;
  const bench = resolverBench({
    endpointPolicies: [{ ...levelOf({ services: [] }), origin: endpoint }],
  });
  const as = (identity: string) => bench.outcome('signaling', bench.username({ type: 'identity', identity }));
  expect([await as('bob'), await as('ann')]).toEqual(['policy.refused', 'ok']);
});

test('a credential that something holds is slowed with all that is narrowed from it, and its siblings are not (TRG-2)', async () => {
  const held: PolicyLevel[] = [];
  const bench = resolverBench({ credentialPolicies: held });
  const [slowed, sibling] = [bench.username(), bench.username()];
  const parsed = parseUsername(slowed);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const credentialId = parsed.blocks[0]?.prefixId ?? '';
  const origin = { level: 'credential', accountId: bench.accountId, credentialId } as const;
  held.push({ ...levelOf({ bitsPerSecondMax: 64_000 }), origin });
  const rateOf = async (username: string) =>
    (await bench.effective('network-discovery', username)).bitRate?.bitsPerSecond;
  // Whoever narrows it knows its password; what it says is all that is asked about here.
  const credential = { username: slowed, password: Buffer.alloc(32).toString('base64url') };
  const caveats: Restriction[] = [{ type: 'bitRate', bitsPerSecond: 1_000_000, burstBytes: 50_000 }];
  const narrowed = narrow({ credential, caveats, random: new Uint8Array(8) });
  expect([await rateOf(slowed), await rateOf(narrowed.username), await rateOf(sibling)]).toEqual([
    64_000,
    64_000,
    undefined,
  ]);
});

test('countries are those of the operator’s table, and without one nobody is in any', async () => {
  const outcomes = async (text?: string) => {
    const table = text === undefined ? {} : { countries: readCountryTable(text) };
    const bench = resolverBench({ policy: [levelOf({ countries: ['DE'] })], ...table });
    return await Promise.all(
      ['network-discovery', 'signaling'].map((service) => bench.outcome(service, bench.username())),
    );
  };
  expect(await outcomes('192.0.2.0/24,DE')).toEqual(['ok', 'ok']);
  expect(await outcomes('192.0.2.0/24,FR')).toEqual(['policy.refused', 'policy.refused']);
  expect(await outcomes()).toEqual(['policy.refused', 'policy.refused']);
});

test('a credential narrows features, countries and kinds of device for itself (ACC-7)', async () => {
  const bench = resolverBench({ countries: readCountryTable('192.0.2.0/24,DE') });
  const outcomes = async (...caveats: readonly Restriction[]) => {
    const username = bench.username(...caveats);
    return [await bench.outcome('network-discovery', username), await bench.outcome('signaling', username)];
  };
  expect(await outcomes({ type: 'features', features: ['signaling.answer-calls'] })).toEqual([
    'credential.feature_not_allowed',
    'ok',
  ]);
  expect(await outcomes({ type: 'countries', countries: ['FR', 'DE'] })).toEqual(['ok', 'ok']);
  expect(await outcomes({ type: 'countries', countries: ['FR'] })).toEqual([
    'policy.refused',
    'policy.refused',
  ]);
  // No client tells a relay what it runs on: it serves those whom signaling has asked.
  expect(await outcomes({ type: 'deviceKinds', deviceKinds: ['desktop'] })).toEqual([
    'credential.caveat_unenforced',
    'ok',
  ]);
  expect(await outcomes({ type: 'deviceKinds', deviceKinds: ['mobile', 'tablet'] })).toEqual([
    'credential.caveat_unenforced',
    'policy.refused',
  ]);
});
