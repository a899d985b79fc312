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
