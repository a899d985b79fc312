import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Supervisor, superviseRoles } from './supervisor.ts';

vi.setConfig({ testTimeout: 30_000 });

let folder: string;
let supervisor: Supervisor;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-supervisor-'));
  const program = path.join(folder, 'role.mjs');
  writeFileSync(
    program,
    `process.on('SIGTERM', () => { console.log(process.argv[3], 'stopped'); process.exit(0); });
     console.log(process.argv[3], 'up', process.env.PATCHBAY_JOIN_TOKEN);
     setInterval(() => {}, 1_000);`,
  );
  printed = '';
  supervisor = superviseRoles({
    roles: ['relay', 'signaling'],
    program,
    env: { PATCHBAY_JOIN_TOKEN: 'shared', PATCHBAY_JOIN_TOKEN_RELAY: 'own' },
    drainMs: 0,
    onOutput: (chunk) => {
      printed += chunk.toString();
    },
    onCrash: () => {},
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

it('has a killed role back within a second, and does not touch the others (LIV-3)', async () => {
  await vi.waitFor(() => expect(countOf('relay up') + countOf('signaling up')).toBe(2), 5_000);
  const [relay, signaling] = [supervisor.pidOf('relay') ?? 0, supervisor.pidOf('signaling')];
  const killedAt = performance.now();
  process.kill(relay, 'SIGKILL');
  await vi.waitFor(() => expect(countOf('relay up')).toBe(2), { timeout: 5_000, interval: 10 });
  expect(performance.now() - killedAt).toBeLessThan(1_000);
  expect(supervisor.pidOf('relay')).not.toBe(relay);
  expect(supervisor.pidOf('signaling')).toBe(signaling);
});

it('stops every role in its own time', async () => {
  await vi.waitFor(() => expect(countOf('relay up') + countOf('signaling up')).toBe(2), 5_000);
  await supervisor.stop();
  expect(printed).toContain('relay stopped');
  expect(printed).toContain('signaling stopped');
});
