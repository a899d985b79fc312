import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { flagOf, readSettings } from './settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-settings-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function read(sources: {
  flags?: Record<string, unknown>;
  environment?: Record<string, string>;
  file?: string;
}) {
  if (sources.file !== undefined) writeFileSync(path.join(folder, 'patchbay.yaml'), sources.file);
  return readSettings({ flags: sources.flags ?? {}, environment: sources.environment ?? {}, folder });
}

it('takes a flag over the environment over patchbay.yaml, each setting by itself', () => {
  const read_ = read({
    flags: { port: '3100' },
    environment: { PATCHBAY_PORT: '3200', PATCHBAY_TURN_PORT: '3479', PATCHBAY_HOST: '' },
    file: 'port: 3300\nturnPort: 3480\nregion: eu-west\nallowLoopbackPeers: false\n',
  });
  expect(read_).toEqual({ port: 3100, turnPort: 3479, region: 'eu-west', allowLoopbackPeers: false });
});

it('leaves out what nobody set', () => {
  expect(read({})).toEqual({});
});

it.each([
  [{ flags: { port: '70000' } }, '--port', 'port from 1 to 65535'],
  [{ environment: { PATCHBAY_HOST: 'localhost' } }, 'PATCHBAY_HOST', 'IP address'],
  [{ file: 'turnPort: many' }, 'turnPort in patchbay.yaml', 'port from 1 to 65535'],
  [{ file: 'colour: red' }, 'colour', 'There are:'],
  [{ file: '- a\n- b' }, 'patchbay.yaml', 'name: value'],
])('names a bad setting and the remedy: %j', (sources, name, remedy) => {
  expect(() => read(sources)).toThrow(name);
  expect(() => read(sources)).toThrow(remedy);
});

it('never shows the value of a secret', () => {
  expect(() => read({ environment: { PATCHBAY_MASTER_KEY: 'too-short-secret' } })).toThrow(
    /^((?!too-short).)*$/,
  );
});

it('spells a flag in kebab-case', () => {
  expect(flagOf('allowLoopbackPeers')).toBe('--allow-loopback-peers');
});
