import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import type { ControlAnswer, ControlStanding } from './control.ts';
import { sessions } from './definition.ts';
import { handlers } from './handlers.ts';
import type { LegRecord, SessionRecord, SessionsPorts } from './ports.ts';
import type { ToldHookRecord } from './told-hook.ts';

const chain = [createId('acc', 1), createId('acc', 2)];
const accountId = chain[1] ?? '';
const sessionId = createId('ses', 3);
const [legId, otherLegId] = [createId('leg', 4), createId('leg', 5)];
const at = new Date('2026-11-24T12:00:00.000Z');

const record: SessionRecord = {
  id: sessionId,
  kind: 'call',
  accountId,
  accountName: 'Acme',
  applicationId: undefined,
  nodeId: 'nod_1',
  state: 'live',
  mode: 'relay',
  region: 'local',
  startedAt: at,
  connectedAt: at,
  endedAt: undefined,
  endCode: undefined,
  pausedAt: undefined,
  endsAt: undefined,
  bitsPerSecondMax: undefined,
  participants: 2,
  legIds: [legId, otherLegId],
  legs: [
    {
      id: legId,
      accountId,
      identity: 'alice',
      state: 'joined',
      media: { audio: true, video: false, screen: false },
      bitsPerSecond: 64_000,
      muted: undefined,
      joinedAt: at,
      leftAt: undefined,
    },
  ],
};

const standing: ControlStanding = { muted: [] };
const done = (after: Partial<ControlStanding> = {}, isChanged = true): ControlAnswer => ({
  kind: 'done',
  isChanged,
  isEnded: false,
  before: standing,
  after: { ...standing, ...after },
});
const refused = (refusal: Extract<ControlAnswer, { kind: 'refused' }>['refusal']): ControlAnswer => ({
  kind: 'refused',
  refusal,
  detail: 'No.',
});
type Order = Parameters<SessionsPorts['commands']['order']>[0];

const told: ToldHookRecord = {
  sequence: 2,
  webhookId: createId('whk', 6),
  url: 'service:notification/publish?channel=calls',
  via: 'main',
  state: 'delivered',
  attemptCount: 1,
  at,
  status: 200,
  error: undefined,
  latencyMs: 9,
  hopCount: 1,
};

interface World {
  /** Null: none is in scope. */
  readonly session?: SessionRecord | null;
  readonly legs?: readonly LegRecord[];
  readonly answer?: ControlAnswer;
  readonly isAway?: true;
}

function world({ session = record, legs = [], answer = done(), isAway }: World = {}) {
  const ended: string[] = [];
  const orders: Order[] = [];
  const kinds: string[] = [];
  const lines = [1, 2, 3].map((sequence) => ({
    sequence,
    at,
    kind: 'quality.sampled',
    legId: undefined,
    data: {},
  }));
  const ports: SessionsPorts = {
    sessions: {
      list: async ({ kind }) => {
        kinds.push(kind);
        return { items: session ? [session] : [], nextCursor: sessionId };
      },
      legs: async () => session?.legs ?? legs,
      find: async (wanted) => (wanted.sessionId === session?.id ? session : undefined),
      log: async ({ after, limit }) => lines.filter(({ sequence }) => sequence > after).slice(0, limit),
    },
    hooks: {
      told: async ({ from, to }) =>
        [2, 9]
          .filter((sequence) => sequence >= from && sequence <= to)
          .map((sequence) => ({ ...told, sequence })),
    },
    usage: {
      totalsOf: async () => new Map([[sessionId, { relayBytes: 5n, relayMilliseconds: 2_000n }]]),
    },
    commands: {
      endSession: async ({ sessionId: id }) => {
        ended.push(id);
      },
      order: async (order) => {
        orders.push(order);
        return isAway === true ? undefined : answer;
      },
    },
  };
  return { ports, ended, orders, kinds };
}

const { operations } = sessions.resources.sessions;
const { get, list, listLog, redirect, removeLeg, update, updateAll, updateLeg } = handlers.sessions;

