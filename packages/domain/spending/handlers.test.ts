import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nano } from '../billing/money.ts';
import { speakersOf } from '../tenancy/caller.ts';
import { type CreditLineWord, linesAfter } from './credit-line.ts';
import { spending } from './definition.ts';
import { handlers } from './handlers.ts';
import type {
  CreditGift,
  CreditRecord,
  LimitStore,
  PrepaidTerms,
  SpendingPorts,
  TopUpRecord,
} from './ports.ts';
import { type PrepaidSaid, termsOfWords, wordsAfter } from './prepaid-word.ts';

const [platformId, sellerId, accountId] = [createId('acc', 0), createId('acc', 1), createId('acc', 2)];
const chain = [platformId, sellerId, accountId];
const nowMs = Date.parse('2026-11-24T12:00:00Z');
type AccountId = typeof accountId;
type Spending = typeof spending;
type OperationOf<R extends keyof Spending['resources']> = keyof Spending['resources'][R]['operations'];

const ofLimits = <K extends OperationOf<'spendingLimits'>>() =>
  domainContext<Spending, 'spendingLimits', K>(spending, { chain, nowMs }).context;
const balancesCall = <K extends OperationOf<'balances'>>() =>
  domainContext<Spending, 'balances', K>(spending, { chain, nowMs });
const ofBalances = <K extends OperationOf<'balances'>>() => balancesCall<K>().context;
const ofLines = <K extends OperationOf<'creditLines'>>() =>
  domainContext<Spending, 'creditLines', K>(spending, { chain, nowMs });
const ofCredits = <K extends OperationOf<'credits'>>() =>
  domainContext<Spending, 'credits', K>(spending, { chain, nowMs }).context;

interface World {
  /** From the highest account that the caller sees. */
  readonly visible: readonly AccountId[];
  /** Who set the limit that there is. */
  readonly setById: AccountId;
  readonly isCollecting: boolean;
  readonly isPrepaid: boolean;
  readonly hasOwnCollector: boolean;
  readonly isKeptPrepaid: boolean;
  /** For whom the caller speaks, where that is not the highest that they see. */
  readonly speaker: AccountId;
  /** Of the credit that the seller gave. */
  readonly left: bigint;
  /** Who has set the credit line of the account, and how much. */
  readonly lines: readonly CreditLineWord[];
  readonly isUncovered: boolean;
}

