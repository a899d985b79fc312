import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../../..');
/** Where `npm test` puts it on a machine that has no pnpm of its own. */
const OWN_PNPM = path.join(root, '.tools/pnpm/node_modules/.bin/pnpm');
const pnpm = existsSync(OWN_PNPM) ? OWN_PNPM : 'pnpm';
const LOCK = path.join(root, 'node_modules/.patchbay-packing');
const LOCK_MS_MAX = 60_000;

/**
 * Builds published packages and packs them, as a release does. Packages that depend on each other come first to last.
 * @returns the path of each tarball, by the package's name.
 */
export async function packPackages(
  folders: readonly string[],
  destination: string,
): Promise<ReadonlyMap<string, string>> {
  return await exclusively(async () => {
    const tarballs = new Map<string, string>();
    for (const folder of folders) {
      const cwd = path.join(root, 'packages', folder);
      const { name, version } = JSON.parse(readFileSync(path.join(cwd, 'package.json'), 'utf8')) as Manifest;
      await run(process.execPath, [path.join(cwd, 'node_modules/tsup/dist/cli-default.js'), '--silent'], {
        cwd,
      });
      await run(pnpm, ['pack', '--pack-destination', destination], { cwd });
      tarballs.set(name, path.join(destination, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`));
    }
    return tarballs;
  });
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** Two test files may want the same package, and a build empties its folder: they take turns, across processes. */
async function exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
  await until(takeLock, { what: 'another test to finish packing', timeoutMs: 2 * LOCK_MS_MAX });
  try {
    return await work();
  } finally {
    rmdirSync(LOCK);
  }
}

function takeLock(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    return isAbandoned();
  }
}

/** A killed run leaves its lock behind; whoever finds it old enough has it. */
function isAbandoned(): boolean {
  const { mtimeMs } = statSync(LOCK, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  return Date.now() - mtimeMs > LOCK_MS_MAX;
}