test('sessions.list 200: each session with its relay use, and where the next page begins', async () => {
  const { context } = domainContext<typeof sessions, 'sessions', 'list'>(sessions, { chain });
  const page = await list(context, operations.list.request.parse({}), world().ports);
  expect(page).toMatchObject({
    items: [{ id: sessionId, relayBytes: '5', bitsPerSecond: 64_000 }],
    nextCursor: sessionId,
  });
});

test('sessions.get 200: of a leg of another account only its id is told (LIV-0)', async () => {
  const { context } = domainContext<typeof sessions, 'sessions', 'get'>(sessions, { chain });
  const session = await get(context, { sessionId }, world().ports);
  expect(session.legs).toEqual([
    expect.objectContaining({ identity: 'alice' }),
    { id: otherLegId, state: 'joined' },
  ]);
  expect(operations.get.response.safeParse(session).success).toBe(true);
});

test('sessions.get 404: a session out of scope does not exist', async () => {
  const { context } = domainContext<typeof sessions, 'sessions', 'get'>(sessions, { chain });
  await expect(get(context, { sessionId: createId('ses') }, world().ports)).rejects.toMatchObject({
    fields: { code: 'resource.unknown' },
  });
});

test('sessions.listLog 200: from behind a sequence number on, and from where to go on (MET-7)', async () => {
  const { context } = domainContext<typeof sessions, 'sessions', 'listLog'>(sessions, { chain });
  const page = await listLog(context, { sessionId, after: 1, limit: 1 }, world().ports);
  expect(page).toMatchObject({ items: [{ sequence: 2 }], nextAfter: 2 });
  expect(await listLog(context, { sessionId, after: 2, limit: 5 }, world().ports)).not.toHaveProperty(
    'nextAfter',
  );
});

test('sessions.listLog 200: a line says which operation ran for it, how long, and as which in a row (HKS-4)', async () => {
  const { context } = domainContext<typeof sessions, 'sessions', 'listLog'>(sessions, { chain });
  const { items } = operations.listLog.response.parse(
    await listLog(context, { sessionId, after: 0, limit: 5 }, world().ports),
  );
  expect(
    items.map(({ hooks }) =>
      hooks?.map(({ target, outcome, latencyMs, hop }) => [target, outcome, latencyMs, hop]),
    ),
  ).toEqual([undefined, [['service:notification/publish', 'delivered', 9, 2]], undefined]);
});

type Operation = keyof typeof operations & string;
const asking = <Name extends Operation>(_name: Name, visibleIds: readonly string[] = [accountId]) =>
  domainContext<typeof sessions, 'sessions', Name>(sessions, { chain, actorName: 'Alice', visibleIds });
const code = (wanted: string, status: number) => ({ fields: { code: wanted, status } });
const isNone = { session: null } as const;
const ofRelay = { session: { ...record, kind: 'relay' } } as const satisfies World;
const ofEnded = { session: { ...record, state: 'ended' } } as const satisfies World;
const nobody = { isAway: true } as const;

/** What every order about a call that is in scope is refused for. */
const refusals = [
  ['sessions.not_live', 409, { answer: refused('not_live') }],
  ['sessions.party_unable', 409, { answer: refused('party_unable') }],
  ['sessions.not_a_call', 409, ofRelay],
  ['sessions.ended', 409, ofEnded],
  ['resource.unknown', 404, isNone],
] as const satisfies readonly (readonly [string, number, World])[];

test('sessions.update 200: the node is told to end it, and the audit log says so (LIV-1)', async () => {
  const { context, audited } = asking('update');
  const { ports, ended } = world();
  await update(context, { sessionId, state: 'ended' }, ports);
  expect(ended).toEqual([sessionId]);
  expect(audited).toEqual([{ target: sessionId, before: { state: 'live' }, after: { state: 'ended' } }]);
  const over = world(ofEnded);
  expect(await update(context, { sessionId, state: 'ended' }, over.ports)).toMatchObject({ state: 'ended' });
  expect(over.ended).toEqual([]);
});

