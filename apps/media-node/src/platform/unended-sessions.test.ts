import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spoolOfTest } from '@patchbay/adapters/spool/spool.testing';
import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';
import { foldSession, newSession, stateOf } from '@patchbay/domain/sessions/session-log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnendedSessions } from './unended-sessions.ts';

const HELP = 'https://example.test/docs/errors/signaling.node_lost';
const LOST = { code: 'signaling.node_lost', detail: 'The signaling node failed.', helpUrl: HELP };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'unended-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (
  sequence: number,
  type: string,
  rest: Partial<SessionEventReport> = {},
): SessionEventReport => ({
  sessionId: 'ses_1',
  sequence,
  type,
  atMs: 1_000 * sequence,
  accountId: 'acc_1',
  region: 'eu',
  data: {},
  ...rest,
});
const ofType = { applicationId: 'app_1', instanceType: 'paid' };
const call = [
  line(1, 'session.created', ofType),
  line(2, 'leg.joined', { legId: 'leg_1', legAccountId: 'acc_1' }),
  line(3, 'leg.joined', { legId: 'leg_2', legAccountId: 'acc_2' }),
  line(4, 'mode.changed', { data: { mode: 'p2p' }, ...ofType }),
];

const linesAfterKill = async (events: readonly SessionEventReport[]) => {
  const unended = new UnendedSessions(LOST);
  const spool = await spoolOfTest<SessionEventReport>(folder);
  for (const event of events) {
    unended.note(event);
    spool.append(event);
  }
  spool.checkpoint(unended.closings(6_000));
  await spool.tick();
  // Nothing is closed: this is what a killed process leaves behind.
  return (await spoolOfTest<SessionEventReport>(folder)).peek(100).map(({ item }) => item);
};

test('after a kill each leg has left and the session has ended, in the order of the log (MET-7)', async () => {
  const lines = await linesAfterKill(call);
  expect(lines.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(lines.slice(4)).toMatchObject([
    { type: 'leg.left', legId: 'leg_1', legAccountId: 'acc_1' },
    { type: 'leg.left', legId: 'leg_2', legAccountId: 'acc_2' },
    {
      type: 'session.ended',
      accountId: 'acc_1',
      ...ofType,
      atMs: 6_000,
      data: { connectedMs: 2_000, reason: { code: 'signaling.node_lost', helpUrl: HELP } },
    },
  ]);
  const folded = lines.reduce(foldSession, newSession(1_000));
  expect(stateOf(folded)).toBe('ended');
});

test('what a relay says after the end of a session does not begin it again (MET-7)', async () => {
  const reason = { code: 'signaling.hung_up', detail: '', helpUrl: '' };
  const lines = await linesAfterKill([
    ...call,
    line(5, 'session.ended', { data: { reason, connectedMs: 1_000 } }),
    line(6, 'allocation.ended', { data: { allocationId: 'a', bytesIn: 1 } }),
  ]);
  expect(lines.map(({ type }) => type).slice(4)).toEqual(['session.ended', 'allocation.ended']);
});

test('a session that ended by itself is not ended again', async () => {
  const reason = { code: 'signaling.hung_up', detail: '', helpUrl: '' };
  const lines = await linesAfterKill([
    ...call,
    line(5, 'session.ended', { data: { reason, connectedMs: 1_000 } }),
  ]);
  expect(lines).toHaveLength(5);
});
