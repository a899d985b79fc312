import type { EndpointRecord } from '@patchbay/domain/endpoints/ports';
import { createId } from '@patchbay/kit/ids';
import {
  CHILD_ACCOUNT,
  createApiHarness,
  GRANDCHILD_ACCOUNT,
  PARENT_ACCOUNT,
  SIBLING_ACCOUNT,
} from '@patchbay/testing/api-harness';
import { describe, expect, test } from 'vitest';

const APPLICATION = createId('app', 1);
const ENDPOINT = createId('end', 1);
const endpoint: EndpointRecord = {
  id: ENDPOINT,
  accountId: GRANDCHILD_ACCOUNT,
  namespace: 'user',
  identifier: 'user:bob',
  label: '',
  applicationId: undefined,
  allocatedAt: new Date(0),
  restsUntil: undefined,
};
const ofApplication = `/applications/${APPLICATION}`;
/** The account itself, an application of it, an instance type of that, and an endpoint. */
const places = ['', ofApplication, `${ofApplication}/instance-types/free`, `/endpoints/${ENDPOINT}`];

/** What the grandchild is configured to: its parent is the child, and the parent stands above that. */
function harness(people: NonNullable<Parameters<typeof createApiHarness>[0]>['people'] = {}) {
  const api = createApiHarness({ instanceTypes: { [APPLICATION]: ['free'] }, endpoints: [endpoint], people });
  const at = (below: string) => `/v1/accounts/${GRANDCHILD_ACCOUNT}${below}/services/signaling/config`;
  const get = (as: string, below = '', from = '') => api.call('GET', `${at(below)}${from}`, { as });
  const put = (as: string, body: object, below = '') => api.call('PUT', at(below), { as, body });
  const holds = async (below = '') => (await get(GRANDCHILD_ACCOUNT, below)).body.effective.sessionSecondsMax;
  return { ...api, at, get, put, holds };
}

test('what a parent sets at any place of an account is not taken back by it (ACC-2, POL-2)', async () => {
  const { put, holds } = harness();
  for (const below of places) {
    await put(CHILD_ACCOUNT, { sessionSecondsMax: 60, mode: 'relay' }, below);
    expect(await put(GRANDCHILD_ACCOUNT, {}, below)).toMatchObject({ status: 200 });
    expect(await holds(below), below).toBe(60);
    for (const body of [{ sessionSecondsMax: 61 }, { mode: 'auto' }])
      expect(await put(GRANDCHILD_ACCOUNT, body, below)).toMatchObject({
        status: 422,
        body: { code: 'config.wider' },
      });
    await put(GRANDCHILD_ACCOUNT, { sessionSecondsMax: 30 }, below);
    expect(await holds(below), below).toBe(30);
    await put(GRANDCHILD_ACCOUNT, {}, below);
    expect(await holds(below), below).toBe(60);
    await put(CHILD_ACCOUNT, {}, below);
    expect(await holds(below), below).toBeUndefined();
  }
});

test('nor by an account between, and each takes back its own alone (ACC-2)', async () => {
  const { put, holds } = harness();
  for (const below of places) {
    await put(CHILD_ACCOUNT, { sessionSecondsMax: 30 }, below);
    await put(PARENT_ACCOUNT, { sessionSecondsMax: 60 }, below);
    expect(await holds(below), below).toBe(30);
    await put(CHILD_ACCOUNT, {}, below);
    expect(await holds(below), below).toBe(60);
    await put(PARENT_ACCOUNT, {}, below);
    expect(await holds(below), below).toBeUndefined();
  }
});

test('no account keeps one above it from speaking by a narrower word of its own', async () => {
  const { put, holds } = harness();
  await put(GRANDCHILD_ACCOUNT, { sessionSecondsMax: 10 });
  const set = await put(PARENT_ACCOUNT, { sessionSecondsMax: 60 }, ofApplication);
  expect(set).toMatchObject({ status: 200, body: { stored: { sessionSecondsMax: 60 } } });
  await put(GRANDCHILD_ACCOUNT, {});
  expect(await holds(ofApplication)).toBe(60);
});