test('sessions.update 200: what the node says holds is answered at once, and both sides of it are audited', async () => {
  const { context, audited } = asking('update');
  const { ports, orders } = world({ answer: done({ pausedAtMs: at.getTime(), bitsPerSecondMax: 64_000 }) });
  const paused = await update(context, { sessionId, state: 'paused' }, ports);
  expect(paused).toMatchObject({
    state: 'paused',
    pausedAt: at.toISOString(),
    limits: { bitsPerSecondMax: 64_000 },
  });
  expect(operations.update.response.safeParse(paused).success).toBe(true);
  expect(orders).toEqual([
    { sessionId, accountId, by: { name: 'Alice', accountId }, change: { type: 'pause' } },
  ]);
  expect(audited).toEqual([
    { target: sessionId, before: standing, after: expect.objectContaining({ muted: [] }) },
  ]);
});

test('sessions.update 200: each change is an order of its own kind, and time left is counted from now', async () => {
  const { context } = asking('update');
  const { ports, orders } = world();
  const nowMs = context.nowMs();
  for (const asked of [
    { state: 'live' },
    { muted: { audio: true } },
    { limits: { secondsLeft: 60 } },
    { limits: { endsAt: null, bitsPerSecondMax: 32_000 } },
    { mode: 'relay' },
  ] as const)
    await update(context, { sessionId, ...asked }, ports);
  expect(orders.map(({ change }) => change)).toEqual([
    { type: 'resume' },
    { type: 'mute', muted: { audio: true } },
    { type: 'limit', endsAtMs: nowMs + 60_000 },
    { type: 'limit', endsAtMs: null, bitsPerSecondMax: 32_000 },
    { type: 'move', mode: 'relay' },
  ]);
});

test.each(refusals)(
  'sessions.update 409: what cannot be ordered is refused with %s',
  async (wanted, status, of) => {
    const { context, audited } = asking('update');
    const { ports } = world(of);
    await expect(update(context, { sessionId, state: 'paused' }, ports)).rejects.toMatchObject(
      code(wanted, status),
    );
    expect(audited).toEqual([]);
  },
);

test('sessions.update 409: media that cannot go some way says why; of many, so does each', async () => {
  const detail = 'No relay of this region is free.';
  const answer = { kind: 'refused', refusal: 'mode_unavailable', detail } as const;
  const { context, audited } = asking('update');
  await expect(update(context, { sessionId, mode: 'relay' }, world({ answer }).ports)).rejects.toMatchObject({
    fields: { code: 'sessions.mode_unavailable', publicDetail: detail },
  });
  expect(audited).toEqual([]);
  const all = asking('updateAll');
  const request = operations.updateAll.request.parse({ mode: 'relay' });
  expect(await updateAll(all.context, request, world({ answer }).ports)).toMatchObject({
    items: [{ outcome: 'refused', code: 'sessions.mode_unavailable', detail }],
  });
});

test('sessions.update 409: no service can be added yet, and it says which was asked for', async () => {
  const { context } = asking('update');
  const { ports, orders } = world();
  await expect(update(context, { sessionId, services: { add: ['recording'] } }, ports)).rejects.toMatchObject(
    {
      fields: { code: 'sessions.service_unavailable', publicDetail: expect.stringContaining('recording') },
    },
  );
  expect(orders).toEqual([]);
});

test('sessions.update 400: a request changes one thing, and names what', async () => {
  const { context } = asking('update');
  const { ports, orders } = world();
  for (const asked of [
    {},
    { state: 'paused', muted: { audio: true } },
    { muted: {} },
    { limits: {} },
    { limits: { endsAt: at.toISOString(), secondsLeft: 3 } },
  ] as const)
    await expect(update(context, { sessionId, ...asked }, ports)).rejects.toMatchObject(
      code('request.invalid', 400),
    );
  expect(orders).toEqual([]);
});

test('sessions.update 503: a node that is away is told as that, with when to ask again', async () => {
  const { context, audited } = asking('update');
  await expect(update(context, { sessionId, state: 'paused' }, world(nobody).ports)).rejects.toMatchObject({
    fields: { code: 'sessions.node_away', status: 503, retryAfterMs: 1_000 },
  });
  expect(audited).toEqual([]);
});

