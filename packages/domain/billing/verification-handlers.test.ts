import { ServiceError } from '@patchbay/kit/errors';
import { domainContext } from '@patchbay/testing/domain-context';
import { describe, expect, test } from 'vitest';
import { billing } from './definition.ts';
import { nano } from './money.ts';
import { emptyVerifier } from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';
import { type BookVerifier, emptyRun, type VerifiedLine, withVerified } from './verification.ts';
import { listVerifications, verifyStatements } from './verification-handlers.ts';

const lineOf = (key: string, state: VerifiedLine['state']): VerifiedLine => ({
  ...{ kind: 'use', state, sellerId: 'acc_0', buyerId: 'acc_1', key },
  ...{ recomputed: nano(2n), booked: nano(state === 'disagrees' ? 1n : 2n) },
});
const lines = [lineOf('a', 'agrees'), lineOf('b', 'disagrees'), lineOf('c', 'corrected')];
const verified = (accountId: string) => ({
  ...{ accountId, period: '2026-10', currency: 'EUR', outcome: 'disagrees' as const, goneDayCount: 0, lines },
});
const verifier: BookVerifier = {
  closedAccounts: async (_accountId, _period, { after = '', limit }) =>
    ['acc_1', 'acc_2', 'acc_3'].filter((id) => id > after).slice(0, limit),
  verify: async (accountId) => verified(accountId),
  runs: async () => [withVerified(emptyRun('2026-10', 0), verified('acc_1'))],
};
const portsWith = (of: BookVerifier) =>
  ({
    verifier: of,
    billing: {
      parties: async (_topId: string, ids: readonly string[]) =>
        new Map(
          ids.map((id) => [
            id,
            id === 'acc_0' ? { isSeen: false, name: 'Brand' } : { isSeen: true, name: id },
          ]),
        ),
    },
  }) as unknown as BillingPorts;
const refusalOf = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => (error instanceof ServiceError ? error.fields.code : error));

describe('statements', () => {
  const { context } = domainContext<typeof billing, 'statements', 'verify'>(billing, { chain: ['acc_1'] });
  const asked = { period: '2026-10', scope: 'descendants', detail: 'differences', limit: 2 } as const;

  test('verify 200: account by account, what differs before what agrees, and where it goes on', async () => {
    const first = await verifyStatements(context, asked, portsWith(verifier));
    expect(first.rows.map(({ accountId, name }) => [accountId, name])).toEqual([
      ['acc_1', 'acc_1'],
      ['acc_2', 'acc_2'],
    ]);
    expect(first.rows[0]).toMatchObject({ lineCount: 3, differingCount: 1 });
    expect(first.rows[0]?.lines.map(({ key }) => key)).toEqual(['b', 'c']);
    // Who sold is above, and not in sight (PRD-2).
    expect(first.rows[0]?.lines[0]).not.toHaveProperty('sellerId');
    const after = first.nextAfter;
    const rest = await verifyStatements(context, { ...asked, detail: 'lines', after }, portsWith(verifier));
    expect(rest.rows.map(({ accountId }) => accountId)).toEqual(['acc_3']);
    expect(rest.nextAfter).toBeUndefined();
    expect(rest.rows[0]?.lines).toMatchObject([
      { key: 'b', recomputed: '2', booked: '1' },
      { key: 'c' },
      { key: 'a' },
    ]);
  });

  test('verify 409: a month of which nothing is closed is not verified', async () => {
    expect(await refusalOf(verifyStatements(context, asked, portsWith(emptyVerifier)))).toBe(
      'billing.not_closed',
    );
  });
});

describe('closings', () => {
  const contextAt = (chain: readonly string[]) =>
    domainContext<typeof billing, 'closings', 'listVerifications'>(billing, { chain }).context;

  test('listVerifications 200: how the last run of each month went', async () => {
    const { items } = await listVerifications(contextAt(['acc_0']), {}, portsWith(verifier));
    expect(items).toMatchObject([
      { period: '2026-10', accountCount: 1, lineCount: 3, differingCount: 1, goneCount: 0 },
    ]);
    expect(items[0]?.differences).toMatchObject([{ key: 'b', recomputed: '2' }]);
  });

  test('listVerifications 403: nobody but the platform is told', async () => {
    expect(await refusalOf(listVerifications(contextAt(['acc_0', 'acc_1']), {}, portsWith(verifier)))).toBe(
      'billing.collector_only',
    );
  });
});
