import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ConfiguredEntity,
  configLevels,
  lastingBounds,
  partedAt,
  type StoredConfig,
} from './config-levels.ts';
import {
  type ConfigLevel,
  type ConfigRules,
  type ConfigValues,
  effectiveConfig,
  widerFields,
} from './effective-config.ts';

const rules: ConfigRules = {
  merge: {
    ttlSecondsMax: 'narrowest',
    bitsPerSecondMax: 'narrowest',
    mode: { narrowestOf: ['any', 'checked', 'closed'] },
    greeting: 'nearest',
  },
  defaults: { ttlSecondsMax: 100, mode: 'any', greeting: 'hello' },
};
const narrowestFields = ['ttlSecondsMax', 'bitsPerSecondMax', 'mode'] as const;
const modes = ['any', 'checked', 'closed'];

const platform = (values: ConfigValues): ConfigLevel => ({
  origin: { level: 'platform', accountId: 'acc_0' },
  values,
});
const account = (values: ConfigValues, accountId = 'acc_1'): ConfigLevel => ({
  origin: { level: 'account', accountId },
  values,
});
const values = (...levels: readonly ConfigLevel[]) => effectiveConfig(levels, rules).values;
const originOf = (field: string, ...levels: readonly ConfigLevel[]) =>
  effectiveConfig(levels, rules).origins[field];

describe('what holds at the end of a chain (POL-2)', () => {
  test('what nobody says has its default, or is not there', () => {
    expect(effectiveConfig([platform({})], rules)).toEqual({
      values: { ttlSecondsMax: 100, mode: 'any', greeting: 'hello' },
      origins: {
        ttlSecondsMax: { level: 'default' },
        mode: { level: 'default' },
        greeting: { level: 'default' },
      },
    });
  });

  test('a cap can only narrow below, whoever comes first', () => {
    expect(
      values(platform({}), account({ ttlSecondsMax: 60 }), account({ ttlSecondsMax: 90 })),
    ).toMatchObject({
      ttlSecondsMax: 60,
    });
    expect(
      values(platform({}), account({ ttlSecondsMax: 90 }), account({ ttlSecondsMax: 60 })),
    ).toMatchObject({
      ttlSecondsMax: 60,
    });
  });

  test('a word is held to the narrowest above it', () => {
    expect(values(platform({}), account({ mode: 'closed' }), account({ mode: 'any' }))).toMatchObject({
      mode: 'closed',
    });
    expect(
      originOf(
        'mode',
        platform({}),
        account({ mode: 'checked' }, 'acc_1'),
        account({ mode: 'any' }, 'acc_2'),
      ),
    ).toEqual({ level: 'account', accountId: 'acc_1' });
  });

  test('the nearest word has its way where the field says so', () => {
    expect(values(platform({ greeting: 'hi' }), account({ greeting: 'moin' }), account({}))).toMatchObject({
      greeting: 'moin',
    });
  });

  test('the platform’s operator may say more than a default, and nobody below may', () => {
    expect(values(platform({ ttlSecondsMax: 500 }), account({ ttlSecondsMax: 400 }))).toMatchObject({
      ttlSecondsMax: 400,
    });
    expect(values(platform({}), account({ ttlSecondsMax: 400 }))).toMatchObject({ ttlSecondsMax: 100 });
  });

  test('what a level may not say is told by its field', () => {
    const above = [platform({}), account({ mode: 'closed', bitsPerSecondMax: 10 })];
    const asked = account({ mode: 'any', bitsPerSecondMax: 10, ttlSecondsMax: 101, greeting: 'moin' });
    expect(widerFields([...above, asked], rules)).toEqual(['ttlSecondsMax', 'mode']);
    expect(widerFields([...above, account({})], rules)).toEqual([]);
  });

  test('what the rule cannot compare widens nothing', () => {
    const strange = account({ mode: 'open', ttlSecondsMax: 'ever', unheardOf: 1 });
    expect(values(platform({}), account({ mode: 'checked' }), strange)).toEqual({
      ttlSecondsMax: 100,
      mode: 'checked',
      greeting: 'hello',
    });
  });
});

