import type { BillingStore } from '@patchbay/domain/billing/billing-store';
import { type LineTrail, lineId } from '@patchbay/domain/billing/line-trail';
import { parseDecimal } from '@patchbay/domain/billing/money';
import { type Period, periodOf } from '@patchbay/domain/billing/period';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationPool, plantTree, relayCatalogue, usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { billingStore } from './billing-store.ts';
import { lineTrail } from './line-trail.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const period: Period = periodOf(new Date(Date.now() - DAY).toISOString().slice(0, 7));
/** Two days that are over, or as near to it as the month lets them be. */
const [first, second] = [period.fromMs, period.fromMs + 12 * 60 * MINUTE];
const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);

let database: TestDatabase;
let pool: pg.Pool;
let billing: BillingStore;
let trail: LineTrail;

beforeAll(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, { platform: undefined, top: 'platform', leaf: 'top', other: 'platform' });
  pool = applicationPool(database.applicationUrl, 2);
  billing = billingStore({ pool, catalogue: relayCatalogue, nowMs: () => Date.now() });
  trail = lineTrail({ pool, catalogue: relayCatalogue });
  // 0.333333333 a byte: no share of it is whole.
  await billing.setPrices({
    accountId: 'platform',
    service: 'relay',
    currency: 'EUR',
    fromMs: period.fromMs,
    prices: [{ meter: 'bytes', where: {}, tariff: { kind: 'per-unit', amount: parseDecimal('1'), per: 3n } }],
  });
  const use = (accountId: string, atMs: number, of: { bytes: number; sessionId: string }) =>
    usageOf(accountId, { atMs, bytes: of.bytes, more: { sessionId: of.sessionId } });
  await usageStore(pool).ingest([
    use('leaf', first, { bytes: 100, sessionId: 'ses_a' }),
    use('leaf', first + MINUTE, { bytes: 50, sessionId: 'ses_a' }),
    use('top', first, { bytes: 7, sessionId: 'ses_b' }),
    use('leaf', second, { bytes: 11, sessionId: 'ses_a' }),
    usageOf('leaf', {
      atMs: second,
      bytes: 3,
      dimensions: { direction: 'out' },
      more: { sessionId: 'ses_a' },
    }),
    use('other', first, { bytes: 1_000, sessionId: 'ses_c' }),
  ]);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function dearest(accountId: string) {
  const { lines } = await billing.readLines({ accountId, period });
  const line = lines.toSorted((left, right) => Number(right.quantity - left.quantity))[0];
  if (line === undefined) throw new Error(`${accountId} has no line.`);
  return { line, asked: { accountId, period, line: lineId(line) } };
}

async function sessionsOf(asked: Parameters<LineTrail['days']>[0], limit: number) {
  const found = await trail.days(asked);
  const sessions = [];
  for (const { day } of found?.days ?? []) {
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const page = await trail.sessions({ ...asked, day, limit, cursor });
      sessions.push(...(page?.items ?? []));
      cursor = page?.nextCursor;
    }
  }
  return { days: found?.days ?? [], sessions };
}

const sumOf = (parts: readonly { readonly amount: bigint }[]) =>
  parts.reduce((sum, { amount }) => sum + amount, 0n);

test('a line is its days, a day its sessions and a session its records, to the nano unit and page by page (BIL-3)', async () => {
  const { line, asked } = await dearest('top');
  expect(line.quantity).toBe(168n);
  for (const limit of [1, 20]) {
    const { days, sessions } = await sessionsOf(asked, limit);
    expect(sumOf(days)).toBe(line.amount);
    expect(sumOf(sessions)).toBe(line.amount);
    expect(sessions.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(line.quantity);
    expect(new Set(sessions.map(({ sessionId }) => sessionId))).toEqual(new Set(['ses_a', 'ses_b']));
  }
  const day = dayOf(first);
  const page = await trail.records({ ...asked, day, sessionId: 'ses_a', limit: 1 });
  const rest = await trail.records({
    ...asked,
    day,
    sessionId: 'ses_a',
    limit: 20,
    cursor: page?.nextCursor,
  });
  const records = [...(page?.items ?? []), ...(rest?.items ?? [])];
  expect(new Set(records.map(({ sequence }) => sequence)).size).toBe(records.length);
  const units = records.reduce((sum, { quantity }) => sum + quantity, 0n);
  expect(units).toBe(dayOf(second) === day ? 161n : 150n);
});

test('a session leads back to the lines that it is in, with what they say falls on it', async () => {
  const lines = await trail.linesOfSession('top', 'ses_a');
  const { asked } = await dearest('top');
  const { sessions } = await sessionsOf(asked, 20);
  const own = sessions.filter(({ sessionId }) => sessionId === 'ses_a');
  const ofLine = lines.filter(({ line }) => lineId(line) === asked.line);
  expect(sumOf(ofLine)).toBe(sumOf(own));
  expect(new Set(lines.map(({ line }) => line.dimensions['direction']))).toEqual(new Set(['in', 'out']));
});

test('what a child owes leads to its own use, and nobody is led to the use of a neighbour', async () => {
  const { children } = await billing.readLines({ accountId: 'platform', period });
  const owed = children.find(({ accountId }) => accountId === 'other')?.lines[0];
  if (owed === undefined) throw new Error('The neighbour owes nothing.');
  const asked = { accountId: 'platform', period, line: lineId(owed), childId: 'other' };
  expect((await sessionsOf(asked, 20)).sessions).toMatchObject([{ sessionId: 'ses_c', quantity: 1_000n }]);
  const foreign = { ...asked, accountId: 'top' };
  expect(await trail.days(foreign)).toBeUndefined();
  expect(await trail.sessions({ ...foreign, day: dayOf(first), limit: 20 })).toBeUndefined();
  expect(await trail.records({ ...foreign, day: dayOf(first), limit: 20 })).toBeUndefined();
  expect(await trail.linesOfSession('top', 'ses_c')).toEqual([]);
});
