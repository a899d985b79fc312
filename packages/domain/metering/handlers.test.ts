import { platformErrors, ServiceError } from '@patchbay/kit/errors';
import { describe, expect, test } from 'vitest';
import { metering } from './definition.ts';
import { handlers } from './handlers.ts';
import { modalities, type UsageRecord } from './usage-record.ts';
import type { SessionSegment, UsageQuery } from './usage-store.ts';

const from = '2026-11-22T00:00:00.000Z';
const row = {
  atMs: Date.parse(from),
  meter: 'relay.bytes',
  group: { region: 'eu' },
  quantity: 2n ** 60n,
  recordCount: 3,
};

const catalogue = new Map([
  [
    'relay.bytes',
    {
      service: 'relay',
      name: 'bytes',
      unit: 'byte',
      dimensions: { direction: ['in', 'out'], region: 'open', modality: modalities },
      isPriced: true,
    } as const,
  ],
]);

const context = {
  actor: { kind: 'platform' },
  requestId: 'req_1',
  nowMs: () => Date.parse(from),
  signal: new AbortController().signal,
  entity: { accountId: 'acc_1', chain: ['acc_0', 'acc_1'] },
  error: (code: string, publicDetail: string) =>
    new ServiceError({ ...metering.errors.range_too_wide, code, publicDetail }),
  audit: () => undefined,
  emit: async () => undefined,
} as const;

const nothing = {
  query: async () => ({ rows: [], isTruncated: false }),
  listRefused: async () => ({ items: [] }),
  sessionSegments: async () => [],
};

function ask(change: Record<string, unknown>) {
  const asked: UsageQuery[] = [];
  const usage = {
    query: async (query: UsageQuery) => {
      asked.push(query);
      return { rows: [row], isTruncated: query.limit === 1 };
    },
    listRefused: async () => ({ items: [] }),
    sessionSegments: async () => [],
  };
  const request = metering.resources.usage.operations.query.request.parse({
    from,
    to: '2026-11-23T00:00:00.000Z',
    ...change,
  });
  return { asked, answer: handlers.usage.query(context, request, { usage, catalogue }) };
}

test('query 200: quantities past 2^53 travel as text, for the account of the path', async () => {
  const { asked, answer } = ask({
    bucket: 'hour',
    meter: 'relay.bytes',
    groupBy: 'region,,session,direction',
  });
  expect(await answer).toEqual({
    from,
    to: '2026-11-23T00:00:00.000Z',
    isTruncated: false,
    rows: [
      {
        at: from,
        meter: 'relay.bytes',
        group: { region: 'eu' },
        quantity: '1152921504606846976',
        recordCount: 3,
      },
    ],
  });
  expect(asked).toMatchObject([
    { accountId: 'acc_1', scope: 'descendants', groupBy: ['region', 'session', 'direction'] },
  ]);
  const byNode = ask({ bucket: 'hour', groupBy: 'node,implementation,version' });
  await byNode.answer;
  expect(byNode.asked).toMatchObject([{ groupBy: ['node', 'implementation', 'version'] }]);
});

test('query 200: the range that was counted is said: both ends move back to a whole minute (MET-5)', async () => {
  const { answer } = ask({ from: '2026-11-22T00:00:00.001Z', to: '2026-11-22T00:01:30.000Z' });
  expect(await answer).toMatchObject({ from: '2026-11-22T00:00:00.000Z', to: '2026-11-22T00:01:00.000Z' });
});

test('query 200: where records are not kept any more, the answer says from when on it has all', async () => {
  const request = metering.resources.usage.operations.query.request.parse({ from, to: from });
  const query = async () => ({ rows: [], isTruncated: false, completeFromMs: Date.parse(from) });
  const answer = await handlers.usage.query(context, request, { usage: { ...nothing, query }, catalogue });
  expect(answer).toMatchObject({ completeFrom: from });
  expect(await ask({}).answer).not.toHaveProperty('completeFrom');
});

test('query 422: more buckets than one answer holds are not read', async () => {
  const { asked, answer } = ask({ bucket: 'minute', to: '2026-12-22T00:00:00.000Z' });
  await expect(answer).rejects.toMatchObject({ fields: { code: 'metering.range_too_wide' } });
  expect(asked).toEqual([]);
  await expect(ask({ bucket: 'day', to: '2027-11-22T00:00:00.000Z' }).answer).resolves.toBeDefined();
});

test.each([
  [
    'a group that is neither entity nor dimension',
    { groupBy: 'region,colour' },
    '/groupBy: colour is none of',
  ],
  [
    'a meter that nobody declared',
    { meter: 'relay.smells', groupBy: 'direction' },
    '/meter: relay.smells is none of relay.bytes',
  ],
  ['a fourth group', { groupBy: 'region,session,account,direction' }, '/groupBy: At most 3'],
  ['a range that ends before it begins', { to: '2026-11-21T00:00:00.000Z' }, '/to: '],
])('query 400: %s is refused by its name, and nothing is read', async (_, change, said) => {
  const { asked, answer } = ask(change);
  await expect(answer).rejects.toMatchObject({
    fields: { code: 'request.invalid', publicDetail: expect.stringContaining(said) },
  });
  expect(asked).toEqual([]);
});

test('query 200: only use with the dimensions asked for, in the hours of a time zone', async () => {
  const { asked, answer } = ask({
    bucket: 'day',
    where: 'direction:in,region:eu:1',
    timeZone: 'Europe/Berlin',
  });
  await answer;
  expect(asked).toMatchObject([{ where: { direction: 'in', region: 'eu:1' }, timeZone: 'Europe/Berlin' }]);
  const { request } = metering.resources.usage.operations.query;
  expect(request.safeParse({ from, to: from, timeZone: 'Berlin' }).success).toBe(false);
});

