/** `patchbay api`: each operation of the definitions is a command, and each field of it a flag. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandLine } from '@patchbay/faces/command-line';
import { createId } from '@patchbay/kit/ids';
import { Patchbay } from '@patchbay/sdk-node';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { startFakePlatform } from '../commands/fake-platform.testing.ts';
import { readVariables, useDataFolder } from '../connection.ts';
import { commandOf } from './operation-command.ts';
import { callableOperations, operationNamed } from './operations.ts';
import { flagsOfRequest, putField, readTyped } from './request-flags.ts';

let platform: Awaited<ReturnType<typeof startFakePlatform>>;
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-api-'));
beforeAll(async () => {
  platform = await startFakePlatform();
});
beforeEach(() => {
  platform.asked.length = 0;
  platform.answers.clear();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await platform.stop();
});

test('no operation is without a command, and no field of one without a flag of its own (API-1)', () => {
  const pb = new Patchbay({ url: 'https://api.test' });
  expect(callableOperations.length).toBeGreaterThan(200);
  for (const operation of callableOperations) {
    const { name, group, method, request } = operation;
    expect(Reflect.get(Reflect.get(pb, group), method), name).toBeTypeOf('function');
    const flags = flagsOfRequest(request);
    const top = flags.flatMap(({ path: [field, ...deeper] }) => (deeper.length === 0 ? [field] : []));
    expect(top, name).toEqual(Object.keys(request.shape));
    const names = [...flags.map((flag) => flag.name), '--input', '--help'];
    expect(new Set(names).size, name).toBe(names.length);
    // commander refuses what it cannot read, and each value is found under a name of its own.
    const { options } = commandOf(operation, async () => undefined);
    expect(new Set(options.map((option) => option.attributeName())).size, name).toBe(options.length);
  }
});

const request = z.strictObject({
  name: z.string(),
  count: z.int().optional(),
  isShown: z.boolean().optional(),
  role: z.union([z.enum(['owner', 'viewer']), z.string().regex(/^rol_/)]).optional(),
  address: z.string().nullable().optional(),
  scopes: z.array(z.string()).optional(),
  rows: z.array(z.object({ of: z.string() })).optional(),
  counter: z.union([z.strictObject({ meter: z.string() }), z.strictObject({ event: z.string() })]).optional(),
});

test.each([
  ['--name', ['7'], '7'],
  ['--count', ['7'], 7],
  ['--is-shown', ['false'], false],
  ['--role', ['viewer'], 'viewer'],
  ['--address', ['null'], null],
  ['--address', ['a'], 'a'],
  ['--scopes', ['a', 'b'], ['a', 'b']],
  ['--scopes', ['["a"]'], ['a']],
  ['--rows', ['{"of":"a"}'], [{ of: 'a' }]],
  ['--counter', ['{"meter":"m"}'], { meter: 'm' }],
  ['--counter.event', ['e'], 'e'],
])('%s %j is read as its field is', (name, typed, value) => {
  const flag = flagsOfRequest(request).find((each) => each.name === name);
  if (flag === undefined) throw new Error(`There is no flag ${name}.`);
  expect(readTyped(flag, typed)).toEqual(value);
});

test.each([
  ['--count', 'many', '--count takes number'],
  ['--is-shown', 'maybe', '--is-shown takes true or false'],
  ['--counter', '{', '--counter takes JSON'],
  ['--rows', 'a', '--rows takes JSON, once or several times'],
])('%s %s is refused with what it takes', (name, typed, said) => {
  const flag = flagsOfRequest(request).find((each) => each.name === name);
  if (flag === undefined) throw new Error(`There is no flag ${name}.`);
  expect(() => readTyped(flag, [typed])).toThrow(said);
});

test('what lies in a field goes beside what was there', () => {
  expect(putField({ counter: { meter: 'm' } }, ['counter', 'where', 'region'], 'eu')).toEqual({
    counter: { meter: 'm', where: { region: 'eu' } },
  });
});

test('an operation is called with what was typed, from flags and from a file', async () => {
  const created = { id: createId('trg'), name: 'Allowance' };
  platform.answers.set('POST /triggers', created);
  const file = path.join(folder, 'trigger.json');
  writeFileSync(file, JSON.stringify({ name: 'Other', condition: { kind: 'threshold', limit: 5 } }));
  const flags = ['--name', 'Allowance', '--counter.meter', 'network-discovery.bytes', '--is-shown'];
  const { stdout } = await platform.run('api', 'triggers.create', '--input', file, ...flags);
  expect(platform.asked).toEqual([
    {
      request: 'POST /triggers',
      body: {
        name: 'Allowance',
        condition: { kind: 'threshold', limit: 5 },
        counter: { meter: 'network-discovery.bytes' },
        isShown: true,
      },
    },
  ]);
  expect(JSON.parse(stdout)).toEqual(created);
});

test('a field that is called as an option of every call is the field: the option stands before the operation', async () => {
  platform.answers.set('PUT /brand/logos/light', { digest: 'd' });
  await platform.runAt('api', 'brand.setLogo', '--theme', 'light', '--data', 'iVBORw0KGgo=');
  expect(platform.asked).toEqual([{ request: 'PUT /brand/logos/light', body: { data: 'iVBORw0KGgo=' } }]);
});

test('a list is read up to its limit, and a file comes as it is', async () => {
  platform.answers.set('GET /keys', { items: [{ id: 'a' }, { id: 'b' }] });
  platform.answers.set('GET /usage.csv', 'at,meter\r\n');
  const { stdout, stderr } = await platform.run('api', 'keys.list', '--limit', '1', '--json');
  expect([stdout, stderr]).toEqual(['[{"id":"a"}]\n', expect.stringContaining('more than 1')]);
  const range = ['--from', '2026-11-01T00:00:00Z', '--to', '2026-12-01T00:00:00Z'];
  expect((await platform.run('api', 'usage.csv', ...range)).stdout).toBe('at,meter\r\n');
});

test('a list reads on, page after page, where --limit is beyond one page', async () => {
  const items = Array.from({ length: 100 }, (_, index) => ({ id: `e${index}` }));
  platform.answers.set('GET /audit', { items, nextCursor: 'next' });
  const { stdout, stderr } = await platform.run('api', 'audit.list', '--limit', '150', '--json');
  expect(JSON.parse(stdout)).toHaveLength(150);
  expect(stderr).toContain('more than 150');
  expect(platform.asked).toHaveLength(2);
  await expect(platform.run('api', 'audit.list', '--limit', '0')).rejects.toThrow('--limit');
});

test('an operation is also called as its scope and the log of changes name it', async () => {
  platform.answers.set('GET /allow-list', { items: [] });
  await platform.run('api', 'allow-list.get');
  await platform.run('api', 'allowList.get');
  expect(platform.asked.map(({ request }) => request)).toEqual(['GET /allow-list', 'GET /allow-list']);
  expect((await platform.run('api', 'allow-list')).stdout).toContain('allowList.get');
});

test('an account that is set to nothing in the environment is not set', async () => {
  vi.stubEnv('PATCHBAY_KEY', 'of the environment');
  vi.stubEnv('PATCHBAY_ACCOUNT', '');
  // A folder without a platform: what is read is the environment's.
  useDataFolder(folder);
  const { PATCHBAY_KEY, PATCHBAY_ACCOUNT } = readVariables();
  expect([PATCHBAY_KEY, PATCHBAY_ACCOUNT]).toEqual(['of the environment', undefined]);
  vi.unstubAllEnvs();
});

test('what a request lacks is said by its flags, and nobody is asked', async () => {
  await expect(platform.run('api', 'team.add', '--email', 'ada', '--role', 'owner')).rejects.toThrow(
    /^--email: .*\n--name is needed\.$/,
  );
  await expect(platform.run('api', 'trigger.create')).rejects.toThrow('There is triggers.create.');
  await expect(platform.run('api', 'nothing.here')).rejects.toThrow('patchbay api lists all.');
  expect(platform.asked).toEqual([]);
});

test.each([
  [
    'webhooks.create',
    { url: 'https://example.com/hooks', eventTypes: ['signaling.*', 'a.b'], batchEventsMax: 5 },
  ],
  ['team.add', { email: 'ada@example.com', name: "Ada O'Hara", role: 'developer' }],
  [
    'triggers.create',
    { name: 'A b', counter: { meter: 'm' }, condition: { kind: 'threshold', limit: 5 }, isShown: false },
  ],
  ['accounts.update', { externalId: null }],
  ['roles.create', { name: 'Support', scopes: ['usage:read'] }],
])('%s is called with what a page shows to type', async (name, fields) => {
  const line = commandLine(name, { accountId: 'acc_1', ...fields });
  expect(line.startsWith(`patchbay api ${name} --account acc_1 `)).toBe(true);
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
  const called: unknown[] = [];
  const command = commandOf(
    operationNamed(name),
    async (read, { account }) => void called.push(account, read),
  );
  await command.parseAsync(words.slice(3), { from: 'user' });
  expect(called).toEqual(['acc_1', fields]);
});

test('operations are listed, all or of one resource', async () => {
  const { stdout } = await platform.run('api', 'webhooks');
  expect(stdout).toMatch(/^webhooks\.rotateSecret +Make a new secret/m);
  expect(stdout).not.toContain('triggers.');
  const all = JSON.parse((await platform.run('api', '--json')).stdout);
  expect(all).toHaveLength(callableOperations.length);
});
