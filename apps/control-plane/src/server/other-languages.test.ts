/** A client in another language, generated from the document as it is served, against a control plane as it serves (API-1). */
import { createServer } from 'node:http';
import { isPythonInstalled, PythonClient } from '@patchbay/testing/other-languages/python-client';
import { createTestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveAddresses } from './addresses-file.ts';
import { serveDocumentFile } from './document-file.ts';
import { serveExport } from './serve-export.ts';
import { enrolNode, makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';
import { serveUsageCsv } from './usage-csv.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let served: Served;
let tenant: Tenant;
const client = new PythonClient();
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method = 'GET', url = '', headers } = request;
  const init: RequestInit = { method, headers: headers as Record<string, string> };
  if (chunks.length > 0) init.body = Buffer.concat(chunks);
  const answer = await served.control.answering(() =>
    serveFile(new Request(`http://control.test${url}`, init)),
  );
  response
    .writeHead(answer.status, Object.fromEntries(answer.headers))
    .end(Buffer.from(await answer.arrayBuffer()));
});

/** As the routes of files serve them, and everything else as it is. */
function serveFile(request: Request): Promise<Response> {
  const rest = (asked: Request) => served.control.rest(asked);
  const { pathname } = new URL(request.url);
  if (pathname.endsWith('/usage.csv')) return serveUsageCsv(request, rest);
  if (pathname.endsWith('/addresses.csv')) return serveAddresses(request, 'csv', rest);
  if (pathname.endsWith('/addresses.txt')) return serveAddresses(request, 'txt', rest);
  if (pathname.endsWith('/document.pdf')) return serveDocumentFile(request, rest);
  return pathname.startsWith('/api/exports/') ? serveExport(served.control, request) : rest(request);
}

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  served = serve(database.applicationUrl, { PATCHBAY_URL: origin });
  tenant = await signUp(served, 'parent');
}, 120_000);
afterAll(async () => {
  client.remove();
  server.close();
  await served.close();
  await database.drop();
});

test('a client generated in Python creates, reads page by page, mints, and is refused with a typed problem', async ({
  skip,
}) => {
  if (!(await isPythonInstalled())) skip('Python 3.8 or newer is not installed');
  await client.generate(served.control.openApi());
  const node = await enrolNode(served);
  const urls = { turn: ['turn:192.0.2.1:3478?transport=udp'] };
  await served.internal(node.request('heartbeat', { boot: 1, urls, load: {}, isDraining: false }));
  const saw = await client.run('first_calls.py', [tenant.key, tenant.accountId]);
  const { createdIds } = saw as { createdIds: string[] };
  expect(saw).toMatchObject({
    files: {
      usage: expect.stringContaining('meter'),
      addresses: 'role,use,region,transport,host,port_min,port_max',
      hosts: ['192.0.2.1'],
      pdf: { class: 'Problem', code: 'resource.unknown' },
      archive: { class: 'Problem', code: 'resource.unknown' },
    },
    createdNames: ['North', 'South', 'West'],
    createdInOrder: true,
    webhookScope: 'OWN',
    unknown: { class: 'Problem', status: 404, code: 'resource.unknown', retry: 'NEVER', hasRequestId: true },
    invalid: { class: 'Problem', status: 400, code: 'request.invalid', retry: 'NEVER' },
  });
  const { pages, ice, iceSecondsLeft, unknown } = saw as {
    pages: string[][];
    ice: { urls: string[]; username: string; credential: string }[];
    iceSecondsLeft: number;
    unknown: { page: string };
  };
  expect(pages.map((page) => page.length)).toEqual([2, 1]);
  expect(pages.flat().sort()).toEqual([...createdIds].sort());
  expect(ice[0]).toMatchObject({ urls: ['turn:192.0.2.1:3478?transport=udp'], username: expect.any(String) });
  expect(iceSecondsLeft).toBeGreaterThan(590);
  expect(unknown.page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/docs\/errors\/resource\.unknown$/);
}, 120_000);
