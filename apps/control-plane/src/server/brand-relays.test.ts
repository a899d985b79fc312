import { expect, test } from 'vitest';
import { brandRelays } from './brand-relays.ts';

const region = 'local';
const urls = ['turn:192.0.2.1:3478', 'turns:relay.platform.example:5349'];
const relays = [{ region, urls }];

test('the relays have the name of the brand above, looked up once for many credentials and anew after a while', async () => {
  let atMs = 0;
  const asked: string[] = [];
  let leadsTo = ['192.0.2.1'];
  const relayUrls = brandRelays({
    met: async (accountId) =>
      accountId === 'acc_below' ? { relays, turnHost: 'turn.nw.example' } : { relays },
    resolve: async (host) => {
      asked.push(host);
      return host === 'turn.nw.example' ? leadsTo : ['192.0.2.1'];
    },
    nowMs: () => atMs,
  });
  const branded = ['turn:turn.nw.example:3478', 'turns:turn.nw.example:5349'];
  expect(await relayUrls({ accountId: 'acc_below' })).toEqual(branded);
  expect(await relayUrls({ accountId: 'acc_below' })).toEqual(branded);
  expect(asked.sort()).toEqual(['relay.platform.example', 'turn.nw.example']);
  expect(await relayUrls({ accountId: 'acc_other' })).toEqual(urls);
  leadsTo = ['198.51.100.1'];
  atMs = 30_001;
  expect(await relayUrls({ accountId: 'acc_below' })).toEqual(urls);
});

test('a name that nobody answers for takes no relay away', async () => {
  const relayUrls = brandRelays({
    met: async () => ({ relays, turnHost: 'turn.nw.example' }),
    resolve: () => Promise.reject(new Error('SERVFAIL')),
    nowMs: () => 0,
  });
  expect(await relayUrls({ accountId: 'acc_below' })).toEqual(urls);
});

test('of relays in other regions than those that may serve nobody is told (PRD-4)', async () => {
  const elsewhere = { region: 'us', urls: ['turn:198.51.100.7:3478'] };
  const relayUrls = brandRelays({
    met: async () => ({ relays: [elsewhere, ...relays] }),
    resolve: async () => [],
    nowMs: () => 0,
  });
  expect(await relayUrls({ accountId: 'acc_1' })).toEqual([...elsewhere.urls, ...urls]);
  expect(await relayUrls({ accountId: 'acc_1', regions: ['local'] })).toEqual(urls);
  expect(await relayUrls({ accountId: 'acc_1', regions: [] })).toEqual([]);
});
