import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import type { Collecting } from './collection/reconciliation.ts';
import { billing } from './definition.ts';
import type { BillingPorts } from './ports.ts';
import { reconciliationHandlers } from './reconciliation-handlers.ts';

const { listDifferences, start } = reconciliationHandlers.reconciliation;
const difference = {
  ...{
    documentId: 'doc_1',
    documentNumber: 'D-I00001',
    accountId: 'leaf',
    period: '2026-11',
    currency: 'EUR',
  },
  ...{ kind: 'amount', railId: 'in_1', expected: '2000', found: '100', foundAtMs: 0, endedAtMs: 60_000 },
} as const;

function portsOf() {
  const asked: (Collecting | string)[] = [];
  const ports = {
    asked: (what: string) => void asked.push(what),
    reconciliation: {
      list: async (of: Collecting) => {
        asked.push(of);
        return { items: [difference], nextCursor: 'doc_1' };
      },
      readAgain: async (of: Collecting) => {
        asked.push(of);
        return 3;
      },
    },
  } as unknown as BillingPorts;
  return { asked, ports };
}

test('listDifferences 200: what was found where, when, and when it ended, of what the caller collects itself', async () => {
  const { asked, ports } = portsOf();
  const { context } = domainContext<typeof billing, 'reconciliation', 'listDifferences'>(billing, {
    chain: ['platform'],
  });
  const { items, nextCursor } = await listDifferences(context, { limit: 10 }, ports);
  expect([items[0]?.foundAt, items[0]?.endedAt, nextCursor]).toEqual([
    '1970-01-01T00:00:00.000Z',
    '1970-01-01T00:01:00.000Z',
    'doc_1',
  ]);
  const below = domainContext<typeof billing, 'reconciliation', 'listDifferences'>(billing, {
    chain: ['platform', 'seller'],
  });
  await listDifferences(below.context, { limit: 10 }, ports);
  expect(asked).toEqual([{ accountId: 'platform' }, { accountId: 'seller', collectorId: 'seller' }]);
});

test('start 200: all that is watched is read again at once', async () => {
  const { asked, ports } = portsOf();
  const { context } = domainContext<typeof billing, 'reconciliation', 'start'>(billing, {
    chain: ['platform'],
  });
  expect(await start(context, {}, ports)).toEqual({ documentCount: 3 });
  expect(asked).toEqual([{ accountId: 'platform' }, 'collecting']);
});
