/** Serves the page and mints its tokens. All that is Patchbay's here is `tokenHandler`. */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import path from 'node:path';
import { Patchbay, tokenHandler } from '@patchbay/sdk-node';
import { build } from 'esbuild';
import { readEnvironment } from './env.ts';
import { newGuest, recognise } from './guests.ts';

const page = path.join(import.meta.dirname, 'page');
const { port, host, signalUrl } = readEnvironment();
const pb = new Patchbay();

const answerToken = tokenHandler(pb, (request) => {
  const guest = recognise(request.headers.get('x-guest'), request.headers.get('x-guest-proof'));
  return guest === undefined ? undefined : { identity: guest };
});

const { outputFiles } = await build({
  entryPoints: [path.join(page, 'main.ts')],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  write: false,
});

interface Served {
  readonly type: string;
  readonly body: Uint8Array;
}
const files = new Map<string, Served>([
  ['/', { type: 'text/html; charset=utf-8', body: await readFile(path.join(page, 'index.html')) }],
  ['/style.css', { type: 'text/css; charset=utf-8', body: await readFile(path.join(page, 'style.css')) }],
  [
    '/main.js',
    { type: 'text/javascript; charset=utf-8', body: outputFiles[0]?.contents ?? new Uint8Array() },
  ],
]);

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://page');
  const file = files.get(pathname);
  if (pathname === '/api/token') void answerToken(request, response);
  else if (pathname === '/api/guest' && request.method === 'POST') sendJson(response, newGuest());
  else if (pathname === '/api/signaling') sendJson(response, { signalUrl });
  else if (file !== undefined)
    response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-cache' }).end(file.body);
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here.\n');
});

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

server.listen(port, host, () => {
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  process.stdout.write(`Video call: http://${host}:${bound}\n`);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
