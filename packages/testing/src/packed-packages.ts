import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../../..');
/** Where `npm test` puts it on a machine that has no pnpm of its own. */
const OWN_PNPM = path.join(root, '.tools/pnpm/node_modules/.bin/pnpm');
const pnpm = existsSync(OWN_PNPM) ? OWN_PNPM : 'pnpm';
const LOCK = path.join(root, 'node_modules/.patchbay-packing');
/** What was packed of the present sources, for whoever wants it next. */
const PACKED = path.join(root, 'node_modules/.patchbay-packed');
/** How often whoever works says so, and after which silence nobody does. */
const LOCK_SIGN_MS = 2_000;
const LOCK_MS_MAX = 60_000;
const PACKING_MS_MAX = 180_000;

/**
 * Builds published packages and packs them, as a release does. Packages that depend on each other come first to last. What
 * was packed of the very same sources is taken as it is: three files of tests want them, and a build takes its time.
 * @returns the path of each tarball, by the package's name.
 */
export async function packPackages(
  folders: readonly string[],
  destination: string,
): Promise<ReadonlyMap<string, string>> {
  return await exclusively(async () => {
    const tarballs = new Map<string, string>();
    const kept = path.join(PACKED, stampOfSources());
    if (!existsSync(kept)) rmSync(PACKED, { recursive: true, force: true });
    mkdirSync(kept, { recursive: true });
    for (const folder of folders) {
      const cwd = path.join(root, 'packages', folder);
      const { name, version } = JSON.parse(readFileSync(path.join(cwd, 'package.json'), 'utf8')) as Manifest;
      const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
      const tarball = path.join(destination, file);
      if (existsSync(path.join(kept, file))) copyFileSync(path.join(kept, file), tarball);
      else {
        // Its `prepack` builds it, so that no release can pack what was built before.
        await run(pnpm, ['pack', '--pack-destination', destination], { cwd });
        copyFileSync(tarball, path.join(kept, `${file}.new`));
        renameSync(path.join(kept, `${file}.new`), path.join(kept, file));
      }
      tarballs.set(name, tarball);
    }
    return tarballs;
  });
}

/** A hash of all that a published package is made of: its sources, those that are bundled, and how it is built. */
function stampOfSources(): string {
  const inside = ['sdk', 'sdk-browser', 'sdk-node', 'protocol', 'kit'].map((name) => `packages/${name}`);
  const files = inside.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => !/(^|\/)(node_modules|dist)(\/|$)|\.test\.tsx?$/.test(file))
      .map((file) => path.join(folder, file)),
  );
  const hash = createHash('sha256');
  for (const file of [...files, 'tooling/published-build.ts', 'pnpm-lock.yaml'].toSorted()) {
    const full = path.join(root, file);
    if (statSync(full).isFile()) hash.update(file).update('\0').update(readFileSync(full));
  }
  return hash.digest('hex').slice(0, 32);
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** Two test files may want the same package, and a build empties its folder: they take turns, across processes. */
async function exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
  await until(takeLock, { what: 'another test to finish packing', timeoutMs: PACKING_MS_MAX });
  const signs = setInterval(sign, LOCK_SIGN_MS);
  try {
    return await work();
  } finally {
    clearInterval(signs);
    rmdirSync(LOCK);
  }
}

function takeLock(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    if (!isAbandoned()) return false;
    sign();
    return true;
  }
}

function sign(): void {
  const now = new Date();
  utimesSync(LOCK, now, now);
}

/** A killed run leaves its lock behind; whoever finds it old enough has it. */
function isAbandoned(): boolean {
  const { mtimeMs } = statSync(LOCK, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
  return Date.now() - mtimeMs > LOCK_MS_MAX;
}

/**
 * What is wrong with an installed package of ours, in words: files that nobody needs, names that are not there, source
 * maps and links that lead out of it. Nothing is: an empty list.
 */
export function flawsOf(installed: string): readonly string[] {
  const manifest = JSON.parse(
    readFileSync(path.join(installed, 'package.json'), 'utf8'),
  ) as PublishedManifest;
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((file) =>
    statSync(path.join(installed, file)).isFile(),
  );
  const expected =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/[\w-]+(\.d\.c?ts|\.c?js(\.map)?))$/;
  const named = JSON.stringify([manifest.main, manifest.types, manifest.exports, manifest.typesVersions]);
  return [
    ...files.filter((file) => !expected.test(file)).map((file) => `${file} is packed`),
    ...['README.md', 'LICENSE'].filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    // The first release writes it, and npm takes it along only where it is named.
    ...(manifest.files.includes('CHANGELOG.md') ? [] : ['CHANGELOG.md would not be packed']),
    ...[...named.matchAll(/"\.\/([^"]+)"/g)]
      .flatMap(([, file = '']) => (file.includes('/') && !files.includes(file) ? [file] : []))
      .map((file) => `${file} is named and not there`),
    ...(/workspace:|file:|link:/.test(JSON.stringify(manifest.dependencies ?? {}))
      ? ['a dependency is ours']
      : []),
    ...files.filter((file) => file.endsWith('.map')).flatMap((file) => outsideOf(installed, file)),
    ...[
      ...readFileSync(path.join(installed, 'README.md'), 'utf8').matchAll(/\]\((?!https?:|#)([^)]+)\)/g),
    ].map(([, target]) => `README.md leads to ${target}, which is not there`),
  ];
}

function outsideOf(installed: string, file: string): readonly string[] {
  const { sources, sourcesContent = [] } = JSON.parse(readFileSync(path.join(installed, file), 'utf8')) as {
    readonly sources: readonly string[];
    readonly sourcesContent?: readonly (string | null)[];
  };
  const from = path.join(installed, path.dirname(file));
  return sources.flatMap((source, index) => {
    const isInside = !path.relative(installed, path.resolve(from, source)).startsWith('..');
    if (isInside && typeof sourcesContent[index] === 'string') return [];
    return [`${file} names ${source}, which is not there`];
  });
}

interface PublishedManifest extends Manifest {
  readonly main: string;
  readonly types: string;
  readonly exports: unknown;
  readonly typesVersions?: unknown;
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}
