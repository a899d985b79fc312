import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { expect, test } from 'vitest';
import { isAddressName, ListedAddresses, ListedAddressesFeed } from './listed-addresses.ts';
import { resolverBench } from './resolver.testing.ts';

const bytesOf = (text: string) => {
  const ip = ipFromText(text);
  if (ip === undefined) throw new TypeError(`${text} is no address.`);
  return ip;
};
const accountOf = (listed: ListedAddresses, text: string) => listed.find(bytesOf(text))?.grant.accountId;
const items = [
  { accountId: 'acc_a', network: '81.2.69.142' },
  { accountId: 'acc_b', network: '81.2.70.128/25' },
  { accountId: 'acc_c', network: '2a00:1:2::/48' },
];

test('an address is found in the network that it lies in, of either family, and in no other (ACC-9)', () => {
  const listed = new ListedAddresses();
  listed.replace(items);
  expect(accountOf(listed, '81.2.69.142')).toBe('acc_a');
  expect(accountOf(listed, '81.2.69.143')).toBeUndefined();
  expect(['81.2.70.127', '81.2.70.128', '81.2.70.255'].map((text) => accountOf(listed, text))).toEqual([
    undefined,
    'acc_b',
    'acc_b',
  ]);
  expect(accountOf(listed, '2a00:1:2:ffff::1')).toBe('acc_c');
  expect(accountOf(listed, '2a00:1:3::1')).toBeUndefined();
});

test('a name stands for its address as long as that counts as the very account', () => {
  const listed = new ListedAddresses();
  listed.replace(items);
  for (const text of ['81.2.69.142', '2a00:1:2::7']) {
    const username = listed.find(bytesOf(text))?.username ?? '';
    expect(isAddressName(username)).toBe(true);
    expect(listed.named(username)?.address).toBe(text);
    const other = username.replace(/acc_./, 'acc_x');
    expect(listed.named(other)).toBeUndefined();
  }
  const name = listed.find(bytesOf('81.2.69.142'))?.username ?? '';
  expect(listed.replace([{ accountId: 'acc_z', network: '81.2.69.142' }])).toEqual([
    'acc_a',
    'acc_b',
    'acc_c',
    'acc_z',
  ]);
  expect(listed.named(name)).toBeUndefined();
  expect(listed.replace([{ accountId: 'acc_z', network: '81.2.69.142/32' }])).toEqual([]);
});

test('a new list is fetched when a heartbeat names it, and held to what runs until that was looked at', async () => {
  const listed = new ListedAddresses();
  const reviewed: string[] = [];
  let answers: readonly boolean[] = [false, true];
  let fetchCount = 0;
  const feed = new ListedAddressesFeed({
    listed,
    client: {
      call: async () => {
        fetchCount++;
        return { version: 'v1', items: items.slice(0, 1) } as never;
      },
    },
    review: async (accountId) => {
      reviewed.push(accountId);
      const [answer = true, ...later] = answers;
      answers = later;
      return answer;
    },
    onFailure: (error) => expect.unreachable(String(error)),
  });
  // A control plane of the version before names none.
  await feed.heard(undefined);
  expect(fetchCount).toBe(0);
  await feed.heard('v1');
  expect(accountOf(listed, '81.2.69.142')).toBe('acc_a');
  await feed.heard('v1');
  await feed.heard('v1');
  expect([fetchCount, reviewed]).toEqual([2, ['acc_a', 'acc_a']]);
});

test('an address is held to what its account may, for no time that ends, and names no key', async () => {
  const use = { verifier: 'relay', service: 'network-discovery', sourceIp: undefined } as const;
  const { resolver, accountId } = resolverBench({
    caps: { 'network-discovery': { lifetimeSecondsMax: 60, bitsPerSecondMax: 64_000 } },
  });
  const address = { accountId, address: '81.2.69.142' };
  const resolved = await resolver.resolveAddress(address, use);
  expect(resolved).toMatchObject({
    kind: 'ok',
    accountId,
    credentialId: 'address:81.2.69.142',
    effective: { bitRate: { bitsPerSecond: 64_000 }, expiresAtMs: Number.POSITIVE_INFINITY },
  });
  const again = await resolver.resolveAddress(address, use);
  if (resolved.kind !== 'ok' || again.kind !== 'ok') throw new Error('It is refused.');
  expect(again.password).not.toBe(resolved.password);
  expect(await resolver.resolveAddress({ ...address, accountId: 'acc_unknown' }, use)).toMatchObject({
    kind: 'refused',
  });
});
