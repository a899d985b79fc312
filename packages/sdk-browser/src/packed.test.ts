/** The package as a customer gets it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { flawsOf, packPackages } from '@patchbay/testing/packed-packages';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const workspace = path.resolve(import.meta.dirname, '../../..');
const project = mkdtempSync(path.join(realpathSync(tmpdir()), 'patchbay-packed-browser-'));
const installed = path.join(project, 'node_modules/@patchbay/sdk-browser');
let tarball = '';
/** 28 kB of it are simple-peer with its own Buffer and streams. */
const gzipBytesMax = { 'index.js': 47_500, 'react.js': 3_500 };

beforeAll(async () => {
  const tarballs = await packPackages(['sdk', 'sdk-browser'], project);
  tarball = tarballs.get('@patchbay/sdk-browser') ?? '';
  const dependencies = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`]));
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const flags = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps'];
  await run('npm', ['install', ...flags], { cwd: project });
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the packed package (SDK-1)', () => {
  it.each(Object.entries(gzipBytesMax))('%s is at most %i bytes when compressed', (file, bytesMax) => {
    expect(gzipSync(readFileSync(path.join(installed, 'dist', file)), { level: 9 }).length).toBeLessThan(
      bytesMax,
    );
  });

  it('holds what a customer needs and nothing that leads out of it', () => {
    expect(flawsOf(installed)).toEqual([]);
    const { version } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
    expect(readFileSync(path.join(installed, 'dist/index.js'), 'utf8')).toContain(
      `@patchbay/sdk-browser ${version}`,
    );
  });

  it('loads on a server from both module systems, where there is no window', async () => {
    const names = `['connect', 'TokenSource', 'PatchbayError'].every((name) => name in sdk)`;
    writeFileSync(
      path.join(project, 'use.mjs'),
      `import * as sdk from '@patchbay/sdk-browser'; console.log(${names});`,
    );
    writeFileSync(
      path.join(project, 'use.cjs'),
      `const sdk = require('@patchbay/sdk-browser'); console.log(${names});`,
    );
    for (const file of ['use.mjs', 'use.cjs']) {
      expect((await run(process.execPath, [file], { cwd: project })).stdout).toBe('true\n');
    }
  });

  it('imports nothing unpublished and nothing of Node, and names no folder of this machine', () => {
    const foreign =
      /(from|require\()\s*['"](@patchbay\/(protocol|kit)|simple-peer|node:|buffer|events|stream)/;
    for (const file of ['index.js', 'index.cjs', 'react.js', 'index.d.ts', 'react.d.ts', 'index.js.map']) {
      const text = readFileSync(path.join(installed, 'dist', file), 'utf8');
      if (!file.endsWith('.map')) expect(foreign.exec(text)?.[0]).toBeUndefined();
      expect(text.includes(workspace)).toBe(false);
    }
    expect(readFileSync(path.join(installed, 'dist/react.js'), 'utf8')).toMatch(/^"use client"/);
    // The classic transform would ask every page for a global named React.
    expect(readFileSync(path.join(installed, 'dist/react.js'), 'utf8')).toContain('react/jsx-runtime');
  });

  it('publint and attw find nothing wrong', async () => {
    const tool = (name: string) => path.join(workspace, 'node_modules/.bin', name);
    await expect(run(tool('publint'), [tarball, '--strict'])).resolves.toBeDefined();
    const attw = run(tool('attw'), [tarball, '--no-emoji', '--format', 'json']).catch(({ stdout }) => ({
      stdout,
    }));
    expect(JSON.parse((await attw).stdout).problems ?? {}).toEqual({});
  }, 120_000);
});
