import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EffectiveSetting, effectivePolicy, wordRefusal } from './effective-policy.ts';
import { isWithin } from './merge.ts';
import { account, anyChain, level, platform } from './policy.testing.ts';
import type { PolicyLevel } from './policy-level.ts';
import { settingNames, settingOf } from './settings.ts';

const chainOf = (...words: readonly Parameters<typeof level>[1][]) =>
  words.map((word, index) => level(index === 0 ? platform : account(`acc_${index}`), word));

test('of ten thousand random chains none allows more than a level of it does, but where that level let it (POL-2)', () => {
  fc.assert(
    fc.property(anyChain, (chain) => {
      const policy = effectivePolicy(chain);
      const wide = settingNames.filter((name) => {
        const setting = policy[name] as EffectiveSetting | undefined;
        const { merge } = settingOf(name);
        // Times hold together, and are no list that could be within another.
        if (setting === undefined || merge === 'everyTime') return false;
        return setting.wanted.some(({ value, overridable, verdict }) => {
          const isLet = overridable !== undefined && isWithin(setting.value, overridable, merge);
          return verdict !== 'locked' && !isWithin(setting.value, value, merge) && !isLet;
        });
      });
      if (wide.length > 0) throw new Error(`${wide.join(', ')}: wider than a level allows.`);
    }),
    { numRuns: 10_000 },
  );
});

test('of ten thousand random chains no account that is nearer keeps one above it from being heard (POL-2)', () => {
  fc.assert(
    fc.property(anyChain, (chain) => {
      const policy = effectivePolicy(chain);
      for (const setting of settingNames) {
        const { wanted = [] } = (policy[setting] as EffectiveSetting | undefined) ?? {};
        for (const { origin, verdict } of wanted) {
          if (verdict !== 'locked') continue;
          const at = chain.findIndex((one) => one.origin === origin);
          const isAbove = (lock: PolicyLevel) => (lock.speakerDepth ?? 0) <= (chain[at]?.speakerDepth ?? 0);
          if (!chain.slice(0, at).some((lock) => lock.locked.includes(setting) && isAbove(lock)))
            throw new Error(`${setting} of ${JSON.stringify(origin)} is not heard.`);
        }
      }
    }),
    { numRuns: 10_000 },
  );
});

test('times of every level hold together, each in the zone of its account', () => {
  const chain = [
    level(platform, { values: { times: ['mon-fri 08:00-18:00'] } }, 'Europe/Berlin'),
    level(account('acc_1'), { values: { times: ['mon-sun 00:00-12:00'] } }, 'UTC'),
  ];
  expect(effectivePolicy(chain).times?.value).toEqual([
    { timeZone: 'Europe/Berlin', windows: ['mon-fri 08:00-18:00'] },
    { timeZone: 'UTC', windows: ['mon-sun 00:00-12:00'] },
  ]);
});

describe('a level can only narrow', () => {
  test('the least number holds, and of equals the highest level', () => {
    const { concurrentSessionsMax } = effectivePolicy(
      chainOf(
        { values: { concurrentSessionsMax: 100 } },
        { values: { concurrentSessionsMax: 10 } },
        { values: { concurrentSessionsMax: 10 } },
        { values: { concurrentSessionsMax: 500 } },
      ),
    );
    expect(concurrentSessionsMax).toMatchObject({ value: 10, origin: { accountId: 'acc_1' } });
    expect(concurrentSessionsMax?.wanted.map(({ verdict }) => verdict)).toEqual([
      'held',
      'held',
      'wider',
      'wider',
    ]);
  });

  test('lists keep what all levels name, networks what lies in all of them', () => {
    const policy = effectivePolicy(
      chainOf(
        { values: { regions: ['eu', 'us'], sourceNetworks: ['10.0.0.0/8'] } },
        { values: { regions: ['us', 'ap'], sourceNetworks: ['10.1.0.0/16', '192.0.2.0/24'] } },
      ),
    );
    expect(policy.regions?.value).toEqual(['us']);
    expect(policy.sourceNetworks?.value).toEqual(['10.1.0.0/16']);
  });

  test('what nobody says restricts nothing', () => {
    expect(effectivePolicy(chainOf({}, {}))).toEqual({});
  });
});

describe('a parent lets a child widen again, within a bound (POL-2)', () => {
  const parent = { values: { sessionSecondsMax: 600 }, overridable: { sessionSecondsMax: 3_600 } };

  test('a child has what it says up to the bound, and the parent’s value where it says nothing', () => {
    const held = (...words: readonly Parameters<typeof level>[1][]) =>
      effectivePolicy(chainOf(parent, ...words)).sessionSecondsMax?.value;
    expect(held({})).toBe(600);
    expect(held({ values: { sessionSecondsMax: 1_800 } })).toBe(1_800);
    expect(held({ values: { sessionSecondsMax: 9_999 } })).toBe(3_600);
  });

  test('what a child says is the bound of its own children, unless it passes one on, and never more than its own', () => {
    const child = { values: { sessionSecondsMax: 300 } };
    const passing = { ...child, overridable: { sessionSecondsMax: 9_999 } };
    const grandchild = { values: { sessionSecondsMax: 5_000 } };
    expect(effectivePolicy(chainOf(parent, child, grandchild)).sessionSecondsMax?.value).toBe(300);
    expect(effectivePolicy(chainOf(parent, passing, grandchild)).sessionSecondsMax?.value).toBe(3_600);
  });
});

test('what is locked is not heard of below, and the explanation says who locked it', () => {
  const { regions } = effectivePolicy(
    chainOf({ values: { regions: ['eu', 'us'] }, locked: ['regions'] }, { values: { regions: ['eu'] } }),
  );
  expect(regions).toMatchObject({ value: ['eu', 'us'], lockedBy: platform });
  expect(regions?.wanted.at(-1)?.verdict).toBe('locked');
});

describe('what a level may not say is refused before it is stored', () => {
  const refused = (...words: readonly Parameters<typeof level>[1][]) =>
    wordRefusal(chainOf(...words))?.reason;

  test('more than is held above, or than the bound of it', () => {
    const above = { values: { sessionSecondsMax: 600 } };
    expect(refused(above, { values: { sessionSecondsMax: 601 } })).toBe('wider');
    expect(refused(above, { values: { sessionSecondsMax: 600 } })).toBeUndefined();
    const letting = { ...above, overridable: { sessionSecondsMax: 900 } };
    expect(refused(letting, { values: { sessionSecondsMax: 900 } })).toBeUndefined();
    expect(refused(letting, { values: { sessionSecondsMax: 901 } })).toBe('wider');
    expect(refused(letting, { ...above, overridable: { sessionSecondsMax: 901 } })).toBe('wider');
  });

  test('anything that is locked, also where nobody set a value', () => {
    expect(refused({ locked: ['times'] }, { values: { times: [] } })).toBe('locked');
    expect(refused({ locked: ['times'] }, { locked: ['times'] })).toBe('locked');
  });

  test('a bound without a value, or one that is narrower than the value', () => {
    expect(refused({ overridable: { regions: ['eu'] } })).toBe('bound_without_value');
    expect(refused({ values: { regions: ['eu'] }, overridable: { regions: ['us'] } })).toBe('bound_narrower');
  });
});
