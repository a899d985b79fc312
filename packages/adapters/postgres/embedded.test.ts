import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { databaseFolder } from '@patchbay/testing/database-folder';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded.ts';
import { freePort } from './free-port.ts';

// Each starts a server or two, and a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let running: EmbeddedPostgres[];

beforeEach(() => {
  folder = mkdtempSync(path.join(databaseFolder(), 'patchbay-embedded-'));
  chmodSync(folder, 0o755);
  running = [];
});

afterEach(async () => {
  for (const server of running) await server.stop(5_000);
  const data = running[0]?.directory;
  rmSync(folder, { recursive: true, force: true });
  if (data !== undefined) rmSync(data, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    directory: path.join(folder, 'postgres'),
    database: 'patchbay',
    ...options,
  });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // A server that is killed ends its connections, which is no failure here.
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

function serverPid(server: EmbeddedPostgres): number {
  return Number.parseInt(readFileSync(path.join(server.directory, 'cluster/postmaster.pid'), 'utf8'), 10);
}

it('starts with durable commits, and keeps its rows over a restart (OPS-1)', async () => {
  const first = await start();
  expect(await query(first.url, 'SHOW fsync')).toBe('on');
  expect(await query(first.url, 'SHOW synchronous_commit')).toBe('on');
  expect(String(await query(first.url, 'SHOW server_version'))).toMatch(/^18\./);
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await first.stop();

  const second = await start();
  expect(await query(second.url, 'SELECT n FROM kept')).toBe(7);
});

it('comes up again with all that was committed after kill -9', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  process.kill(serverPid(first), 'SIGKILL');
  await first.exited;
  const second = await start();
  expect(await query(second.url, 'SELECT n FROM kept')).toBe(7);
});

it('ends the server that a killed process left behind, and takes over its data', async () => {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(path.join(import.meta.dirname, 'embedded.ts'))};
    await startEmbeddedPostgres({ directory: process.argv[1], database: 'patchbay' });
    process.stdout.write('up');
    setInterval(() => {}, 1_000);`;
  const owner = spawn(process.execPath, [
    '--input-type=module-typescript',
    '-e',
    script,
    path.join(folder, 'postgres'),
  ]);
  await once(owner.stdout, 'data');
  await expect(start()).rejects.toThrow(`in use by process ${owner.pid}`);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const server = await start();
  expect(await query(server.url, 'SELECT 1')).toBe(1);
});

it('starts with its data in a folder that is closed to all others', async () => {
  const home = path.join(folder, 'home');
  mkdirSync(home, { mode: 0o700 });
  const directory = path.join(home, 'data/postgres');
  const server = await start({ directory });
  await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await server.stop();
  expect(await query((await start({ directory })).url, 'SELECT n FROM kept')).toBe(7);
});

it('takes another port when the wanted one is taken, and the wanted one when it is free', async () => {
  const taken = await freePort();
  const holder = createServer().listen(taken, '127.0.0.1');
  await once(holder, 'listening');
  const first = await start({ port: taken });
  expect(first.port).not.toBe(taken);
  await first.stop();
  holder.close();
  await once(holder, 'close');
  expect((await start({ port: taken })).port).toBe(taken);
});

it('says the last words of a server that does not start', async () => {
  const first = await start();
  await first.stop();
  rmSync(path.join(first.directory, 'cluster/global/pg_control'));
  await expect(start()).rejects.toThrow(/pg_control/);
});
