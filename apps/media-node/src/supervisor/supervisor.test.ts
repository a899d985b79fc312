import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Supervisor, superviseRoles } from './supervisor.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let supervisor: Supervisor;
let printed: string;
let restarts: number[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-supervisor-'));
  const program = path.join(folder, 'role.mjs');
  writeFileSync(
    program,
    `process.on('SIGTERM', () => { console.log(process.argv[3], 'stopped'); process.exit(0); });
     console.log(process.argv[3], 'up', process.env.PATCHBAY_JOIN_TOKEN);
     console.log(process.argv[3], 'has', process.env.DATABASE_URL, process.env.PATCHBAY_MASTER_KEY);
     setInterval(() => {}, 1_000);`,
  );
  printed = '';
  restarts = [];
  supervisor = superviseRoles({
    roles: ['relay', 'signaling', 'jobs'],
    program,
    env: {
      PATCHBAY_JOIN_TOKEN: 'shared',
      PATCHBAY_JOIN_TOKEN_RELAY: 'own',
      DATABASE_URL: 'postgresql://db',
      PATCHBAY_MASTER_KEY: 'master',
    },
    drainMs: 0,
    onOutput: (chunk) => {
      printed += chunk.toString();
    },
    onCrash: ({ restartInMs }) => restarts.push(restartInMs),
  });
});

afterEach(async () => {
  await supervisor.stop();
  rmSync(folder, { recursive: true });
});

const countOf = (line: string): number => printed.split('\n').filter((each) => each.startsWith(line)).length;

it('runs each role in a process of its own, with the join token that is its own', async () => {
  await vi.waitFor(() => expect(printed).toContain('relay up own'), 5_000);
  await vi.waitFor(() => expect(printed).toContain('signaling up shared'), 5_000);
  expect(supervisor.pidOf('relay')).not.toBe(supervisor.pidOf('signaling'));
});

it('gives the database and the master key to the role that works on them, and to none that strangers reach', async () => {
  await vi.waitFor(() => expect(printed).toContain('jobs has postgresql://db master'), 5_000);
  await vi.waitFor(() => expect(printed).toContain('relay has undefined undefined'), 5_000);
  await vi.waitFor(() => expect(printed).toContain('signaling has undefined undefined'), 5_000);
});

it('has a killed role back within a second, and does not touch the others (LIV-3)', async () => {
  await vi.waitFor(() => expect(countOf('relay up') + countOf('signaling up')).toBe(2), 5_000);
  const [relay, signaling] = [supervisor.pidOf('relay') ?? 0, supervisor.pidOf('signaling')];
  const killedAt = performance.now();
  process.kill(relay, 'SIGKILL');
  await vi.waitFor(() => expect(countOf('relay up')).toBe(2), { timeout: 20_000, interval: 10 });
  expect(performance.now() - killedAt).toBeLessThan(1_000);
  expect(supervisor.pidOf('relay')).not.toBe(relay);
  expect(supervisor.pidOf('signaling')).toBe(signaling);
});

it('has a role back each time it is killed: later each time, as killing it must not wear out the machine', async () => {
  await vi.waitFor(() => expect(countOf('relay up')).toBe(1), 5_000);
  const signaling = supervisor.pidOf('signaling');
  for (let times = 1; times <= 4; times++) {
    process.kill(supervisor.pidOf('relay') ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(countOf('relay up')).toBe(times + 1), { timeout: 20_000, interval: 10 });
  }
  expect(restarts).toEqual([100, 200, 400, 800]);
  expect(supervisor.pidOf('signaling')).toBe(signaling);
});

it('stops every role in its own time', async () => {
  await vi.waitFor(() => expect(countOf('relay up') + countOf('signaling up')).toBe(2), 5_000);
  await supervisor.stop();
  expect(printed).toContain('relay stopped');
  expect(printed).toContain('signaling stopped');
});
