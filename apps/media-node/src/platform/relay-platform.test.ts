import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Spool } from '@patchbay/adapters/spool/spool';
import type { UsageDraft } from '@patchbay/domain/metering/usage-record';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import type { SpentLimit } from '@patchbay/protocol/turn/action';
import { noDrops } from '@patchbay/protocol/turn/flow';
import { policyCounterId } from '@patchbay/protocol/turn/grant';
import { grantOf } from '@patchbay/protocol/turn/testing/relay-world';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../relay/memory-platform.ts';
import type { RelayPlatform } from '../relay/platform.ts';
import { ControlPlaneClient } from './control-plane-client.ts';
import { CredentialResolver } from './credential-resolver.ts';
import { ListedAddresses } from './listed-addresses.ts';
import { NodeIdentity } from './node-identity.ts';
import type { RelayFrame } from './node-link.ts';
import { createRelayPlatform } from './relay-platform.ts';
import { type ResolverBench, resolverBench } from './resolver.testing.ts';
import { Revocations } from './revocations.ts';
import { Snapshots } from './snapshots.ts';

const noBareSessions = {
  hear: () => undefined,
  recorded: () => undefined,
  sessionIdOf: () => undefined,
  openKeysOf: () => [],
};
let folder: string;
let platform: RelayPlatform;
let spool: Spool<UsageDraft>;
/** What the control plane was asked, and what it answers: the last answer again and again. */
let asked: Record<string, unknown>[];
let answers: boolean[];
let hasEnded: boolean;
let told: RelayFrame[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'relay-platform-'));
  [asked, answers, told, hasEnded] = [[], [true], [], false];
  const client = new ControlPlaneClient({
    url: 'http://control.test',
    identity: NodeIdentity.open(folder),
    fetch: async (_url, init) => {
      asked.push(JSON.parse(String(init?.body)));
      return Response.json({ hasEnded, isAdmitted: answers.length > 1 ? answers.shift() : answers[0] });
    },
  });
  const snapshots = new Snapshots({ client, busAwaySinceMs: () => undefined });
  spool = await Spool.open({ folder: path.join(folder, 'usage') });
  platform = createRelayPlatform({
    listed: new ListedAddresses(),
    resolver: new CredentialResolver({
      snapshots,
      revocations: new Revocations(),
      watchEnds: (credential) => client.call('watchEnds', credential),
      region: 'eu',
    }),
    client,
    sessions: { standing: async () => 'live' },
    spool,
    bare: noBareSessions,
    claims: { claim: async () => undefined, confirm: () => undefined },
    lines: { hear: () => undefined },
    tell: (frame) => told.push(frame),
    log: silentLog,
  });
});
afterEach(async () => {
  await spool.close();
  rmSync(folder, { recursive: true, force: true });
});

const client = { counterId: 'crd_root.0', clientKey: '192.0.2.7', isFirstSeen: true, usesMax: 1 };

test('a client by itself is its address, and one that the relay has not seen may be one that restarts (decision 0003)', async () => {
  const grant = grantOf();
  expect(await platform.countUse({ ...client, grant })).toEqual({ ok: true });
  expect(await platform.countUse({ ...client, isFirstSeen: false, grant })).toEqual({ ok: true });
  const use = { accountId: 'acc_a', prefixId: 'crd_root', usesMax: 1, isContinuation: false };
  expect(asked).toEqual([
    { ...use, clientKey: '192.0.2.7', restartsCredentialId: 'crd_a' },
    { ...use, clientKey: '192.0.2.7' },
  ]);
});

test('a credential that an event ends is asked for once, and refused where that has happened (ACC-7)', async () => {
  const events = [{ prefixId: 'crd_root', event: 'signaling.session.ended' }];
  const use = { ...client, counterId: policyCounterId };
  const allocating = (credentialId: string) =>
    platform.countUse({ ...use, grant: grantOf({ credentialId, ends: { events, expiresAtMs: 9 } }) });
  expect(await allocating('crd_a')).toEqual({ ok: true });
  expect(await allocating('crd_a')).toEqual({ ok: true });
  expect(asked).toEqual([{ accountId: 'acc_a', keyId: 'key_a', expiresAtMs: 9, ends: events }]);
  hasEnded = true;
  expect(await allocating('crd_b')).toMatchObject({ ok: false, code: 403 });
});