describe('whose word it is', () => {
  test('one speaks as the highest account at which one may, and for those between by naming them', async () => {
    const { put, get, at, call, audited } = harness();
    await put(CHILD_ACCOUNT, { sessionSecondsMax: 30 });
    await put(PARENT_ACCOUNT, { sessionSecondsMax: 60 });
    const { body } = await get(PARENT_ACCOUNT);
    expect(body.speakerIds).toEqual([PARENT_ACCOUNT, CHILD_ACCOUNT]);
    const said = (setById: string) => ({
      level: 'account',
      accountId: GRANDCHILD_ACCOUNT,
      by: 'above',
      setById,
    });
    expect([body.origin, body.stored]).toEqual([said(PARENT_ACCOUNT), { sessionSecondsMax: 60 }]);
    expect(body.origins.sessionSecondsMax).toEqual(said(CHILD_ACCOUNT));
    const taken = await call('PUT', at(''), { body: { from: CHILD_ACCOUNT } });
    expect(taken.body).toMatchObject({ stored: {}, effective: { sessionSecondsMax: 60 } });
    expect(audited.at(-1)).toMatchObject({
      target: `${GRANDCHILD_ACCOUNT}/services/signaling/config/above`,
      before: { from: CHILD_ACCOUNT, sessionSecondsMax: 30 },
      after: { from: CHILD_ACCOUNT },
    });
  });

  test('who has a role at the account, too, changes what it says itself, and is bound as it is', async () => {
    const above = { accountId: PARENT_ACCOUNT, role: 'admin' } as const;
    const own = { accountId: GRANDCHILD_ACCOUNT, role: 'admin' } as const;
    const { put, get, call, at, audited } = harness({ both: [above, own], onlyAbove: [above] });
    await put(GRANDCHILD_ACCOUNT, { sessionSecondsMax: 20 });
    await put('both', { sessionSecondsMax: 60 });
    const { body } = await get('both');
    expect(body.speakerIds).toEqual([PARENT_ACCOUNT, CHILD_ACCOUNT, GRANDCHILD_ACCOUNT]);
    expect([body.stored, body.own]).toEqual([{ sessionSecondsMax: 60 }, { sessionSecondsMax: 20 }]);
    const asItself = (sessionSecondsMax: number) =>
      put('both', { from: GRANDCHILD_ACCOUNT, sessionSecondsMax });
    expect(await asItself(61)).toMatchObject({ status: 422, body: { code: 'config.wider' } });
    const said = await asItself(30);
    expect(said.body).toMatchObject({ stored: { sessionSecondsMax: 30 }, own: { sessionSecondsMax: 30 } });
    expect(audited.at(-1)).toEqual(
      expect.objectContaining({
        target: `${GRANDCHILD_ACCOUNT}/services/signaling/config`,
        before: { sessionSecondsMax: 20 },
        after: { sessionSecondsMax: 30 },
      }),
    );
    // By a role above alone nobody is the account.
    for (const as of ['onlyAbove', PARENT_ACCOUNT])
      expect(await call('PUT', at(''), { as, body: { from: GRANDCHILD_ACCOUNT } })).toMatchObject({
        status: 404,
        body: { code: 'resource.unknown' },
      });
  });

  test('nobody speaks for an account above their own, and one that there is not looks the same (C1)', async () => {
    const { put, get, at, call, audited } = harness();
    await put(PARENT_ACCOUNT, { sessionSecondsMax: 60 });
    const nowhere = createId('acc', 9);
    for (const [as, from] of [
      [CHILD_ACCOUNT, PARENT_ACCOUNT],
      [CHILD_ACCOUNT, SIBLING_ACCOUNT],
      [CHILD_ACCOUNT, nowhere],
      [CHILD_ACCOUNT, GRANDCHILD_ACCOUNT],
      [GRANDCHILD_ACCOUNT, CHILD_ACCOUNT],
    ] as const) {
      const refused = {
        status: 404,
        body: { code: 'resource.unknown', detail: expect.stringContaining(from) },
      };
      expect(await call('PUT', at(''), { as, body: { from } })).toMatchObject(refused);
      expect(await get(as, '', `?from=${from}`)).toMatchObject(refused);
    }
    expect(audited).toHaveLength(1);
  });

  test('what is said above is told with its account to who sees that, and to others as one word, however many said it (C1)', async () => {
    const { put, get } = harness();
    await put(PARENT_ACCOUNT, { sessionSecondsMax: 60, mode: 'relay' });
    await put(CHILD_ACCOUNT, { sessionSecondsMax: 30 });
    const told = async (as: string) =>
      (await get(as)).body.fromAbove.map(
        ({ origin, values }: { origin: { setById?: string }; values: object }) => [origin.setById, values],
      );
    const ofParent = { sessionSecondsMax: 60, mode: 'relay' };
    const ofChild = { sessionSecondsMax: 30 };
    expect(await told(PARENT_ACCOUNT)).toEqual([
      [PARENT_ACCOUNT, ofParent],
      [CHILD_ACCOUNT, ofChild],
    ]);
    expect(await told(CHILD_ACCOUNT)).toEqual([
      [undefined, ofParent],
      [CHILD_ACCOUNT, ofChild],
    ]);
    expect(await told(GRANDCHILD_ACCOUNT)).toEqual([[undefined, { sessionSecondsMax: 30, mode: 'relay' }]]);
    const { body } = await get(GRANDCHILD_ACCOUNT);
    expect(body.origins.mode).toEqual({ level: 'account', accountId: GRANDCHILD_ACCOUNT, by: 'above' });
    const refused = await put(GRANDCHILD_ACCOUNT, { mode: 'auto' });
    expect(refused.body).toMatchObject({
      code: 'config.wider',
      level: GRANDCHILD_ACCOUNT,
      detail: `/mode: it is relay above (set for ${GRANDCHILD_ACCOUNT} by an account above), and can only be narrowed.`,
    });
    for (const hidden of [PARENT_ACCOUNT, CHILD_ACCOUNT])
      expect(JSON.stringify([body, refused.body])).not.toContain(hidden);
  });

  test('who may only look from above reads what the account itself set, and it is told beside a word of above', async () => {
    const { put, get } = harness();
    await put(GRANDCHILD_ACCOUNT, { sessionSecondsMax: 90 });
    await put(PARENT_ACCOUNT, { sessionSecondsMax: 60 });
    expect((await get(PARENT_ACCOUNT)).body).toMatchObject({
      stored: { sessionSecondsMax: 60 },
      own: { sessionSecondsMax: 90 },
      inherited: { mode: 'auto' },
      effective: { sessionSecondsMax: 60 },
    });
  });
});

test('of two who change one word from above, the second is refused, and neither is held up by another account’s (RFC 9110 §13.1.1)', async () => {
  const { put, at, call } = harness();
  const etagOf = async (as: string) => (await call('GET', at(''), { as })).headers.get('etag') ?? '';
  const etag = await etagOf(PARENT_ACCOUNT);
  const first = await call('PUT', at(''), { body: { sessionSecondsMax: 60 }, ifMatch: etag });
  expect(first).toMatchObject({ status: 200 });
  expect(await call('PUT', at(''), { body: { sessionSecondsMax: 50 }, ifMatch: etag })).toMatchObject({
    status: 412,
    body: { current: { stored: { sessionSecondsMax: 60 } } },
  });
  expect(await put(CHILD_ACCOUNT, { sessionSecondsMax: 40 })).toMatchObject({ status: 200 });
});
