import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { AddressRule } from './address-rule.ts';
import { endpointCheck } from './endpoint-check.ts';
import { safeSender } from './safe-request.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function portOf(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push({ close: () => server.closeAllConnections() ?? server.close() });
  return `http://127.0.0.1:${await portOf(server)}/hooks`;
}

/** Whatever is done with the bare connection. */
async function serveBytes(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    answer(socket);
  });
  servers.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return `http://127.0.0.1:${await portOf(server)}/hooks`;
}

const local = new AddressRule({ allowLoopback: true });
const world = new AddressRule({ allowLoopback: false });
const send = (url: string, options: Partial<Parameters<typeof safeSender>[0]> = {}) =>
  safeSender({ rule: local, connectMsMax: 400, totalMsMax: 800, ...options })({
    url,
    body: '{"id":"evt_1"}',
    headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' },
  });

describe('a receiver that does what it should', () => {
  test('gets bytes by PUT as they are', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push([request.method, request.headers['content-length'], [...Buffer.concat(chunks)]]);
        response.writeHead(200).end();
      });
    });
    const put = { url, method: 'PUT', body: '', bytes: Uint8Array.of(0, 255, 128), headers: {} } as const;
    expect(await safeSender({ rule: local })(put)).toMatchObject({ status: 200 });
    expect(seen).toEqual([['PUT', '3', [0, 255, 128]]]);
  });

  test('has its answer of 2xx taken piece by piece and not kept, no more of it than may come, and none of another', async () => {
    const taken: number[] = [];
    const takeBytes = async (bytes: Uint8Array) => {
      taken.push(bytes.length);
    };
    const sum = () => taken.splice(0).reduce((one, other) => one + other, 0);
    const large = await serve((_request, response) => response.writeHead(200).end(Buffer.alloc(200_000)));
    const whole = await send(large, { takeBytes, responseBytesMax: 200_000 });
    expect([whole.error, whole.response, sum()]).toEqual([undefined, undefined, 200_000]);
    expect(await send(large, { takeBytes, responseBytesMax: 100_000 })).toMatchObject({
      error: 'response_too_large',
    });
    expect(sum()).toBeLessThanOrEqual(100_000);
    const moved = await serve((_request, response) =>
      response.writeHead(302, { location: '/' }).end('Moved.'),
    );
    expect(await send(moved, { takeBytes })).toMatchObject({ error: 'redirect', response: 'Moved.' });
    expect(sum()).toBe(0);
  });

  test('is left as soon as nobody waits for it any more', async () => {
    const ending = new AbortController();
    const url = await serve(() => ending.abort());
    expect(await send(url, { signal: ending.signal })).toMatchObject({ error: 'timeout' });
    expect(await send(url, { signal: ending.signal })).toMatchObject({ error: 'timeout' });
  });

  test('gets the bytes by POST, and its answer is kept', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push([request.method, request.headers['webhook-id'], Buffer.concat(chunks).toString()]);
        response.writeHead(201).end('thanks');
      });
    });
    expect(await send(url)).toMatchObject({ status: 201, response: 'thanks' });
    expect((await send(url)).error).toBeUndefined();
    expect(seen[0]).toEqual(['POST', 'evt_1', '{"id":"evt_1"}']);
  });

  test('has its headers kept, but for its cookies, and no more of them than fits', async () => {
    const url = await serve((_request, response) =>
      response
        .writeHead(200, { 'x-request-id': 'abc', 'set-cookie': 'session=1', 'x-long': 'y'.repeat(3_000) })
        .end(),
    );
    const { headers } = await send(url);
    expect(headers).toMatchObject({ 'x-request-id': 'abc' });
    expect(Object.keys(headers ?? {})).not.toEqual(expect.arrayContaining(['set-cookie']));
    expect(JSON.stringify(headers).length).toBeLessThan(3_000);
  });

  test('says when it wants to be asked again', async () => {
    const url = await serve((_request, response) => response.writeHead(503, { 'retry-after': '7' }).end());
    expect(await send(url)).toMatchObject({ status: 503, error: 'status', retryAfterMs: 7_000 });
    const later = new Date(Date.now() + 3_600_000).toUTCString();
    const dated = await serve((_request, response) =>
      response.writeHead(503, { 'retry-after': later }).end(),
    );
    const { retryAfterMs = 0 } = await send(dated);
    expect(retryAfterMs).toBeGreaterThan(3_590_000);
    expect(retryAfterMs).toBeLessThanOrEqual(3_600_000);
  });
});

