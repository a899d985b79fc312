import { UNKNOWN_COUNTRY } from '@patchbay/kit/country';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admits,
  budgetsOf,
  decide,
  endingText,
  type PolicyRequest,
  readRefusalText,
  refusalText,
  remedyOf,
  type SpentBudget,
} from './decide.ts';
import { type AnyValue, type EffectiveSetting, effectivePolicy } from './effective-policy.ts';
import { account, anyChain, anyRequest, level, platform } from './policy.testing.ts';
import { levelText, type PolicyChain, type PolicyWord, scopeOf } from './policy-level.ts';
import { countedSettingNames, type SettingName, settingNames, settingOf, settings } from './settings.ts';

/** Friday 15 January 2027, 08:00 in UTC. */
const FRIDAY_MS = 1_800_000_000_000;
const request: PolicyRequest = { verifier: 'relay', atMs: FRIDAY_MS, service: 'network-discovery' };

/**
 * What levels say of a setting, by their words alone and not by how they are folded; who locks it silences those below that are
 * not of an account above its own.
 */
function wordsOf(chain: PolicyChain, name: SettingName) {
  const locks = chain.map(({ locked, speakerDepth = 0 }) =>
    locked.includes(name) ? speakerDepth : Infinity,
  );
  const heard = chain.filter(
    ({ speakerDepth = 0 }, place) => Math.min(...locks.slice(0, place), Infinity) > speakerDepth,
  );
  return heard.flatMap(({ values, overridable, timeZone }) => {
    const said = (all: object) => {
      const value = (all as Partial<Record<SettingName, AnyValue>>)[name];
      const isTimes = settingOf(name).merge === 'everyTime' && value !== undefined;
      return isTimes ? ([{ timeZone, windows: value }] as AnyValue) : value;
    };
    const word = said(values);
    return word === undefined ? [] : [{ word, bound: said(overridable) }];
  });
}

/** The settings that a request should be refused by, as far as each level's own word goes; and those by which it may be. */
function byWordsAlone(chain: PolicyChain, asked: PolicyRequest) {
  const must: SettingName[] = [];
  const may: SettingName[] = [];
  for (const name of settingNames) {
    const setting = settingOf(name);
    const isCounted = setting.merge === 'narrowest' && setting.counts !== undefined;
    if (isCounted || !setting.decidedBy.includes(asked.verifier)) continue;
    const passes = (value: AnyValue | undefined) => value !== undefined && admits(name, value, asked);
    const words = wordsOf(chain, name);
    // A level may have let those below have more than it says itself.
    if (words.some(({ word, bound }) => !passes(word) && !passes(bound))) must.push(name);
    // Of codecs any one will do: two levels that each let some pass can leave none together.
    const isByAllTogether = name === 'codecs' && words.length > 1;
    if (
      isByAllTogether ||
      words.some(({ word, bound }) => !passes(word) || (bound !== undefined && !passes(bound)))
    )
      may.push(name);
  }
  return { must, may };
}

test('of ten thousand random chains the decision is what the explanation says, and what the words of the levels say: nothing passes that one of them refuses (POL-2, POL-4)', () => {
  let refusedCount = 0;
  fc.assert(
    fc.property(anyChain, anyRequest, (chain, asked) => {
      const decision = decide(chain, asked);
      const policy = effectivePolicy(chain);
      const refusing = settingNames.find((name) => {
        const setting = policy[name] as EffectiveSetting | undefined;
        const isDecidedHere = settingOf(name).decidedBy.includes(asked.verifier);
        return setting !== undefined && isDecidedHere && !admits(name, setting.value, asked);
      });
      if ((decision.kind === 'refused' ? decision.setting : undefined) !== refusing)
        throw new Error(`Decided by ${JSON.stringify(decision)}, explained by ${refusing}.`);
      const { must, may } = byWordsAlone(chain, asked);
      if (decision.kind === 'allowed' && must.length > 0)
        throw new Error(`${must}: wider than a level allows.`);
      if (decision.kind !== 'refused') return;
      if (!may.includes(decision.setting)) throw new Error(`${decision.setting}: no level refuses it.`);
      refusedCount++;
      // The level that is named said something that does not let the request pass, and everything below it kept to that.
      const { steps } = policy[decision.setting] as EffectiveSetting;
      const from = steps.findIndex(({ origin }) => origin === decision.origin);
      const isPassing = steps.map(({ value }) => admits(decision.setting, value, asked));
      const isNamedRightly =
        from >= 0 && !isPassing.slice(from).includes(true) && isPassing[from - 1] !== false;
      if (!isNamedRightly)
        throw new Error(`${decision.setting} is refused by another level than the one named.`);
    }),
    { numRuns: 10_000 },
  );
  // Both sides of the promise were met often.
  expect(refusedCount).toBeGreaterThan(1_000);
  expect(refusedCount).toBeLessThan(9_000);
}, 180_000);

