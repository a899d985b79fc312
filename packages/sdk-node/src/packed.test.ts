/** The packages as a customer gets them: packed, installed outside the workspace, and used from both module systems. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseBearerToken, verify } from '@patchbay/protocol/credential/credential';
import { effectiveOf } from '@patchbay/protocol/credential/effective';
import { createSecret, mintBranch } from '@patchbay/protocol/credential/secret';
import { flawsOf, packPackages } from '@patchbay/testing/packed-packages';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSignaling } from '../../../apps/media-node/src/signaling/signaling-server.ts';
import { MemoryPlatform } from '../../../apps/media-node/src/signaling/testing/memory-platform.ts';

const run = promisify(execFile);
const workspace = path.resolve(import.meta.dirname, '../../..');
let tarballs: ReadonlyMap<string, string>;
const project = mkdtempSync(path.join(realpathSync(tmpdir()), 'patchbay-packed-'));
const random = new Uint8Array(32).fill(5);
const key = createSecret({ keyId: 'key_00k0000000000000000000000000a', mode: 'test', random });

beforeAll(async () => {
  tarballs = await packPackages(['sdk', 'sdk-node'], project);
  const local = (name: string) =>
    `file:${realpathSync(path.join(workspace, 'packages/sdk-node/node_modules', name))}`;
  const dependencies = {
    ...Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`])),
    ws: local('ws'),
    '@roamhq/wrtc': local('@roamhq/wrtc'),
  };
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: project });
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

const use = `
const pb = new Patchbay({ url: 'https://api.test', signalUrl: 'wss://signal.test', key: process.argv[2] });
const [server] = pb.iceServers({ identity: 'bob', ttlSeconds: 600, bytesMax: 50_000_000 });
const narrowed = pb.narrow(pb.token({ identity: 'bob' }).token, { usesMax: 1 });
let code;
try { pb.iceServers({ ttlSeconds: 0 }); } catch (error) { code = error instanceof PatchbayError && error.code; }
console.log(JSON.stringify({ server, narrowed, code, price: perGB('0.40', 'EUR'), method: typeof pb.accounts.create }));
`;

test.each([
  ['ESM', 'use.mjs', `import { Patchbay, PatchbayError, perGB } from '@patchbay/sdk-node';`],
  ['CommonJS', 'use.cjs', `const { Patchbay, PatchbayError, perGB } = require('@patchbay/sdk-node');`],
])('the packed SDK mints from %s, outside the workspace (SDK-1)', async (_system, file, head) => {
  writeFileSync(path.join(project, file), `${head}\n${use}`);
  const { stdout } = await run(process.execPath, [file, key], { cwd: project });
  const { server, narrowed, code, price, method } = JSON.parse(stdout);
  const mintKey = mintBranch({ bytes: random });
  expect(verify(mintKey, { username: server.username, password: server.credential }).type).toBe('credential');
  const [username, password] = narrowed.split('.');
  expect(verify(mintKey, { username, password })).toMatchObject({ blocks: [{}, {}] });
  expect([code, price.amount, method]).toEqual(['request.invalid', '400000000', 'function']);
});

test('its types hold for a customer with strict settings, and know the operations', async () => {
  const lines = [
    `import { Patchbay, requestIdOf, tokenHandler, type IceServer } from '@patchbay/sdk-node';`,
    `import type { Account, Trigger, Webhook, WebhooksCreateRequest } from '@patchbay/sdk-node';`,
    `const pb = new Patchbay();`,
    `export const iceServers: readonly IceServer[] = pb.iceServers({ identity: 'bob' });`,
    `export const POST = tokenHandler(pb, async () => ({ identity: 'bob' }));`,
    `export async function names(): Promise<string[]> {`,
    `  const all: string[] = [];`,
    `  for await (const account of pb.accounts.list()) all.push(account.name);`,
    `  return all;`,
    `}`,
    `export async function told(wanted: WebhooksCreateRequest): Promise<[Webhook, string | undefined]> {`,
    `  const webhook = await pb.webhooks.create(wanted);`,
    `  return [webhook, requestIdOf(webhook)];`,
    `}`,
    `export const texts: (of: Account | Trigger) => string = ({ name }) => name;`,
    `// @ts-expect-error A webhook is no account.`,
    `export const account: Account = {} as Webhook;`,
    `// @ts-expect-error An operation that does not exist.`,
    `pb.accounts.destroy();`,
  ];
  writeFileSync(path.join(project, 'use.mts'), lines.join('\n'));
  writeFileSync(path.join(project, 'use.cts'), lines.join('\n'));
  const types = path.join(workspace, 'packages/sdk-node/node_modules/@types');
  const settings = [
    '--strict',
    '--noEmit',
    '--target',
    'es2022',
    '--module',
    'node20',
    '--lib',
    'es2022,dom,dom.iterable',
  ];
  const tsc = path.join(workspace, 'node_modules/typescript/bin/tsc');
  await run(
    process.execPath,
    [tsc, ...settings, '--typeRoots', types, '--types', 'node', 'use.mts', 'use.cts'],
    {
      cwd: project,
    },
  ).catch(({ stdout }: { stdout: string }) => expect.unreachable(stdout));
}, 120_000);

test('publint and Are The Types Wrong find nothing', async () => {
  const publint = path.join(workspace, 'node_modules/publint/src/cli.js');
  const attw = path.join(workspace, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const tools = [...tarballs].flatMap(([name, tarball]) => [
    [publint, path.join(project, 'node_modules', name), '--pack=false', '--strict'],
    [attw, tarball],
  ]);
  for (const tool of tools) {
    await run(process.execPath, tool, { cwd: project }).catch(({ stdout }: { stdout: string }) =>
      expect.unreachable(stdout),
    );
  }
}, 120_000);

test.each(['sdk', 'sdk-node'])(
  '%s holds what a customer needs and nothing that leads out of it (SDK-1)',
  (name) => {
    expect(flawsOf(path.join(project, 'node_modules/@patchbay', name))).toEqual([]);
  },
);

test('nothing unpublished is imported, and only what is needed is packed', () => {
  for (const name of ['sdk', 'sdk-node']) {
    const folder = path.join(project, 'node_modules/@patchbay', name);
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    expect(JSON.stringify(manifest.dependencies ?? {})).not.toMatch(/workspace:|protocol|kit/);
    for (const file of ['index.js', 'index.cjs', 'index.d.ts', 'index.d.cts']) {
      const text = readFileSync(path.join(folder, 'dist', file), 'utf8');
      expect(text).not.toMatch(/(from|require\()\s*['"](@patchbay\/(protocol|kit)|zod)/);
      expect(text).not.toContain(workspace);
    }
  }
});

test('the core stays small: at most 28 kB before compression (SDK-1)', () => {
  const core = readFileSync(path.join(project, 'node_modules/@patchbay/sdk/dist/index.js'));
  expect(core.length).toBeLessThan(28_000);
});

const caller = `
const connect = (identity) =>
  new Patchbay({ url: 'https://api.test', signalUrl: process.argv[3], key: process.argv[2] }).connect({ identity });
const { RTCAudioSource } = wrtc.nonstandard;
async function main() {
  const [alice, bob] = await Promise.all([connect('alice'), connect('bob')]);
  const isConnected = (call) => new Promise((resolve) => call.once('connected', resolve));
  const taken = new Promise((resolve) => bob.once('incoming', (ring) => resolve(isConnected(ring.accept()))));
  const call = await alice.call('user:bob', { tracks: [new RTCAudioSource().createTrack()] });
  const [placed, took] = await Promise.all([isConnected(call), taken]);
  console.log(JSON.stringify([placed.path, took.path]));
  process.exit(0);
}
void main();
`;

test.each([
  ['ESM', 'call.mjs', `import { Patchbay } from '@patchbay/sdk-node';\nimport wrtc from '@roamhq/wrtc';`],
  [
    'CommonJS',
    'call.cjs',
    `const { Patchbay } = require('@patchbay/sdk-node');\nconst wrtc = require('@roamhq/wrtc');`,
  ],
])(
  'the packed SDK makes a call from %s, with a token that it minted (SDK-1)',
  async (_system, file, head) => {
    const platform = new MemoryPlatform();
    // The memory of this platform knows no keys: the token is proved here, as the real one does, and then its identity is known.
    platform.authenticate = async (token) => {
      const credential = parseBearerToken(token);
      const proved = 'type' in credential ? credential : verify(mintBranch({ bytes: random }), credential);
      const allowed = proved.type === 'refusal' ? proved : effectiveOf(proved);
      const identity = 'type' in allowed ? undefined : allowed.identity;
      return platform.verify(identity === undefined ? '' : platform.token({ identity }));
    };
    const log = { info() {}, warn() {}, error() {} };
    const server = await startSignaling({
      listen: { host: '127.0.0.1', port: 0 },
      platform,
      region: 'eu',
      log,
    });
    try {
      writeFileSync(path.join(project, file), `${head}\n${caller}`);
      const signalUrl = `ws://127.0.0.1:${server.port}/`;
      const { stdout } = await run(process.execPath, [file, key, signalUrl], {
        cwd: project,
        timeout: 10_000,
      });
      expect(JSON.parse(stdout)).toEqual(['direct', 'direct']);
    } finally {
      await server.stop();
    }
  },
  15_000,
);
