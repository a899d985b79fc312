import { placeOfId } from '@patchbay/domain/privacy/data-kind';
import type { SessionEvent } from '@patchbay/domain/sessions/session-log';
import { createId } from '@patchbay/kit/ids';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { inAccount } from './scope.ts';
import { eventData, sessionLogData } from './service-data.ts';
import { ingestSessionEvents } from './session-ingest.ts';
import { sessionStore } from './session-store.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let accountId: string;
let strangerId: string;
beforeAll(async () => {
  database = await createTenancyDatabase();
  await database.warmUp();
  accountId = (await database.signUp('Caller')).accountId;
  strangerId = (await database.signUp('Callee')).accountId;
}, 120_000);
afterAll(() => database.close());

const AT = Date.parse('2026-11-24T10:00:00Z');
const media = { audio: true, video: true, screen: false };

/** A call of two legs, the second of which belongs to `calleeId`. */
function callOf(sessionId: string, calleeId: string): SessionEvent[] {
  const [callerLeg, calleeLeg] = [createId('leg', 1), createId('leg', 2)];
  const line = (sequence: number, type: string, rest: Partial<SessionEvent> & { data?: object } = {}) =>
    ({
      data: {},
      ...rest,
      type,
      sequence,
      sessionId,
      accountId,
      region: 'eu',
      atMs: AT + sequence * 1_000,
    }) as SessionEvent;
  const caller = { legId: callerLeg, legAccountId: accountId };
  const callee = { legId: calleeLeg, legAccountId: calleeId };
  return [
    line(1, 'session.created', { data: { to: 'user:bob', media } }),
    line(2, 'leg.ringing', { ...callee, data: { identity: 'bob' } }),
    line(3, 'leg.joined', { ...caller, data: { identity: 'alice', media } }),
    line(4, 'leg.joined', { ...callee, data: { identity: 'bob', media } }),
    line(5, 'mode.changed', { data: { mode: 'p2p' } }),
    line(6, 'quality.sampled', {
      ...caller,
      data: { sentBitsPerSecond: 1_000_000, receivedBitsPerSecond: 500_000.4 },
    }),
    line(7, 'mode.changed', { data: { mode: 'relay', previousMode: 'p2p' } }),
    line(8, 'media.changed', { ...caller, data: { media: { ...media, video: false, screen: true } } }),
    line(9, 'leg.left', { ...callee, data: { reason: 'call.hangup' } }),
    line(10, 'session.ended', {
      data: { reason: { code: 'call.hangup', helpUrl: '', detail: '' }, connectedMs: 5 },
    }),
  ];
}

const ingest = (events: readonly SessionEvent[]) =>
  ingestSessionEvents(database.prisma, { nodeId: 'nod_1', kind: 'call', events });
const read = (sessionId: string, scope = accountId) =>
  sessionStore(database.prisma).find({ accountId: scope, sessionId });

test('a log folds to its session as it grows (MET-7)', async () => {
  const sessionId = createId('ses');
  const events = callOf(sessionId, accountId);
  await ingest(events.slice(0, 3));
  expect(await read(sessionId)).toMatchObject({ state: 'ringing', mode: 'pending', participants: 1 });
  await ingest(events.slice(3, 6));
  expect(await read(sessionId)).toMatchObject({
    state: 'live',
    mode: 'p2p',
    participants: 2,
    connectedAt: new Date(AT + 5_000),
    region: 'eu',
    nodeId: 'nod_1',
  });
  await ingest(events.slice(6));
  expect(await read(sessionId)).toMatchObject({
    state: 'ended',
    mode: 'relay',
    participants: 2,
    startedAt: new Date(AT + 1_000),
    endedAt: new Date(AT + 10_000),
    endCode: 'call.hangup',
    legs: [
      {
        identity: 'alice',
        state: 'joined',
        media: { audio: true, video: false, screen: true },
        bitsPerSecond: 1_500_000,
      },
      { identity: 'bob', state: 'left', leftAt: new Date(AT + 9_000) },
    ],
  });
});

