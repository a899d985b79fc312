/**
 * The sample's whole server: it serves one page, and mints tokens with which that page may call.
 *
 * Who somebody is: each window makes a secret of its own and sends it when it asks for a token; its identity is a hash of
 * the secret. So a link can carry the identity to call, and whoever has the link can call it but not become it. An
 * application with accounts answers its user's id here instead.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { Patchbay, tokenHandler } from '@patchbay/sdk-node';
import { build } from 'esbuild';
import { readEnv } from './env.ts';

const { host, port } = readEnv();
const folder = path.join(import.meta.dirname, 'page');
const pb = new Patchbay();

const token = tokenHandler(pb, async (request) => {
  const { secret } = (await request.json().catch(() => ({}))) as { secret?: unknown };
  if (typeof secret !== 'string' || secret.length < 20 || secret.length > 100) return null;
  const identity = createHash('sha256').update(secret).digest('base64url').slice(0, 22);
  return { identity, ttlSeconds: 3_600 };
});

const { outputFiles } = await build({
  entryPoints: [path.join(folder, 'main.ts')],
  bundle: true,
  write: false,
  minify: true,
  format: 'esm',
  target: 'es2022',
});
const files: Readonly<Record<string, readonly [type: string, body: Uint8Array]>> = {
  '/': ['text/html; charset=utf-8', await readFile(path.join(folder, 'index.html'))],
  '/style.css': ['text/css; charset=utf-8', await readFile(path.join(folder, 'style.css'))],
  '/main.js': ['text/javascript; charset=utf-8', outputFiles[0]?.contents ?? new Uint8Array()],
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://sample');
  if (pathname === '/api/token') return void token(request, response);
  const file = files[pathname];
  if (file === undefined) return void response.writeHead(404).end('There is nothing here.');
  const [type, body] = file;
  response.writeHead(200, {
    'content-type': type,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
});
server.listen(port, host);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