test('the allocations of a session go on with its use, even when signaling’s word for it comes after them', async () => {
  answers = [false, true];
  const grant = grantOf({ sessionId: 'ses_1' });
  expect(await platform.countUse({ ...client, grant })).toEqual({ ok: true });
  expect(asked.map(({ clientKey }) => clientKey)).toEqual(['session:ses_1', 'session:ses_1']);
});

test('a session that goes on with no use is refused in the end, before its client gives up', async () => {
  answers = [false];
  const beganAtMs = performance.now();
  expect(await platform.countUse({ ...client, grant: grantOf({ sessionId: 'ses_1' }) })).toMatchObject({
    ok: false,
    code: 403,
    isSpent: true,
  });
  expect(performance.now() - beganAtMs).toBeLessThan(3_000);
});

test.each<[SpentLimit, string, string]>([
  [
    { kind: 'bytes', counts: 'total', max: 2_000_000 },
    'limit.credential_bytes',
    'The limit of 2000000 bytes is reached.',
  ],
  [{ kind: 'bytes', counts: 'session', max: 7 }, 'limit.session_bytes', 'The limit of 7 bytes is reached.'],
  [
    { kind: 'seconds', counts: 'total', max: 30 },
    'limit.credential_seconds',
    'The limit of 30 seconds is reached.',
  ],
  [
    { kind: 'seconds', counts: 'session', max: 30 },
    'limit.session_seconds',
    'The limit of 30 seconds is reached.',
  ],
  [
    { kind: 'uses', counts: 'total', max: 1 },
    'credential.used_up',
    'The credential has been used as often as it may be.',
  ],
])('a session whose allocation is refused for %o ends with %s', (spent, code, detail) => {
  const grant = grantOf({ sessionId: 'ses_1', credentialPrefixIds: ['crd_root', 'crd_a'] });
  const refused = { type: 'allocation.refused', atMs: 1, clientIp: '192.0.2.7', stunCode: 486 } as const;
  platform.reportEvent({ ...refused, reason: '', grant, spent });
  platform.reportEvent({ ...refused, reason: '', grant: grantOf(), spent });
  // What is no spent limit ends nobody's session: there may be room a moment later.
  platform.reportEvent({ ...refused, reason: 'Allocation Quota Reached', grant });
  expect(told).toEqual([
    {
      type: 'allocationEnded',
      cause: 'limit',
      sessionId: 'ses_1',
      accountId: 'acc_a',
      credentialIds: ['crd_root', 'crd_a'],
      code,
      detail,
    },
  ]);
});

const nothingCarried = {
  ...{ packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0, checkBytesIn: 0, checkBytesOut: 0 },
  overIpv6: { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 },
  drops: noDrops(),
};

test.each([
  ['limit-exceeded', 'limit', 'limit.exceeded'],
  ['balance-used-up', 'limit', 'balance.used_up'],
  ['policy-refused', 'revoked', 'policy.refused'],
] as const)(
  'signaling hears of an allocation that ends for %s as ended by a %s, %s',
  (reason, cause, code) => {
    const grant = grantOf({ sessionId: 'ses_1' });
    const ended = { type: 'allocation.ended', allocationId: 'a', atMs: 2, startedAtMs: 1 } as const;
    platform.reportEvent({ ...ended, grant, reason, detail: 'It is full.', totals: nothingCarried });
    expect(told).toMatchObject([{ type: 'allocationEnded', cause, code, detail: 'It is full.' }]);
  },
);

