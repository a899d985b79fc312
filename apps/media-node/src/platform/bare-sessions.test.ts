import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spoolOfTest } from '@patchbay/adapters/spool/spool.testing';
import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';
import { foldSession, newSession, stateOf } from '@patchbay/domain/sessions/session-log';
import { noDrops } from '@patchbay/protocol/turn/flow';
import { grantOf } from '@patchbay/protocol/turn/testing/relay-world';
import { expect, test } from 'vitest';
import type { RelayEvent } from '../relay/platform.ts';
import type { UsageRecord } from '../relay/usage-record.ts';
import { BareSessions, GRACE_MS, REFUSAL_WINDOW_MS } from './bare-sessions.ts';
import { UnendedSessions } from './unended-sessions.ts';

const helpUrl = (code: string) => `/docs/errors/${code}`;

function relay(append?: (line: SessionEventReport) => void) {
  const lines: SessionEventReport[] = [];
  let count = 0;
  const sessions = new BareSessions({
    relayNodeId: () => 'nod_1',
    region: 'eu',
    newId: (prefix) => `${prefix}_${++count}`,
    append(line) {
      lines.push(line);
      append?.(line);
    },
  });
  const grant = grantOf({ identity: 'ann' });
  const start = (allocationId: string, atMs: number, more: { clientIp?: string } = {}) =>
    sessions.hear({
      type: 'allocation.started',
      allocationId,
      atMs,
      grant,
      clientIp: '192.0.2.7',
      clientAddress: '192.0.2.7:4000',
      relayedAddress: '198.51.100.1:50000',
      addressFamily: 'ipv4',
      ...more,
    });
  const end = (
    allocationId: string,
    atMs: number,
    why: Partial<Extract<RelayEvent, { type: 'allocation.ended' }>> = {},
  ) =>
    sessions.hear({
      type: 'allocation.ended',
      allocationId,
      atMs,
      grant,
      startedAtMs: 1_000,
      reason: 'released',
      detail: '',
      totals: {
        packetsIn: 1,
        bytesIn: 700,
        packetsOut: 1,
        bytesOut: 300,
        checkBytesIn: 0,
        checkBytesOut: 0,
        overIpv6: { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 },
        drops: noDrops(),
      },
      ...why,
    });
  return { sessions, lines, start, end, grant, types: () => lines.map(({ type }) => type) };
}

const stateAfter = (lines: readonly SessionEventReport[]) =>
  stateOf(lines.reduce(foldSession, newSession(0, 'relay')));

test('one client’s use of one credential is one session, from its first allocation to its last (NDS, MET-7)', () => {
  const { sessions, lines, start, end, types } = relay();
  start('a', 1_000.4);
  expect(sessions.sessionIdOf('a')).toBe('ses_1');
  expect(stateAfter(lines)).toBe('live');
  sessions.hear({ type: 'media.started', allocationId: 'a', atMs: 1_500, grant: grantOf() });
  start('b', 2_000);
  expect(sessions.sessionIdOf('b')).toBe('ses_1');
  end('a', 3_000);
  end('b', 4_000);
  sessions.tick(4_000 + GRACE_MS - 1);
  expect(types()).not.toContain('session.ended');
  sessions.tick(4_000 + GRACE_MS);
  expect(types().filter((type) => type !== 'quality.sampled')).toEqual([
    ...['session.created', 'leg.joined', 'allocation.started', 'mode.changed', 'allocation.started'],
    ...['allocation.ended', 'allocation.ended', 'leg.left', 'session.ended'],
  ]);
  expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, index) => index + 1));
  expect(lines.every(({ legId, accountId }) => legId === 'leg_2' && accountId === 'acc_a')).toBe(true);
  expect(lines.at(-1)).toMatchObject({
    // The time in which it was waited for is nobody's.
    atMs: 4_000,
    data: {
      connectedMs: 2_500,
      reason: { code: 'network-discovery.released', helpUrl: helpUrl('network-discovery.released') },
    },
  });
  expect(lines.find(({ type }) => type === 'allocation.ended')?.data).toMatchObject({
    allocationId: 'a',
    reason: 'network-discovery.released',
    bytesIn: 700,
    bytesOut: 300,
    lastedMs: 2_000,
  });
  expect(sessions.count).toBe(0);
});