/** What each level lets be counted, by its words alone: those that a lock above silences say nothing. */
const limitsIn = (chain: PolicyChain) =>
  countedSettingNames.flatMap((setting) => {
    const lockedAt = chain.findIndex(({ locked }) => locked.includes(setting));
    const heard = lockedAt < 0 ? chain : chain.slice(0, lockedAt + 1);
    const numberIn = (all: object) => (all as Partial<Record<SettingName, number>>)[setting];
    return heard.flatMap(({ origin, values, overridable }) => {
      const word = numberIn(values);
      if (word === undefined) return [];
      return [{ setting, origin, scope: scopeOf(origin), max: Math.max(word, numberIn(overridable) ?? 0) }];
    });
  });

test('of random chains of which something is used up the level named is one whose limit is reached: that of the explanation, or else the narrowest (POL-2, POL-4)', () => {
  const met = { explained: 0, other: 0, allowed: 0 };
  fc.assert(
    fc.property(anyChain, fc.constantFrom('relay', 'signaling'), fc.nat(), (chain, verifier, drawn) => {
      const service = verifier === 'relay' ? 'network-discovery' : 'signaling';
      // What is at and below each level, which levels with one scope count together.
      const usedIn = (scope: string) => [0, 0, 100, 200, 400][(drawn + scope.length * 7) % 5] ?? 0;
      const limits = limitsIn(chain);
      const reached = limits.filter(({ scope, max }) => usedIn(scope) >= max);
      const spent = reached.map(({ setting, scope, max }): SpentBudget => ({ setting, scope, max }));
      const counted = chain.map((one) => {
        const only = (all: object) =>
          Object.fromEntries(
            Object.entries(all).filter(([name]) => countedSettingNames.some((known) => known === name)),
          );
        return { ...one, values: only(one.values), overridable: only(one.overridable) };
      });
      const decision = decide(counted, { verifier, service, atMs: FRIDAY_MS, spent });
      if (decision.kind === 'allowed') {
        met.allowed += 1;
        return;
      }
      const { setting, origin } = decision;
      const named = reached.filter((one) => one.setting === setting);
      const explained = effectivePolicy(counted)[setting]?.origin;
      const isExplained = named.some((one) => one.origin === explained);
      const narrowest = named.toSorted((one, other) => one.max - other.max)[0]?.origin;
      if (origin !== (isExplained ? explained : narrowest))
        throw new Error(`${setting} is reached at another level than ${JSON.stringify(origin)}.`);
      met[isExplained ? 'explained' : 'other'] += 1;
    }),
    { numRuns: 2_000 },
  );
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(40);
}, 120_000);

