import { afterEach, expect, test, vi } from 'vitest';
import { subscribeToPush, unsubscribeFromPush } from './push-subscription.ts';

afterEach(() => vi.unstubAllGlobals());

const json = { endpoint: 'https://push.test/1', keys: { p256dh: 'BA', auth: 'aa' } };

/** A page with a service worker, and the server that it asks. */
function page({ permission = 'granted', fails = 0, status = 200 } = {}) {
  const requests: { method: string; body: unknown }[] = [];
  const wanted: unknown[] = [];
  const ended: string[] = [];
  let left = fails;
  const made = { toJSON: () => json, unsubscribe: async () => ended.push('unsubscribed') };
  const pushManager = {
    subscribe: async (options: unknown) => {
      wanted.push(options);
      if (left-- > 0) throw new Error('Another key.');
      return made;
    },
    getSubscription: async () => made,
  };
  vi.stubGlobal('navigator', { serviceWorker: { ready: Promise.resolve({ pushManager }) } });
  vi.stubGlobal('PushManager', class {});
  vi.stubGlobal('Notification', { requestPermission: async () => permission });
  vi.stubGlobal('fetch', async (_url: string, { method, body }: { method: string; body?: string }) => {
    requests.push({ method, body: body === undefined ? undefined : JSON.parse(body) });
    return Response.json(method === 'GET' ? { publicKey: 'BPk' } : { id: 'nsb_1' }, { status });
  });
  return { requests, wanted, ended };
}

test('a browser subscribes with the key of the account, and its server is told where it is', async () => {
  const { requests, wanted } = page();
  expect(await subscribeToPush('/api/push', { device: 'Laptop' })).toBe('nsb_1');
  expect(wanted).toEqual([{ userVisibleOnly: true, applicationServerKey: 'BPk' }]);
  expect(requests).toEqual([
    { method: 'GET', body: undefined },
    { method: 'POST', body: { subscription: json, device: 'Laptop' } },
  ]);
});

test('one that was made for other keys is let go of, and another is made', async () => {
  const { wanted, ended } = page({ fails: 1 });
  expect(await subscribeToPush('/api/push')).toBe('nsb_1');
  expect([wanted.length, ended]).toEqual([2, ['unsubscribed']]);
});

test('nothing is asked of the server where its user wants none, or the browser can do none', async () => {
  const { requests } = page({ permission: 'denied' });
  await expect(subscribeToPush('/api/push')).rejects.toMatchObject({ code: 'client.push_denied' });
  vi.stubGlobal('navigator', {});
  await expect(subscribeToPush('/api/push')).rejects.toMatchObject({ code: 'client.push_unsupported' });
  expect(requests).toEqual([]);
});

test('what its server refuses is said with its status', async () => {
  page({ status: 401 });
  await expect(subscribeToPush('/api/push')).rejects.toMatchObject({
    code: 'client.unexpected_answer',
    status: 401,
  });
});

test('it is taken back at the platform, and in the browser', async () => {
  const { requests, ended } = page();
  await unsubscribeFromPush('/api/push');
  expect(requests.at(-1)).toEqual({ method: 'DELETE', body: { id: 'nsb_1' } });
  expect(ended).toEqual(['unsubscribed']);
});
