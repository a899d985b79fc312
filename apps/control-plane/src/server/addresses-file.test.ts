import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveAddresses } from './addresses-file.ts';
import { enrolNode, makePlatform, type Served, serve } from './served.testing.ts';

let database: TestDatabase;
let served: Served;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  const node = await enrolNode(served, ['relay']);
  const urls = { turn: ['turn:192.0.2.1:3478?transport=udp'], relayed: ['udp:192.0.2.1:49152-65535'] };
  await served.internal(node.request('heartbeat', { boot: 1, urls, load: {}, isDraining: true }));
  // It was enrolled, and never served: it is no address of the platform.
  await enrolNode(served, ['relay']);
}, 120_000);
afterAll(async () => {
  await served.close();
  await database.drop();
});

const file = (format: 'csv' | 'txt', query = '') =>
  serveAddresses(new Request(`http://control.test/v1/addresses.${format}${query}`), format, (request) =>
    served.control.rest(request),
  );

test('anybody reads where the nodes that serve are reached, those too that finish their sessions (ACC-9)', async () => {
  const { status, body } = await served.rest('GET', '/v1/addresses');
  expect(status).toBe(200);
  expect(body.items.map(({ role, use }: { role: string; use: string }) => `${role} ${use}`)).toEqual([
    'api client',
    'relay client',
    'relay peer',
  ]);
});

test('the same is a CSV file, and a list of hosts with each once', async () => {
  const csv = await file('csv', '?role=relay');
  expect(csv.headers.get('content-type')).toContain('text/csv');
  expect(await csv.text()).toBe(
    'role,use,region,transport,host,port_min,port_max\r\n' +
      'relay,client,local,udp,192.0.2.1,3478,3478\r\n' +
      'relay,peer,local,udp,192.0.2.1,49152,65535\r\n',
  );
  expect(await (await file('txt')).text()).toBe('control.test\n192.0.2.1\n');
  expect((await file('csv', '?role=elephant')).status).toBe(400);
});