test('query 200: an answer that was cut names where to go on, and the next one begins there', async () => {
  const first = await ask({ limit: 1, groupBy: 'region' }).answer;
  const { asked, answer } = ask({ limit: 1, groupBy: 'region', after: first.nextAfter });
  await answer;
  expect(asked[0]?.after).toEqual({ atMs: row.atMs, meter: row.meter, group: row.group });
  expect(await ask({ groupBy: 'region' }).answer).not.toHaveProperty('nextAfter');
});

test.each([
  ['a dimension that no meter has', { where: 'colour:red' }, '/where: colour is none of'],
  ['a value that no meter has', { where: 'direction:sideways' }, '/where: direction is never sideways, but '],
  ['a dimension without a value', { where: 'direction' }, '/where: direction is not of the form name:value'],
  ['the end of an answer to another question', { after: btoa('[1,"relay.bytes","eu"]') }, '/after: '],
  ['an end that no answer had', { after: 'e30' }, '/after: '],
])('query 400: %s is refused, and nothing is read', async (_, change, said) => {
  const { asked, answer } = ask(change);
  await expect(answer).rejects.toMatchObject({
    fields: { code: 'request.invalid', publicDetail: expect.stringContaining(said) },
  });
  expect(asked).toEqual([]);
});

describe('a session in both ways of accounting (MET-3)', () => {
  const MINUTE_MS = 60_000;
  const startMs = Date.parse(from);
  const part = (meter: string, [fromMinute, toMinute]: readonly [number, number], segment = 0) => ({
    segment,
    modality: segment === 0 ? 'audio' : 'video',
    fromMs: startMs + fromMinute * MINUTE_MS,
    toMs: startMs + toMinute * MINUTE_MS,
    meter,
    quantity: BigInt((toMinute - fromMinute) * MINUTE_MS),
  });
  const read = (segments: readonly SessionSegment[]) =>
    handlers.usage.getSession(
      {
        ...context,
        error: (code, detail) =>
          new ServiceError({ ...platformErrors['resource.unknown'], code, publicDetail: detail }),
      },
      { sessionId: 'ses_1' },
      { catalogue, usage: { ...nothing, sessionSegments: async () => segments } },
    );

  test('getSession 200: ten minutes with five of recording and eight of a conference: 5 and 8, and both on 10', async () => {
    const answer = await read([
      part('call.milliseconds', [0, 10]),
      part('recording.milliseconds', [2, 7], 1),
      part('conference.milliseconds', [1, 9]),
    ]);
    expect(metering.resources.usage.operations.getSession.response.parse(answer)).toEqual(answer);
    const minutes = (text: string) => Number(text) / MINUTE_MS;
    expect(answer.segmented.map(({ meter, quantity }) => [meter, minutes(quantity)])).toEqual([
      ['call.milliseconds', 10],
      ['recording.milliseconds', 5],
      ['conference.milliseconds', 8],
    ]);
    expect(answer.lastedMs).toBe(10 * MINUTE_MS);
    expect(answer.binary).toEqual([
      { service: 'call', modalities: ['audio'], lastedMs: 10 * MINUTE_MS },
      { service: 'recording', modalities: ['video'], lastedMs: 10 * MINUTE_MS },
      { service: 'conference', modalities: ['audio'], lastedMs: 10 * MINUTE_MS },
    ]);
  });

  test('a service that was there and used nothing was not used', async () => {
    const answer = await read([part('call.milliseconds', [0, 1]), part('recording.milliseconds', [1, 1])]);
    expect(answer.binary.map(({ service }) => service)).toEqual(['call']);
  });

  test('getSession 404: a session of which no use is known here', async () => {
    await expect(read([])).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
  });
});

test('listRefused 200: what was kept and not counted, with why, whose and what it was', async () => {
  const record: UsageRecord = {
    id: { nodeId: 'nod_1', boot: 1, sequence: 7 },
    accountId: 'acc_2',
    segment: 0,
    service: 'relay',
    region: 'eu',
    modality: 'audio',
    fromMs: Date.parse(from),
    toMs: Date.parse(from) + 5_000,
    quantities: [{ meter: 'bytes', quantity: 3, dimensions: { direction: 'outgoing' } }],
  };
  const asked: unknown[] = [];
  const usage = {
    query: async () => ({ rows: [], isTruncated: false }),
    sessionSegments: async () => [],
    listRefused: async (query: unknown) => {
      asked.push(query);
      const item = { record, reason: 'value_undeclared' } as const;
      return { items: [{ ...item, seenMs: Date.parse(from) }], nextCursor: 'next' };
    },
  };
  const answer = await handlers.usage.listRefused(context, { limit: 20 }, { usage, catalogue });
  expect(metering.resources.usage.operations.listRefused.response.parse(answer)).toEqual({
    nextCursor: 'next',
    items: [
      {
        at: from,
        reason: 'value_undeclared',
        accountId: 'acc_2',
        nodeId: 'nod_1',
        service: 'relay',
        from,
        to: '2026-11-22T00:00:05.000Z',
        quantities: [
          {
            meter: 'bytes',
            quantity: '3',
            dimensions: { direction: 'outgoing', region: 'eu', modality: 'audio' },
          },
        ],
      },
    ],
  });
  expect(asked).toEqual([{ accountId: 'acc_1', limit: 20 }]);
});
