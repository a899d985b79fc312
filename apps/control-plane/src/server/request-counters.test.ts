import type { CountedFor, LimitedRequest, Principal } from '@patchbay/faces/platform';
import { expect, test } from 'vitest';
import { requestCounters } from './request-counters.ts';

const countersOf = requestCounters({
  perMinuteMax: 1_200,
  strangersChanges: { perMinuteMax: 10, burstMax: 10 },
});
const chain = ['acc_platform', 'acc_reseller', 'acc_customer'];
const key = { kind: 'key', keyId: 'key_a', accountId: 'acc_customer' } as const;
const countedOf = (
  actor: Principal['actor'],
  { of = chain, ...request }: Partial<LimitedRequest> & { of?: readonly string[] } = {},
) =>
  countersOf({
    principal: { actor, name: 'Somebody' },
    chain: of,
    request: { address: '192.0.2.7', isRead: true, ...request },
  }).map(({ caller, terms, countedFor }) => ({ caller, burst: terms.burstMax, countedFor }));

test('C18: a key counts for itself, for all keys of its account, and for the tree of each account up to the one below the platform', () => {
  expect(countedOf(key)).toEqual([
    { caller: 'key key_a', burst: 300, countedFor: { kind: 'key', keyId: 'key_a' } },
    { caller: 'keys acc_customer', burst: 600, countedFor: { kind: 'keys', accountId: 'acc_customer' } },
    { caller: 'tree acc_reseller', burst: 6_000, countedFor: { kind: 'treeAbove' } },
    { caller: 'tree acc_customer', burst: 6_000, countedFor: { kind: 'tree', accountId: 'acc_customer' } },
  ]);
});

test('a key of the platform counts for no tree: what stands below it is everybody', () => {
  const callers = countedOf({ ...key, accountId: 'acc_platform' }, { of: ['acc_platform'] });
  expect(callers.map(({ caller }) => caller)).toEqual(['key key_a', 'keys acc_platform']);
});

test('what browsers hold counts apart from the keys of its account, and for the same trees', () => {
  const credential = { kind: 'credential', credentialId: 'crd_a', accountId: 'acc_customer' } as const;
  expect(countedOf(credential).map(({ caller }) => caller)).toEqual([
    'credential crd_a',
    'credentials acc_customer',
    'tree acc_reseller',
    'tree acc_customer',
  ]);
});

test('a person counts for themselves alone, wherever they look', () => {
  expect(countedOf({ kind: 'user', userId: 'usr_a' })).toEqual([
    { caller: 'user usr_a', burst: 300, countedFor: { kind: 'user' } },
  ]);
});

test('a stranger counts by the network, and what strangers change by a rate of its own', () => {
  const callers = [true, false].flatMap((isRead) => countedOf({ kind: 'stranger' }, { isRead }));
  const countedFor: CountedFor = { kind: 'address' };
  expect(callers).toEqual([
    { caller: 'stranger 192.0.2.7/32', burst: 300, countedFor },
    { caller: 'changes stranger 192.0.2.7/32', burst: 10, countedFor },
  ]);
});

test('whoever found a key and comes from where it may not uses up nothing of its account’s', () => {
  expect(countedOf(key, { isFromOutside: true })).toEqual([
    { caller: 'outside acc_customer 192.0.2.7/32', burst: 300, countedFor: { kind: 'address' } },
  ]);
});
