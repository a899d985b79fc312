import { nothingKnown } from '@patchbay/domain/decisions/known';
import type { RefusedRequest } from '@patchbay/domain/decisions/refused-request';
import { expect, test } from 'vitest';
import { KEPT_PER_MINUTE_MAX, RefusedRequests } from './refused-requests.ts';

const refusedBy = (accountId: string, atMs = 0): RefusedRequest => ({
  requestId: 'req_1',
  atMs,
  accountId,
  actorId: 'key_1',
  actorName: 'A key',
  operation: 'keys.list',
  code: 'auth.scope',
  status: 403,
  detail: '',
  known: nothingKnown,
});

function log(keep?: (accountId: string) => Promise<void>) {
  const kept: [string, number][] = [];
  const failures: unknown[] = [];
  const requests = new RefusedRequests({
    keep: async (accountId, refused) => {
      await keep?.(accountId);
      kept.push([accountId, refused.length]);
    },
    onFailure: (error) => failures.push(error),
  });
  return { requests, kept, failures };
}

test('what is refused together is written together, for each account', async () => {
  const { requests, kept } = log();
  for (const accountId of ['a', 'b', 'a']) requests.note(refusedBy(accountId));
  await requests.written();
  expect(kept).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});

test('a flood of one account fills no disk, and takes nothing from another', async () => {
  const { requests, kept } = log();
  for (let count = 0; count < KEPT_PER_MINUTE_MAX + 5; count++) requests.note(refusedBy('a'));
  requests.note(refusedBy('b'));
  requests.note(refusedBy('a', 60_000));
  await requests.written();
  expect(kept).toEqual([
    ['a', KEPT_PER_MINUTE_MAX + 1],
    ['b', 1],
  ]);
  expect(requests.leftOutCount).toBe(5);
});

test('one account whose requests cannot be kept takes nothing from another', async () => {
  const { requests, kept, failures } = log((accountId) =>
    accountId === 'a' ? Promise.reject(new Error('gone')) : Promise.resolve(),
  );
  requests.note(refusedBy('a'));
  requests.note(refusedBy('b'));
  await requests.written();
  expect([kept, failures]).toEqual([[['b', 1]], [new Error('gone')]]);
});
