import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createId } from '@patchbay/kit/ids';
import { verify } from '@patchbay/protocol/credential/credential';
import { effectiveOf } from '@patchbay/protocol/credential/effective';
import { limitNames } from '@patchbay/protocol/credential/limits';
import { createSecret, mintBranch, parseSecret } from '@patchbay/protocol/credential/secret';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDataFolder, writeDevEnv } from '../up/data-folder.ts';
import { addLimitFlags, limitsIn } from './limit-flags.ts';

const cli = path.join(import.meta.dirname, '../main.ts');
const key = createSecret({ keyId: createId('key'), mode: 'live', random: new Uint8Array(32).fill(7) });
const accountId = createId('acc');
vi.setConfig({ testTimeout: 120_000 });

let data: string;

beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), 'patchbay-cli-'));
  writeDevEnv(openDataFolder(data), {
    PATCHBAY_URL: 'http://127.0.0.1:9',
    PATCHBAY_TURN_URL: 'turn:127.0.0.1:3999?transport=udp',
    PATCHBAY_KEY: key,
    PATCHBAY_ACCOUNT: accountId,
  });
});

afterEach(() => {
  rmSync(data, { recursive: true });
});

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [cli, ...args], {
    env: { NODE_ENV: 'test', PATH: '', PATCHBAY_DATA: data },
  });

it('mints what the flags say, offline, with the key of dev.env (ACC-7)', async () => {
  const limits = ['--ttl', '60', '--uses', '1', '--bytes', '2000000', '--seconds', '30', '--kbps', '500'];
  const applicationId = createId('app');
  const application = ['--application', applicationId, '--instance-type', 'paid'];
  const { stdout } = await run('ice', '--json', '--identity', 'bob', ...application, ...limits);
  const [server] = JSON.parse(stdout) as [{ urls: string[]; username: string; credential: string }];
  expect(server.urls).toEqual(['turn:127.0.0.1:3999?transport=udp']);

  const secret = parseSecret(key);
  if (secret.type === 'refusal') throw new Error(secret.detail);
  const parsed = verify(mintBranch(secret), { username: server.username, password: server.credential });
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const effective = effectiveOf(parsed);
  expect(effective).toMatchObject({
    identity: 'bob',
    accountId,
    applicationId,
    instanceType: 'paid',
    bitRate: { bitsPerSecond: 500_000 },
  });
  expect('limits' in effective && effective.limits.map(({ kind, max }) => [kind, max])).toEqual([
    ['uses', 1],
    ['seconds', 30],
    ['bytes', 2_000_000],
  ]);
});

it('has a flag for whatever can be minted, each for its own limit (ACC-7)', () => {
  const program = new Command().exitOverride();
  addLimitFlags(program);
  const typed = [
    ...['--identity', 'bob', '--session', 'ses_1', '--not-before', '2027-01-15T08:00Z', '--scope', 'session'],
    ...[
      '--seconds',
      '60',
      '--outcome',
      'throttle',
      '--kbps',
      '64',
      '--burst',
      '2000',
      '--to',
      '203.0.113.0/24',
    ],
    ...['--features', 'network-discovery.relay', '--media', 'audio,video', '--regions', 'eu, us'],
    ...['--countries', 'DE,FR', '--device-kinds', 'mobile', '--from', '192.0.2.0/24,2001:db8::/32'],
  ];
  program.parse(typed, { from: 'user' });
  expect(limitsIn(program.opts())).toEqual({
    identity: 'bob',
    sessionId: 'ses_1',
    notBeforeMs: Date.UTC(2027, 0, 15, 8),
    limitScope: 'session',
    secondsMax: 60,
    limitOutcome: 'throttle',
    bitsPerSecondMax: 64_000,
    burstBytes: 2_000,
    peerCidrs: ['203.0.113.0/24'],
    features: ['network-discovery.relay'],
    mediaKinds: ['audio', 'video'],
    regions: ['eu', 'us'],
    countries: ['DE', 'FR'],
    deviceKinds: ['mobile'],
    sourceCidrs: ['192.0.2.0/24', '2001:db8::/32'],
  });
  const flags = program.options.map(({ long }) => long);
  expect(new Set(flags).size).toBe(limitNames.length);
  for (const refused of [
    ['--media', 'smell'],
    ['--outcome', 'applause'],
    ['--not-before', 'soon'],
    ['--regions', ''],
  ])
    expect(() =>
      program.configureOutput({ writeErr: () => undefined }).parse(refused, { from: 'user' }),
    ).toThrow();
});

it('refuses a limit that is none, and says which', async () => {
  await expect(run('ice', '--bytes', 'many')).rejects.toMatchObject({
    stderr: expect.stringContaining('--bytes') as string,
  });
});

it('says what to set when there is no key', async () => {
  rmSync(path.join(data, 'dev.env'));
  await expect(run('ice')).rejects.toMatchObject({
    stderr: expect.stringContaining('PATCHBAY_KEY') as string,
  });
});

it('doctor names each part that fails, with the remedy, and ends with 1', async () => {
  const { stdout } = await run('doctor', '--json').catch((error: { stdout: string; code: number }) => error);
  const parts = JSON.parse(stdout) as { name: string; ok: boolean; remedy?: string }[];
  expect(parts.map(({ name, ok }) => [name, ok])).toEqual([
    ['control plane', false],
    ['regular tasks', false],
    ['mail', false],
    ['key', false],
    ['signaling', false],
    ['relay', false],
  ]);
  expect(parts.every(({ remedy }) => remedy !== undefined)).toBe(true);
});