function world({
  visible = [sellerId, accountId],
  setById = sellerId,
  isCollecting = true,
  isPrepaid = true,
  hasOwnCollector = false,
  isKeptPrepaid = false,
  speaker,
  left = 4n,
  lines = [],
  isUncovered = false,
}: Partial<World> = {}) {
  const above = speaker ?? (visible.length > 1 ? visible[0] : undefined);
  const set: Parameters<LimitStore['set']>[0][] = [];
  const changed: string[] = [];
  const said: Omit<PrepaidSaid, 'isPrepaid' | 'overdraft'>[] = [];
  const gifts: CreditGift[] = [];
  let words = lines;
  const line = (isBounded = true) => ({
    ...{ currency: 'EUR', topId: platformId, isBounded, words, unpaid: nano(300n) },
  });
  let terms: PrepaidTerms = { isPrepaid, overdraft: nano(0n) };
  const credit: CreditRecord = {
    id: createId('cdt'),
    origin: 'given',
    givenById: sellerId,
    amount: nano(10n),
    left: nano(left),
    priority: 50,
    reason: 'Welcome',
    createdAtMs: nowMs,
  };
  const topUp: TopUpRecord = {
    id: createId('tup'),
    minorUnits: 500n,
    isAutomatic: false,
    askedAtMs: nowMs,
    state: 'open',
    payUrl: 'https://pay.test/1',
    keptMinorUnits: 0n,
  };
  const ports: SpendingPorts = {
    limits: {
      standing: async () => ({
        currency: 'EUR',
        spent: { day: nano(10n), month: nano(60n), total: nano(60n) },
        limits: [
          {
            limit: {
              ...{ id: createId('spl'), accountId, setById, per: 'month', amount: nano(100n) },
              ...{ sharesPercent: [50], action: 'stop', sinceMs: 0 },
            },
            spent: nano(60n),
          },
        ],
      }),
      days: async () => ({ currency: 'EUR', days: [{ day: '2026-11-01', amount: nano(3n) }] }),
      set: async (limits) => {
        set.push(limits);
        return [];
      },
    },
    balances: {
      standing: async () => ({
        currency: 'EUR',
        terms,
        balance: nano(-3n),
        held: nano(0n),
        holds: [{ holdId: 'ses_1', services: ['signaling'], amount: nano(2n), expiresAtMs: nowMs }],
      }),
      setTerms: async (_accountId, { isPrepaid, overdraft, ...by }) => {
        if (isKeptPrepaid) return 'prepaid_above';
        said.push(by);
        const before = terms;
        terms = { ...terms, isPrepaid, overdraft };
        return { before, saidBefore: before, after: terms };
      },
      setTopUp: async (_accountId, next) => {
        const before = terms;
        terms = { ...terms, topUp: next };
        return before;
      },
      credits: async () => ({ items: [credit], nextCursor: 'more' }),
      give: async (gift) => {
        if (isUncovered) return { uncovered: line() };
        gifts.push(gift);
        return credit;
      },
      takeBack: async ({ givenById }) =>
        givenById === sellerId ? { before: credit, after: { ...credit, left: nano(0n) } } : undefined,
      topUps: async () => ({ items: [topUp], nextCursor: 'more' }),
      askTopUp: async () => topUp,
      refundBought: async () => 500n,
    },
    creditLines: {
      standing: async () => line(),
      say: async (_accountId, word) => {
        const before = line();
        words = linesAfter(words, word);
        return before;
      },
    },
    serviceNames: ['signaling'],
    catalogue: new Map(),
    isCollecting: async () => isCollecting,
    hasOwnCollector: async () => hasOwnCollector,
    caller: async () => ({
      visibleChain: visible,
      may: () => true,
      speakerAbove: () => above,
      speakers: () => speakersOf(chain, { above, isItself: false }),
      isOwner: false,
      maker: { kind: 'key', scopes: ['*'] },
    }),
    changed: async (id) => void changed.push(id),
  };
  return { ports, set, changed, gifts, said };
}

const { spendingLimits, balances, creditLines, credits } = handlers;
const monthly = { per: 'month' as const, amount: '100', sharesPercent: [50], action: 'stop' as const };

test('spendingLimits.get 200: what was spent, which shares are reached, and when the whole will be', async () => {
  const answer = await spendingLimits.get(ofLimits(), {}, world().ports);
  expect(answer).toMatchObject({ currency: 'EUR', spentToday: '10', spentThisMonth: '60' });
  expect(answer.items).toMatchObject([
    { isFromAbove: true, sharesReached: [50], isReached: false, windowEnd: '2026-12-01T00:00:00.000Z' },
  ]);
  // 60 in 23.5 days, so 100 in 39: not within this month.
  expect(answer.items[0]?.forecastAt).toBeUndefined();
});

test('spendingLimits.listDays 200: what the month came to by the end of each day', async () => {
  expect(await spendingLimits.listDays(ofLimits(), {}, world().ports)).toEqual({
    currency: 'EUR',
    items: [{ day: '2026-11-01', spent: '3' }],
  });
});

test('spendingLimits.set 200: those above set what the account cannot change, the account its own, and nodes are told', async () => {
  for (const [visible, setById] of [
    [[sellerId, accountId], sellerId],
    [[accountId], accountId],
  ] as const) {
    const { ports, set, changed } = world({ visible: [...visible] });
    const answer = await spendingLimits.set(ofLimits(), { limits: [monthly] }, ports);
    expect(answer.items).toHaveLength(1);
    expect(set).toMatchObject([{ accountId, setById, limits: [{ amount: 100n }] }]);
    expect(changed).toEqual([accountId]);
  }
});

