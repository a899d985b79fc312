import type { CollectionStore } from '@patchbay/domain/billing/collection/collection-store';
import { MemoryRail } from '@patchbay/domain/billing/collection/memory-rail.testing';
import { expect, test } from 'vitest';
import { billingJobs, COLLECT_JOB } from './billing-jobs.ts';

/** Where each document makes others due, and none of them changes anything else. */
function storeOf(due: readonly string[], makesDue: Readonly<Record<string, readonly string[]>>) {
  const waiting = [...due];
  const looked: string[] = [];
  const store: CollectionStore = {
    due: async (_atMs, countMax) => waiting.slice(0, countMax),
    change: async (documentId) => {
      looked.push(documentId);
      waiting.splice(waiting.indexOf(documentId), 1);
      waiting.push(...(makesDue[documentId] ?? []));
      return undefined;
    },
  };
  return { store, looked };
}

const collect = async (store: CollectionStore): Promise<string> => {
  const jobs = billingJobs({
    closeMonths: async () => [],
    closeClockedMonths: async () => [],
    isStopped: () => false,
    collecting: {
      store,
      rail: new MemoryRail(),
      nowMs: () => 0,
      notices: {
        keep: async () => true,
        waiting: async () => [],
        handled: async () => undefined,
        forget: async () => 0,
      },
    },
  });
  return (await jobs.find(({ name }) => name === COLLECT_JOB)?.run()) ?? '';
};

test('a payout leaves in the round in which what it waits for was paid', async () => {
  const { store, looked } = storeOf(['invoice'], { invoice: ['payout'] });
  expect(await collect(store)).toBe('0 notices, 2 documents were due');
  expect(looked).toEqual(['invoice', 'payout']);
});

test('what is due again and again does not hold a round up', async () => {
  const { store, looked } = storeOf(['restless'], { restless: ['restless'] });
  await collect(store);
  expect(looked).toHaveLength(3);
});