test('what orders hold of a running session is in its row and in those of its legs (LIV-1)', async () => {
  const sessionId = createId('ses');
  const [first, , joined] = callOf(sessionId, accountId);
  if (first === undefined || joined === undefined) throw new Error('The call has no lines.');
  const muted = { audio: true, video: false, screen: false };
  const line = (sequence: number, type: string, data: object): SessionEvent => ({
    ...first,
    type,
    sequence,
    atMs: AT + sequence * 1_000,
    data: { by: 'Alice', ...data },
  });
  await ingest([
    first,
    joined,
    line(4, 'session.paused', {}),
    line(5, 'session.limited', { endsAtMs: AT + 90_000, bitsPerSecondMax: 64_000 }),
    { ...line(6, 'leg.muted', { muted }), legId: joined.legId, legAccountId: accountId },
  ]);
  const held = { endsAt: new Date(AT + 90_000), bitsPerSecondMax: 64_000 };
  expect(await read(sessionId)).toMatchObject({ ...held, pausedAt: new Date(AT + 4_000), legs: [{ muted }] });
  const listed = { accountId, state: 'open', kind: 'all', scope: 'own', limit: 100 } as const;
  const { items } = await sessionStore(database.prisma).list(listed);
  expect(items.find(({ id }) => id === sessionId)).toMatchObject({ ...held, pausedAt: new Date(AT + 4_000) });
  await ingest([line(7, 'session.resumed', {}), line(8, 'session.limited', {})]);
  expect(await read(sessionId)).toMatchObject({
    pausedAt: undefined,
    endsAt: undefined,
    bitsPerSecondMax: undefined,
  });
  const legs = (scope: string) => sessionStore(database.prisma).legs({ accountId: scope, sessionId });
  expect(await legs(accountId)).toMatchObject([{ id: joined.legId, muted }]);
  expect(await legs(strangerId)).toEqual([]);
});

test('the same batches ten times, late, cut anywhere and in any order give the same rows (MET-2, MET-7)', async () => {
  const expected = createId('ses');
  await ingest(callOf(expected, accountId));
  const comparable = async (sessionId: string) => {
    const session = await read(sessionId);
    const log = await sessionStore(database.prisma).log({ accountId, sessionId, after: 0, limit: 100 });
    const text = JSON.stringify({
      ...session,
      id: '',
      log: log.map(({ sequence, kind }) => `${sequence} ${kind}`),
    });
    return (session?.legIds ?? []).reduce((rest, id, index) => rest.replaceAll(id, `leg ${index}`), text);
  };
  const wanted = await comparable(expected);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(9), { maxLength: 6 }),
      fc.array(fc.nat(9), { maxLength: 20 }),
      async (cuts, order) => {
        const sessionId = createId('ses');
        const own = callOf(sessionId, accountId);
        const shuffled = [...order.map((index) => own[index]), ...own].filter((event) => event !== undefined);
        const bounds = [0, ...cuts.sort(), shuffled.length];
        for (let index = 1; index < bounds.length; index++) {
          await ingest(shuffled.slice(bounds[index - 1], bounds[index]));
        }
        expect(await comparable(sessionId)).toBe(wanted);
      },
    ),
    { numRuns: 15 },
  );
}, 120_000);

const eventsOf = (sessionId: string, scope = accountId) =>
  inAccount(database.prisma, scope, (transaction) =>
    transaction.platformEvent.findMany({ where: { sessionId }, orderBy: { sessionSequence: 'asc' } }),
  );

test('what is told of a session is told once, however often its lines come, to the owner, and of a leg to whose leg it is (HKS-2)', async () => {
  const sessionId = createId('ses');
  const lines = callOf(sessionId, strangerId);
  await Promise.all([ingest(lines.slice(0, 6)), ingest(lines), ingest(lines.toReversed())]);
  await ingest(lines);
  const typesOf = (events: Awaited<ReturnType<typeof eventsOf>>) =>
    events.map(({ type, sessionSequence }) => [type, sessionSequence]);
  const told = await eventsOf(sessionId);
  expect(typesOf(told)).toEqual([
    ['signaling.session.started', 1],
    ['signaling.participant.joined', 3],
    ['signaling.session.moved', 7],
    ['signaling.session.ended', 10],
  ]);
  expect(told[0]).toMatchObject({ accountId, at: new Date(AT + 1_000), data: { sessionId } });
  // The other account hears of its own leg, and of nothing else (LIV-0).
  expect(typesOf(await eventsOf(sessionId, strangerId))).toEqual([
    ['signaling.participant.joined', 4],
    ['signaling.participant.left', 9],
  ]);
});

