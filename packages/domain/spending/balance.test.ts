import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nano, sum } from '../billing/money.ts';
import {
  addCredit,
  type Balance,
  balanceOf,
  type Credit,
  changeCredit,
  debtOf,
  draw,
  expiredAt,
  inBurnOrder,
} from './balance.ts';
import { availableFor, type Hold, holdToBegin, holdToGoOn, usedUpServices } from './hold.ts';

const empty: Balance = { credits: [], draws: [] };
const credit = (id: string, left: number, rest: Partial<Credit> = {}): Credit => ({
  id,
  left: nano(BigInt(left)),
  priority: 50,
  createdAtMs: 0,
  ...rest,
});
const use = (amount: number, service = 'signaling', atMs = 10) => ({
  period: '2026-11',
  service,
  amount: nano(BigInt(amount)),
  atMs,
});
const leftOf = (balance: Balance) =>
  Object.fromEntries(balance.credits.map(({ id, left }) => [id, Number(left)]));

test('use burns the least priority first, then what expires first, then the oldest', () => {
  const credits = [
    credit('bought', 10, { priority: 100 }),
    credit('late', 10, { expiresAtMs: 200 }),
    credit('soon', 10, { expiresAtMs: 100, createdAtMs: 5 }),
    credit('soon-and-older', 10, { expiresAtMs: 100, createdAtMs: 1 }),
    credit('first', 10, { priority: 1 }),
    credit('for ever', 10),
  ];
  expect(inBurnOrder(credits).map(({ id }) => id)).toEqual([
    'first',
    'soon-and-older',
    'soon',
    'late',
    'for ever',
    'bought',
  ]);
  expect(leftOf(draw({ credits, draws: [] }, use(25)))).toEqual({
    first: 0,
    'soon-and-older': 0,
    soon: 5,
    late: 10,
    'for ever': 10,
    bought: 10,
  });
});

test('a credit for some services pays for no other, and what is over pays for nothing', () => {
  const balance = {
    credits: [
      credit('relay', 10, { services: ['network-discovery'] }),
      credit('over', 10, { expiresAtMs: 10 }),
    ],
    draws: [],
  };
  const drawn = draw(balance, use(7));
  expect(leftOf(drawn)).toEqual({ relay: 10, over: 10 });
  expect(debtOf(drawn)).toBe(7n);
  expect(
    usedUpServices({ balance: drawn, overdraft: nano(0n), atMs: 10 }, ['signaling', 'network-discovery']),
  ).toEqual(['signaling']);
  expect(leftOf(draw(balance, use(7, 'network-discovery')))).toEqual({ relay: 3, over: 10 });
});

test('new money pays first what is owed, and money that goes back leaves owed what it paid for', () => {
  const owing = draw(empty, use(7));
  const paid = addCredit(owing, credit('bought', 10));
  expect([Number(balanceOf(paid)), leftOf(paid)]).toEqual([3, { bought: 3 }]);
  const back = changeCredit(paid, 'bought', nano(-10n));
  expect([Number(balanceOf(back)), Number(debtOf(back)), leftOf(back)]).toEqual([-7, 7, { bought: 0 }]);
  expect(Number(balanceOf(changeCredit(back, 'bought', nano(10n))))).toBe(3);
});

test('two sessions never hold the same money, and a hold whose time is over holds nothing', () => {
  const balance = {
    credits: [credit('all', 10), credit('relay', 5, { services: ['network-discovery'] })],
    draws: [],
  };
  const ask = (holds: readonly Hold[], services: readonly string[], atMs = 10) =>
    Number(availableFor({ balance, overdraft: nano(0n), holds, services, atMs }));
  const held: Hold = { id: 'one', services: ['signaling'], amount: nano(8n), expiresAtMs: 50 };
  expect(ask([], ['network-discovery'])).toBe(15);
  expect(ask([held], ['signaling'])).toBe(2);
  // What a credit for the relay alone has left is not held by a call.
  expect(ask([held], ['network-discovery'])).toBe(7);
  expect(ask([held], ['signaling'], 50)).toBe(10);
});