/** Of credentials alone: what else it asks fails. */
const platformOver = ({ resolver }: ResolverBench) =>
  createRelayPlatform({
    listed: new ListedAddresses(),
    resolver,
    client: { call: () => Promise.reject(new Error('Nothing is to be asked.')) },
    sessions: { standing: async () => 'live' },
    spool: { isFull: false, append: () => 1, checkpoint: () => undefined, tick: async () => undefined },
    bare: noBareSessions,
    claims: { claim: async () => undefined, confirm: () => undefined },
    lines: { hear: () => undefined },
    tell: () => undefined,
    log: silentLog,
  });

test('usage of a credential that names an identity is its endpoint’s, of any other nobody’s (MET-1, ACC-5)', async () => {
  const bench = resolverBench();
  const grantOfUsername = async (username: string) => {
    const resolution = await platformOver(bench).resolveCredential(username);
    return resolution.ok ? resolution.grant.endpointId : resolution.reason;
  };
  expect(await grantOfUsername(bench.username({ type: 'identity', identity: 'bob' }))).toBe('user:bob');
  expect(await grantOfUsername(bench.username())).toBeUndefined();
});

test.each([
  ['suspended', 'account.suspended'],
  ['closed', 'tenancy.account_closed'],
] as const)(
  'a relay refuses whoever is of an account that is %s by 403, as %s (ACC-2)',
  async (accountState, reason) => {
    const bench = resolverBench({ accountState });
    expect(await platformOver(bench).resolveCredential(bench.username())).toMatchObject({
      ok: false,
      code: 403,
      reason,
    });
  },
);

test('what a client uses up while it runs ends it with the code that refuses a start, and with when it begins anew (POL-3, PRD-8)', async () => {
  const origin = { level: 'account', accountId: 'acc_above', by: 'above' } as const;
  const held = { origin, timeZone: 'UTC', values: { relayBytesPerDayMax: 9 }, locked: [], overridable: {} };
  const resetsAtMs = Date.parse('2999-01-01T00:00:00Z');
  const spent = [{ setting: 'relayBytesPerDayMax' as const, scope: 'acc_above', resetsAtMs }];
  const bench = resolverBench({ policy: [held], spent });
  const detail =
    'relayBytesPerDayMax is reached, as set at account. It begins anew at 2999-01-01T00:00:00.000Z.';
  expect(await platformOver(bench).reviewCredential(bench.username())).toEqual({
    ok: false,
    reason: 'limit-exceeded',
    detail,
  });
});

test('a client’s time is counted under one name whatever policies say, so that they can end it while it runs (POL-5)', async () => {
  const origin = { level: 'account', accountId: 'acc_above', by: 'above' } as const;
  const held = { origin, timeZone: 'UTC', values: { sessionSecondsMax: 60 }, locked: [], overridable: {} };
  const of = async (bench: ResolverBench, more: readonly Restriction[] = []) => {
    const platform = platformOver(bench);
    const username = bench.username({ type: 'bytes', max: 9, counts: 'session' }, ...more);
    const resolution = await platform.resolveCredential(username);
    const review = await platform.reviewCredential(username);
    const limits = resolution.ok ? resolution.grant.limits : [];
    const [prefixId] = resolution.ok ? (resolution.grant.credentialPrefixIds ?? []) : [];
    return {
      limits: limits.map(({ counterId, max }) => [counterId.replace(prefixId ?? '', ''), max]),
      seconds: review.ok ? review.terms?.sessionSecondsMax : review.detail,
    };
  };
  const free = await of(resolverBench());
  expect(free).toEqual({
    limits: [
      ['.0', 9],
      ['.policies', Number.POSITIVE_INFINITY],
    ],
    seconds: undefined,
  });
  const bounded = await of(resolverBench({ policy: [held] }));
  expect(bounded).toEqual({
    limits: [
      ['.0', 9],
      ['.policies', 60],
    ],
    seconds: 60,
  });
  // Signaling ends a call in time.
  const ofCall = await of(resolverBench(), [{ type: 'session', session: 'ses_1' }]);
  expect(ofCall.limits).toEqual([['.0', 9]]);
});
