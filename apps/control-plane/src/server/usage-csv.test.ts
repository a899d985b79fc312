import {
  applicationPool,
  asOwner,
  plantTree,
  relayCatalogue,
  usageOf,
} from '@patchbay/adapters/metering/tenants.testing';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { metering } from '@patchbay/domain/metering/definition';
import { handlers } from '@patchbay/domain/metering/handlers';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTestDatabase } from '@patchbay/testing/test-database';
import { expect, test } from 'vitest';
import { serveUsageCsv } from './usage-csv.ts';

const address = 'http://control.test/v1/accounts/acc_1/usage.csv?from=a&to=b&groupBy=region,session';
const headers = { authorization: 'Bearer pb_live_x' };
const row = (session: string, quantity: string) => ({
  at: '2026-11-22T00:00:00.000Z',
  meter: 'network-discovery.bytes',
  group: { region: 'eu', session },
  quantity,
  recordCount: 1,
});

test('usage is one file of all pages, with exact integers, asked for with the caller’s own key (MET-5)', async () => {
  const asked: URL[] = [];
  const answer = await serveUsageCsv(new Request(address, { headers }), async (request) => {
    const url = new URL(request.url);
    asked.push(url);
    expect(request.headers.get('authorization')).toBe(headers.authorization);
    return url.searchParams.get('after') === null
      ? Response.json({ rows: [row('=1+1', '1152921504606846976')], nextAfter: 'more' })
      : Response.json({ rows: [row('ses_2', '7')] });
  });
  expect(answer.headers.get('content-type')).toContain('text/csv');
  expect(await answer.text()).toBe(
    [
      'at,meter,unit,region,session,quantity,records',
      "2026-11-22T00:00:00.000Z,network-discovery.bytes,byte,eu,'=1+1,1152921504606846976,1",
      '2026-11-22T00:00:00.000Z,network-discovery.bytes,byte,eu,ses_2,7,1',
      '',
    ].join('\r\n'),
  );
  expect(asked.map(({ pathname, searchParams }) => [pathname, searchParams.get('limit')])).toEqual([
    ['/v1/accounts/acc_1/usage', '10000'],
    ['/v1/accounts/acc_1/usage', '10000'],
  ]);
});

test('no page is asked for before the one before it was taken', async () => {
  let asked = 0;
  const answer = await serveUsageCsv(new Request(address), async () => {
    asked += 1;
    return Response.json({ rows: [row('ses_1', '1')], nextAfter: 'more' });
  });
  const reader = answer.body?.getReader();
  await reader?.read();
  await reader?.read();
  expect(asked).toBeLessThanOrEqual(3);
  await reader?.cancel();
});

test('what is refused is refused as everywhere; refused on the way, the file is broken off and not short', async () => {
  const refused = () => Response.json({ code: 'limit.exceeded' }, { status: 429 });
  expect((await serveUsageCsv(new Request(address), async () => refused())).status).toBe(429);
  const answer = await serveUsageCsv(new Request(address), async (request) =>
    request.url.includes('after') ? refused() : Response.json({ rows: [], nextAfter: 'more' }),
  );
  await expect(answer.text()).rejects.toThrow('limit.exceeded');
});

const yearOfMinutes =
  'http://control.test/v1/accounts/acc_1/usage.csv?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&bucket=minute';

test('a year by minutes is one file: of pieces that each are one answer, and meet (MET-5)', async () => {
  const asked: [string, string][] = [];
  const answer = await serveUsageCsv(new Request(yearOfMinutes), async ({ url }) => {
    const { searchParams } = new URL(url);
    const [from, to] = [searchParams.get('from') ?? '', searchParams.get('to') ?? ''];
    expect(Date.parse(to) - Date.parse(from)).toBeLessThanOrEqual(10_080 * 60_000);
    const isWhole = searchParams.has('after');
    if (!isWhole) asked.push([from, to]);
    const rows = [{ ...row('', isWhole ? '2' : '1'), at: from, group: {} }];
    return Response.json({ rows, ...(isWhole ? {} : { nextAfter: 'more' }) });
  });
  const lines = (await answer.text()).trim().split('\r\n').slice(1);
  expect(lines).toHaveLength(2 * 53);
  expect([asked[0]?.[0], asked.at(-1)?.[1]]).toEqual([
    '2026-01-01T00:00:00.000Z',
    '2027-01-01T00:00:00.000Z',
  ]);
  expect(asked.slice(1).map(([from]) => from)).toEqual(asked.slice(0, -1).map(([, to]) => to));
});

