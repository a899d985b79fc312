import {
  ensureApplicationLogin,
  loginRemedy,
  wayRoundTheWall,
} from '@patchbay/adapters/postgres/application-login';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { Refusal } from '../refusal.ts';
import { type DataFolder, readDatabaseLogin } from './data-folder.ts';
import type { Progress } from './progress.ts';

const databaseName = 'patchbay';
const restartCountMax = 5;
const stopMsMax = 15_000;

export interface Database {
  /** Of the application, who cannot get round the wall between tenants. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The same, by the URL of its owner. */
type OwnedDatabase = Database;

export interface DatabaseOptions {
  readonly folder: DataFolder;
  /** Another server than our own. */
  readonly databaseUrl: string | undefined;
  /** Its owner, where `databaseUrl` is of somebody with fewer rights. */
  readonly migrationUrl: string | undefined;
  readonly progress: Progress;
  /** It ended and could not be brought back at the same address. */
  readonly onLost: (reason: string) => void;
}

/** The database, started if it is ours, with all migrations applied and a login of the application's own. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { databaseUrl, migrationUrl, folder, progress } = options;
  const owned = databaseUrl === undefined ? await startOwn(options) : given(migrationUrl ?? databaseUrl);
  try {
    await progress.step('migrations', () => deployMigrations(owned.url));
    const url =
      databaseUrl !== undefined && migrationUrl !== undefined
        ? databaseUrl
        : await ensureApplicationLogin(owned.url, readDatabaseLogin(folder));
    const way = await wayRoundTheWall(url);
    if (way !== undefined) {
      throw new Error(`The wall between tenants would not hold: ${way}. ${loginRemedy}`);
    }
    return { ...owned, url };
  } catch (error) {
    await owned.stop();
    const where =
      databaseUrl === undefined
        ? ''
        : ` ${migrationUrl === undefined ? 'DATABASE_URL, or else DATABASE_MIGRATION_URL,' : 'DATABASE_MIGRATION_URL'} has to be of the owner of the database.`;
    throw new Refusal(`${error instanceof Error ? error.message : error}${where}`);
  }
}

const given = (url: string): OwnedDatabase => ({ url, stop: async () => {} });

async function startOwn({ folder, progress, onLost }: DatabaseOptions): Promise<OwnedDatabase> {
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