describe('each setting refuses what it does not allow, by the level that says so', () => {
  const refusal = (values: PolicyWord['values'], asked: Partial<PolicyRequest>) => {
    const decision = decide([level(platform, {}), level(account('acc_1'), { values })], {
      ...request,
      ...asked,
    });
    return decision.kind === 'refused' ? [decision.setting, decision.origin] : 'allowed';
  };

  test.each<[SettingName, PolicyWord['values'], Partial<PolicyRequest>, Partial<PolicyRequest>]>([
    ['services', { services: ['signaling'] }, {}, { service: 'signaling' }],
    ['regions', { regions: ['eu'] }, { region: 'us' }, { region: 'eu' }],
    ['dataRegions', { dataRegions: ['eu', 'ch'] }, { region: 'us' }, { region: 'ch' }],
    [
      'sourceNetworks',
      { sourceNetworks: ['10.0.0.0/8'] },
      { sourceIp: '192.0.2.1' },
      { sourceIp: '10.1.1.1' },
    ],
    [
      'clientAllowList',
      { clientAllowList: ['203.0.113.7', '2001:db8::/32'] },
      { sourceIp: '203.0.113.8' },
      { sourceIp: '::ffff:203.0.113.7' },
    ],
    [
      'keyAllowList',
      { keyAllowList: ['2001:db8::/32'] },
      { verifier: 'key', sourceIp: '' },
      { verifier: 'key', sourceIp: '2001:db8::1' },
    ],
    ['servicesToEnable', { servicesToEnable: ['network-discovery'] }, {}, { service: 'signaling' }],
    [
      'mediaKinds',
      { mediaKinds: ['audio'] },
      { isOfCall: true, mediaKinds: ['audio', 'video'] },
      { isOfCall: true, mediaKinds: ['audio'] },
    ],
    ['times', { times: ['sat 00:00-24:00'] }, {}, { atMs: FRIDAY_MS + 86_400_000 }],
    [
      'features',
      { features: ['network-discovery.relay'] },
      { features: ['network-discovery.relay', 'signaling.place-calls'] },
      { features: ['network-discovery.relay'] },
    ],
    ['countries', { countries: ['DE', 'FR'] }, { country: UNKNOWN_COUNTRY }, { country: 'FR' }],
    [
      'deviceKinds',
      { deviceKinds: ['desktop'] },
      { isOfCall: true, deviceKind: 'other' },
      { isOfCall: true, deviceKind: 'desktop' },
    ],
    // One that is left for each stream is enough.
    [
      'codecs',
      { codecs: ['opus', 'vp8'] },
      { isOfCall: true, codecs: [['opus', 'pcmu'], ['av1']] },
      {
        isOfCall: true,
        codecs: [
          ['opus', 'pcmu'],
          ['av1', 'vp8'],
        ],
      },
    ],
    [
      'participantsMax',
      { participantsMax: 2 },
      { verifier: 'signaling', participantCount: 3 },
      { verifier: 'signaling', participantCount: 2 },
    ],
  ])('%s', (name, values, ...asked) => {
    const [refused, allowed] = asked;
    expect(refusal(values, refused)).toEqual([name, account('acc_1')]);
    expect(refusal(values, allowed)).toBe('allowed');
  });

  test.each(['mediaKinds', 'codecs', 'deviceKinds'] as const)(
    'a relay outside of a call is held to all %s: what it carries is ciphertext, and nobody says what they run on',
    (name) => {
      const { choices } = settings[name];
      expect(refusal({ [name]: choices.slice(0, 1) }, {})).toEqual([name, account('acc_1')]);
      expect(refusal({ [name]: choices }, {})).toBe('allowed');
      expect(refusal({ [name]: choices.slice(0, 1) }, { verifier: 'signaling' })).toBe('allowed');
    },
  );

  test('a setting of other verifiers is left to them', () => {
    expect(refusal({ regions: ['eu'] }, { verifier: 'api', region: 'us' })).toBe('allowed');
    expect(refusal({ keyAllowList: [] }, { sourceIp: '192.0.2.1' })).toBe('allowed');
    expect(refusal({ clientAllowList: [] }, { verifier: 'key', sourceIp: '192.0.2.1' })).toBe('allowed');
  });

  test('a request outside of the times is told when they begin', () => {
    const times = { times: ['fri 09:30-10:00'] };
    expect(decide([level(platform, { values: times })], request)).toMatchObject({
      kind: 'refused',
      retryAfterMs: 90 * 60_000,
    });
  });
});

