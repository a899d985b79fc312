import { nano } from '@patchbay/domain/billing/money';
import {
  type AccountVerification,
  emptyRun,
  type VerificationRun,
  withVerified,
} from '@patchbay/domain/billing/verification';
import { expect, test } from 'vitest';
import { type VerificationEvent, verificationJob } from './verification-work.ts';

const line = { kind: 'use', sellerId: 'acc_0', buyerId: 'acc_1', key: 'relay.bytes' } as const;
const verified = (accountId: string, isRight: boolean): AccountVerification => ({
  ...{ accountId, period: '2026-10', currency: 'EUR', goneDayCount: 0 },
  outcome: isRight ? 'agrees' : 'disagrees',
  lines: [
    {
      ...line,
      state: isRight ? 'agrees' : 'disagrees',
      recomputed: nano(2n),
      booked: nano(isRight ? 2n : 1n),
    },
  ],
});

function nightly({ wrong, stopAfter = 10 }: { wrong: readonly string[]; stopAfter?: number }) {
  const kept: { run: VerificationRun; event: VerificationEvent }[] = [];
  let looked = 0;
  const job = verificationJob({
    verifier: {
      recount: async (_platformId, period, { isStopped }) => {
        let run = emptyRun(period.name, 0);
        for (const id of ['acc_1', 'acc_2']) {
          if (isStopped()) return undefined;
          looked++;
          run = withVerified(run, verified(id, !wrong.includes(id)));
        }
        return run;
      },
      closedSince: async () => ['2026-10'],
    },
    platformAccount: async () => 'acc_0',
    keep: async (_platformId, run, event) => {
      kept.push({ run, event });
    },
    isStopped: () => looked >= stopAfter,
    nowMs: () => 0,
  });
  return { job, kept };
}

test('a month that agrees is kept with its event, and said in a few words', async () => {
  const { job, kept } = nightly({ wrong: [] });
  expect(await job.run()).toBe('2026-10: 2 lines of 2 accounts: they agree');
  expect(kept[0]?.event).toEqual({
    type: 'billing.verified',
    data: { period: '2026-10', accountCount: 2, lineCount: 2, goneCount: 0 },
  });
});

test('a month that does not agree is an alarm: the job fails, and its event names the lines', async () => {
  const { job, kept } = nightly({ wrong: ['acc_2'] });
  await expect(job.run()).rejects.toThrow('1 of 2026-10');
  expect(kept[0]?.event.type).toBe('billing.disagrees');
  expect(kept[0]?.event.data).toMatchObject({
    differingCount: 1,
    differences: [{ recomputed: '2', booked: '1' }],
  });
});

test('a run that is stopped on the way is not kept: half of one would look like a whole', async () => {
  const { job, kept } = nightly({ wrong: [], stopAfter: 1 });
  expect(await job.run()).toBe('no month was closed lately');
  expect(kept).toEqual([]);
});
