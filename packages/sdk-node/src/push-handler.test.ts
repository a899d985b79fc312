import { PatchbayError } from '@patchbay/sdk';
import { expect, test } from 'vitest';
import { pushHandler } from './push-handler.ts';

type Pb = Parameters<typeof pushHandler>[0];
const subscription = {
  endpoint: 'https://push.test/1',
  keys: { p256dh: 'BA', auth: 'aa' },
  expirationTime: null,
};

function server({ publicKey = 'BPk', refusal = undefined as PatchbayError | undefined } = {}) {
  const called: unknown[] = [];
  const notification = {
    getWay: async () => (publicKey === '' ? {} : { publicKey }),
    async addSubscription(asked: object) {
      if (refusal !== undefined) throw refusal;
      called.push(asked);
      return { id: 'nsb_1' };
    },
    async *listSubscriptions({ identity }: { identity: string }) {
      if (identity === 'bob') yield { id: 'nsb_1' };
    },
    async removeSubscription(asked: object) {
      called.push(asked);
      return { id: 'nsb_1' };
    },
  };
  const handler = pushHandler({ notification } as unknown as Pb, (request) => {
    const identity = request.headers.get('x-user');
    return identity === null ? null : { identity };
  });
  const ask = async (method: string, user?: string, body?: object) => {
    const headers = user === undefined ? {} : { 'x-user': user };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await handler(new Request('https://app.test/api/push', init));
    return { status: response.status, body: await response.json() };
  };
  return { ask, called };
}

test('a browser is told the key, and what it subscribes is of whoever is signed in, whatever it says', async () => {
  const { ask, called } = server();
  expect(await ask('GET', 'bob')).toEqual({ status: 200, body: { publicKey: 'BPk' } });
  const said = { subscription, device: 'Laptop', identity: 'eve' };
  expect(await ask('POST', 'bob', said)).toEqual({ status: 200, body: { id: 'nsb_1' } });
  expect(called).toEqual([
    {
      identity: 'bob',
      device: 'Laptop',
      webPush: { endpoint: 'https://push.test/1', p256dh: 'BA', auth: 'aa' },
    },
  ]);
});

test('nobody takes away a subscription of somebody else', async () => {
  const { ask, called } = server();
  expect(await ask('DELETE', 'eve', { id: 'nsb_1' })).toMatchObject({ status: 404 });
  expect(called).toEqual([]);
  expect(await ask('DELETE', 'bob', { id: 'nsb_1' })).toMatchObject({ status: 200 });
  expect(called).toEqual([{ subscriptionId: 'nsb_1' }]);
});

test('who is not signed in, what is no subscription, and what is not served are refused', async () => {
  const { ask } = server();
  expect((await ask('GET')).status).toBe(401);
  expect((await ask('POST', 'bob', { subscription: { endpoint: 7 } })).status).toBe(400);
  expect((await ask('PUT', 'bob', {})).status).toBe(405);
  expect((await server({ publicKey: '' }).ask('GET', 'bob')).status).toBe(409);
});

test('what the platform refuses is answered as it refuses it', async () => {
  const refusal = new PatchbayError({
    code: 'notification.target_refused',
    message: 'Private.',
    status: 422,
  });
  const { ask } = server({ refusal });
  expect(await ask('POST', 'bob', { subscription })).toMatchObject({
    status: 422,
    body: { code: 'notification.target_refused' },
  });
});