test('a file that is longer than the rate of its caller waits for it, and one that nobody reads any more ends', async () => {
  let asked = 0;
  const answer = await serveUsageCsv(new Request(yearOfMinutes), async () => {
    asked += 1;
    return asked === 2
      ? Response.json({ code: 'limit.exceeded' }, { status: 429, headers: { 'retry-after': '0' } })
      : Response.json({ rows: asked === 3 ? [row('', '1')] : [] });
  });
  const reader = answer.body?.getReader();
  await reader?.read();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('network-discovery.bytes');
  await reader?.cancel();
  const before = asked;
  await new Promise((resolve) => setImmediate(resolve));
  expect(before).toBeLessThan(10);
  expect(asked).toBe(before);
});

/** 2025 by the clocks of Berlin, which skip an hour in March and repeat one in October. */
const [yearFrom, yearTo] = ['2024-12-31T23:00:00Z', '2025-12-31T23:00:00Z'];
const MINUTES_OF_A_YEAR = 525_600;
/** One that is read and one that is asked for meanwhile. */
const HELD_ROWS_MAX = 20_000;
const YEAR_MS_MAX = 120_000;

test(
  'a year of minutes comes to the unit what the database sums, by minutes and by days of a zone that changes its clocks, with two pages in memory at most (MET-5)',
  async () => {
    const database = await createTestDatabase();
    const pool = applicationPool(database.applicationUrl);
    try {
      await plantTree(database.url, { platform: undefined, acc_year: 'platform' });
      const store = usageStore(pool);
      await store.ingest([usageOf('acc_year', { atMs: Date.now(), bytes: 1 })]);
      await asOwner(
        database.url,
        `WITH one AS (DELETE FROM usage_minute_total WHERE account_id = 'acc_year' RETURNING layout_id, part, is_own)
         INSERT INTO usage_minute_total (account_id, minute, layout_id, part, is_own, shard, n, v1)
         SELECT 'acc_year', m, one.layout_id, one.part, true, 0, 1, 1 + extract(epoch FROM m)::bigint % 1000003
         FROM one, generate_series($1::timestamptz, $2::timestamptz - interval '1 minute', interval '1 minute') m`,
        [yearFrom, yearTo],
      );
      await asOwner(database.url, 'ANALYZE usage_minute_total');
      const [summed] = await asOwner<{ sum: string }>(
        database.url,
        "SELECT sum(v1)::text AS sum FROM usage_minute_total WHERE account_id = 'acc_year'",
      );
      const { request: shape } = metering.resources.usage.operations.query;
      const { context } = domainContext<typeof metering, 'usage', 'query'>(metering, {
        chain: ['platform', 'acc_year'],
      });
      const file = async (more: string) => {
        let [heldRows, heldRowsMax, resumed] = [0, 0, 0];
        const url = `http://control.test/v1/accounts/acc_year/usage.csv?from=${yearFrom}&to=${yearTo}&timeZone=Europe/Berlin${more}`;
        const answer = await serveUsageCsv(new Request(url), async (page) => {
          const asked = Object.fromEntries(new URL(page.url).searchParams);
          if (asked.after !== undefined) resumed += 1;
          const read = await handlers.usage.query(context, shape.parse({ accountId: 'acc_year', ...asked }), {
            usage: store,
            catalogue: relayCatalogue,
          });
          heldRows += read.rows.length;
          heldRowsMax = Math.max(heldRowsMax, heldRows);
          return Response.json(read);
        });
        let [rest, lineCount, sum] = ['', -1, 0n];
        const decoder = new TextDecoder();
        for await (const bytes of answer.body ?? []) {
          const lines = (rest + decoder.decode(bytes, { stream: true })).split('\r\n');
          rest = lines.pop() ?? '';
          for (const line of lines) {
            if (lineCount++ < 0) continue;
            heldRows -= 1;
            sum += BigInt(line.split(',').at(-2) ?? '');
          }
        }
        return { lineCount, sum: sum.toString(), heldRowsMax, resumed };
      };
      const byMinute = await file('&bucket=minute');
      expect(byMinute).toMatchObject({ lineCount: MINUTES_OF_A_YEAR, sum: summed?.sum });
      expect(byMinute.heldRowsMax).toBeLessThanOrEqual(HELD_ROWS_MAX);
      // A week has more minutes than a page, so each is gone on with in the middle.
      expect(byMinute.resumed).toBeGreaterThan(50);
      expect(await file('&bucket=day')).toMatchObject({ lineCount: 365, sum: summed?.sum });
    } finally {
      await pool.end();
      await database.drop();
    }
  },
  YEAR_MS_MAX,
);
