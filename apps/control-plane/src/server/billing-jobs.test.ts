import type { CollectPorts } from '@patchbay/domain/billing/collection/collect';
import { MemoryRail } from '@patchbay/domain/billing/collection/memory-rail.testing';
import { RailError, type RailNotice } from '@patchbay/domain/billing/collection/rail';
import { expect, test } from 'vitest';
import { billingJobs, COLLECT_JOB } from './billing-jobs.ts';

const notice = (kind: RailNotice['subject']['kind'], id: string): RailNotice => ({
  id: `evt_${id}`,
  type: 'any',
  subject: { kind, id },
});

function collecting(
  told: readonly RailNotice[],
  isAway: (id: string) => boolean,
  {
    makesDue = {},
    waiting = ['doc_1'],
    isBroken = () => false,
  }: {
    /** Documents that are due once another was looked at. */
    readonly makesDue?: Readonly<Record<string, readonly string[]>>;
    readonly waiting?: string[];
    readonly isBroken?: (id: string) => boolean;
  } = {},
) {
  const seen = {
    asked: [] as string[],
    handled: [] as string[],
    looked: [] as string[],
    faulty: [] as string[],
  };
  const asking = (id: string) => {
    seen.asked.push(id);
    if (isAway(id)) throw new RailError('unavailable', 'No answer.');
  };
  class AilingRail extends MemoryRail {
    override async readPayee(id: string) {
      asking(id);
      return { isPayable: true };
    }
    override async invoiceOf({ subject }: RailNotice) {
      if (subject.kind === 'payment') asking(subject.id);
      return subject.id;
    }
  }
  const store: CollectPorts['store'] = {
    due: async (_atMs, countMax) => waiting.slice(0, countMax),
    change: async (documentId) => {
      seen.looked.push(documentId);
      waiting.splice(waiting.indexOf(documentId), 1, ...(makesDue[documentId] ?? []));
      if (isBroken(documentId)) throw new TypeError('What is this?');
      return undefined;
    },
    fault: async (documentId) => {
      seen.faulty.push(documentId);
    },
  };
  const job = billingJobs({
    isStopped: () => false,
    closeMonths: async () => [],
    closeClockedMonths: async () => [],
    collecting: {
      store,
      rail: new AilingRail(),
      nowMs: () => 0,
      notices: {
        keep: async () => true,
        waiting: async () => told,
        handled: async ({ subject }) => {
          if (isBroken(subject.id)) throw new TypeError('What is this?');
          seen.handled.push(subject.id);
        },
        forget: async () => 0,
      },
    },
  }).find(({ name }) => name === COLLECT_JOB);
  return { seen, run: () => job?.run() };
}

test('a notice that cannot be looked up holds up no other and no document, and the task says that it failed', async () => {
  const told = [notice('payee', 'broken'), notice('payment', 'pi_1'), notice('invoice', 'in_1')];
  const { seen, run } = collecting(told, (id) => id === 'broken');
  await expect(run()).rejects.toThrow('No answer.');
  expect(seen).toMatchObject({ handled: ['pi_1', 'in_1'], looked: ['doc_1'] });
});

test('a rail that is away is asked a few times in a round, and what needs no asking goes on', async () => {
  const told = [
    ...Array.from({ length: 9 }, (_, place) => notice('payee', `p${place}`)),
    notice('invoice', 'in_1'),
  ];
  const { seen, run } = collecting(told, () => true);
  await expect(run()).rejects.toThrow('No answer.');
  expect(seen).toMatchObject({ handled: ['in_1'], looked: ['doc_1'] });
  expect(seen.asked).toHaveLength(5);
});

test('a payout leaves in the round in which what it waits for was paid', async () => {
  const { seen, run } = collecting([], () => false, { makesDue: { doc_1: ['doc_payout'] } });
  expect(await run()).toBe('0 notices, 2 documents were due');
  expect(seen.looked).toEqual(['doc_1', 'doc_payout']);
});

test('what is due again and again does not hold a round up', async () => {
  const { seen, run } = collecting([], () => false, { makesDue: { doc_1: ['doc_1'] } });
  await run();
  expect(seen.looked).toHaveLength(3);
});

test('a document or a notice that something unforeseen is wrong with holds up no other, and the task says that it failed', async () => {
  const told = [notice('invoice', 'in_broken'), notice('invoice', 'in_1')];
  const { seen, run } = collecting(told, () => false, {
    waiting: ['doc_broken', 'doc_1'],
    isBroken: (id) => id.endsWith('broken'),
  });
  await expect(run()).rejects.toThrow('What is this?');
  expect(seen).toMatchObject({ handled: ['in_1'], looked: ['doc_broken', 'doc_1'], faulty: ['doc_broken'] });
});
