import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { Refusal } from '../refusal.ts';
import type { DataFolder } from './data-folder.ts';
import type { Progress } from './progress.ts';

const databaseName = 'patchbay';
const restartCountMax = 5;
const stopMsMax = 15_000;

export interface Database {
  /** Of the owner. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  readonly folder: DataFolder;
  /** Another server than our own. */
  readonly databaseUrl: string | undefined;
  readonly progress: Progress;
  /** It ended and could not be brought back at the same address. */
  readonly onLost: (reason: string) => void;
}

/** The database, started if it is ours, with all migrations applied. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { databaseUrl, progress } = options;
  const database = databaseUrl === undefined ? await startOwn(options) : given(databaseUrl);
  try {
    await progress.step('migrations', () => deployMigrations(database.url));
    return database;
  } catch (error) {
    await database.stop();
    const where = databaseUrl === undefined ? '' : ' DATABASE_URL has to be of the owner of the database.';
    throw new Refusal(`${error instanceof Error ? error.message : error}${where}`);
  }
}

const given = (url: string): Database => ({ url, stop: async () => {} });

async function startOwn({ folder, progress, onLost }: DatabaseOptions): Promise<Database> {
  const start = (port?: number) =>
    startEmbeddedPostgres({
      directory: folder.postgres,
      database: databaseName,
      ...(port === undefined ? {} : { port }),
    });
  let running = await progress
    .step('database', () => start())
    .catch((error: unknown) => {
      throw new Refusal(error instanceof Error ? error.message : String(error));
    });
  const { url, port } = running;
  let isStopping = false;

  /** A server that was killed comes back where it was; its clients connect again by themselves. */
  const watch = async (): Promise<void> => {
    for (let count = 0; count < restartCountMax; count += 1) {
      await running.exited;
      if (isStopping) return;
      progress.warn('The database ended unasked; it is started again.');
      running = await start(port);
      if (isStopping) await running.stop(stopMsMax);
      if (running.port !== port) break;
    }
    onLost('the database does not stay up');
  };
  watch().catch((error: unknown) => onLost(error instanceof Error ? error.message : String(error)));

  return {
    url,
    async stop() {
      isStopping = true;
      await running.stop(stopMsMax);
    },
  };
}
