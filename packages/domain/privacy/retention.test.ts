import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataClasses, dataClassNames, keptDaysOf, retainedClassNames } from './data-classes.ts';
import { privacy } from './definition.ts';
import { handlers } from './handlers.ts';
import type { PrivacyPorts } from './ports.ts';
import { effectiveRetention, type RetentionLevel, type RetentionWord, wordRefusal } from './retention.ts';

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

function portsOf(levels: readonly RetentionLevel[]) {
  const said: RetentionWord[] = [];
  const ports = {
    retention: {
      words: {
        chain: async () => levels,
        set: async ({ word }: { word: RetentionWord }) => {
          said.push(word);
          return levels.find((each) => each.accountId === accountId)?.word ?? {};
        },
      },
      defaults: {},
      lastRound: async () => ({ startedAt: new Date(0), accountCount: 4, removed: { events: 2 } }),
    },
  } as Partial<PrivacyPorts> as PrivacyPorts;
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
    expect(classOf('refusedRequests')).toMatchObject({ keepDays: 3, keepDaysLevel: accountId });
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