test('spendingLimits.set 404: who speaks for several above says whose limits these are, and speaks for nobody above or beside them', async () => {
  const visible = [platformId, sellerId, accountId];
  const { ports, set } = world({ visible });
  await spendingLimits.set(ofLimits(), { limits: [monthly] }, ports);
  const { context, audited } = domainContext<Spending, 'spendingLimits', 'set'>(spending, { chain, nowMs });
  await spendingLimits.set(context, { limits: [], from: sellerId }, ports);
  expect(set.map(({ setById }) => setById)).toEqual([platformId, sellerId]);
  expect(audited).toEqual([
    {
      target: `${accountId}/spending-limits/above`,
      before: { from: sellerId, limits: [] },
      after: { from: sellerId, limits: [] },
    },
  ]);
  const seller = world();
  for (const from of [platformId, accountId, createId('acc')])
    await expect(spendingLimits.set(ofLimits(), { limits: [], from }, seller.ports)).rejects.toMatchObject({
      fields: { code: 'resource.unknown' },
    });
  expect(seller.set).toEqual([]);
});

test('spendingLimits.get 200: whose a limit from above is, is told to who may speak for that account, and to nobody else', async () => {
  const read = async (visible: readonly AccountId[], setById: AccountId) => {
    const { items, speakerIds } = await spendingLimits.get(ofLimits(), {}, world({ visible, setById }).ports);
    return [items[0]?.isFromAbove, items[0]?.setById, speakerIds];
  };
  expect(await read([platformId, sellerId, accountId], sellerId)).toEqual([
    true,
    sellerId,
    [platformId, sellerId],
  ]);
  expect(await read([sellerId, accountId], platformId)).toEqual([true, undefined, [sellerId]]);
  expect(await read([accountId], sellerId)).toEqual([true, undefined, [accountId]]);
  expect(await read([accountId], accountId)).toEqual([false, undefined, [accountId]]);
});

test('spendingLimits.set 422: a bit rate belongs to throttling alone, and a span and action stand once', async () => {
  const { ports, set } = world();
  for (const limits of [
    [{ ...monthly, bitsPerSecondMax: 64_000 }],
    [{ ...monthly, action: 'throttle' as const }],
    [monthly, { ...monthly, amount: '5' }],
  ])
    await expect(spendingLimits.set(ofLimits(), { limits }, ports)).rejects.toMatchObject({
      fields: { code: 'spending.limit_invalid' },
    });
  expect(set).toEqual([]);
});

test('balances.get 200: what is left, and nothing for new sessions where it is used up', async () => {
  expect(await balances.get(ofBalances(), {}, world().ports)).toMatchObject({
    balance: '-3',
    available: '0',
    holds: [{ holdId: 'ses_1', amount: '2' }],
  });
});

test('balances.setTerms 200: an account is prepaid from now on, and nodes are told', async () => {
  const { ports, changed } = world({ isPrepaid: false });
  expect(await balances.setTerms(ofBalances(), { isPrepaid: true, overdraft: '7' }, ports)).toMatchObject({
    isPrepaid: true,
    overdraft: '7',
    available: '4',
  });
  expect(changed).toEqual([accountId]);
});

test('balances.setTerms 403: it is said by the account that the caller speaks for, and nobody between takes back what was said above them', async () => {
  const { ports, said } = world({ visible: [platformId, sellerId, accountId], speaker: sellerId });
  await balances.setTerms(ofBalances(), { isPrepaid: true, overdraft: '7' }, ports);
  expect(said).toEqual([{ byId: sellerId, above: [platformId] }]);
  await expect(
    balances.setTerms(
      ofBalances(),
      { isPrepaid: false, overdraft: '0' },
      world({ isKeptPrepaid: true }).ports,
    ),
  ).rejects.toMatchObject({ fields: { code: 'spending.prepaid_above' } });
});

