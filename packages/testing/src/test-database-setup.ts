import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { ensureApplicationLogin } from '@patchbay/adapters/postgres/application-login';
import { cloneDatabase, dropDatabase } from '@patchbay/adapters/postgres/databases';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { isAlive, type ProcessIdentity } from '@patchbay/adapters/processes/process-identity';
import type { TestProject } from 'vitest/node';
import { databaseFolder, databaseFolders } from './database-folder.ts';
import { testLogin } from './test-login.ts';

const prefix = 'patchbay-test-';
const template = 'template_migrated';

interface OwnerFile {
  readonly owner: ProcessIdentity;
  readonly server: ProcessIdentity;
}

/** Ends and removes what a run left behind that was killed. */
function sweep(): void {
  const left = databaseFolders().flatMap((place) =>
    readdirSync(place)
      .filter((entry) => entry.startsWith(prefix))
      .map((entry) => path.join(place, entry)),
  );
  for (const folder of left) {
    const file = path.join(folder, 'postgres/owner.json');
    if (!existsSync(file)) continue;
    const { owner, server } = JSON.parse(readFileSync(file, 'utf8')) as OwnerFile;
    if (isAlive(owner)) continue;
    if (isAlive(server)) process.kill(server.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One database server for all test files of a run, started when the first of them asks for a database. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  sweep();
  const folder = mkdtempSync(path.join(databaseFolder(), prefix));
  chmodSync(folder, 0o711);
  let server: Promise<EmbeddedPostgres> | undefined;
  let count = 0;

  const start = async (): Promise<EmbeddedPostgres> => {
    const started = await startEmbeddedPostgres({
      directory: path.join(folder, 'postgres'),
      database: template,
      isDurable: false,
    });
    try {
      await deployMigrations(started.url);
      await ensureApplicationLogin(started.url, testLogin);
    } catch (error) {
      await started.stop(2_000);
      throw error;
    }
    return started;
  };
  const answer = async ({ method, url = '' }: IncomingMessage): Promise<string> => {
    server ??= start();
    const { url: serverUrl } = await server;
    if (method === 'POST') {
      count += 1;
      const of = new URL(url, 'http://broker').searchParams.get('of') ?? template;
      return await cloneDatabase(serverUrl, of, `test_${count}`);
    }
    await dropDatabase(serverUrl, path.basename(url));
    return '';
  };

  const broker = createServer((request, response) => {
    answer(request).then(
      (body) => response.end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const socket = path.join(folder, 'broker');
  await new Promise<void>((resolve) => broker.listen(socket, resolve));
  project.provide('testDatabaseSocket', socket);

  return async () => {
    broker.close();
    broker.closeAllConnections();
    // One that did not come up has told the tests so, and stopped.
    await (await server?.catch(() => undefined))?.stop(2_000);
    rmSync(folder, { recursive: true, force: true });
  };
}
