import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { speakersOf } from '../tenancy/caller.ts';
import { dataClasses, dataClassNames, keptDaysOf, retainedClassNames } from './data-classes.ts';
import { privacy } from './definition.ts';
import { handlers } from './handlers.ts';
import type { PrivacyPorts } from './ports.ts';
import {
  asOneWord,
  boundsOf,
  effectiveRetention,
  type RetentionLevel,
  type RetentionWord,
  withSaid,
  wordRefusal,
} from './retention.ts';

const [platformId, parentId, accountId] = [createId('acc', 1), createId('acc', 2), createId('acc', 3)];
const chain = [platformId, parentId, accountId];
const level = (id: string, word: RetentionWord): RetentionLevel => ({ accountId: id, word });

test('where no level says anything the class’s own days hold, or the operator’s setting', () => {
  expect(effectiveRetention('events', [])).toMatchObject({ held: { days: 30 }, wanted: [] });
  expect(effectiveRetention('events', [], { events: 5 }).held).toEqual({ days: 5 });
});

test('the nearest level that says days has its way, within the bounds of those above it (PRD-4)', () => {
  const levels = [
    level(platformId, { sessionLogs: { keepDays: 60, keepDaysMax: 400 } }),
    level(parentId, { sessionLogs: { keepDaysMin: 30 } }),
    level(accountId, { sessionLogs: { keepDays: 200 } }),
  ];
  expect(effectiveRetention('sessionLogs', levels)).toMatchObject({
    held: { days: 200, accountId },
    min: { days: 30, accountId: parentId },
    max: { days: 400, accountId: platformId },
  });
  expect(effectiveRetention('sessionLogs', levels.slice(0, 2)).held).toEqual({
    days: 60,
    accountId: platformId,
  });
});

test('a level above that bounds afterwards holds whoever is below to it, and is whose word it then is', () => {
  const levels = [
    level(parentId, { auditEntries: { keepDaysMin: 2_000 } }),
    level(accountId, { auditEntries: { keepDays: 400 } }),
  ];
  expect(effectiveRetention('auditEntries', levels).held).toEqual({ days: 2_000, accountId: parentId });
});

test('of any chain what holds lies within the bounds of every level, and of two that exclude each other the upper has its way', () => {
  const days = fc.integer({ min: 7, max: 3_650 });
  const wish = fc.record({ keepDays: days, keepDaysMin: days, keepDaysMax: days }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 6 }), (wishes) => {
      const levels = wishes.map((sessionLogs, index) => level(`acc_${index}`, { sessionLogs }));
      let above = effectiveRetention('sessionLogs', []);
      for (let length = 1; length <= levels.length; length++) {
        const { held, min, max } = effectiveRetention('sessionLogs', levels.slice(0, length));
        expect(min.days).toBeGreaterThanOrEqual(above.min.days);
        expect(max.days).toBeLessThanOrEqual(above.max.days);
        expect(min.days).toBeLessThanOrEqual(max.days);
        expect(held.days).toBeGreaterThanOrEqual(min.days);
        expect(held.days).toBeLessThanOrEqual(max.days);
        above = effectiveRetention('sessionLogs', levels.slice(0, length));
      }
    }),
  );
});

test('every class says in bounds that its own days are in, why it has the least, and what remains', () => {
  for (const name of dataClassNames) expect(dataClasses[name].remains, name).not.toBe('');
  for (const name of retainedClassNames) {
    const { defaultDays, minDays, maxDays, minWhy } = keptDaysOf(name);
    expect(minDays <= defaultDays && defaultDays <= maxDays, name).toBe(true);
    expect(minWhy, name).not.toBe('');
  }
});

test('a word that could not hold is refused, with whose bound it is', () => {
  const above = [level(parentId, { events: { keepDaysMin: 10, keepDaysMax: 50 } })];
  expect(wordRefusal({ events: { keepDays: 20 } }, above, false)).toBeUndefined();
  expect(wordRefusal({ events: { keepDays: 9 } }, above, false)).toMatchObject({
    kind: 'below',
    bound: { days: 10, accountId: parentId },
  });
  expect(wordRefusal({ events: { keepDaysMax: 51 } }, above, false)).toMatchObject({ kind: 'above' });
  expect(wordRefusal({ events: { keepDays: 20, keepDaysMax: 15 } }, above, false)).toMatchObject({
    kind: 'crossed',
  });
  expect(wordRefusal({ signInRecords: { keepDays: 5 } }, [], false)).toMatchObject({ kind: 'operators' });
  expect(wordRefusal({ signInRecords: { keepDays: 5 } }, [], true)).toBeUndefined();
});

