/**
 * Makes a clone ready to run, and does nothing for what is ready already. Plain JavaScript for Node 20: it runs
 * before anything is installed. Each step has a stamp, a hash of the contents it depends on.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');
const toolsDirectory = path.join(root, '.tools');
const pnpmVersion = '12.21.0';
/** What the packages declare: erasable types, `import.meta.main`, the native WebSocket. */
const nodeVersionMin = [24, 11];
const lineCountOfFailure = 60;
const outputCharactersMax = 200_000;

export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** A failure whose message is for the person at the terminal: no trace. */
export class Refusal extends Error {}

/** Files below `directory`, relative, in a stable order; nothing installed, built or tested. */
function filesBelow(directory, accept) {
  const skipped = new Set(['node_modules', '.next', 'dist', '.patchbay', '.turbo', 'generated']);
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) walk(full);
      } else if (entry.isFile() && accept(full)) found.push(full);
    }
  };
  if (existsSync(directory)) walk(directory);
  return found.sort();
}

function hashOf(files, salt = '') {
  const hash = createHash('sha256').update(salt);
  for (const file of files) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

/** Runs `step` unless it was done for the same `stamp` and what it makes is there. */
async function unlessDone({ name, stamp, makes, step }) {
  const file = path.join(toolsDirectory, 'stamps', name);
  const isDone =
    makes.every((made) => existsSync(path.join(root, made))) &&
    existsSync(file) &&
    readFileSync(file, 'utf8') === stamp;
  if (isDone) return;
  const startedAt = performance.now();
  rmSync(file, { force: true });
  await step();
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, stamp);
  say(`  ${name} ready (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
}

/** The environment in which our programs run: Node 24 and the installed tools come first. */
export function environment(extra = {}) {
  return {
    ...process.env,
    PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
    NEXT_TELEMETRY_DISABLED: '1',
    CHECKPOINT_DISABLE: '1',
    ...extra,
  };
}

/**
 * Runs a program to its end, silently; a failure carries its last lines. In the background it, and whatever it starts, leaves
 * most of the processors to others.
 */
export function runQuietly(command, args, { env = {}, cwd = root, isInBackground = false, signal } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env: environment(env), stdio, signal });
    if (isInBackground && child.pid !== undefined)
      setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    let output = '';
    const remember = (chunk) => {
      output = (output + chunk).slice(-outputCharactersMax);
    };
    child.stdout.on('data', remember);
    child.stderr.on('data', remember);
    child.once('error', reject);
    child.once('close', (code) => {
      const lastLines = output.trimEnd().split('\n').slice(-lineCountOfFailure).join('\n');
      if (code === 0) resolve();
      else reject(new Refusal(`${path.basename(command)} ${args.join(' ')} failed:\n${lastLines}`));
    });
  });
}

function versionOf(command) {
  try {
    return execFileSync(command, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'], cwd: root })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}

async function pnpm() {
  if (versionOf('pnpm') === pnpmVersion) return 'pnpm';
  const own = path.join(toolsDirectory, 'pnpm/node_modules/.bin/pnpm');
  if (versionOf(own) !== pnpmVersion) {
    say(`  Installing pnpm ${pnpmVersion} into .tools/ …`);
    const prefix = path.join(toolsDirectory, 'pnpm');
    mkdirSync(prefix, { recursive: true });
    writeFileSync(path.join(prefix, 'package.json'), '{ "private": true }\n');
    await runQuietly('npm', [
      ...['install', '--prefix', prefix, '--no-audit', '--no-fund', '--no-package-lock'],
      `pnpm@${pnpmVersion}`,
    ]);
  }
  return own;
}

async function installPackages() {
  const manifests = ['apps', 'packages']
    .flatMap((folder) =>
      filesBelow(path.join(root, folder), (file) => path.basename(file) === 'package.json'),
    )
    .concat(['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => path.join(root, name)));
  await unlessDone({
    name: 'packages',
    stamp: hashOf(manifests, `${process.platform}-${process.arch}`),
    makes: ['node_modules/.modules.yaml', 'node_modules/.bin/vitest'],
    async step() {
      const command = await pnpm();
      say('  Installing packages …');
      await runQuietly(command, ['install', '--frozen-lockfile', '--prefer-offline'], {
        env: { CI: 'true' },
      });
    },
  });
}

/** Node 24: the one that was installed with the packages, else this one. */
export function node24() {
  const installed = path.join(root, 'node_modules/.bin/node');
  if (existsSync(installed)) return installed;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return process.execPath;
  throw new Refusal(
    `There is no packaged Node for ${process.platform}-${process.arch}, and this one is ${process.versions.node}: install Node ${nodeVersionMin.join('.')} or newer, and start again.`,
  );
}

async function generateDatabaseClient() {
  const schema = filesBelow(path.join(root, 'prisma/schema'), (file) => file.endsWith('.prisma'));
  await unlessDone({
    name: 'database client',
    stamp: hashOf([...schema, path.join(root, 'packages/adapters/package.json')]),
    makes: ['packages/adapters/prisma/generated/client.ts'],
    // The engine would be downloaded, and generating does not use it: any program that ends well stands for it.
    step: () =>
      runQuietly(path.join(root, 'node_modules/.bin/prisma'), ['generate'], {
        env: { PRISMA_SCHEMA_ENGINE_BINARY: node24() },
      }),
  });
}

/** Packages and generated code: what every verb needs. */
export async function makeReady() {
  await installPackages();
  node24();
  await generateDatabaseClient();
}

/** Next writes next-env.d.ts into the folder that it builds. */
const isSource = (file) => !/[.](test|journey[.]test)[.]tsx?$|[.]md$|next-env[.]d[.]ts$/.test(file);

/**
 * The dashboard and the API, built to run by themselves.
 * @param how Whether others need the processors more, and what ends it early: options of `runQuietly`.
 */
export async function buildControlPlane(how = {}) {
  const app = 'apps/control-plane';
  const inside = ['adapters', 'domain', 'faces', 'kit', 'protocol', 'services', 'ui'];
  const sources = inside.flatMap((name) => filesBelow(path.join(root, 'packages', name), isSource));
  const pages = filesBelow(path.join(root, app), isSource);
  const guides = filesBelow(path.join(root, 'docs'), () => true);
  const standalone = `${app}/.next/standalone/${app}`;
  await unlessDone({
    name: 'control plane',
    stamp: hashOf([...pages, ...sources, ...guides, path.join(root, 'pnpm-lock.yaml')]),
    makes: [`${standalone}/server.js`, `${standalone}/.next/static`],
    async step() {
      say('  Building the control plane, a minute or less …');
      rmSync(path.join(root, app, '.next/standalone'), { recursive: true, force: true });
      await runQuietly(path.join(root, app, 'node_modules/.bin/next'), ['build'], {
        ...how,
        cwd: path.join(root, app),
      });
      const copy = (from, to) => {
        if (existsSync(path.join(root, from)))
          cpSync(path.join(root, from), path.join(root, to), { recursive: true });
      };
      copy(`${app}/.next/static`, `${standalone}/.next/static`);
      copy(`${app}/public`, `${standalone}/public`);
    },
  });
}
