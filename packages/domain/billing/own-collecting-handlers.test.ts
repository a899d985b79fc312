import { domainContext } from '@patchbay/testing/domain-context';
import { beforeEach, describe, expect, test } from 'vitest';
import { billing } from './definition.ts';
import {
  collectorOf,
  type OwnCollectingBook,
  type OwnRailCheck,
  ownCollectingState,
} from './own-collecting.ts';
import { ownCollectingHandlers } from './own-collecting-handlers.ts';
import { memoryOwnCollecting } from './plain-ports.testing.ts';

const nowMs = Date.UTC(2026, 10, 20);
const credentials = { secretKey: 'rk_live_abcd1234', webhookSecrets: ['whsec_1'] };
const { collecting } = ownCollectingHandlers;

let book: OwnCollectingBook;
let checked: OwnRailCheck;
let known: readonly string[];
beforeEach(() => {
  book = memoryOwnCollecting();
  checked = 'usable';
});

const at = (accountId = 'reseller') =>
  domainContext<typeof billing, 'collecting', 'connect'>(billing, {
    chain: accountId === 'platform' ? ['platform'] : ['platform', accountId],
    nowMs,
  });
const ports = () =>
  ({
    ownCollecting: book,
    isTest: async (accountId: string) => accountId.startsWith('test'),
    checkOwnRail: async (_: unknown, knownCustomers: readonly string[]) => {
      known = knownCustomers;
      return checked;
    },
    webhookUrlOf: (accountId: string) => `https://patchbay.test/api/stripe/${accountId}`,
  }) as never;
const connect = (accountId?: string) => collecting.connect(at(accountId).context, credentials, ports());
const refusal = (status: number, code: string) => ({
  fields: expect.objectContaining({ status, code: `billing.${code}` }),
});

describe('collecting', () => {
  test('get 200: who has said nothing is asked for by the platform, and is told where its Stripe would tell', async () => {
    expect(await collecting.get(at().context as never, {}, ports())).toEqual({
      state: 'none',
      webhookUrl: 'https://patchbay.test/api/stripe/reseller',
      openInvoiceCount: 0,
    });
  });

  test('connect 200: from the next month on, and of the key nobody is told more than its last letters', async () => {
    const { context, audited, events } = at();
    const answer = await collecting.connect(context, credentials, ports());
    expect(answer).toMatchObject({ state: 'begins', fromPeriod: '2026-12', keyHint: '1234' });
    expect(audited).toMatchObject([
      { target: 'reseller/collecting', before: { state: 'none' }, after: answer },
    ]);
    expect(events).toEqual([{ event: 'collecting.changed', payload: { state: 'begins' } }]);
    for (const told of [answer, audited]) expect(JSON.stringify(told)).not.toContain('abcd');
  });

  test('connect 409: neither the platform itself, nor what is on the books of tests, nor where money is prepaid', async () => {
    await expect(connect('platform')).rejects.toMatchObject(refusal(409, 'own_collecting_refused'));
    await expect(connect('test_reseller')).rejects.toMatchObject(refusal(409, 'own_collecting_refused'));
    book = { ...book, connect: async () => false };
    await expect(connect()).rejects.toMatchObject(refusal(409, 'prepaid_below'));
  });

  test('connect 422: a key that Stripe refuses, or one for tests, asks nobody for anything', async () => {
    for (const outcome of ['refused', 'test-key', 'other-account'] as const) {
      checked = outcome;
      await expect(connect()).rejects.toMatchObject(refusal(422, 'rail_key_refused'));
    }
    expect(await book.find('reseller')).toBeUndefined();
  });

  test('connect 422: another key is tried with who was asked for money already, and the first with nobody (decision 0017)', async () => {
    await connect();
    expect(known).toEqual([]);
    checked = 'other-account';
    await expect(connect()).rejects.toMatchObject({
      fields: { code: 'billing.rail_key_refused', publicDetail: expect.stringContaining('another account') },
    });
    expect(known).toEqual(['cus_of_reseller']);
  });

  test('connect 502: where Stripe does not answer, nothing is changed', async () => {
    checked = 'unavailable';
    await expect(connect()).rejects.toMatchObject(refusal(502, 'rail_failed'));
    expect(await book.find('reseller')).toBeUndefined();
  });

  test('disconnect 200: what was asked for before is followed by its key, unless that is taken back', async () => {
    await connect();
    const end = (forgetsKey: boolean) =>
      collecting.disconnect(at().context as never, { forgetsKey }, ports());
    expect(await end(false)).toMatchObject({ toPeriod: '2026-11', keyHint: '1234' });
    expect(await end(true)).not.toHaveProperty('keyHint');
  });

  test('disconnect 409: while money is on its way back the key is not taken back, and it says of which invoices', async () => {
    await connect();
    book = { ...book, disconnect: async () => ({ refundingNumbers: ['S-I00001'] }) };
    await expect(
      collecting.disconnect(at().context as never, { forgetsKey: true }, ports()),
    ).rejects.toMatchObject({
      fields: { code: 'billing.refunds_open', publicDetail: expect.stringContaining('S-I00001') },
    });
  });
});

test('how it stands: it begins, goes on, ends with a month and has ended', () => {
  const span = { fromPeriod: '2026-11', toPeriod: '2026-12' };
  expect(['2026-10', '2026-11', '2026-12', '2027-01'].map((now) => ownCollectingState(span, now))).toEqual([
    'begins',
    'ending',
    'ending',
    'ended',
  ]);
  expect(ownCollectingState({ fromPeriod: '2026-11' }, '2030-01')).toBe('collecting');
});

test('the nearest above that collects itself asks an account, and never the account itself', () => {
  const edge = (buyerId: string, sellerId: string) => ({ buyerId, sellerId, fromMs: 0, toMs: Infinity });
  const edges = [edge('leaf', 'parent'), edge('parent', 'top'), edge('top', 'platform')];
  const asks = (accountId: string, ...own: string[]) =>
    collectorOf(accountId, { edges, atMs: 1, own: new Set(own) });
  expect(asks('leaf')).toEqual({ accountId: 'platform', isOwn: false });
  expect(asks('leaf', 'top', 'leaf')).toEqual({ accountId: 'top', isOwn: true });
  expect(asks('leaf', 'top', 'parent')).toEqual({ accountId: 'parent', isOwn: true });
  expect(asks('top', 'top')).toEqual({ accountId: 'platform', isOwn: false });
  expect(asks('platform', 'top')).toBeUndefined();
});
