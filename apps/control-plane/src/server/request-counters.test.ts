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
    { caller: 'tree acc_customer', burst: 3_000, countedFor: { kind: 'tree', accountId: 'acc_customer' } },
  ]);
});

/** How many of a second's requests each account gets through, of those that it sends: a bucket of each counter, as it stands. */
function admitted(sent: readonly (readonly string[])[]): readonly number[] {
  const left = new Map<string, number>();
  const admittedCounts = new Map<string, number>();
  for (const of of sent) {
    const accountId = of.at(-1) ?? '';
    // A key of its own for each request: what one key may have is not what is asked here.
    const actor = { kind: 'key', keyId: `key_${left.size}`, accountId } as const;
    const counters = countersOf({
      principal: { actor, name: 'Somebody' },
      chain: of,
      request: { address: '192.0.2.7', isRead: true },
    }).filter(({ countedFor: { kind } }) => kind === 'tree' || kind === 'treeAbove');
    const bursts = counters.map(({ caller, terms }) => [caller, left.get(caller) ?? terms.burstMax] as const);
    if (bursts.some(([, rest]) => rest <= 0)) continue;
    for (const [caller, rest] of bursts) left.set(caller, rest - 1);
    admittedCounts.set(accountId, (admittedCounts.get(accountId) ?? 0) + 1);
  }
  return [...admittedCounts.values()];
}

test('C18: whatever one child sends, and however deep it stands, half of what its parent’s tree has is left to those beside it', () => {
  const floor = 600;
  const trees = (of: readonly string[]) =>
    countedOf({ ...key, accountId: of.at(-1) ?? '' }, { of })
      .filter(({ caller }) => caller.startsWith('tree '))
      .map(({ burst }) => burst);
  for (let depth = 2; depth <= 12; depth++) {
    const of = ['acc_platform', ...Array.from({ length: depth }, (_each, level) => `acc_${level}`)];
    const bursts = trees(of);
    for (const [level, burst] of bursts.entries())
      if (level > 0) expect(burst).toBe(Math.max(floor, (bursts[level - 1] ?? 0) / 2));
  }
  const [greedy, modest] = [
    ['acc_platform', 'acc_reseller', 'acc_greedy'],
    ['acc_platform', 'acc_reseller', 'acc_modest'],
  ];
  const flood = Array.from({ length: 10_000 }, () => greedy);
  const after = Array.from({ length: 2_900 }, () => modest);
  expect(admitted([...flood, ...after])).toEqual([3_000, 2_900]);
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
