import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { billing } from '@patchbay/domain/billing/definition';
import { createId } from '@patchbay/kit/ids';
import { createSecret } from '@patchbay/protocol/credential/secret';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useDataFolder } from '../connection.ts';
import { openDataFolder, writeDevEnv } from '../up/data-folder.ts';
import { runAsProcess } from './fake-platform.testing.ts';

const cli = path.join(import.meta.dirname, '../main.ts');
const key = createSecret({ keyId: createId('key'), mode: 'live', random: new Uint8Array(32).fill(7) });
const accountId = createId('acc');
vi.setConfig({ testTimeout: 120_000 });

let data: string;
let server: Server;
let asked: URL[];
/** What the platform answers to a path below the account. */
let answers: Record<string, unknown>;
/** What it refuses below the account, and how. */
let refusals: Record<string, unknown>;

beforeEach(async () => {
  [asked, answers, refusals] = [[], {}, {}];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://platform.test');
    asked.push(url);
    const below = url.pathname.replace(`/v1/accounts/${accountId}`, '');
    const [answer, refusal] = [answers[below], refusals[below]];
    const status = refusal !== undefined ? 422 : answer === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(refusal ?? answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  data = mkdtempSync(path.join(tmpdir(), 'patchbay-cli-'));
  writeDevEnv(openDataFolder(data), {
    PATCHBAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    PATCHBAY_KEY: key,
    PATCHBAY_ACCOUNT: accountId,
  });
});
afterEach(async () => {
  useDataFolder(undefined);
  rmSync(data, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

const run = (...args: string[]) => runAsProcess([...args, '--data', data]);

const head = {
  period: '2026-11',
  accountId,
  sellerId: 'acc_1',
  sellerName: 'Patchbay',
  sellers: [],
  currency: 'EUR',
  state: 'open',
  lateUsageUntil: '2027-02-01T00:00:00.000Z',
  ownUse: '125000000',
  passedThrough: '25000000',
  payable: '150000000',
  receivable: '0',
  margins: '0',
  subsidies: '25000000',
  margin: '-25000000',
  totals: [{ currency: 'EUR', receivable: '0', margin: '-25000000' }],
  charge: { amount: '150000000', carriedIn: '4009000', minorUnits: '15', residue: '4009000' },
  payout: { amount: '0', carriedIn: '0', minorUnits: '0', residue: '0' },
};
const line = {
  service: 'network-discovery',
  meter: 'bytes',
  unit: 'byte',
  dimensions: { region: 'eu' },
  quantity: '3000000000',
  amountPerUnit: { amount: '50000000', per: '1000000000' },
  amount: '150000000',
  lineCount: 1,
  parts: [],
};

describe('statement', () => {
  beforeEach(() => {
    answers['/statements'] = billing.resources.statements.operations.list.response.parse({ items: [head] });
    answers['/statements/2026-11'] = billing.resources.statements.operations.get.response.parse({
      ...head,
      accountName: 'Acme',
      lines: [
        { ...line, key: 'bytes' },
        { ...line, key: 'setup', meter: 'setup', amountPerUnit: { amount: '1', per: '0' }, amount: '1' },
      ],
      children: [],
      ledger: {
        isBehind: false,
        payable: '150000000',
        receivable: '0',
        charged: '0',
        paidOut: '0',
        entryCount: 2,
        totals: [],
      },
    });
  });

  it('shows amounts in major units, to the last nano unit, and never the count of nano units', async () => {
    const { stdout } = await run('statement', 'show', '2026-11');
    expect(stdout).toContain('0.05 EUR per 1000000000 byte');
    expect(stdout).toContain('0.15 EUR');
    expect(stdout).toContain('0.000000001 EUR a month');
    for (const figure of [
      /^Own use +0\.125 EUR$/m,
      /^Passed through to children +0\.025 EUR$/m,
      /^Margins +0 EUR$/m,
      /^Subsidies +0\.025 EUR$/m,
      /^ {2}carried in +0\.004009 EUR\nTo be paid +0\.15 EUR$/m,
      /^To be paid out +0 EUR$/m,
    ])
      expect(stdout).toMatch(figure);
    expect(stdout).not.toMatch(/150000000\b/);
    expect((await run('statement')).stdout).toMatch(/2026-11 +Patchbay +open +-0\.025 +0\.15 +0 +EUR/);
  });

  it('takes a period without the word show', async () => {
    const [short, long] = [await run('statement', '2026-11'), await run('statement', 'show', '2026-11')];
    expect(short.stdout).toBe(long.stdout);
  });

  it('gives a program the amounts as the platform said them', async () => {
    const { stdout } = await run('statement', '2026-11', '--json');
    expect(JSON.parse(stdout)).toEqual(answers['/statements/2026-11']);
  });
});

describe('trigger', () => {
  it('shows each rule with what it counted and its limit, and firings with what came of them', async () => {
    const rule = {
      id: 'trg_1',
      name: 'Allowance',
      counter: { meter: 'network-discovery.bytes' },
      condition: { kind: 'recurring', limit: 1000, per: 'month' },
      action: { kind: 'notify' },
      value: '400',
      hasFired: false,
      isEnabled: true,
    };
    answers['/triggers'] = { items: [rule] };
    const at = '2026-11-29T12:00:00.000Z';
    const fired = {
      at,
      triggerId: 'trg_1',
      value: '1001',
      limit: 1000,
      action: { kind: 'suspend' },
      state: 'done',
    };
    answers['/trigger-firings'] = { items: [fired] };
    expect((await run('trigger', 'list')).stdout).toMatch(
      /trg_1 +Allowance +network-discovery\.bytes +400 +1000 a month +notify +counting/,
    );
    expect((await run('trigger', 'firings')).stdout).toMatch(/trg_1 +1001 +1000 +suspend +done/);
  });

  it('asks for nothing that cannot be, and says what is missing', async () => {
    const create = ['trigger', 'create', 'Allowance', '--limit', '10'];
    await expect(run(...create)).rejects.toMatchObject({
      stderr: expect.stringContaining('--meter, --event or --measure'),
    });
    await expect(run(...create, '--meter', 'm', '--action', 'throttle')).rejects.toMatchObject({
      stderr: expect.stringContaining('--kbps'),
    });
    await expect(run(...create, '--meter', 'm', '--per', 'day', '--seconds', '60')).rejects.toMatchObject({
      stderr: expect.stringContaining('not both'),
    });
    expect(asked).toEqual([]);
  });
});

describe('endpoint', () => {
  it('finds an endpoint by its identifier where it is to be transferred', async () => {
    const identifier = 'tel:+49301234567';
    answers['/endpoints'] = { items: [{ id: 'end_1', identifier, label: 'Hotline', state: 'active' }] };
    const offer = { id: 'etr_1', endpointId: 'end_1', identifier, direction: 'outgoing' };
    answers['/endpoints/end_1/transfers'] = { ...offer, otherAccountId: 'acc_2', state: 'offered', note: '' };
    const { stdout } = await run('endpoint', 'transfer', identifier, 'acc_2');
    expect(asked[0]?.searchParams.get('identifier')).toBe(identifier);
    expect(stdout).toMatch(/etr_1 +tel:\+49301234567 +outgoing +acc_2 +offered/);
    expect((await run('endpoint', 'list')).stdout).toMatch(/end_1 +tel:\+49301234567 +Hotline/);
  });
});

describe('privacy', () => {
  const exportId = createId('xpt');
  const made = { id: exportId, scope: 'account', state: 'ready', fileCount: 2, rowCount: 30, sizeBytes: 7 };

  it('fetches an export whole, and puts nothing in its place where some of it is missing', async () => {
    answers['/exports'] = made;
    answers[`/exports/${exportId}/links`] = { path: `/api/exports/${exportId}?token=t`, sizeBytes: 7 };
    answers[`/api/exports/${exportId}`] = { a: 1 };
    const file = path.join(data, 'account.tar.gz');
    const { stdout, stderr } = await run('privacy', 'export', '--to', file);
    expect(stderr).toContain('30 rows in 2 files, 7 bytes.');
    expect(stdout).toContain(file);
    expect(readFileSync(file, 'utf8')).toBe('{"a":1}');
    rmSync(file);
    answers[`/exports/${exportId}/links`] = { path: `/api/exports/${exportId}?token=t`, sizeBytes: 8 };
    await expect(run('privacy', 'export', '--to', file)).rejects.toMatchObject({
      stderr: expect.stringContaining('7 of 8 bytes came'),
    });
    expect(existsSync(file)).toBe(false);
  });

  it('counts what there is of a person, and erases nothing that was not asked for', async () => {
    const erasureId = createId('ers');
    const counted = { id: erasureId, person: 'user:bob', state: 'counted', liveCount: 0, erased: {} };
    answers['/erasures'] = { ...counted, found: { sessionLogs: 4, mails: 1 }, wordsAboveCount: 2 };
    const { stdout, stderr } = await run('privacy', 'erase', 'user:bob');
    expect(stdout).toMatch(/sessionLogs +4/);
    expect(stderr).toContain('stays, under its name: 2 of their words');
    expect(stderr).toContain(`patchbay privacy confirm ${erasureId}`);
    expect(asked).toHaveLength(1);
  });
});

describe('usage', () => {
  it('takes dates in the time zone of the account', async () => {
    answers[''] = { id: accountId, timeZone: 'Europe/Berlin' };
    answers['/usage'] = { rows: [], isTruncated: false };
    await run('usage', '--from', '2026-11-01', '--to', '2026-11-02');
    const query = asked.at(-1)?.searchParams;
    expect([query?.get('from'), query?.get('to')]).toEqual([
      '2026-10-31T23:00:00.000Z',
      '2026-11-02T23:00:00.000Z',
    ]);
    await expect(run('usage', '--from', 'november')).rejects.toMatchObject({
      stderr: expect.stringContaining('--from november: give a date such as 2026-11-01'),
    });
  });
});

describe('an error', () => {
  const problem = {
    type: '/docs/errors/metering.range_too_wide',
    code: 'metering.range_too_wide',
    detail: 'The range is too wide.',
    requestId: 'req_1',
  };
  const failed = async (...args: string[]) => {
    try {
      await run(...args);
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
    throw new Error('It did not fail.');
  };

  it('is one JSON problem on standard error with --json, and a sentence with an absolute address without', async () => {
    refusals['/usage'] = problem;
    const json = await failed('usage', '--json');
    expect([json.code, json.stdout]).toEqual([1, '']);
    expect(JSON.parse(json.stderr)).toMatchObject({
      code: 'metering.range_too_wide',
      status: 422,
      detail: 'The range is too wide.',
      requestId: 'req_1',
      type: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/docs\/errors\/metering\.range_too_wide$/),
    });
    expect((await failed('usage')).stderr).toMatch(/^metering\.range_too_wide: .*\nhttp:\/\//);
  });

  it('that is found before anybody is asked has its page at the platform, and is JSON too', async () => {
    const offline = await failed('ice', '--account', 'acc_nope', '--json');
    expect(JSON.parse(offline.stderr)).toMatchObject({
      type: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/docs\/errors\//),
    });
    const refused = await failed('usage', '--from', 'november', '--json');
    expect(JSON.parse(refused.stderr)).toMatchObject({ detail: expect.stringContaining('--from november') });
  });
});

describe('key list', () => {
  it('says that there are more than it lists, and never leaves them out in silence', async () => {
    const items = ['a', 'b', 'c'].map((name) => ({
      id: name,
      name,
      display: name,
      mode: 'live',
      scopes: [],
    }));
    answers['/keys'] = { items };
    const cut = await run('key', 'list', '--limit', '2', '--json');
    expect(JSON.parse(cut.stdout)).toEqual(items.slice(0, 2));
    expect(cut.stderr).toContain('more than 2');
    expect((await run('key', 'list')).stderr).toBe('');
  });
});

it('names the places where it looked for dev.env', async () => {
  const nowhere = path.join(data, 'nowhere');
  await expect(
    promisify(execFile)(process.execPath, [cli, 'account', 'show', '--data', nowhere], {
      env: { NODE_ENV: 'test', PATH: '' },
    }),
  ).rejects.toMatchObject({ stderr: expect.stringContaining(path.join(nowhere, 'dev.env')) });
});

describe('key rename', () => {
  it('says what the key is called now, and key show what it may do', async () => {
    const id = createId('key');
    answers[`/keys/${id}`] = {
      id,
      name: 'Reports',
      display: 'pb_live_',
      mode: 'live',
      scopes: ['usage:read'],
    };
    expect((await run('key', 'rename', id, 'Reports')).stdout).toContain('Reports');
    expect((await run('key', 'show', id)).stdout).toMatch(/Reports +pb_live_ +live +usage:read/);
  });
});

describe('key rotate', () => {
  it('prints the new secret, and until when the old key works (ACC-4)', async () => {
    const [newId, oldId] = [createId('key'), createId('key')];
    answers[`/keys/${oldId}/rotate`] = {
      id: newId,
      name: 'Server',
      secret: 'pb_live_new',
      replaced: { id: oldId, expiresAt: '2026-12-24T18:00:00.000Z', replacedBy: newId },
    };
    const { stdout } = await run('key', 'rotate', oldId, '--ends', '2026-12-24T18:00:00Z');
    for (const said of [newId, 'pb_live_new', oldId, '2026-12-24T18:00:00.000Z'])
      expect(stdout).toContain(said);
  });
});

describe('audit', () => {
  it('list takes the filters of the API, and verify ends with 1 where the chain is broken (ACC-8, C53)', async () => {
    const at = '2026-11-24T12:00:00.000Z';
    const entry = {
      id: 'aud_1',
      at,
      accountId,
      actorId: 'key_1',
      actorName: 'Deploy',
      action: 'keys.create',
      address: '192.0.2.7',
      key: { name: 'Deploy', display: 'pb_live_ab12' },
    };
    answers['/audit'] = { items: [{ ...entry, target: 'key_2', requestId: 'req_1' }] };
    const filters = ['--actor', 'key_1', '--action', 'keys', '--target', 'key_2', '--scope', 'descendants'];
    const { stdout } = await run('audit', 'list', ...filters, '--from', '2026-11-24T00:00:00Z', '--to', at);
    expect(stdout).toMatch(/Deploy\s+pb_live_ab12\s+192\.0\.2\.7\s+keys\.create\s+key_2/);
    answers['/audit/verification'] = { at, state: 'whole', entryCount: 3 };
    expect((await run('audit', 'verify')).stdout).toMatch(/whole/);
    answers['/audit/verification'] = { at, state: 'broken', entryCount: 3, brokenAt: 2 };
    expect(await run('audit', 'verify').catch((error: unknown) => error)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/broken\s+3\s+2/),
    });
  });
});

describe('billing', () => {
  it('close says how far a month is until it is closed, whoever asked for it first (BIL-7)', async () => {
    answers['/closings'] = {
      period: '2026-10',
      isNew: false,
      items: [
        {
          ...{ period: '2026-10', state: 'settling', askedAt: '2026-11-02T00:00:00.000Z' },
          ...{ accountCount: 2_000, keptCount: 2_000, issuedCount: 340, documentCount: 0 },
        },
      ],
    };
    const running = run('billing', 'close', '--period', '2026-10');
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(2), { timeout: 20_000 });
    answers['/closings'] = {
      items: [
        {
          ...{ period: '2026-10', state: 'closed', askedAt: '2026-11-02T00:00:00.000Z' },
          ...{ accountCount: 2_000, keptCount: 2_000, issuedCount: 2_000, documentCount: 2_411 },
        },
      ],
    };
    const { stdout, stderr } = await running;
    expect(stderr).toBe('2026-10: 2000 of 2000 statements, documents of 340 of 2000 accounts\n');
    expect(stdout).toMatch(/2026-10\s+closed\s+2000\s+2411/);
  });

  it('verify ends with 1 and the lines where the books differ (BIL-3)', async () => {
    const line = { kind: 'use', sellerId: 'acc_1', buyerId: accountId, key: 'relay.bytes {}' };
    const different = { ...line, state: 'disagrees', recomputed: '2000000000', booked: '1000000000' };
    const row = { accountId, name: 'Acme', currency: 'EUR', lineCount: 1, goneDayCount: 0 };
    const below = '/statements/2026-10/verification';
    answers[below] = { rows: [{ ...row, outcome: 'disagrees', differingCount: 1, lines: [different] }] };
    const said = await run('billing', 'verify', '--period', '2026-10').catch((error: unknown) => error);
    expect(said).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/relay\.bytes {}\s+2\s+1\s+disagrees/),
    });
  });

  it('verify --all asks until all accounts are compared, says how far it is, and ends with what differs', async () => {
    const line = { kind: 'use', sellerId: 'acc_1', buyerId: accountId, key: 'relay.bytes {}' };
    const different = { ...line, state: 'disagrees', recomputed: '2000000000', booked: '1000000000' };
    const row = { accountId, name: 'Acme', currency: 'EUR', lineCount: 1, goneDayCount: 0 };
    const below = '/closings/2026-10/verification';
    const far = { period: '2026-10', dayCount: 31, lineCount: 1, differingCount: 1, goneCount: 0 };
    answers[below] = {
      ...{ ...far, isDone: false, readDayCount: 12, accountCount: 1 },
      rows: [{ ...row, outcome: 'disagrees', differingCount: 1, lines: [different] }],
    };
    const running = run('billing', 'verify', '--period', '2026-10', '--all').catch((error: unknown) => error);
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0), { timeout: 20_000 });
    answers[below] = { ...far, isDone: true, readDayCount: 31, accountCount: 200, rows: [] };
    expect(await running).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /relay\.bytes {}\s+2\s+1\s+disagrees[\s\S]*200 accounts, 1 lines, 1 of them differ/,
      ),
      stderr: expect.stringMatching(/12 of 31 days read, 1 accounts[\s\S]*31 of 31 days read, 200 accounts/),
    });
  });
});
