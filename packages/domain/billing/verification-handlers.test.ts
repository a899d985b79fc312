import { ServiceError } from '@patchbay/kit/errors';
import { domainContext } from '@patchbay/testing/domain-context';
import { describe, expect, test } from 'vitest';
import { billing } from './definition.ts';
import { nano } from './money.ts';
import { emptyVerifier } from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';
import { emptyRun, type VerificationRun, type VerifiedLine, withVerified } from './verification.ts';
import { listVerifications, verifyMonth, verifyStatements } from './verification-handlers.ts';

const lineOf = (key: string, state: VerifiedLine['state']): VerifiedLine => ({
  ...{ kind: 'use', state, sellerId: 'acc_0', buyerId: 'acc_1', key },
  ...{ recomputed: nano(2n), booked: nano(state === 'disagrees' ? 1n : 2n) },
});
const lines = [lineOf('a', 'agrees'), lineOf('b', 'disagrees'), lineOf('c', 'corrected')];
const verified = (accountId: string) => ({
  ...{ accountId, period: '2026-10', currency: 'EUR', outcome: 'disagrees' as const, goneDayCount: 0, lines },
});
const verifier: BillingPorts['verifier'] = {
  ...emptyVerifier,
  closedAccounts: async (_accountId, _period, { after = '', limit }) =>
    ['acc_1', 'acc_2', 'acc_3'].filter((id) => id > after).slice(0, limit),
  verify: async (accountId) => verified(accountId),
  runs: async () => [withVerified(emptyRun('2026-10', 0), verified('acc_1'))],
};
const portsWith = (of: BillingPorts['verifier']) =>
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

  const verifyAt = (chain: readonly string[]) =>
    domainContext<typeof billing, 'closings', 'verify'>(billing, { chain });

  test('verify 200: one pass for all, so far in each answer, with what does not agree', async () => {
    const { context } = verifyAt(['acc_0']);
    let nowMs = 0;
    const forgotten: string[] = [];
    let run: VerificationRun = emptyRun('2026-10', 0);
    // An account takes two seconds.
    const slow: BillingPorts['verifier'] = {
      ...verifier,
      async recount(_platformId, _period, { isStopped, onProgress, onVerified }) {
        for (;;) {
          if (run.accountCount === 4) return run;
          if (isStopped()) return undefined;
          nowMs += 2_000;
          const outcome = run.accountCount % 2 === 0 ? 'disagrees' : 'agrees';
          const account = { ...verified(`acc_${run.accountCount + 1}`), outcome } as const;
          run = withVerified(run, account);
          onVerified?.(account);
          onProgress?.({ readDayCount: 31, dayCount: 31, run });
        }
      },
      forget: async (platformId, { name }) => {
        forgotten.push(`${platformId} ${name}`);
      },
    };
    const ask = () => verifyMonth({ ...context, nowMs: () => nowMs }, { period: '2026-10' }, portsWith(slow));
    const first = await ask();
    expect(first).toMatchObject({ isDone: false, readDayCount: 31, dayCount: 31, accountCount: 3 });
    expect(first.rows.map(({ accountId }) => accountId)).toEqual(['acc_1', 'acc_3']);
    expect(first.rows[0]?.lines.map(({ key }) => key)).toEqual(['b', 'c']);
    expect(forgotten).toEqual([]);
    const last = await ask();
    expect(last).toMatchObject({ isDone: true, accountCount: 4, lineCount: 12, differingCount: 4, rows: [] });
    expect(forgotten).toEqual(['acc_0 2026-10']);
  });

  test('verify 403: nobody but the platform', async () => {
    const asked = verifyMonth(
      verifyAt(['acc_0', 'acc_1']).context,
      { period: '2026-10' },
      portsWith(verifier),
    );
    expect(await refusalOf(asked)).toBe('billing.collector_only');
  });

  test('verify 409: a month of which nothing is closed', async () => {
    const asked = verifyMonth(verifyAt(['acc_0']).context, { period: '2026-10' }, portsWith(emptyVerifier));
    expect(await refusalOf(asked)).toBe('billing.not_closed');
  });
});