test('whatever is said in whatever order, an account is prepaid while a word stands that nobody at or above its speaker took back', () => {
  const speakers = ['top', 'middle', 'lower'];
  const step = fc.record({
    depth: fc.integer({ min: 0, max: 2 }),
    isPrepaid: fc.boolean(),
    overdraft: fc.bigInt({ min: 0n, max: 9n }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const model = new Map<number, bigint>();
      let words: Exclude<ReturnType<typeof wordsAfter>, string> = [];
      for (const { depth, isPrepaid, overdraft } of steps) {
        const byId = speakers[depth] ?? '';
        const above = speakers.slice(0, depth);
        const after = wordsAfter(words, { byId, above, isPrepaid, overdraft: nano(overdraft) });
        const isKeptAbove = [...model.keys()].some((by) => by < depth);
        expect(after === 'prepaid_above').toBe(!isPrepaid && isKeptAbove);
        if (after === 'prepaid_above') continue;
        words = after;
        if (isPrepaid) model.set(depth, overdraft);
        else model.clear();
      }
      const least = [...model.values()].sort((left, right) => Number(left - right))[0];
      expect(termsOfWords(words)).toEqual({ isPrepaid: model.size > 0, overdraft: least ?? 0n });
    }),
  );
});

test('balances.setAutomaticTopUp 200: it is set, and taken back', async () => {
  const { ports } = world();
  const { context, events } = balancesCall<'setAutomaticTopUp'>();
  const automaticTopUp = { below: '5', minorUnits: '500' };
  expect(await balances.setAutomaticTopUp(context, { automaticTopUp }, ports)).toMatchObject({
    automaticTopUp,
  });
  expect(await balances.setAutomaticTopUp(context, {}, ports)).not.toHaveProperty('automaticTopUp');
  await balances.setAutomaticTopUp(context, {}, ports);
  expect(events.map(({ payload }) => payload)).toEqual([{ isOn: true }, { isOn: false }]);
});

test('balances.topUp 200: it is asked for, and says where it is paid', async () => {
  const { context, events } = balancesCall<'topUp'>();
  expect(await balances.topUp(context, { minorUnits: '500' }, world().ports)).toMatchObject({
    state: 'open',
    payUrl: 'https://pay.test/1',
    creditedMinorUnits: '0',
  });
  expect(events).toEqual([
    { event: 'top-up.asked', payload: { topUpId: expect.stringMatching(/^tup_/), minorUnits: '500' } },
  ]);
});

const unbuyable = [
  [{ isPrepaid: false }, 'spending.not_prepaid'],
  [{ isCollecting: false }, 'spending.not_collecting'],
] as const;

test('balances.setTerms 409: nobody is prepaid whom a seller asks itself: prepaid money is with the platform (decision 0017)', async () => {
  const { ports } = world({ hasOwnCollector: true });
  const set = (isPrepaid: boolean) => balances.setTerms(ofBalances(), { isPrepaid, overdraft: '0' }, ports);
  await expect(set(true)).rejects.toMatchObject({ fields: { code: 'spending.seller_collects' } });
  await expect(set(false)).resolves.toBeDefined();
});

test('balances.topUp 409: who pays after the month, or where nothing collects, buys nothing', async () => {
  for (const [options, code] of unbuyable)
    await expect(
      balances.topUp(ofBalances(), { minorUnits: '2' }, world(options).ports),
    ).rejects.toMatchObject({ fields: { code } });
});

test('balances.topUp 200: who is prepaid no more pays what the balance owes, to the whole minor unit', async () => {
  const { ports } = world({ isPrepaid: false });
  await expect(balances.topUp(ofBalances(), { minorUnits: '1' }, ports)).resolves.toBeDefined();
});

test('balances.setAutomaticTopUp 409: what cannot be bought is not bought by itself', async () => {
  for (const [options, code] of unbuyable)
    await expect(balances.setAutomaticTopUp(ofBalances(), {}, world(options).ports)).rejects.toMatchObject({
      fields: { code },
    });
});

test('balances.listTopUps 200: the newest first, page by page', async () => {
  const page = await balances.listTopUps(ofBalances(), { limit: 20 }, world().ports);
  expect(page).toMatchObject({ items: [{ minorUnits: '500' }], nextCursor: 'more' });
});