test('each line names the application and the instance type that the credential is for (ACC-6)', () => {
  const { sessions, lines } = relay();
  const of = { applicationId: 'app_1', instanceType: 'paid' };
  sessions.hear({
    ...{ type: 'allocation.started', allocationId: 'a', atMs: 1_000, grant: grantOf(of) },
    ...{ clientIp: '192.0.2.7', clientAddress: '192.0.2.7:4000', relayedAddress: '198.51.100.1:50000' },
    addressFamily: 'ipv4',
  });
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.map(({ applicationId, instanceType }) => ({ applicationId, instanceType }))).toEqual(
    lines.map(() => of),
  );
});

test('who comes back within the grace goes on, and who comes later, or from elsewhere, begins anew', () => {
  const { sessions, start, end } = relay();
  start('a', 1_000);
  end('a', 2_000);
  start('b', 2_000 + GRACE_MS - 1);
  sessions.tick(2_000 + 2 * GRACE_MS);
  expect(sessions.sessionIdOf('b')).toBe('ses_1');
  start('c', 3_000, { clientIp: '192.0.2.8' });
  expect(sessions.sessionIdOf('c')).not.toBe('ses_1');
  end('b', 20_000);
  sessions.tick(20_000 + GRACE_MS);
  start('d', 20_000 + GRACE_MS);
  expect(sessions.sessionIdOf('d')).not.toBe('ses_1');
});

test.each([
  ['limit-bytes', { spent: { kind: 'bytes', counts: 'total', max: 7 } }, 'limit.credential_bytes'],
  ['revoked', {}, 'credential.revoked'],
  ['account-suspended', {}, 'account.suspended'],
  ['account-closed', {}, 'tenancy.account_closed'],
  ['credential-ended', {}, 'credential.expired'],
  ['relay-stopped', {}, 'network-discovery.relay_stopped'],
] as const)('one that is cut off ends at once with its code: %s', (reason, more, code) => {
  const { lines, start, end } = relay();
  start('a', 1_000);
  end('a', 2_000, { reason, ...more });
  expect(lines.at(-1)).toMatchObject({ type: 'session.ended', data: { reason: { code } } });
});

test('a session that is ended over the API ends all it has with that code, a client away for a moment too (LIV-1)', () => {
  const { sessions, lines, start, end } = relay();
  const byAccount = { code: 'session.ended_by_account', detail: 'It was ended.' };
  start('a', 1_000);
  start('b', 1_000);
  expect(sessions.ending('ses_other', byAccount)).toEqual([]);
  expect(sessions.ending('ses_1', byAccount)).toEqual(['a', 'b']);
  end('a', 2_000, { reason: 'session-ended' });
  end('b', 2_000, { reason: 'session-ended' });
  expect(lines.filter(({ type }) => type === 'allocation.ended').map(({ data }) => data.reason)).toEqual([
    'session.ended_by_account',
    'session.ended_by_account',
  ]);
  expect(lines.at(-1)).toMatchObject({ type: 'session.ended', data: { reason: byAccount } });
  start('c', 3_000);
  end('c', 4_000);
  expect(sessions.ending(lines.at(-1)?.sessionId ?? '', byAccount)).toEqual([]);
  expect(lines.at(-1)).toMatchObject({ type: 'session.ended', data: { reason: byAccount } });
});

test.each([
  [
    'limit-exceeded',
    'limit.exceeded',
    'relayBytesPerDayMax is reached, as set at acc_1.',
    'relayBytesPerDayMax',
  ],
  [
    ...[
      'balance-used-up',
      'balance.used_up',
      'The balance of acc_1 is used up, or held by sessions: add money.',
    ],
    'prepaidBalance',
  ],
] as const)(
  'what ends for %s ends with the code that refuses a start, and says once which limit it was (POL-3, PRD-8)',
  (...[reason, code, detail, rule]) => {
    const { lines, start, end } = relay();
    start('a', 1_000);
    start('b', 1_000);
    end('a', 2_000, { reason, detail });
    end('b', 2_000, { reason, detail });
    const of = (type: string) => lines.filter((line) => line.type === type).map(({ data }) => data);
    expect(of('limit.reached')).toEqual([{ allocationId: 'a', limit: code, outcome: 'end', rule }]);
    expect(of('session.ended')).toMatchObject([{ reason: { code, detail } }]);
  },
);