/** Not long after the 800 ms that a request has here. */
const soon = expect.toSatisfy((latencyMs: number) => latencyMs < 3_000);

describe('a receiver that does what it should not', () => {
  test('never answers: it is left when its time is up', async () => {
    expect(await send(await serve(() => {}))).toMatchObject({ error: 'timeout', latencyMs: soon });
  });

  test('C33: answers a byte at a time: it is left when its time is up', async () => {
    const url = await serveBytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 50);
      socket.on('close', () => clearInterval(drip));
    });
    expect(await send(url)).toMatchObject({ status: 200, error: 'timeout', latencyMs: soon });
  });

  test('drips its head: it is left when its time is up', async () => {
    const url = await serveBytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x: y\r\n'), 50);
      socket.on('close', () => clearInterval(drip));
    });
    expect(await send(url)).toMatchObject({ error: 'timeout', latencyMs: soon });
  });

  test('closes in the middle of its answer', async () => {
    const url = await serveBytes((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf'),
    );
    expect(await send(url)).toMatchObject({ status: 200, error: 'response_cut' });
  });

  test('closes at once, or is not there', async () => {
    expect(await send(await serveBytes((socket) => socket.destroy()))).toMatchObject({
      error: 'connect_failed',
    });
    expect(await send('http://127.0.0.1:1/')).toMatchObject({ error: 'connect_failed' });
  });

  test('C48: answers without end: it is cut off after 64 KiB', async () => {
    let sentBytes = 0;
    const url = await serve((_request, response) => {
      const chunk = Buffer.alloc(16_384, 'x');
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sentBytes += chunk.length;
        sentBytes += chunk.length;
      };
      response.on('drain', more).on('error', () => {});
      more();
    });
    const answer = await send(url, { totalMsMax: 5_000 });
    expect(answer).toMatchObject({ status: 200, error: 'response_too_large' });
    expect(answer.response).toHaveLength(2_048);
    expect(sentBytes).toBeLessThan(8_000_000);
  });

  test.each([301, 302, 307, 308])('C29: sends us elsewhere by %i: nobody goes there', async (status) => {
    let hits = 0;
    const elsewhere = await serve((_request, response) => {
      hits += 1;
      response.end();
    });
    const url = await serve((_request, response) =>
      response.writeHead(status, { location: elsewhere }).end(),
    );
    expect(await send(url)).toMatchObject({ status, error: 'redirect' });
    expect(hits).toBe(0);
  });
});

