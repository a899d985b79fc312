import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import { sessions } from './definition.ts';
import { handlers } from './handlers.ts';
import type { SessionRecord, SessionsPorts } from './ports.ts';

const chain = [createId('acc', 1), createId('acc', 2)];
const accountId = chain[1] ?? '';
const sessionId = createId('ses', 3);
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
  participants: 2,
  legIds: ['leg_own', 'leg_other'],
  legs: [
    {
      id: 'leg_own',
      accountId,
      identity: 'alice',
      state: 'joined',
      media: { audio: true, video: false, screen: false },
      bitsPerSecond: 64_000,
      joinedAt: at,
      leftAt: undefined,
    },
  ],
};

function world(session: SessionRecord | undefined = record) {
  const ended: string[] = [];
  const lines = [1, 2, 3].map((sequence) => ({
    sequence,
    at,
    kind: 'quality.sampled',
    legId: undefined,
    data: {},
  }));
  const ports: SessionsPorts = {
    sessions: {
      list: async () => ({ items: session ? [session] : [], nextCursor: sessionId }),
      find: async (wanted) => (wanted.sessionId === session?.id ? session : undefined),
      log: async ({ after, limit }) => lines.filter(({ sequence }) => sequence > after).slice(0, limit),
    },
    usage: {
      totalsOf: async () => new Map([[sessionId, { relayBytes: 5n, relayMilliseconds: 2_000n }]]),
    },
    commands: {
      endSession: async ({ sessionId: id }) => {
        ended.push(id);
      },
    },
  };
  return { ports, ended };
}

const { operations } = sessions.resources.sessions;
const { get, list, listLog, update } = handlers.sessions;

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
    { id: 'leg_other', state: 'joined' },
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

test('sessions.update 200: the node is told to end it, and the audit log says so (LIV-1)', async () => {
  const { context, audited } = domainContext<typeof sessions, 'sessions', 'update'>(sessions, { chain });
  const { ports, ended } = world();
  await update(context, { sessionId, state: 'ended' }, ports);
  expect(ended).toEqual([sessionId]);
  expect(audited).toEqual([{ target: sessionId, before: { state: 'live' }, after: { state: 'ended' } }]);
});

test('sessions.update 409: what has ended is not ended again', async () => {
  const { context } = domainContext<typeof sessions, 'sessions', 'update'>(sessions, { chain });
  const { ports, ended } = world({ ...record, state: 'ended' });
  await expect(update(context, { sessionId, state: 'ended' }, ports)).rejects.toMatchObject({
    fields: { code: 'sessions.ended', status: 409 },
  });
  expect(ended).toEqual([]);
});
