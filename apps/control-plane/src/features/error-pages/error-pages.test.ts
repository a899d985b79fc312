import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { platformErrors } from '@patchbay/kit/errors';
import { endings, refusals } from '@patchbay/protocol/signaling/codes';
import { expect, test } from 'vitest';
import { errorPageOf, errorPages } from './error-pages.ts';

const root = path.resolve(import.meta.dirname, '../../../../..');

test('every code of a refusal or an ending of signaling has a page that says what to do', () => {
  for (const code of [...Object.keys(refusals), ...Object.keys(endings)]) {
    expect(errorPageOf(code), code).toMatchObject({ remedy: expect.stringMatching(/\.$/) });
  }
  for (const [code, { status }] of Object.entries(refusals)) {
    expect(errorPageOf(code)?.refusal?.status, code).toBe(status);
  }
});

test('every code that relay, signaling or a credential names in its source has a page', () => {
  const folders = [
    'apps/media-node/src/relay',
    'apps/media-node/src/signaling',
    'apps/media-node/src/platform',
    'packages/protocol/credential',
  ];
  const sources = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((file) => file.endsWith('.ts') && !/\.(test|testing)\.ts$/.test(file))
      .map((file) => readFileSync(path.join(root, folder, file), 'utf8')),
  );
  const found = sources.flatMap((source) => [
    ...source.matchAll(/'((?:credential|limit|account|platform)\.[a-z_]+)'/g),
  ]);
  const codes = new Set(found.map(([, code = '']) => code));
  // Messages of the bus and lines of the session log are no errors.
  for (const name of ['account.changed', 'limit.reached', 'credential.revoked']) codes.delete(name);
  expect(codes.size).toBeGreaterThan(10);
  expect([...codes].filter((code) => errorPageOf(code) === undefined)).toEqual([]);
});

test('every code of the platform has a page, once, and says whether to repeat', () => {
  const codes = errorPages().map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of Object.keys(platformErrors)) expect(codes).toContain(code);
  for (const { code, refusal, ending } of errorPages())
    if (!code.startsWith('client.')) expect(refusal ?? ending, code).toBeDefined();
});

test('every code that an SDK throws by itself has a page: an error names it as its help', () => {
  const folders = ['packages/sdk/src', 'packages/sdk-browser/src', 'packages/sdk-node/src'];
  const sources = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !/\.(test|generated)\.tsx?$/.test(file))
      .map((file) => readFileSync(path.join(root, folder, file), 'utf8')),
  );
  const codes = new Set(sources.join('\n').match(/(?<=')client\.[a-z_]+(?=')/g));
  expect(codes.size).toBeGreaterThan(10);
  expect([...codes].filter((code) => errorPageOf(code) === undefined)).toEqual([]);
});