test('sessions.updateAll 200: of each session it says what became of it, and where the older ones go on', async () => {
  const { context, audited } = asking('updateAll');
  const request = operations.updateAll.request.parse({ state: 'paused' });
  const paused = world();
  expect(await updateAll(context, request, paused.ports)).toEqual({
    items: [{ sessionId, outcome: 'changed' }],
    nextBefore: sessionId,
  });
  expect(audited).toHaveLength(1);
  const same = await updateAll(context, request, world({ answer: done({}, false) }).ports);
  expect(same.items).toEqual([{ sessionId, outcome: 'unchanged' }]);
  for (const [of, wanted] of [
    [nobody, 'sessions.node_away'],
    [ofRelay, 'sessions.not_a_call'],
    [{ answer: refused('not_live') }, 'sessions.not_live'],
  ] as const) {
    const { items } = await updateAll(context, request, world(of).ports);
    expect(items).toEqual([{ sessionId, outcome: 'refused', code: wanted, detail: expect.any(String) }]);
  }
  const ending = world(ofRelay);
  const end = operations.updateAll.request.parse({ state: 'ended' });
  expect(await updateAll(context, end, ending.ports)).toMatchObject({ items: [{ outcome: 'changed' }] });
  expect(ending.ended).toEqual([sessionId]);
  // Of a relay without a call nothing but its end can be ordered.
  expect([paused.kinds, ending.kinds]).toEqual([['call'], ['all']]);
});

test('sessions.updateAll 400: a request changes one thing', async () => {
  const { context } = asking('updateAll');
  const request = operations.updateAll.request.parse({});
  await expect(updateAll(context, request, world().ports)).rejects.toMatchObject(
    code('request.invalid', 400),
  );
});

test('sessions.updateAll 409: no service can be added yet', async () => {
  const { context } = asking('updateAll');
  const request = operations.updateAll.request.parse({ services: { remove: ['recording'] } });
  await expect(updateAll(context, request, world().ports)).rejects.toMatchObject(
    code('sessions.service_unavailable', 409),
  );
});

const url = 'https://app.example.com/next';

test('sessions.redirect 200: the account of a leg may, though the session is another’s (LIV-0)', async () => {
  const { context, audited } = asking('redirect');
  for (const of of [{}, { ...isNone, legs: record.legs }]) {
    const { ports, orders } = world(of);
    expect(await redirect(context, { sessionId, url }, ports)).toEqual({ sessionId, url });
    expect(orders[0]?.change).toEqual({ type: 'redirect', url });
  }
  expect(audited[0]).toEqual({ target: sessionId, after: { url } });
  const { ports, orders } = world();
  expect(await redirect(context, { sessionId, to: 'user:carol' }, ports)).toEqual({
    sessionId,
    to: 'user:carol',
  });
  expect(orders[0]?.change).toEqual({ type: 'transfer', to: 'user:carol' });
});

test('sessions.redirect 400: a call goes to one place', async () => {
  const { context } = asking('redirect');
  for (const asked of [{}, { url, to: 'user:carol' }])
    await expect(redirect(context, { sessionId, ...asked }, world().ports)).rejects.toMatchObject(
      code('request.invalid', 400),
    );
});

test.each([
  ...refusals,
  ['sessions.no_logic', 409, { answer: refused('no_logic') }] as const,
  ['sessions.endpoint_unavailable', 409, { answer: refused('unreachable') }] as const,
])('sessions.redirect 409: what cannot be ordered is refused with %s', async (wanted, status, of) => {
  const { context } = asking('redirect');
  await expect(redirect(context, { sessionId, url }, world(of).ports)).rejects.toMatchObject(
    code(wanted, status),
  );
});

test('sessions.redirect 403: a document of another account is that account’s', async () => {
  const { context } = asking('redirect');
  const { ports } = world({ answer: refused('foreign') });
  await expect(redirect(context, { sessionId, url }, ports)).rejects.toMatchObject(
    code('sessions.leg_foreign', 403),
  );
});

test('sessions.redirect 503: a node that is away is told as that', async () => {
  const { context } = asking('redirect');
  await expect(redirect(context, { sessionId, url }, world(nobody).ports)).rejects.toMatchObject(
    code('sessions.node_away', 503),
  );
});

const muted = { audio: true, video: false, screen: false };

