import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ApplicationLogin } from '@patchbay/adapters/postgres/application-login';
import { Refusal } from '../refusal.ts';

/** All that one installation keeps on this machine. It is closed to other users. */
export interface DataFolder {
  readonly root: string;
  readonly postgres: string;
  readonly logs: string;
  readonly files: string;
  readonly nodes: string;
  readonly devEnv: string;
}

export function openDataFolder(root: string): DataFolder {
  const absolute = path.resolve(root);
  const folder: DataFolder = {
    root: absolute,
    postgres: path.join(absolute, 'postgres'),
    logs: path.join(absolute, 'logs'),
    files: path.join(absolute, 'files'),
    nodes: path.join(absolute, 'nodes'),
    devEnv: path.join(absolute, 'dev.env'),
  };
  try {
    // Others may pass through, for the database's user does; what they must not read is closed by itself.
    makeFolder(absolute, 0o711);
    for (const closed of [folder.logs, folder.files, folder.nodes]) makeFolder(closed, 0o700);
  } catch (error) {
    throw new Refusal(`--data ${root} cannot be used: ${error instanceof Error ? error.message : error}`);
  }
  return folder;
}

/**
 * Level by level: Node's recursive mkdir goes round for ever where a parent exists and takes no folders, as in /proc.
 */
function makeFolder(folder: string, mode: number): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder), mode);
  mkdirSync(folder, { mode });
}

/** The key that stored secrets are encrypted with: made once, outside the database and its backups. */
export function readMasterKey(folder: DataFolder, set: string | undefined): string {
  if (set !== undefined) return set;
  const file = path.join(folder.root, 'master.key');
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(file, 'utf8').trim();
}

/**
 * The user with whom the application connects to its database: made once, of this data folder alone, so that two machines
 * on one server do not take each other's password away.
 */
export function readDatabaseLogin(folder: DataFolder): ApplicationLogin {
  const file = path.join(folder.root, 'database-login.json');
  if (!existsSync(file)) {
    const name = `patchbay_login_${randomBytes(6).toString('hex')}`;
    const login: ApplicationLogin = { name, password: randomBytes(24).toString('base64url') };
    writeFileSync(file, `${JSON.stringify(login)}\n`, { mode: 0o600, flag: 'wx' });
  }
  return JSON.parse(readFileSync(file, 'utf8')) as ApplicationLogin;
}

/** Writes variables for SDK and CLI, readable by us alone. */
export function writeDevEnv(folder: DataFolder, variables: Readonly<Record<string, string>>): void {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  writeFileSync(folder.devEnv, lines.join(''), { mode: 0o600 });
}

/** The variables of a `dev.env`, or none when there is no such file. */
export function readDevEnv(file: string): Readonly<Record<string, string>> {
  if (!existsSync(file)) return {};
  const variables: Record<string, string> = {};
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) variables[name] = String(JSON.parse(value));
  }
  return variables;
}