const someValues = fc.record(
  {
    ttlSecondsMax: fc.integer({ min: 1, max: 200 }),
    bitsPerSecondMax: fc.integer({ min: 1, max: 200 }),
    mode: fc.constantFrom(...modes),
    greeting: fc.string(),
  },
  { requiredKeys: [] },
);
const someChain = fc
  .tuple(someValues, fc.array(someValues, { maxLength: 6 }))
  .map(([top, below]) => [platform(top), ...below.map((set, index) => account(set, `acc_${index + 1}`))]);

/** Where no value restricts nothing. */
const widthOf = (field: string, value: unknown) =>
  field === 'mode'
    ? -modes.indexOf(String(value))
    : ((value as number | undefined) ?? Number.POSITIVE_INFINITY);

describe('for every chain', () => {
  test('a level added anywhere below the platform never widens a field that narrows', () => {
    fc.assert(
      fc.property(someChain, someValues, fc.nat(), (chain, set, place) => {
        const at = 1 + (place % chain.length);
        const longer = [...chain.slice(0, at), account(set, 'acc_added'), ...chain.slice(at)];
        for (const field of narrowestFields) {
          expect(widthOf(field, values(...longer)[field])).toBeLessThanOrEqual(
            widthOf(field, values(...chain)[field]),
          );
        }
      }),
    );
  });

  test('every effective value is the word of the level that is named for it', () => {
    fc.assert(
      fc.property(someChain, (chain) => {
        const effective = effectiveConfig(chain, rules);
        expect(Object.keys(effective.origins).sort()).toEqual(Object.keys(effective.values).sort());
        for (const [field, origin] of Object.entries(effective.origins)) {
          const said =
            origin.level === 'default'
              ? rules.defaults
              : chain.find((level) => level.origin === origin)?.values;
          expect(said?.[field]).toEqual(effective.values[field]);
        }
      }),
    );
  });

  test('what is wider was not taken, and what was not wider was', () => {
    fc.assert(
      fc.property(someChain, (chain) => {
        const asked: ConfigValues = chain.at(-1)?.values ?? {};
        const wider = widerFields(chain, rules);
        for (const [field, value] of Object.entries(asked)) {
          expect(values(...chain)[field] === value).toBe(!wider.includes(field));
        }
      }),
    );
  });
});

describe('the levels of an entity', () => {
  const entity: ConfiguredEntity = {
    chain: ['acc_0', 'acc_1', 'acc_2'],
    applicationId: 'app_1',
    instanceType: 'free',
  };
  const stored = [
    { accountId: 'acc_0', values: { at: 'platform' } },
    { accountId: 'acc_1', values: { at: 'parent' } },
    { accountId: 'acc_2', values: { at: 'account' } },
    { accountId: 'acc_2', applicationId: 'app_1', values: { at: 'application' } },
    { accountId: 'acc_2', applicationId: 'app_1', instanceType: 'free', values: { at: 'type' } },
    { accountId: 'acc_2', applicationId: 'app_1', instanceType: 'paid', values: { at: 'other type' } },
    { accountId: 'acc_2', applicationId: 'app_2', values: { at: 'other application' } },
    { accountId: 'acc_2', endpointId: 'end_1', values: { at: 'endpoint' } },
    { accountId: 'acc_2', endpointId: 'end_2', values: { at: 'other endpoint' } },
    { accountId: 'acc_9', values: { at: 'other account' } },
  ].map((config): StoredConfig => ({ service: 'signaling', ...config }));
  const wordsOf = (of: ConfiguredEntity, service = 'signaling', all = stored) =>
    configLevels(of, service, all).map((level) => level.values.at);

  test('stand in the order of the chain, whatever the order of what is stored', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(stored, { minLength: stored.length }), (shuffled) => {
        expect(wordsOf(entity, 'signaling', shuffled)).toEqual([
          'platform',
          'parent',
          'account',
          'application',
          'type',
        ]);
      }),
    );
  });

  test('end with the entity’s own, empty where nothing was set', () => {
    expect(wordsOf({ chain: entity.chain })).toEqual(['platform', 'parent', 'account']);
    expect(wordsOf({ ...entity, instanceType: undefined }).at(-1)).toBe('application');
    expect(configLevels({ ...entity, instanceType: 'new' }, 'signaling', stored).at(-1)).toEqual({
      origin: { level: 'instanceType', accountId: 'acc_2', applicationId: 'app_1', instanceType: 'new' },
      values: {},
    });
  });

  test('an endpoint is the last of them, with its application and its type, or without', () => {
    const endpointId = 'end_1';
    expect(wordsOf({ ...entity, endpointId }).slice(2)).toEqual([
      'account',
      'application',
      'type',
      'endpoint',
    ]);
    expect(wordsOf({ chain: entity.chain, endpointId }).slice(2)).toEqual(['account', 'endpoint']);
    expect(wordsOf({ ...entity, endpointId: 'end_3' }).at(-1)).toBeUndefined();
  });

  test('are those of the service alone', () => {
    expect(wordsOf(entity, 'network-discovery')).toEqual(Array.from({ length: 5 }, () => undefined));
  });
});