test('of two accounts with a part in a session, neither is told of it while the other one’s lines are not kept (HKS-2)', async () => {
  const sessionId = createId('ses');
  const owner = await connectAs(database.url);
  await owner.query(
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$`,
  );
  await owner.query(`CREATE TRIGGER fails BEFORE INSERT ON session_event FOR EACH ROW WHEN (NEW.account_id = '${strangerId}')
    EXECUTE FUNCTION fail()`);
  await expect(ingest(callOf(sessionId, strangerId))).rejects.toThrow();
  // Else the first would hear of line 10 before the other one's line 9 is there, whose place would come after it.
  expect(await eventsOf(sessionId)).toEqual([]);
  await owner.query('DROP TRIGGER fails ON session_event; DROP FUNCTION fail');
  await owner.end();
  await ingest(callOf(sessionId, strangerId));
  expect(await eventsOf(sessionId)).toHaveLength(4);
});

test('of what a relay notes by itself only its allocations are told', async () => {
  const sessionId = createId('ses');
  const line = (sequence: number, type: string, data: object) =>
    ({ type, sequence, sessionId, accountId, atMs: AT, data }) as SessionEvent;
  const events = [
    line(1, 'session.created', {}),
    line(2, 'allocation.started', { allocationId: 'boot.0' }),
    line(3, 'session.ended', { reason: { code: 'signaling.hung_up', detail: '', helpUrl: '' } }),
  ];
  await ingestSessionEvents(database.prisma, { nodeId: 'nod_1', kind: 'relay', events });
  expect((await eventsOf(sessionId)).map(({ type }) => type)).toEqual([
    'network-discovery.allocation.started',
  ]);
});

test('lines that come in at the same moment, each by itself, take nothing from each other', async () => {
  for (let round = 0; round < 5; round++) {
    const sessionId = createId('ses');
    await Promise.all(callOf(sessionId, accountId).map((event) => ingest([event])));
    expect(await read(sessionId)).toMatchObject({
      state: 'ended',
      mode: 'relay',
      participants: 2,
      connectedAt: new Date(AT + 5_000),
      legs: [
        { identity: 'alice', state: 'joined', media: { screen: true }, bitsPerSecond: 1_500_000 },
        { identity: 'bob', state: 'left' },
      ],
    });
  }
});

test('a leg of another account is an id to the owner, and its log is its own account’s (LIV-0)', async () => {
  const sessionId = createId('ses');
  const events = callOf(sessionId, strangerId);
  expect(await ingest(events)).toMatchObject({ refusedSessionIds: [] });
  const session = await read(sessionId);
  expect(session?.legIds).toHaveLength(2);
  expect(session?.legs.map(({ identity }) => identity)).toEqual(['alice']);
  const kindsFor = async (scope: string) =>
    (await sessionStore(database.prisma).log({ accountId: scope, sessionId, after: 0, limit: 100 })).map(
      ({ sequence }) => sequence,
    );
  expect(await kindsFor(accountId)).toEqual([1, 3, 5, 6, 7, 8, 10]);
  expect(await kindsFor(strangerId)).toEqual([2, 4, 9]);
  expect(await read(sessionId, strangerId)).toBeUndefined();
});

test('lines that claim the session of another account are refused and change nothing', async () => {
  const sessionId = createId('ses');
  const events = callOf(sessionId, accountId);
  await ingest(events.slice(0, 5));
  const forged = events
    .slice(5)
    .map((event) => ({ ...event, accountId: strangerId, legAccountId: strangerId }));
  expect(await ingest(forged)).toEqual({ fresh: [], refusedSessionIds: [sessionId], unstorable: [] });
  expect(await read(sessionId)).toMatchObject({ state: 'live', mode: 'p2p' });
  const mixed = [...events.slice(5), ...forged];
  expect(await ingest(mixed)).toEqual({ fresh: [], refusedSessionIds: [sessionId], unstorable: [] });
});

test('only what was not known before is reported as fresh, so that each line is acted on once', async () => {
  const sessionId = createId('ses');
  const events = callOf(sessionId, accountId);
  expect((await ingest(events.slice(0, 4))).fresh).toHaveLength(4);
  expect((await ingest(events)).fresh.map(({ sequence }) => sequence)).toEqual([5, 6, 7, 8, 9, 10]);
  await Promise.all([ingest(events), ingest(events)]);
  expect((await ingest(events)).fresh).toEqual([]);
});

test('sessions are listed newest first, by state and by scope, page by page', async () => {
  const { accountId: parentId } = await database.signUp('Parent');
  const childId = await database.addChild(parentId, 'Child');
  const ids: string[] = Array.from({ length: 5 }, (_, index) => createId('ses', AT + index));
  for (const [index, sessionId] of ids.entries()) {
    const created = { type: 'session.created', sessionId, sequence: 1, atMs: AT, data: {} };
    await ingest([{ ...created, accountId: index % 2 === 0 ? childId : parentId }]);
  }
  await ingest([
    {
      type: 'session.ended',
      sessionId: ids[4] ?? '',
      sequence: 2,
      atMs: AT,
      accountId: childId,
      data: { reason: 'x' },
    },
  ]);
  const list = async (rest: {
    state?: 'open' | 'ended' | 'all';
    kind?: 'call' | 'relay' | 'all';
    scope?: 'own' | 'descendants';
    identity?: string;
    from?: string;
    to?: string;
    cursor?: string;
    limit?: number;
  }) => {
    const page = await sessionStore(database.prisma).list({
      accountId: parentId,
      state: 'all',
      kind: 'all',
      scope: 'descendants',
      limit: 10,
      ...rest,
    });
    return { ids: page.items.map(({ id }) => ids.indexOf(id)), nextCursor: page.nextCursor };
  };
  expect(await list({})).toEqual({ ids: [4, 3, 2, 1, 0], nextCursor: undefined });
  expect((await list({ state: 'open' })).ids).toEqual([3, 2, 1, 0]);
  expect((await list({ state: 'ended' })).ids).toEqual([4]);
  expect((await list({ scope: 'own' })).ids).toEqual([3, 1]);
  const at = (ms: number) => new Date(AT + ms).toISOString();
  expect((await list({ from: at(0) })).ids).toEqual([4, 3, 2, 1, 0]);
  expect((await list({ to: at(0) })).ids).toEqual([]);
  expect((await list({ from: at(1) })).ids).toEqual([]);
  const joined = {
    type: 'leg.joined',
    sequence: 2,
    atMs: AT,
    legId: createId('leg'),
    data: { identity: 'bob' },
  };
  await ingest([{ ...joined, sessionId: ids[1] ?? '', accountId: parentId }]);
  await ingest([{ ...joined, legId: createId('leg'), sessionId: ids[2] ?? '', accountId: childId }]);
  expect((await list({ identity: 'bob' })).ids).toEqual([2, 1]);
  expect((await list({ identity: 'bob', limit: 1 })).ids).toEqual([2]);
  expect((await list({ identity: 'bob', scope: 'own' })).ids).toEqual([1]);
  expect((await list({ identity: 'bo' })).ids).toEqual([]);
  const first = await list({ limit: 3 });
  expect(first.ids).toEqual([4, 3, 2]);
  expect((await list({ limit: 3, cursor: first.nextCursor ?? '' })).ids).toEqual([1, 0]);
});

test('a character that no database takes is replaced, and holds up nothing (MET-7)', async () => {
  const [poisoned, healthy] = [createId('ses'), createId('ses')];
  const events = callOf(poisoned, strangerId).map((event) =>
    event.type === 'session.ended'
      ? {
          ...event,
          data: { ...event.data, reason: { code: 'call.hangup', helpUrl: '', detail: 'a\0b\ud800' } },
        }
      : event,
  ) as SessionEvent[];
  const batch = {
    nodeId: 'nod_1',
    kind: 'call' as const,
    events: [...events, ...callOf(healthy, strangerId)],
  };
  const { fresh, unstorable } = await ingestSessionEvents(database.prisma, batch);
  expect(unstorable).toEqual([]);
  expect(fresh).toHaveLength(20);
  expect(JSON.stringify(fresh)).toContain('a\ufffdb\ufffd');
});

test('a session that the database refuses is named, and the others are stored (MET-7)', async () => {
  const [poisoned, healthy] = [createId('ses'), createId('ses')];
  const events = callOf(poisoned, strangerId).map((event) =>
    event.type === 'quality.sampled'
      ? { ...event, data: { sentBitsPerSecond: 1e30, receivedBitsPerSecond: 0 } }
      : event,
  ) as SessionEvent[];
  const batch = {
    nodeId: 'nod_1',
    kind: 'call' as const,
    events: [...events, ...callOf(healthy, strangerId)],
  };
  const { fresh, unstorable } = await ingestSessionEvents(database.prisma, batch);
  expect(unstorable.map(({ sessionId }) => sessionId)).toEqual([poisoned]);
  expect(new Set(fresh.map(({ sessionId }) => sessionId))).toEqual(new Set([healthy]));
});

test('what a service left of an account, and of an endpoint, newest first and from behind an id on; of nobody else (API-2)', async () => {
  const { accountId: ownId } = await database.signUp('Owner');
  const ids = Array.from({ length: 3 }, (_, index) => createId('ses', AT + index));
  const [first = '', second = '', third = ''] = ids;
  for (const [index, sessionId] of ids.entries()) {
    const identity = index === 0 ? 'eve' : 'bob';
    const events = callOf(sessionId, ownId).map((event) => ({
      ...event,
      accountId: ownId,
      ...('legAccountId' in event ? { legAccountId: ownId } : {}),
      ...(event.data.identity === 'bob' ? { data: { ...event.data, identity } } : {}),
    }));
    // The last one runs still.
    await ingest(index === 2 ? events.slice(0, -1) : events);
  }
  const logs = sessionLogData(database.prisma);
  const whole = { accountId: ownId, service: 'signaling' };
  const listed = async (owner: object = {}, page: object = {}) =>
    (await logs.list({ ...whole, ...owner }, { before: undefined, limit: 10, ...page })).map(({ id }) => id);
  expect(await listed()).toEqual([third, second, first]);
  expect(await listed({}, { limit: 1 })).toEqual([third]);
  expect(await listed({}, { before: placeOfId(second) })).toEqual([first]);
  expect(await listed({ endpoint: 'user:bob' })).toEqual([third, second]);
  expect(await listed({ endpoint: 'user:bob' }, { before: placeOfId(third) })).toEqual([second]);
  expect(await listed({ endpoint: 'tel:+4930123456' })).toEqual([]);
  expect(await listed({ service: 'network-discovery' })).toEqual([]);
  expect(await listed({ applicationId: createId('app') })).toEqual([]);
  expect(await listed({ accountId: strangerId }, { limit: 100 })).not.toContain(first);
  const [running, ended] = await logs.list(whole, { before: undefined, limit: 2 });
  expect(running?.keptFrom).toBeUndefined();
  expect(ended).toMatchObject({ keptFrom: new Date(AT + 10_000), request: { sessionId: second } });
  expect(ended?.sizeBytes).toBeGreaterThan(400);

  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  const events = [createId('evt', AT), createId('evt', AT + 1), createId('evt', AT + 2)];
  for (const [index, id] of events.entries())
    await owner.query(
      `INSERT INTO platform_event (id, position, account_id, type, at, session_id, data) VALUES ($1, $2, $3, $4, $5, $6, '{"a":1}')`,
      [id, 900_000 + index, ownId, 'signaling.session.ended', new Date(AT + index), ids[index]],
    );
  await owner.end();
  const cursors = { seal: String, open: () => undefined };
  const told = eventData(database.prisma, cursors as never);
  const of = async (more: object = {}, page: object = {}) =>
    await told.list({ ...whole, ...more }, { before: undefined, limit: 10, ...page });
  expect((await of()).map(({ id }) => id)).toEqual(events.toReversed());
  expect(await of({}, { limit: 1 })).toMatchObject([
    { sizeBytes: 8, request: { cursor: '900001', types: 'signaling.session.ended', limit: '1' } },
  ]);
  expect((await of({}, { before: placeOfId(events[1] ?? '') })).map(({ id }) => id)).toEqual([events[0]]);
  expect((await of({ endpoint: 'user:eve' })).map(({ id }) => id)).toEqual([events[0]]);
  expect(await of({ service: 'network-discovery' })).toEqual([]);
  expect(await of({ accountId: strangerId })).toEqual([]);
});