describe('what is counted holds at every level by itself', () => {
  const chain = [
    level(platform, { values: { relayBytesPerDayMax: 1_000 } }),
    level(account('acc_1', 'above'), {
      values: { relayBytesPerDayMax: 100 },
      overridable: { relayBytesPerDayMax: 300 },
    }),
    level(account('acc_2', 'above'), { values: { relayBytesPerDayMax: 250, concurrentSessionsMax: 5 } }),
  ];

  test('each level has a budget over all at and below it, as far as it lets those below have', () => {
    expect(budgetsOf(chain).map(({ setting, scope, max }) => [setting, scope, max])).toEqual([
      ['concurrentSessionsMax', 'acc_2', 5],
      ['relayBytesPerDayMax', 'acc_2', 250],
      ['relayBytesPerDayMax', 'acc_1', 300],
      ['relayBytesPerDayMax', 'acc_0', 1_000],
    ]);
  });

  test('of a plan and its account, which are counted together, the one that is reached is named (POL-4)', () => {
    const plan = { level: 'plan', accountId: 'acc_1', planId: 'pln_1' } as const;
    const both = [
      level(plan, { values: { relayBytesPerDayMax: 1_000_000 } }),
      level(account('acc_1', 'above'), { values: { relayBytesPerDayMax: 1_000 } }),
    ];
    const refusedAfter = (max?: number) =>
      decide(both, { ...request, spent: [{ setting: 'relayBytesPerDayMax', scope: 'acc_1', max }] });
    expect(refusedAfter(1_000)).toMatchObject({ origin: account('acc_1', 'above') });
    expect(refusedAfter(1_000_000)).toMatchObject({ origin: account('acc_1', 'above') });
    expect(refusedAfter(999)).toMatchObject({ kind: 'allowed' });
    expect(refusedAfter()).toMatchObject({ origin: account('acc_1', 'above') });
    const planAlone = decide(both.slice(0, 1), {
      ...request,
      spent: [{ setting: 'relayBytesPerDayMax', scope: 'acc_1', max: 1_000_000 }],
    });
    expect(planAlone).toMatchObject({ origin: plan });
  });

  test('of two that say the same in different zones, the one whose day lasts longer refuses until that is over', () => {
    const values = { relayBytesPerDayMax: 1_000 };
    const both = [level(account('acc_1', 'above'), { values }), level(account('acc_1', 'self'), { values })];
    const used = { setting: 'relayBytesPerDayMax', scope: 'acc_1', max: 1_000 } as const;
    const spent = [
      { ...used, resetsAtMs: FRIDAY_MS },
      { ...used, resetsAtMs: FRIDAY_MS + 1_000 },
    ];
    expect(decide(both, { ...request, spent, atMs: FRIDAY_MS })).toMatchObject({ retryAfterMs: 1_000 });
    expect(decide(both, { ...request, spent, atMs: FRIDAY_MS + 1_000 }).kind).toBe('allowed');
  });

  test('a budget with nothing left refuses until it begins anew, and only the service that uses it', () => {
    const spent = [
      { setting: 'relayBytesPerDayMax', scope: 'acc_1', resetsAtMs: FRIDAY_MS + 1_000 },
    ] as const;
    expect(decide(chain, { ...request, spent })).toMatchObject({
      kind: 'refused',
      code: 'limit.exceeded',
      origin: { accountId: 'acc_1' },
      retryAfterMs: 1_000,
    });
    expect(decide(chain, { ...request, spent, atMs: FRIDAY_MS + 1_000 }).kind).toBe('allowed');
    expect(decide(chain, { ...request, spent, verifier: 'signaling', service: 'signaling' }).kind).toBe(
      'allowed',
    );
  });
});

test('a refusal names the level for who sees it, and for others its kind alone (C1)', () => {
  const refused = { setting: 'regions', origin: account('acc_1'), code: 'policy.refused' } as const;
  expect(refusalText(refused, ['acc_1'])).toBe('regions does not allow it, as set at acc_1.');
  expect(refusalText(refused, ['acc_2'])).toBe('regions does not allow it, as set at account.');
});

