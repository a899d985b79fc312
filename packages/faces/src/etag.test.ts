import { CHILD_ACCOUNT, createApiHarness, PARENT_ACCOUNT } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

const config = `/v1/accounts/${CHILD_ACCOUNT}/services/signaling/config`;

function client() {
  const { rest, platform } = createApiHarness();
  const send = async (method: string, headers: Readonly<Record<string, string>>, body?: object) => {
    const init: RequestInit = {
      method,
      headers: { authorization: `Bearer ${PARENT_ACCOUNT}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const response = await rest(new Request(`https://api.test${config}`, init));
    const text = await response.text();
    return { status: response.status, etag: response.headers.get('etag') ?? '', text };
  };
  return { send, platform };
}

test('what has not changed is not sent again (RFC 9110 §13.1.2)', async () => {
  const { send } = client();
  const { etag } = await send('GET', {});
  expect(await send('GET', { 'if-none-match': `"other", ${etag}` })).toEqual({ status: 304, etag, text: '' });
  await send('PUT', {}, { sessionSecondsMax: 60 });
  expect(await send('GET', { 'if-none-match': etag })).toMatchObject({ status: 200 });
});

test('of two who change what both have read, the second is refused, and the first change stays', async () => {
  const { send, platform } = client();
  // As a store does it: what a refused unit of work wrote is taken back.
  const { atomically, setConfig } = platform;
  const done: Parameters<typeof setConfig>[] = [];
  Object.assign(platform, {
    setConfig: (...parameters: Parameters<typeof setConfig>) => {
      done.push(parameters);
      return setConfig(...parameters);
    },
    atomically: async (work: Parameters<typeof atomically>[0]) => {
      const before = done.length;
      return atomically(work).catch(async (error: unknown) => {
        const last = done[before - 1];
        if (last !== undefined) await setConfig(...last);
        throw error;
      });
    },
  });
  const { etag } = await send('GET', {});
  expect(await send('PUT', { 'if-match': etag }, { sessionSecondsMax: 60 })).toMatchObject({ status: 200 });
  const second = await send('PUT', { 'if-match': etag }, { sessionSecondsMax: 90 });
  expect(second.status).toBe(412);
  expect(JSON.parse(second.text)).toMatchObject({ code: 'request.precondition_failed' });
  const { text, etag: now } = await send('GET', {});
  expect(JSON.parse(text).stored).toEqual({ sessionSecondsMax: 60 });
  expect(await send('PUT', { 'if-match': now }, { sessionSecondsMax: 90 })).toMatchObject({ status: 200 });
});

test('a condition that nobody would hold is refused, and nothing is changed', async () => {
  const { rest, audited } = createApiHarness();
  const answer = await rest(
    new Request(`https://api.test/v1/accounts/${CHILD_ACCOUNT}/services/network-discovery/ice-servers`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${PARENT_ACCOUNT}`,
        'content-type': 'application/json',
        'if-match': '"x"',
      },
      body: '{}',
    }),
  );
  expect(answer.status).toBe(400);
  expect(audited).toEqual([]);
});
