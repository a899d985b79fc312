import { expect, test } from 'vitest';
import { type Facts, noticesOf } from './attention.ts';

const nowMs = Date.UTC(2026, 10, 24, 12);
const at = (hoursAgo: number): string => new Date(nowMs - hoursAgo * 3_600_000).toISOString();

const session = (endCode: string, hoursAgo: number): Facts['recentSessions'][number] => ({
  id: 'ses_1',
  kind: 'call',
  accountId: 'acc_1',
  accountName: 'Acme',
  state: 'ended',
  mode: 'p2p',
  participants: 2,
  legs: [],
  region: 'eu',
  startedAt: at(hoursAgo),
  endedAt: at(hoursAgo),
  endCode,
  relayBytes: '0',
  relayMilliseconds: '0',
});
const quiet: Facts = {
  accounts: [],
  keys: [],
  webhooks: [],
  recentSessions: [],
  statement: undefined,
  refused: [],
  nowMs,
};

const statement: NonNullable<Facts['statement']> = {
  period: '2026-11',
  accountId: 'acc_1',
  accountName: 'Acme',
  sellerId: 'acc_0',
  sellerName: 'Patchbay',
  sellers: [],
  currency: 'EUR',
  state: 'open',
  lateUsageUntil: '2027-01-31T00:00:00.000Z',
  ownUse: '0',
  passedThrough: '10',
  payable: '10',
  margins: '0',
  subsidies: '5',
  receivable: '5',
  margin: '-5',
  totals: [{ currency: 'EUR', receivable: '5', margin: '-5' }],
  charge: { amount: '5', carriedIn: '0', minorUnits: '0', residue: '5' },
  payout: { amount: '0', carriedIn: '0', minorUnits: '0', residue: '0' },
  lines: [],
  children: [
    {
      accountId: 'acc_2',
      name: 'Bluebird',
      currency: 'EUR',
      receivable: '5',
      cost: '10',
      margin: '-5',
      lines: [],
    },
  ],
  ledger: {
    isBehind: false,
    payable: '10',
    receivable: '5',
    charged: '0',
    paidOut: '0',
    entryCount: 2,
    totals: [{ currency: 'EUR', receivable: '5' }],
  },
};

test('nothing is said where nothing is wrong', () => {
  expect(noticesOf(quiet)).toEqual([]);
  expect(noticesOf({ ...quiet, recentSessions: [session('signaling.hung_up', 1)] })).toEqual([]);
});

test('sessions that failed within a day are counted, older ones are not', () => {
  const recentSessions = [session('signaling.media_failed', 1), session('signaling.connection_lost', 25)];
  expect(noticesOf({ ...quiet, recentSessions }).map(({ text }) => text)).toEqual([
    '1 session failed in the last 24 hours.',
  ]);
});

test('a statement that the ledger disagrees with by one nano unit is an alarm', () => {
  const inDollars = [...statement.ledger.totals, { currency: 'USD', receivable: '1' }];
  for (const ledger of [
    { ...statement.ledger, payable: '11' },
    { ...statement.ledger, totals: inDollars },
    // Asked of an account before its month is over.
    { ...statement.ledger, charged: '10000000' },
  ]) {
    const wrong = { ...statement, ledger };
    expect(noticesOf({ ...quiet, statement: wrong }).map(({ key }) => key)).toContain('ledger');
  }
  expect(noticesOf({ ...quiet, statement }).map(({ key }) => key)).not.toContain('ledger');
  // What came after the closing is a correction, and has to be all of the difference.
  const corrected = (minorUnits: string) => ({
    ...statement,
    corrections: [{ side: 'charge' as const, minorUnits }],
    ledger: {
      ...statement.ledger,
      payable: '30000010',
      charged: String(BigInt(statement.ledger.charged) + 30_000_000n),
    },
  });
  expect(noticesOf({ ...quiet, statement: corrected('3') }).map(({ key }) => key)).not.toContain('ledger');
  expect(noticesOf({ ...quiet, statement: corrected('2') }).map(({ key }) => key)).toContain('ledger');
});

test('what cutting to nano units leaves over is called no subsidy', () => {
  const [child] = statement.children;
  const cut = {
    ...statement,
    children: [{ ...child, receivable: '21019999997', cost: '21020000000', margin: '-3' }],
  };
  expect(noticesOf({ ...quiet, statement: cut as typeof statement })).toEqual([]);
});

test('usage that was refused within a day is an alarm, and on no statement', () => {
  const texts = (...hours: number[]) =>
    noticesOf({ ...quiet, refused: hours.map((ago) => ({ at: at(ago) })) }).map(({ text }) => text);
  expect(texts(1, 2, 25)).toEqual([
    '2 reports of usage were refused in the last 24 hours, and on no statement.',
  ]);
  expect(texts(25)).toEqual([]);
});

test('a subsidy is named, with whom it goes to (BIL-2)', () => {
  expect(noticesOf({ ...quiet, statement }).map(({ text }) => text)).toEqual([
    'You subsidise Bluebird: the price is below what you pay.',
  ]);
});

test('a webhook that takes nothing is named, and one that the account disabled itself is not (HKS-2)', () => {
  const webhook = (host: string, change: Partial<Facts['webhooks'][number]>) => ({
    id: `whk_${host}`,
    url: `https://${host}/hooks`,
    state: 'active' as const,
    health: 'ok' as const,
    ...change,
  });
  const webhooks = [
    webhook('fine.test', {}),
    webhook('slow.test', { health: 'failing' }),
    webhook('gone.test', { state: 'disabled', disabledReason: 'gone' }),
    webhook('off.test', { state: 'disabled' }),
  ];
  expect(noticesOf({ ...quiet, webhooks }).map(({ tone, text }) => [tone, text])).toEqual([
    ['wait', 'The webhook at slow.test takes nothing at the moment.'],
    ['fail', 'The webhook at gone.test was disabled: it takes nothing.'],
  ]);
});