test.each([
  { visibleIds: ['acc_0', 'acc_1'], setter: 'acc_0' },
  { visibleIds: ['acc_1'], setter: 'an account above' },
])(
  'what was set for an account from above is not told as its own: by $setter, and read back so (POL-2, C1)',
  ({ visibleIds, setter }) => {
    const set = { accountId: 'acc_1', setById: 'acc_0' } as const;
    for (const [setting, code, origin] of [
      ['regions', 'policy.refused', { level: 'account', by: 'above', ...set }],
      ['relayBytesPerDayMax', 'limit.exceeded', { level: 'region', region: 'eu by 1', ...set }],
      ['servicesToEnable', 'service.not_enabled', { level: 'access', ...set }],
      ['servicesToEnable', 'service.not_enabled', { level: 'endpoint', endpoint: 'user:eve', ...set }],
    ] as const) {
      const text = refusalText({ setting, origin, code }, visibleIds);
      const level = levelText(origin, visibleIds);
      expect(text.endsWith(`, as set for ${level} by ${setter}.`), text).toBe(true);
      expect(readRefusalText(text)).toEqual({ setting, level, isFromAbove: true });
      expect(readRefusalText(endingText(text, 0))).toEqual({ setting, level, isFromAbove: true });
      expect(remedyOf(code, text)).toContain('the account above that set it');
      // Who does not see the place is told no more than its kind.
      expect(refusalText({ setting, origin, code }, [])).not.toContain(' by ');
    }
  },
);

const triggerHold = { kind: 'trigger', triggerId: 'trg_1', accountId: 'acc_0', isShown: false } as const;
const heldEndpoint = { level: 'endpoint', accountId: 'acc_1', endpoint: 'user:eve' } as const;

const byTrigger = (who: string) => `user:eve by ${who}`;
const unnamed = 'a trigger of an account above';

test.each([
  { heldBy: triggerHold, visibleIds: ['acc_0', 'acc_1'], said: byTrigger('trigger trg_1') },
  { heldBy: triggerHold, visibleIds: ['acc_1'], said: byTrigger(unnamed) },
  { heldBy: { ...triggerHold, isShown: true }, visibleIds: ['acc_1'], said: byTrigger('trigger trg_1') },
  { heldBy: { ...triggerHold, isShown: true }, visibleIds: ['acc_2'], said: `endpoint by ${unnamed}` },
  {
    heldBy: { kind: 'overdue' } as const,
    visibleIds: ['acc_1'],
    said: 'user:eve by an invoice that is overdue',
  },
])(
  'a refusal says that its level is held and not that it was set, and by what: $said (TRG-2, POL-2, C1)',
  ({ heldBy, visibleIds, said }) => {
    const origin = { ...heldEndpoint, heldBy };
    const level = levelText(origin, visibleIds);
    for (const [setting, code] of [
      ['services', 'policy.refused'],
      ['concurrentSessionsMax', 'limit.exceeded'],
    ] as const) {
      const text = refusalText({ setting, origin, code }, visibleIds);
      expect(text.endsWith(`, as held at ${said}.`)).toBe(true);
      expect(readRefusalText(text)).toEqual({ setting, level, heldBy: heldBy.kind });
      expect(readRefusalText(endingText(text, 0))).toEqual({ setting, level, heldBy: heldBy.kind });
    }
  },
);

test.each(['policy.refused', 'limit.exceeded', 'balance.used_up', 'service.not_enabled'] as const)(
  'what a refusal by %s says of its rule and level is read back from its text, and from no other (PRD-8)',
  (code) => {
    const settingOfCode = {
      'policy.refused': 'regions',
      'limit.exceeded': 'relayBytesPerDayMax',
      'balance.used_up': 'prepaidBalance',
      'service.not_enabled': 'servicesToEnable',
    } as const;
    const setting = settingOfCode[code];
    const origins = [
      account('acc_1'),
      { level: 'access', accountId: 'acc_1' },
      { level: 'endpoint', accountId: 'acc_1', endpoint: 'user:bob, as set at x.y' },
    ] as const;
    for (const origin of origins)
      for (const visibleIds of [['acc_1'], []]) {
        const text = refusalText({ setting, origin, code }, visibleIds);
        const level = levelText(origin, visibleIds);
        expect(readRefusalText(text)).toEqual({ setting, level });
      }
    expect(readRefusalText('It is full.')).toBeUndefined();
    expect(readRefusalText('nothing is reached, as set at acc_1.')).toBeUndefined();
  },
);