describe('where nothing is sent', () => {
  const expectRefused = async (url: string) => {
    expect(await endpointCheck(world).refusalOf(url)).toEqual(expect.any(String));
    // What a name leads to is looked up when it is sent: only the names of this machine are refused as they are.
    const options = url.includes('localhost') ? {} : { resolve: async () => ['93.184.215.14'] };
    expect(await send(url, { rule: world, ...options })).toMatchObject({ error: 'address_forbidden' });
  };

  test.each([
    'ftp://receiver.test/',
    'file:///etc/passwd',
    'http://user:secret@receiver.test/',
    'http://receiver.test:22/',
    'http://receiver.test:5432/',
    'nonsense',
  ])('C27: %s', expectRefused);

  test.each([
    'http://127.0.0.1/',
    'http://10.1.2.3/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://localhost/',
    'http://db.localhost./',
  ])('C28: %s', expectRefused);

  test.each([
    'http://0x7f.1/',
    'http://2130706433/',
    'http://017700000001/',
    'http://127.1/',
    'http://①②⑦.⓪.⓪.①/',
    'http:\\\\127.0.0.1\\',
    'http://[::ffff:127.0.0.1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
  ])('C30: %s', expectRefused);

  test('the world is not refused: a public address, as itself and behind a name, by either family', async () => {
    const { signal } = new AbortController();
    for (const ip of ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c']) {
      const url = new URL(ip.includes(':') ? `https://[${ip}]/hooks` : `https://${ip}:8443/hooks`);
      expect(await endpointCheck(world).refusalOf(url.href)).toBeUndefined();
      const named = await world.addressesOf(new URL('http://receiver.test/'), async () => [ip], signal);
      expect(named).toMatchObject([{ ip }]);
    }
  });

  test('on a loopback host a receiver on this machine is allowed at any port, and one on its network is not', async () => {
    const check = endpointCheck(local);
    expect(await check.refusalOf('http://127.0.0.1:3999/hooks')).toBeUndefined();
    expect(await check.refusalOf('http://localhost:3999/hooks')).toBeUndefined();
    expect(await check.refusalOf('http://192.168.1.1/hooks')).toEqual(expect.any(String));
  });

  test('a name of which one address of many is not public leads nowhere', async () => {
    const resolve = async () => ['93.184.215.14', '10.0.0.1'];
    expect(await send('http://receiver.test/', { rule: world, resolve })).toMatchObject({
      error: 'address_forbidden',
    });
    expect(await send('http://receiver.test/', { rule: world, resolve: async () => [] })).toMatchObject({
      error: 'host_unknown',
    });
  });

  test('C28: a name that leads to the world at one time and to this machine at the next: 0 hits in 1,000', async () => {
    // A second loopback address stands for the world, so that no test leaves this machine.
    class OneAddress extends AddressRule {
      override isAllowed = (ip: string) => ip === '127.0.0.2';
    }
    const rule = new OneAddress({ allowLoopback: true });
    const hits = { world: 0, machine: 0 };
    const url = new URL(
      await serve((_request, response) => {
        hits.machine += 1;
        response.end();
      }),
    );
    const world = createServer((_request, response) => {
      hits.world += 1;
      response.end();
    });
    servers.push(world);
    await new Promise<void>((resolve) => world.listen(Number(url.port), '127.0.0.2', resolve));
    let asked = 0;
    const resolve = async () => (asked++ % 2 === 0 ? ['127.0.0.2'] : ['127.0.0.1']);
    const forbidden: unknown[] = [];
    for (let round = 0; round < 20; round++) {
      const sent = () => send(`http://rebind.localhost:${url.port}/`, { rule, resolve });
      const answers = await Promise.all(Array.from({ length: 50 }, sent));
      forbidden.push(...answers.filter(({ error }) => error === 'address_forbidden'));
    }
    expect(asked).toBe(1_000);
    expect(forbidden).toHaveLength(500);
    expect(hits).toEqual({ world: 500, machine: 0 });
  });

  test('the connection goes to the address that was checked, and nobody asks for the name again', async () => {
    const hosts: (string | undefined)[] = [];
    const url = new URL(
      await serve((request, response) => {
        hosts.push(request.headers.host);
        response.end();
      }),
    );
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return ['127.0.0.1'];
    };
    expect(await send(`http://api.localhost:${url.port}/`, { resolve })).toMatchObject({ status: 200 });
    expect([asked, hosts]).toEqual([1, [`api.localhost:${url.port}`]]);
  });

  test('a look-up that never ends holds nobody', async () => {
    const resolve = () => new Promise<never>(() => {});
    expect(await send('http://receiver.test/', { resolve })).toMatchObject({ error: 'connect_timeout' });
  });
});

test('nothing is left open behind a request', async () => {
  const sockets: Socket[] = [];
  const url = await serveBytes((socket) => {
    sockets.push(socket);
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  });
  await send(url);
  await new Promise<void>((resolve) => sockets[0]?.once('close', resolve) ?? resolve());
  expect(sockets[0]?.destroyed).toBe(true);
});
