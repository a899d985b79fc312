import { ServiceError } from '@patchbay/kit/errors';
import { domainContext } from '@patchbay/testing/domain-context';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { billing } from './definition.ts';
import { type LineTrail, lineId, partOf } from './line-trail.ts';
import { nano } from './money.ts';
import { emptyTrail } from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';
import type { EdgeLine } from './rating.ts';
import { trailHandlers } from './trail-handlers.ts';

const line: EdgeLine = {
  key: 'relay.bytes {"direction":"in"} prc_1',
  sellerId: 'acc_0',
  buyerId: 'acc_1',
  currency: 'EUR',
  meter: 'relay.bytes',
  dimensions: { direction: 'in' },
  tariff: { kind: 'per-unit', amount: nano(1n), per: 1n },
  quantity: 10n,
  amount: nano(10n),
};
const part = { quantity: 4n, amount: nano(4n) };
const trail: LineTrail = {
  days: async () => ({ line, days: [{ day: '2026-11-30', ...part }] }),
  sessions: async () => ({
    items: [{ sessionId: 'ses_1', accountId: 'acc_2', recordCount: 2, fromMs: 0, toMs: 1, ...part }],
    nextCursor: 'ses_1.acc_2',
  }),
  records: async () => ({
    items: [
      {
        nodeId: 'nod_1',
        boot: 2n,
        sequence: 3n,
        accountId: 'acc_2',
        segment: 0,
        fromMs: 0,
        toMs: 1,
        quantity: 4n,
      },
    ],
  }),
  linesOfSession: async () => [{ period: '2026-11', line, day: '2026-11-30', ...part }],
};
const portsWith = (of: LineTrail) => ({ trail: of }) as BillingPorts;
const contextOf = <Name extends keyof typeof trailHandlers>(_: Name) =>
  domainContext<typeof billing, 'statements', Name>(billing, { chain: ['acc_0', 'acc_1'] }).context;
const asked = { period: '2026-11', key: lineId(line) };
const page = { ...asked, day: '2026-11-30', limit: 20 };
const refusalOf = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => (error instanceof ServiceError ? error.fields.code : error));

describe('statements', () => {
  test('listLineDays 200: the line, and the days that it was used on', async () => {
    const days = await trailHandlers.listLineDays(contextOf('listLineDays'), asked, portsWith(trail));
    expect(days).toMatchObject({ service: 'relay', meter: 'bytes', amount: '10', items: [{ amount: '4' }] });
  });

  test('listLineSessions 200: whose sessions, page by page', async () => {
    const { items, nextCursor } = await trailHandlers.listLineSessions(
      contextOf('listLineSessions'),
      page,
      portsWith(trail),
    );
    expect([items[0]?.sessionId, nextCursor]).toEqual(['ses_1', 'ses_1.acc_2']);
  });

  test('listLineRecords 200: each record by the name that it counts once under', async () => {
    const { items } = await trailHandlers.listLineRecords(
      contextOf('listLineRecords'),
      page,
      portsWith(trail),
    );
    expect(items[0]?.record).toBe('nod_1/2/3');
  });

  test('listSessionLines 200: with the key that leads back down', async () => {
    const request = { sessionId: 'ses_1' } as Parameters<typeof trailHandlers.listSessionLines>[1];
    const { items } = await trailHandlers.listSessionLines(
      contextOf('listSessionLines'),
      request,
      portsWith(trail),
    );
    expect(items[0]).toMatchObject({ key: asked.key, amount: '4' });
  });

  const nowhere = portsWith(emptyTrail);
  test('listLineDays 404: a line that the statement has not leads nowhere', async () => {
    const days = trailHandlers.listLineDays(contextOf('listLineDays'), asked, nowhere);
    expect(await refusalOf(days)).toBe('resource.unknown');
  });

  test('listLineSessions 404: no more than its days', async () => {
    const sessions = trailHandlers.listLineSessions(contextOf('listLineSessions'), page, nowhere);
    expect(await refusalOf(sessions)).toBe('resource.unknown');
  });

  test('listLineRecords 404: no more than its sessions', async () => {
    const records = trailHandlers.listLineRecords(contextOf('listLineRecords'), page, nowhere);
    expect(await refusalOf(records)).toBe('resource.unknown');
  });
});

test('parts that follow each other sum to their line, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt(0n, 1_000n), { minLength: 1, maxLength: 20 }),
      fc.bigInt(-1_000_000_000_000n, 1_000_000_000_000n),
      (units, amount) => {
        const quantity = units.reduce((sum, each) => sum + each, 0n);
        let before = 0n;
        const parts = units.map((each) => {
          const one = partOf({ amount: nano(amount), quantity }, { before, quantity: each });
          before += each;
          return one;
        });
        expect(parts.reduce((sum, each) => sum + each, 0n)).toBe(quantity === 0n ? 0n : amount);
      },
    ),
  );
});
