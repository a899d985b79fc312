import type { EndpointRecord } from '@patchbay/domain/endpoints/ports';
import type { DomainPorts } from '@patchbay/domain/handlers.generated';
import { type DataItem, type DataKind, type DataOwner, placeOfId } from '@patchbay/domain/privacy/data-kind';
import { createId } from '@patchbay/kit/ids';
import { CHILD_ACCOUNT, createApiHarness } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

const AT = Date.parse('2026-11-24T10:00:00Z');
const APPLICATION = createId('app', 1);
const bob = {
  id: createId('end', 1),
  accountId: CHILD_ACCOUNT,
  namespace: 'user',
  identifier: 'user:bob',
  name: '',
  applicationId: undefined,
  state: 'held',
  createdAt: new Date(AT),
} as never as EndpointRecord;

/** A kind that exists in this test alone, as one that is registered some day does. */
function kindOf(change: Partial<DataKind>, items: readonly DataItem[]) {
  const asked: DataOwner[] = [];
  const kind: DataKind = {
    name: 'session-log',
    form: 'data',
    mediaType: 'application/json',
    dataClass: 'sessionLogs',
    readBy: 'sessions.listLog',
    list: async (owner, { before, limit }) => {
      asked.push(owner);
      return items.filter(({ id }) => before === undefined || placeOfId(id) < before).slice(0, limit);
    },
    ...change,
  };
  return { kind, asked };
}

const logs = [5, 3, 1].map((second) => {
  const id = createId('ses', AT + second * 1_000);
  const at = new Date(AT + second * 1_000);
  return { id, createdAt: at, sizeBytes: 10, keptFrom: at, request: { sessionId: id } };
});
const recordings = [4, 2].map((second) => {
  const id = createId('evt', AT + second * 1_000);
  return { id, createdAt: new Date(AT + second * 1_000), sizeBytes: 99, request: { exportId: id } };
});

function world(options: Parameters<typeof createApiHarness>[0] = {}) {
  const log = kindOf({}, logs);
  const recording = kindOf(
    { name: 'recording', form: 'media', mediaType: 'audio/ogg', dataClass: 'privacy', readBy: 'exports.get' },
    recordings,
  );
  const retention = {
    words: { chain: async () => [{ accountId: CHILD_ACCOUNT, word: { sessionLogs: { keepDays: 10 } } }] },
    defaults: {},
  };
  const harness = createApiHarness({
    dataKinds: [log.kind, recording.kind],
    domainPorts: { privacy: { retention } as unknown as DomainPorts['privacy'] },
    instanceTypes: { [APPLICATION]: [] },
    endpoints: [bob],
    ...options,
  });
  const read = (below = '', query = '') =>
    harness.call('GET', `/v1/accounts/${CHILD_ACCOUNT}${below}/services/signaling/data${query}`, {
      as: CHILD_ACCOUNT,
    });
  return { ...harness, log, recording, read };
}

test('what a service left is one list of all kinds, newest first, page by page; another kind needs no other address (API-2)', async () => {
  const { read } = world();
  const { body } = await read('', '?limit=3');
  expect(body.items.map((item: { kind: string }) => item.kind)).toEqual([
    'session-log',
    'recording',
    'session-log',
  ]);
  const [newest, sound] = body.items;
  expect(newest).toEqual({
    id: logs[0]?.id,
    kind: 'session-log',
    form: 'data',
    mediaType: 'application/json',
    sizeBytes: 10,
    createdAt: '2026-11-24T10:00:05.000Z',
    keptUntil: '2026-12-04T10:00:05.000Z',
    dataClass: 'sessionLogs',
    path: `/v1/accounts/${CHILD_ACCOUNT}/sessions/${logs[0]?.id}/log`,
  });
  // It grows, or is kept as long as its account.
  expect(sound).not.toHaveProperty('keptUntil');
  const { body: rest } = await read('', `?limit=3&cursor=${encodeURIComponent(body.nextCursor)}`);
  expect(rest.items.map((item: { id: string }) => item.id)).toEqual([recordings[1]?.id, logs[2]?.id]);
  expect(rest).not.toHaveProperty('nextCursor');
  expect((await read('', '?form=media')).body.items).toHaveLength(2);
  expect((await read('', '?kind=session-log')).body.items).toHaveLength(3);
  expect((await read('', '?kind=dream')).body).toEqual({ items: [] });
});

test('of an application and of an endpoint it is what they had a part in, and there is none of one that there is not (API-2)', async () => {
  const { read, log } = world();
  const shapes = [(await read()).body, (await read(`/applications/${APPLICATION}`)).body];
  shapes.push((await read(`/endpoints/${bob.id}`)).body);
  for (const body of shapes) expect(body).toEqual(shapes[0]);
  const service = 'signaling';
  expect(log.asked).toEqual([
    { accountId: CHILD_ACCOUNT, service },
    { accountId: CHILD_ACCOUNT, service, applicationId: APPLICATION },
    { accountId: CHILD_ACCOUNT, service, endpoint: 'user:bob' },
  ]);
  for (const below of [`/applications/${createId('app', 2)}`, `/endpoints/${createId('end', 2)}`])
    expect(await read(below)).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
});

test('whoever may not read something one by one is not told that there is any of it (ACC-2)', async () => {
  const keys = {
    'reads-signaling': { accountId: CHILD_ACCOUNT, scopes: ['signaling:*'] },
    'reads-logs': { accountId: CHILD_ACCOUNT, scopes: ['signaling:read', 'sessions:read'] },
  };
  const { call, recording } = world({ keys });
  const path = `/v1/accounts/${CHILD_ACCOUNT}/services/signaling/data`;
  const kindsFor = async (key: string) => {
    const { status, body } = await call('GET', path, { as: key });
    expect(status, JSON.stringify(body)).toBe(200);
    return [...new Set(body.items.map((item: { kind: string }) => item.kind))];
  };
  expect(await kindsFor('reads-signaling')).toEqual([]);
  expect(await kindsFor('reads-logs')).toEqual(['session-log']);
  expect(recording.asked).toEqual([]);
});