describe('what accounts above set for one below (ACC-2, PRD-4)', () => {
  const from = (setById: string, word: RetentionWord): RetentionLevel => ({ accountId, setById, word });

  test('its days are the most there, and the account may keep for less and never for longer', () => {
    const above = [from(parentId, { sessionLogs: { keepDays: 30 } })];
    const heldWith = (keepDays: number) =>
      effectiveRetention('sessionLogs', [...above, level(accountId, { sessionLogs: { keepDays } })]);
    expect(heldWith(90)).toMatchObject({
      held: { days: 30, accountId, setById: parentId },
      max: { days: 30 },
    });
    expect(heldWith(20).held).toEqual({ days: 20, accountId });
    expect(wordRefusal({ sessionLogs: { keepDays: 31 } }, above, false)).toMatchObject({
      kind: 'above',
      bound: { days: 30, setById: parentId },
    });
    // With a most of its own it says days that the account may go beyond, and with a least those that it may not go below.
    const wide = [from(parentId, { sessionLogs: { keepDays: 30, keepDaysMin: 20, keepDaysMax: 60 } })];
    expect(wordRefusal({ sessionLogs: { keepDays: 60 } }, wide, false)).toBeUndefined();
    expect(wordRefusal({ sessionLogs: { keepDays: 19 } }, wide, false)).toMatchObject({ kind: 'below' });
  });

  test('the least of a class holds against all of them: what the law needs is kept', () => {
    const { minDays } = keptDaysOf('auditEntries');
    const levels = [
      from(platformId, { auditEntries: { keepDays: minDays } }),
      from(parentId, { auditEntries: { keepDays: 1 } }),
    ];
    expect(effectiveRetention('auditEntries', levels).held.days).toBe(minDays);
    expect(wordRefusal({ auditEntries: { keepDays: minDays - 1 } }, [], false)).toMatchObject({
      kind: 'below',
    });
  });

  test('for any speakers nothing is kept for longer than one of them allows, and what the account says lifts none of it', () => {
    const days = fc.integer({ min: 7, max: 3_650 });
    const wish = fc.record({ keepDays: days, keepDaysMax: days }, { requiredKeys: [] });
    const places = chain.flatMap((id, depth) => [
      ...chain.slice(0, depth).map((setById) => ({ accountId: id, setById })),
      { accountId: id },
    ]);
    const anySaid = fc
      .shuffledSubarray(places)
      .chain((said) =>
        fc.tuple(
          ...said.map((place) =>
            wish.map((sessionLogs): RetentionLevel => ({ ...place, word: { sessionLogs } })),
          ),
        ),
      );
    fc.assert(
      fc.property(anySaid, wish, (said, own) => {
        const levels = said.reduce<readonly RetentionLevel[]>((all, one) => withSaid(chain, all, one), []);
        const { held } = effectiveRetention('sessionLogs', levels);
        for (const { setById, word } of levels) {
          const { keepDays = Infinity, keepDaysMax } = word.sessionLogs ?? {};
          const most = keepDaysMax ?? (setById === undefined ? Infinity : keepDays);
          expect(held.days).toBeLessThanOrEqual(most);
        }
        const without = levels.filter((one) => one.accountId !== accountId || one.setById !== undefined);
        const after = withSaid(chain, levels, level(accountId, { sessionLogs: own }));
        expect(after.slice(0, -1)).toEqual(without);
        const { max } = effectiveRetention('sessionLogs', without);
        expect(effectiveRetention('sessionLogs', after).held.days).toBeLessThanOrEqual(max.days);
      }),
    );
  });

  test('they stand in one order, and nobody below a speaker bounds what it says', () => {
    const said = [
      level(accountId, { events: { keepDays: 5 } }),
      from(parentId, { events: { keepDays: 9 } }),
      level(parentId, { events: { keepDaysMax: 4 } }),
      from(platformId, {}),
    ];
    const levels = said.reduce<readonly RetentionLevel[]>((all, one) => withSaid(chain, all, one), []);
    expect(levels.map((one) => [one.accountId, one.setById])).toEqual([
      [parentId, undefined],
      [accountId, platformId],
      [accountId, parentId],
      [accountId, undefined],
    ]);
    const bounds = (one: RetentionLevel) => boundsOf(chain, levels, one).map(({ setById }) => setById);
    expect(bounds(from(platformId, {}))).toEqual([]);
    expect(bounds(from(parentId, {}))).toEqual([undefined, platformId]);
    expect(bounds(level(accountId, {}))).toEqual([undefined, platformId, parentId]);
  });

  test('several that a reader does not see are one word, which wants what all of them do (C1)', () => {
    const several = [
      [{ keepDays: 20, keepDaysMin: 5 }, { keepDays: 40, keepDaysMin: 8 }, {}],
      [{ keepDaysMin: 35 }, { keepDays: 20 }],
    ].map((wishes) => wishes.map((events) => from(parentId, { events })));
    expect(several.map(asOneWord)).toEqual([
      { events: { keepDays: 20, keepDaysMin: 8, keepDaysMax: 20 } },
      // They exclude each other, and what is told is what holds.
      { events: { keepDays: 35, keepDaysMin: 35, keepDaysMax: 35 } },
    ]);
    for (const words of several) {
      const one = effectiveRetention('events', [from(parentId, asOneWord(words))]);
      const all = effectiveRetention('events', words);
      expect([one.held.days, one.min.days, one.max.days]).toEqual([
        ...[all.held.days, all.min.days, all.max.days],
      ]);
    }
  });
});