test('balances.refund 200: how much is on its way back', async () => {
  const { context, events } = balancesCall<'refund'>();
  expect(await balances.refund(context, {}, world().ports)).toEqual({ minorUnits: '500' });
  expect(events).toEqual([{ event: 'balance.refunded', payload: { minorUnits: '500' } }]);
});

test('balances.refund 409: nothing is given back where nothing collects', async () => {
  await expect(balances.refund(ofBalances(), {}, world({ isCollecting: false }).ports)).rejects.toMatchObject(
    {
      fields: { code: 'spending.not_collecting' },
    },
  );
});

test('credits.list 200: who above gave it is nothing that the account is told', async () => {
  const page = await credits.list(ofCredits(), { limit: 20 }, world().ports);
  expect(page).toMatchObject({
    items: [{ origin: 'given', left: '4', reason: 'Welcome' }],
    nextCursor: 'more',
  });
  expect(JSON.stringify(page)).not.toContain(sellerId);
});

test('credits.list 200: what may be taken back is told to whoever gave it, as long as something is left, and to nobody above or below them', async () => {
  const mayTakeBack = async (visible: readonly AccountId[], left = 4n) => {
    const { ports } = world({ visible, left });
    const { items } = await credits.list(ofCredits(), { limit: 20 }, ports);
    return items.map((credit) => credit.mayTakeBack);
  };
  expect(await mayTakeBack([sellerId, accountId])).toEqual([true]);
  expect(await mayTakeBack([sellerId, accountId], 0n)).toEqual([false]);
  expect(await mayTakeBack(chain)).toEqual([false]);
  expect(await mayTakeBack([accountId])).toEqual([false]);
});

const gift = { amount: '10', reason: 'Welcome', priority: 50 };

test('credits.give 200: whoever acts for an account gives it of that one, and not of one between, nor of one above that they only see', async () => {
  for (const [visible, givenById] of [
    [[sellerId, accountId], sellerId],
    [chain, platformId],
    [chain, sellerId],
  ] as const) {
    const { ports, gifts, changed } = world({ visible: [...visible], speaker: givenById });
    await credits.give(ofCredits(), { ...gift, services: ['signaling'] }, ports);
    expect(gifts).toMatchObject([{ accountId, givenById, amount: 10n, services: ['signaling'] }]);
    expect(changed).toEqual([accountId]);
  }
});

test('credits.give 409: beyond the credit line of whoever gives, how much is left is told, and nobody above', async () => {
  const { ports, changed } = world({
    lines: [{ byId: platformId, amount: nano(12_500_000_300n) }],
    isUncovered: true,
  });
  const refused = credits.give(ofCredits(), gift, ports);
  await expect(refused).rejects.toMatchObject({
    fields: {
      code: 'spending.credit_uncovered',
      publicDetail:
        '/amount: of the credit line of the account that gives, 12.5 EUR are left. An account above it can raise it.',
    },
  });
  expect(changed).toEqual([]);
});

test('creditLines.get 200: an account reads what holds and what is left, and of who set it nothing', async () => {
  const lines = [
    { byId: platformId, amount: nano(1_000n) },
    { byId: sellerId, amount: nano(700n) },
  ];
  const read = (visible: readonly AccountId[]) =>
    creditLines.get(ofLines().context, {}, world({ visible, lines }).ports);
  const own = await read([accountId]);
  expect(own).toEqual({
    ...{ currency: 'EUR', amount: '700', unpaid: '300', left: '400' },
    ...{ set: [], speakerIds: [] },
  });
  expect(await read([sellerId, accountId])).toMatchObject({
    set: [{ from: sellerId, amount: '700' }],
    speakerIds: [sellerId],
  });
  expect((await read(chain)).set).toHaveLength(2);
});

