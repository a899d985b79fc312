/**
 * Prisma's migrations without Prisma's engine binary.
 *
 *   node tooling/migrate.ts create NAME   writes what takes the committed migrations to the schema
 *   node tooling/migrate.ts check         exits 2 when schema and migrations differ
 *   node tooling/migrate.ts deploy        applies what DATABASE_MIGRATION_URL, or else DATABASE_URL, does not have yet
 *   node tooling/migrate.ts status        compares it with the folder, as JSON
 */
import {
  deployMigrations,
  migrationStatus,
  pendingSql,
  writeMigration,
} from '@patchbay/adapters/postgres/migrations';
import { databaseUrl } from './env.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function requiredUrl(): string {
  if (databaseUrl === undefined)
    throw new Error('Set DATABASE_URL, as its owner, to the database to work on.');
  return databaseUrl;
}

const verbs: Readonly<Record<string, (name: string) => Promise<number>>> = {
  async create(name) {
    const sql = await pendingSql();
    say(sql === undefined ? 'In sync: nothing to create.' : `Wrote ${writeMigration(name, sql)}`);
    return 0;
  },
  async check() {
    const sql = await pendingSql();
    say(sql === undefined ? 'In sync.' : `The schema is ahead of the migrations by:\n${sql}`);
    return sql === undefined ? 0 : 2;
  },
  async deploy() {
    const applied = await deployMigrations(requiredUrl());
    say(applied.length === 0 ? 'Nothing to apply.' : `Applied:\n${applied.join('\n')}`);
    return 0;
  },
  async status() {
    say(JSON.stringify(await migrationStatus(requiredUrl()), null, 2));
    return 0;
  },
};

const [verb = '', name = ''] = process.argv.slice(2);
const run = verbs[verb];
if (run === undefined) {
  say('Usage: node tooling/migrate.ts create NAME | check | deploy | status');
  process.exit(64);
}
// The adapters keep pools and timers alive.
process.exit(await run(name));