describe('what a trigger holds an entity to (TRG-2)', () => {
  const heldBy = { triggerId: 'trg_1', accountId: 'acc_1', isShown: false };
  const hold = (accountId: string, applicationId?: string): StoredConfig => ({
    accountId,
    applicationId,
    service: 'relay',
    values: { bitsPerSecondMax: 64 },
    heldBy,
  });
  const own: StoredConfig = { accountId: 'acc_2', service: 'relay', values: { bitsPerSecondMax: 900 } };
  const chain = ['acc_0', 'acc_1', 'acc_2'];
  const heldRate = (entity: Partial<ConfiguredEntity>, ...stored: readonly StoredConfig[]) =>
    effectiveConfig(configLevels({ chain, ...entity }, 'relay', stored), rules).values.bitsPerSecondMax;

  test('narrows what the account says itself, and stands above the last level, which is the entity’s own', () => {
    const levels = configLevels({ chain }, 'relay', [own, hold('acc_2')]);
    expect(levels.at(-1)).toMatchObject({
      origin: { level: 'account', accountId: 'acc_2' },
      values: own.values,
    });
    expect(effectiveConfig(levels, rules)).toMatchObject({
      values: { bitsPerSecondMax: 64 },
      origins: { bitsPerSecondMax: { level: 'trigger', triggerId: 'trg_1' } },
    });
  });

  test('holds for all below its target, and for nobody beside, above or of another application', () => {
    expect(heldRate({}, hold('acc_1'))).toBe(64);
    expect(heldRate({ applicationId: 'app_1', instanceType: 'free' }, hold('acc_1'))).toBe(64);
    expect(heldRate({ applicationId: 'app_1' }, hold('acc_2', 'app_1'))).toBe(64);
    const ofEndpoint = { ...own, endpointId: 'end_1' };
    expect(heldRate({ endpointId: 'end_1' }, hold('acc_2'), ofEndpoint)).toBe(64);
    expect(heldRate({}, hold('acc_9'))).toBeUndefined();
    expect(heldRate({}, hold('acc_2', 'app_1'))).toBeUndefined();
    expect(heldRate({ applicationId: 'app_2' }, hold('acc_2', 'app_1'))).toBeUndefined();
  });
});