test('a session that could not be paid for five seconds does not begin, and holds thirty at most', () => {
  const bound = { once: nano(0n), atOnce: nano(0n), perSecond: nano(10n) };
  expect(holdToBegin(bound, nano(49n))).toBeUndefined();
  expect(holdToBegin(bound, nano(50n))).toBe(50n);
  expect(holdToBegin(bound, nano(10_000n))).toBe(300n);
  expect(holdToBegin({ ...bound, perSecond: nano(0n) }, nano(0n))).toBeUndefined();
  // What it owes with its start it owes once; what terms of the month ask, it may owe at any moment.
  const withTerms = { ...bound, once: nano(7n), atOnce: nano(20n) };
  expect(holdToBegin(withTerms, nano(76n))).toBeUndefined();
  expect(holdToBegin(withTerms, nano(10_000n))).toBe(327n);
  expect(holdToGoOn(withTerms, nano(10_000n))).toBe(320n);
});

const services = ['signaling', 'network-discovery'] as const;
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('credit' as const),
      amount: fc.integer({ min: 0, max: 1_000 }),
      priority: fc.integer({ min: 0, max: 3 }),
      service: fc.constantFrom(undefined, ...services),
      lastsMs: fc.constantFrom(undefined, 5, 20),
    }),
    fc.record({
      kind: fc.constant('use' as const),
      amount: fc.integer({ min: 0, max: 400 }),
      service: fc.constantFrom(...services),
      month: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({
      kind: fc.constant('correct' as const),
      share: fc.integer({ min: 0, max: 100 }),
      of: fc.nat(20),
    }),
    fc.record({
      kind: fc.constant('refund' as const),
      share: fc.integer({ min: 0, max: 100 }),
      of: fc.nat(20),
    }),
    fc.record({ kind: fc.constant('expire' as const) }),
  ),
  { maxLength: 40 },
);

test('for any credits, uses, corrections, refunds and expiries the balance is what came in less what went out (BIL-5)', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let balance = empty;
      let atMs = 0;
      let cameIn = 0n;
      const worth = new Map<string, bigint>();
      const used = new Map<string, bigint>();
      const drawnOf = (key: string) =>
        sum(
          balance.draws
            .filter((each) => `${each.period} ${each.service}` === key)
            .map(({ amount }) => amount),
        );
      for (const step of all) {
        atMs += 3;
        if (step.kind === 'credit') {
          const { amount, priority, service, lastsMs } = step;
          const id = `c${atMs}`;
          const added = credit(id, amount, {
            priority,
            createdAtMs: atMs,
            ...(service === undefined ? {} : { services: [service] }),
            ...(lastsMs === undefined ? {} : { expiresAtMs: atMs + lastsMs }),
          });
          balance = addCredit(balance, added);
          worth.set(id, BigInt(amount));
          cameIn += BigInt(amount);
        } else if (step.kind === 'use') {
          const period = `2026-0${step.month}`;
          const key = `${period} ${step.service}`;
          balance = draw(balance, { period, service: step.service, amount: nano(BigInt(step.amount)), atMs });
          used.set(key, (used.get(key) ?? 0n) + BigInt(step.amount));
        } else if (step.kind === 'correct') {
          const [key = '', amount = 0n] = [...used][step.of % Math.max(used.size, 1)] ?? [];
          if (key === '') continue;
          const [period = '', service = ''] = key.split(' ');
          const less = (amount * BigInt(step.share)) / 100n;
          balance = draw(balance, { period, service, amount: nano(-less), atMs });
          used.set(key, amount - less);
        } else if (step.kind === 'refund') {
          const [id = '', amount = 0n] = [...worth][step.of % Math.max(worth.size, 1)] ?? [];
          const less = (amount * BigInt(step.share)) / 100n;
          balance = changeCredit(balance, id, nano(-less));
          if (id !== '') worth.set(id, amount - less);
          cameIn -= id === '' ? 0n : less;
        } else {
          for (const { creditId, amount } of expiredAt(balance, atMs)) {
            balance = changeCredit(balance, creditId, nano(-amount));
            worth.set(creditId, (worth.get(creditId) ?? 0n) - amount);
            cameIn -= amount;
          }
        }
        const usedInAll = [...used.values()].reduce((total, amount) => total + amount, 0n);
        expect(balanceOf(balance)).toBe(cameIn - usedInAll);
        // Each use is paid by something, or owed; and no credit pays for more than it is worth.
        for (const [key, amount] of used) expect(drawnOf(key)).toBe(amount);
        for (const { id, left } of balance.credits) {
          expect(left >= 0n).toBe(true);
          const paid = sum(
            balance.draws.filter(({ creditId }) => creditId === id).map(({ amount }) => amount),
          );
          expect(left + paid).toBe(worth.get(id));
        }
        for (const { amount } of balance.draws) expect(amount >= 0n).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