test('creditLines.set 200: each account above has its own, the narrowest holds, and the log says what held before', async () => {
  const { ports } = world({ visible: chain, lines: [{ byId: sellerId, amount: nano(900n) }] });
  const { context, audited, events } = ofLines<'set'>();
  // Nobody who collects stands for it yet.
  expect(await creditLines.get(ofLines().context, {}, ports)).toMatchObject({ amount: '0', left: '0' });
  expect(await creditLines.set(context, { amount: '1000' }, ports)).toMatchObject({
    ...{ amount: '900', left: '600' },
  });
  expect(await creditLines.set(context, { amount: '500', from: sellerId }, ports)).toMatchObject({
    ...{ amount: '500', left: '200' },
  });
  // What holds stays as it was.
  await creditLines.set(context, { amount: '2000' }, ports);
  expect(events).toEqual(
    ['900', '500', '500'].map((amount) => ({
      event: 'credit-line.changed',
      payload: { amount, currency: 'EUR' },
    })),
  );
  expect(audited[1]).toEqual({
    target: `${accountId}/credit-line`,
    before: { from: sellerId, said: '900', amount: '900' },
    after: { from: sellerId, said: '500', amount: '500' },
  });
});

test('creditLines.set 404: for no account that the caller does not speak for, and never for the account itself', async () => {
  for (const from of [platformId, accountId])
    await expect(
      creditLines.set(ofLines<'set'>().context, { amount: '5', from }, world().ports),
    ).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
  expect(spending.resources.creditLines.operations.set.authority).toBe('ancestor');
  expect(spending.resources.creditLines.operations.remove.authority).toBe('ancestor');
});

test('creditLines.remove 200: what one account said is gone, and without a word of whoever collects there is no line', async () => {
  const { ports } = world({
    visible: chain,
    lines: [platformId, sellerId].map((byId) => ({ byId, amount: nano(1_000n) })),
  });
  const { context, audited, events } = ofLines<'remove'>();
  expect(await creditLines.remove(context, {}, ports)).toMatchObject({ amount: '0', left: '0' });
  expect(audited[0]?.after).toEqual({ from: platformId, amount: '0' });
  // Once more changes nothing.
  await creditLines.remove(context, {}, ports);
  expect(events).toHaveLength(1);
});

test('creditLines.remove 404: what another account above said stays, and nobody takes back what was said to themselves', async () => {
  for (const from of [platformId, accountId])
    await expect(
      creditLines.remove(ofLines<'remove'>().context, { from }, world().ports),
    ).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
});

test('credits.give 400: nothing is no gift', () => {
  const { request } = spending.resources.credits.operations.give;
  expect(request.safeParse({ amount: '0', reason: 'x' }).success).toBe(false);
  expect(request.safeParse({ amount: '000', reason: 'x' }).success).toBe(false);
  expect(request.safeParse({ amount: '10', reason: 'x' }).success).toBe(true);
});

test('credits.give 422: for no service that there is not, and not into the past', async () => {
  const { ports, gifts } = world();
  await expect(credits.give(ofCredits(), { ...gift, services: ['fax'] }, ports)).rejects.toMatchObject({
    fields: { code: 'spending.service_unknown' },
  });
  const expiresAt = '2026-11-24T12:00:00Z';
  await expect(credits.give(ofCredits(), { ...gift, expiresAt }, ports)).rejects.toMatchObject({
    fields: { code: 'spending.expired_already' },
  });
  expect(gifts).toEqual([]);
});

test('credits.give 409: who pays after the month is given what the balance owes of when it was prepaid, and no credit that nothing would ever use', async () => {
  const { ports, gifts } = world({ isPrepaid: false });
  const give = (amount: string) => credits.give(ofCredits(), { ...gift, amount }, ports);
  await expect(give('4')).rejects.toMatchObject({ fields: { code: 'spending.not_prepaid' } });
  expect(gifts).toEqual([]);
  await give('3');
  expect(gifts).toMatchObject([{ amount: 3n }]);
});

test('credits.takeBack 200: what is left goes back to whoever gave it, and to nobody else', async () => {
  const creditId = createId('cdt');
  expect(await credits.takeBack(ofCredits(), { creditId }, world().ports)).toMatchObject({ left: '0' });
  await expect(
    credits.takeBack(ofCredits(), { creditId }, world({ visible: chain }).ports),
  ).rejects.toMatchObject({
    fields: { code: 'resource.unknown' },
  });
});