test('sessions.updateLeg 200: the leg as it is muted now, also in a session of another account (LIV-0)', async () => {
  const { context, audited } = asking('updateLeg');
  for (const of of [{}, { ...isNone, legs: record.legs }]) {
    const { ports, orders } = world({ ...of, answer: done({ muted: [{ legId, muted }] }) });
    const leg = await updateLeg(context, { sessionId, legId, muted: { audio: true } }, ports);
    expect(leg).toMatchObject({ id: legId, muted });
    expect(orders[0]?.change).toEqual({ type: 'mute', legId, muted: { audio: true } });
  }
  expect(audited[0]).toEqual({
    target: sessionId,
    before: { legId, muted: undefined },
    after: { legId, muted },
  });
});

test.each(refusals)(
  'sessions.updateLeg 409: what cannot be ordered is refused with %s',
  async (wanted, status, of) => {
    const { context } = asking('updateLeg');
    const request = { sessionId, legId, muted: { audio: true } };
    await expect(updateLeg(context, request, world(of).ports)).rejects.toMatchObject(code(wanted, status));
  },
);

test('sessions.updateLeg 403: a leg of another account is not muted, and no node is asked (LIV-0)', async () => {
  const { context } = asking('updateLeg');
  const { ports, orders } = world();
  const request = { sessionId, legId: otherLegId, muted: { audio: true } };
  await expect(updateLeg(context, request, ports)).rejects.toMatchObject(code('sessions.leg_foreign', 403));
  expect(orders).toEqual([]);
});

test('sessions.updateLeg 409: a leg that has left is muted no more', async () => {
  const { context } = asking('updateLeg');
  const left = record.legs.map((leg) => ({ ...leg, state: 'left' as const }));
  const { ports } = world({ ...isNone, legs: left });
  const request = { sessionId, legId, muted: { audio: true } };
  await expect(updateLeg(context, request, ports)).rejects.toMatchObject(code('sessions.ended', 409));
});

test('sessions.updateLeg 400: it names what to mute', async () => {
  const { context } = asking('updateLeg');
  await expect(updateLeg(context, { sessionId, legId, muted: {} }, world().ports)).rejects.toMatchObject(
    code('request.invalid', 400),
  );
});

test('sessions.updateLeg 503: a node that is away is told as that', async () => {
  const { context } = asking('updateLeg');
  const request = { sessionId, legId, muted: { audio: true } };
  await expect(updateLeg(context, request, world(nobody).ports)).rejects.toMatchObject(
    code('sessions.node_away', 503),
  );
});

test('sessions.removeLeg 200: any leg of a session of its own, of which it may know no more than before (LIV-0)', async () => {
  const { context, audited } = asking('removeLeg');
  const { ports, orders } = world();
  expect(await removeLeg(context, { sessionId, legId }, ports)).toMatchObject({ id: legId, state: 'left' });
  expect(await removeLeg(context, { sessionId, legId: otherLegId }, ports)).toEqual({
    id: otherLegId,
    state: 'left',
  });
  expect(orders.map(({ change }) => change)).toEqual([
    { type: 'remove', legId },
    { type: 'remove', legId: otherLegId },
  ]);
  expect(audited[0]).toMatchObject({ target: sessionId, after: { legId, state: 'left' } });
});

test('sessions.removeLeg 200: what has left already is answered as that, and no node is asked', async () => {
  const { context } = asking('removeLeg');
  const left = record.legs.map((leg) => ({ ...leg, state: 'left' as const }));
  for (const of of [ofEnded, { ...isNone, legs: left }]) {
    const { ports, orders } = world(of);
    expect(await removeLeg(context, { sessionId, legId }, ports)).toMatchObject({ id: legId, state: 'left' });
    expect(orders).toEqual([]);
  }
});

test.each(refusals.filter(([wanted]) => wanted !== 'sessions.ended'))(
  'sessions.removeLeg 409: what cannot be ordered is refused with %s',
  async (wanted, status, of) => {
    const { context } = asking('removeLeg');
    await expect(removeLeg(context, { sessionId, legId }, world(of).ports)).rejects.toMatchObject(
      code(wanted, status),
    );
  },
);

test('sessions.removeLeg 503: a node that is away is told as that', async () => {
  const { context } = asking('removeLeg');
  await expect(removeLeg(context, { sessionId, legId }, world(nobody).ports)).rejects.toMatchObject(
    code('sessions.node_away', 503),
  );
});