describe('what accounts above set for one below (ACC-2, POL-2)', () => {
  const chain = ['acc_0', 'acc_1', 'acc_2', 'acc_3'];
  const entity: ConfiguredEntity = {
    chain,
    applicationId: 'app_1',
    instanceType: 'free',
    endpointId: 'end_1',
  };
  const ofApplication = { accountId: 'acc_3', applicationId: 'app_1' };
  const places: readonly Pick<StoredConfig, 'accountId' | 'applicationId' | 'instanceType' | 'endpointId'>[] =
    [
      ...chain.map((accountId) => ({ accountId })),
      ofApplication,
      { ...ofApplication, instanceType: 'free' },
      { accountId: 'acc_3', endpointId: 'end_1' },
    ];
  /** Whoever may say something somewhere: the accounts above, one that is above no more, and the account itself. */
  const speakers = places.flatMap((place) => [
    ...[...chain.slice(0, chain.indexOf(place.accountId)), 'acc_left'].map((setById) => ({
      ...place,
      setById,
    })),
    place,
  ]);
  const anyStored = fc
    .shuffledSubarray(speakers)
    .chain((said) =>
      fc.tuple(
        ...said.map((place) =>
          someValues.map((set): StoredConfig => ({ ...place, service: 'relay', values: set })),
        ),
      ),
    );
  const holds = (stored: readonly StoredConfig[]) =>
    effectiveConfig(configLevels(entity, 'relay', stored), rules).values;
  const isAbove = ({ setById }: StoredConfig) => setById !== 'acc_left';

  test('nothing that holds is wider than any of them allows, whoever else says what', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const held = holds(stored);
        const isOperators = ({ accountId, setById }: StoredConfig) => (setById ?? accountId) === 'acc_0';
        for (const field of narrowestFields)
          for (const { values: set } of stored.filter(isAbove))
            if (set[field] !== undefined)
              expect(widthOf(field, held[field])).toBeLessThanOrEqual(widthOf(field, set[field]));
        // A default is widened by the operator for all, and not from above for one.
        const isWidened = stored.some((one) => isOperators(one) && one.accountId === 'acc_0');
        if (!isWidened) expect(held.ttlSecondsMax).toBeLessThanOrEqual(100);
      }),
    );
  });

  test('what the account says and takes back changes nothing that those above said, and of who is above no more nothing holds', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const ofOthers = stored.filter((one) => one.accountId !== 'acc_3' || one.setById !== undefined);
        const levels = configLevels(entity, 'relay', ofOthers);
        const said = configLevels(entity, 'relay', stored);
        const setAbove = (all: readonly ConfigLevel[]) => all.filter(({ origin }) => 'setById' in origin);
        expect(setAbove(said)).toEqual(setAbove(levels));
        expect(setAbove(said)).toHaveLength(
          stored.filter((one) => one.setById !== undefined && isAbove(one)).length,
        );
        expect(holds(stored.filter(isAbove))).toEqual(holds(stored));
      }),
    );
  });

  test('at each place the farthest speaks first, and a field of which the nearest word holds is the nearest’s', () => {
    const greet = (setById: string | undefined, greeting: string): StoredConfig => ({
      ...{ accountId: 'acc_3', service: 'relay', values: { greeting } },
      ...(setById === undefined ? {} : { setById }),
    });
    const said = [greet('acc_2', 'near'), greet('acc_0', 'far'), greet('acc_left', 'gone')];
    const greetings = (stored: readonly StoredConfig[]) =>
      configLevels({ chain }, 'relay', stored).flatMap(({ values: { greeting } }) => greeting ?? []);
    expect(greetings(said)).toEqual(['far', 'near']);
    expect(greetings([...said, greet(undefined, 'own')])).toEqual(['far', 'near', 'own']);
    expect(holds(said)).toMatchObject({ greeting: 'near' });
  });

  test('the levels part at any word of the place, said or not, and what is below its speaker bounds nothing', () => {
    fc.assert(
      fc.property(anyStored, fc.constantFrom('acc_0', 'acc_1', 'acc_2', undefined), (stored, setById) => {
        const levels = configLevels(entity, 'relay', stored);
        const parted = partedAt(levels, chain, setById);
        if (parted === undefined) throw new Error('The account itself is always there.');
        const { above, said, below } = parted;
        const place = { accountId: 'acc_3', endpointId: 'end_1' };
        const row = stored.find((one) => one.endpointId !== undefined && one.setById === setById);
        expect([...above, ...(row === undefined && setById !== undefined ? [] : [said]), ...below]).toEqual(
          levels,
        );
        expect(said).toEqual({
          origin: { level: 'endpoint', ...place, ...(setById === undefined ? {} : { setById }) },
          values: row?.values ?? {},
        });
        const depth = chain.indexOf(setById ?? 'acc_3');
        const speakerIds = lastingBounds(parted, chain).map(({ origin }) =>
          origin.level === 'trigger' ? '' : (origin.setById ?? origin.accountId),
        );
        expect(speakerIds.every((id) => chain.indexOf(id) <= depth)).toBe(true);
      }),
    );
  });
});