function portsOf(levels: readonly RetentionLevel[], speakerId?: string) {
  const said: RetentionWord[] = [];
  const ports = {
    caller: async (chain: readonly string[]) => ({
      speakers: () => speakersOf(chain, { above: speakerId, isItself: false }),
    }),
    retention: {
      words: {
        chain: async () => levels,
        set: async ({ word, setById }: RetentionLevel) => {
          said.push(word);
          return levels.find((each) => each.accountId === accountId && each.setById === setById)?.word ?? {};
        },
      },
      defaults: {},
      lastRound: async () => ({ startedAt: new Date(0), accountCount: 4, removed: { events: 2 } }),
    },
  } as unknown as PrivacyPorts;
  return { ports, said };
}

const contextFor = (ids: readonly string[] = chain) =>
  domainContext<typeof privacy, 'retention', 'get'>(privacy, { chain: ids });

describe('retention', () => {
  const levels = [
    level(platformId, { events: { keepDaysMax: 100 } }),
    level(parentId, { events: { keepDays: 40 } }),
    level(accountId, { refusedRequests: { keepDays: 3 } }),
  ];

  test('get 200: every class with its days and whose word they are, and of who is above only that they are', async () => {
    const { context } = contextFor();
    const answer = await handlers.retention.get(
      { ...context, visibleIds: [accountId] },
      {},
      portsOf(levels).ports,
    );
    expect(privacy.resources.retention.operations.get.response.parse(answer)).toEqual(answer);
    const classOf = (name: string) => answer.classes.find(({ dataClass }) => dataClass === name);
    expect(answer.stored).toEqual({ refusedRequests: { keepDays: 3 } });
    expect(classOf('events')).toMatchObject({
      keepDays: 40,
      keepDaysLevel: 'above',
      keepDaysMax: 100,
      keepDaysMaxLevel: 'above',
      keepDaysMinLevel: 'default',
    });
    // Two of them say so, and nobody counts them.
    expect(classOf('events')?.wanted).toEqual([{ level: 'above', keepDays: 40, keepDaysMax: 100 }]);
    expect(classOf('refusedRequests')).toMatchObject({
      ...{ keepDays: 3, keepDaysLevel: accountId, wanted: [{ level: accountId, keepDays: 3 }] },
    });
    expect(classOf('money')).toMatchObject({ kept: expect.stringContaining('law'), wanted: [] });
    expect(answer.classes).toHaveLength(dataClassNames.length);
    expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${platformId}|${parentId}`));
  });

  test('set 200: what was said before and after is in the audit log, and silence is not kept', async () => {
    const { context, audited } = contextFor();
    const { ports, said } = portsOf(levels);
    const word = { events: { keepDays: 50 }, sessionLogs: {} };
    const answer = await handlers.retention.set(context as never, word, ports);
    expect(said).toEqual([{ events: { keepDays: 50 } }]);
    expect(answer.stored).toEqual({ events: { keepDays: 50 } });
    expect(audited).toEqual([
      {
        target: `${accountId}/retention`,
        before: { refusedRequests: { keepDays: 3 } },
        after: { events: { keepDays: 50 } },
      },
    ]);
  });

  test('set 200: from above it is a word by setter, which the account neither takes back nor is told the speaker of', async () => {
    const { context, audited } = contextFor();
    const asParent = portsOf(levels, parentId);
    const word = { events: { keepDays: 20 } };
    const set = await handlers.retention.set(context as never, word, asParent.ports);
    expect(set).toMatchObject({
      ...{
        stored: word,
        setById: parentId,
        own: { refusedRequests: { keepDays: 3 } },
        speakerIds: [parentId],
      },
    });
    expect(audited).toEqual([
      {
        target: `${accountId}/retention/above`,
        before: { from: parentId },
        after: { from: parentId, ...word },
      },
    ]);
    const stored = withSaid(chain, levels, { accountId, setById: parentId, word });
    const { ports, said } = portsOf(stored);
    await handlers.retention.set(context as never, {}, ports);
    expect(said).toEqual([{}]);
    const longer = handlers.retention.set(context as never, { events: { keepDays: 21 } }, ports);
    await expect(longer).rejects.toMatchObject({ fields: { code: 'privacy.out_of_bounds', level: 'above' } });
    const answer = await handlers.retention.get({ ...context, visibleIds: [accountId] }, {}, ports);
    expect(answer.fromAbove).toEqual([{ word: { events: { keepDays: 20, keepDaysMax: 20 } } }]);
    expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${platformId}|${parentId}`));
    expect(privacy.resources.retention.operations.get.response.parse(answer)).toEqual(answer);
  });

  test('set 404: nobody speaks for an account above their own, nor reads its word', async () => {
    const { context, audited } = contextFor();
    const unknown = { fields: { code: 'resource.unknown' } };
    for (const [speakerId, from] of [
      [undefined, parentId],
      [parentId, platformId],
      [parentId, accountId],
      [parentId, createId('acc', 9)],
    ] as const) {
      const { ports } = portsOf(levels, speakerId);
      await expect(handlers.retention.get(context, { from }, ports)).rejects.toMatchObject(unknown);
      await expect(handlers.retention.set(context as never, { from }, ports)).rejects.toMatchObject(unknown);
    }
    expect(audited).toEqual([]);
  });

  test.each([
    ['set 422: more than a level above allows', { events: { keepDays: 101 } }, 'privacy.out_of_bounds'],
    ['crossed bounds', { events: { keepDaysMin: 9, keepDaysMax: 8 } }, 'privacy.bounds_crossed'],
    ['what only the operator sets', { signInRecords: { keepDays: 8 } }, 'privacy.operators_only'],
  ])('%s', async (_title, word, code) => {
    const { context, audited } = contextFor();
    const { ports, said } = portsOf(levels);
    await expect(handlers.retention.set(context as never, word, ports)).rejects.toMatchObject({
      fields: { code },
    });
    expect([...said, ...audited]).toEqual([]);
  });

  test('getRound 200: the operator sees how far it has come', async () => {
    const { context } = contextFor([platformId]);
    expect(await handlers.retention.getRound(context as never, {}, portsOf([]).ports)).toEqual({
      startedAt: '1970-01-01T00:00:00.000Z',
      accountCount: 4,
      removed: { events: 2 },
    });
  });

  test('getRound 404: it goes over all accounts, so no other account has it', async () => {
    const { context } = contextFor();
    await expect(handlers.retention.getRound(context as never, {}, portsOf([]).ports)).rejects.toMatchObject({
      fields: { code: 'resource.unknown' },
    });
  });
});
