import { expect, test } from 'vitest';
import { brandRelays } from './brand-relays.ts';

const urls = ['turn:192.0.2.1:3478', 'turns:relay.platform.example:5349'];

test('the relays have the name of the brand above, looked up once for many credentials and anew after a while', async () => {
  let atMs = 0;
  const asked: string[] = [];
  let leadsTo = ['192.0.2.1'];
  const relays = brandRelays({
    met: async (accountId) => (accountId === 'acc_below' ? { urls, turnHost: 'turn.nw.example' } : { urls }),
    resolve: async (host) => {
      asked.push(host);
      return host === 'turn.nw.example' ? leadsTo : ['192.0.2.1'];
    },
    nowMs: () => atMs,
  });
  const branded = ['turn:turn.nw.example:3478', 'turns:turn.nw.example:5349'];
  expect(await relays({ accountId: 'acc_below' })).toEqual(branded);
  expect(await relays({ accountId: 'acc_below' })).toEqual(branded);
  expect(asked.sort()).toEqual(['relay.platform.example', 'turn.nw.example']);
  expect(await relays({ accountId: 'acc_other' })).toEqual(urls);
  leadsTo = ['198.51.100.1'];
  atMs = 30_001;
  expect(await relays({ accountId: 'acc_below' })).toEqual(urls);
});

test('a name that nobody answers for takes no relay away', async () => {
  const relays = brandRelays({
    met: async () => ({ urls, turnHost: 'turn.nw.example' }),
    resolve: () => Promise.reject(new Error('SERVFAIL')),
    nowMs: () => 0,
  });
  expect(await relays({ accountId: 'acc_below' })).toEqual(urls);
});