test('a limit that several allocations share is reached once, and a notice ends nothing', () => {
  const limit = {
    counterId: 'crd_a.0',
    kind: 'bytes',
    max: 9,
    used: 0,
    counts: 'session',
    outcome: 'notify',
  } as const;
  const { sessions, lines, start } = relay();
  start('a', 1_000);
  start('b', 1_000);
  for (const allocationId of ['a', 'b'])
    sessions.hear({
      ...limit,
      type: 'limit.reached',
      allocationId,
      atMs: 2_000,
      grant: grantOf({ limits: [limit] }),
    });
  expect(lines.filter(({ type }) => type === 'limit.reached').map(({ data }) => data)).toEqual([
    { allocationId: 'a', limit: 'limit.session_bytes', max: 9, outcome: 'notify' },
  ]);
  expect(sessions.count).toBe(1);
});

test('while it runs its bit rate is said, and that it is nothing when nothing flows any more', () => {
  const { sessions, lines, start, end } = relay();
  start('a', 1_000);
  const record = {
    allocationId: 'a',
    fromMs: 1_000,
    toMs: 6_000,
    quantities: [
      { meter: 'bytes', quantity: 5_000, dimensions: { direction: 'in' } },
      { meter: 'bytes', quantity: 10_000, dimensions: { direction: 'out' } },
    ],
  } as unknown as UsageRecord;
  sessions.recorded(record);
  sessions.tick(6_000);
  sessions.tick(6_500);
  end('a', 7_000);
  sessions.tick(7_500);
  const samples = lines.filter(({ type }) => type === 'quality.sampled').map(({ data }) => data);
  expect(samples).toEqual([
    { sentBitsPerSecond: 8_000, receivedBitsPerSecond: 16_000 },
    { sentBitsPerSecond: 0, receivedBitsPerSecond: 0 },
  ]);
});

test('a client that is refused again and again is one session that ended at once, and a count (MET-7)', () => {
  const { sessions, lines, grant } = relay();
  const refused = (atMs: number) =>
    sessions.hear({
      type: 'allocation.refused',
      atMs,
      grant,
      clientIp: '192.0.2.7',
      stunCode: 486,
      reason: 'The limit of 7 bytes is reached.',
      spent: { kind: 'bytes', counts: 'total', max: 7 },
    });
  for (let times = 0; times < 500; times++) refused(1_000 + times);
  expect(lines.map(({ type }) => type)).toEqual([
    'session.created',
    'allocation.refused',
    'leg.left',
    'session.ended',
  ]);
  expect(lines[1]?.data).toMatchObject({
    code: 'limit.credential_bytes',
    stunCode: 486,
    relayNodeId: 'nod_1',
  });
  sessions.tick(1_000 + REFUSAL_WINDOW_MS);
  expect(lines.at(-1)).toMatchObject({ sessionId: 'ses_1', sequence: 5, data: { repeatCount: 499 } });
  expect(stateAfter(lines)).toBe('ended');
});

test.each([
  ['Address Family not Supported', 'network-discovery.request_unfit', 'Address Family not Supported'],
  [
    'policy.refused: features does not allow it, as set at account.',
    'policy.refused',
    'features does not allow it, as set at account.',
  ],
])(
  'a family of addresses that is refused with 440 for %s is %s in the log (RFC 8656 §7.2)',
  (reason, code, detail) => {
    const { sessions, lines, grant } = relay();
    const refused = {
      type: 'allocation.refused',
      atMs: 1_000,
      clientIp: '192.0.2.7',
      stunCode: 440,
    } as const;
    sessions.hear({ ...refused, grant, reason });
    expect(lines[1]).toMatchObject({ type: 'allocation.refused', data: { stunCode: 440, code, detail } });
  },
);

test('after kill -9 of the relay its sessions have ended, and say that it failed (MET-7)', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bare-'));
  try {
    const spool = await spoolOfTest<SessionEventReport>(folder);
    const unended = new UnendedSessions({
      code: 'network-discovery.relay_lost',
      detail: 'It failed.',
      helpUrl: '',
    });
    const { start } = relay((line) => {
      unended.note(line);
      spool.append(line);
    });
    start('a', 1_000);
    spool.checkpoint(unended.closings(2_000));
    await spool.tick();
    // Nothing is closed: this is what a killed process leaves behind.
    const left = (await spoolOfTest<SessionEventReport>(folder)).peek(100).map(({ item }) => item);
    expect(left.map(({ type, sequence }) => `${sequence} ${type}`)).toEqual([
      '1 session.created',
      '2 leg.joined',
      '3 allocation.started',
      '4 leg.left',
      '5 session.ended',
    ]);
    expect(left.at(-1)?.data.reason).toMatchObject({ code: 'network-discovery.relay_lost' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
