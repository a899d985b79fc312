import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createId } from '@patchbay/kit/ids';
import { type Credential, parseBearerToken } from '@patchbay/protocol/credential/credential';
import { attributeType } from '@patchbay/protocol/stun/attribute-type';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { method } from '@patchbay/protocol/stun/message';
import { encodeAddressFamily, familyOf } from '@patchbay/protocol/turn/address-family';
import { encodeChannelData } from '@patchbay/protocol/turn/channel-data';
import { addressOf, codeOf, lifetime, udpTransport } from '@patchbay/protocol/turn/testing/client-session';
import { openRawClient, openRawSocket } from '@patchbay/testing/raw-turn-client';
import { until } from '@patchbay/testing/until';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnv } from '../platform/env.ts';
import { createFaults } from '../platform/faults.ts';
import { MemoryControlPlane } from '../platform/testing/memory-control-plane.ts';
import { otherFamilyOf } from './other-family.ts';
import { runRelay } from './role.ts';

let folder: string;
let control: MemoryControlPlane;
let stop: () => Promise<void>;
let port: number;

/** With the folder of the boot before, if there was one. */
async function startRelay(): Promise<void> {
  const env = readEnv({
    PATCHBAY_CONTROL_URL: control.url,
    PATCHBAY_JOIN_TOKEN: 'a join token for a test',
    PATCHBAY_DATA: folder,
    PATCHBAY_TURN_PORT: '0',
    PATCHBAY_ALLOW_LOOPBACK_PEERS: '1',
    PATCHBAY_DRAIN_SECONDS: '0',
  });
  const bootBefore = control.nodes[0]?.boot;
  const log = pino({ level: 'silent' });
  stop = await runRelay(env, log, createFaults(log));
  await until(() => control.nodes[0]?.boot !== undefined && control.nodes[0].boot !== bootBefore, {
    what: 'the first heartbeat',
  });
  port = Number(/:(\d+)\?/.exec(control.nodes[0]?.urls.turn?.[0] ?? '')?.[1]);
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-relay-'));
  control = await MemoryControlPlane.start();
  await startRelay();
});
afterEach(async () => {
  await stop();
  await control.stop();
  rmSync(folder, { recursive: true });
});

/** A client that has a relay, and a channel to a peer that it sends to. */
async function relayedClient(credential: Credential) {
  const client = await openRawClient({ ip: ipFromText('127.0.0.1') ?? new Uint8Array(4), port }, credential);
  const peer = await openRawSocket();
  const code = codeOf(await client.allocate());
  if (code === 0) expect(await client.bind(0x4000, peer.address)).toBe(0);
  return {
    code,
    peer,
    ask: client.ask,
    allocate: client.allocate,
    send: (bytes: number) => client.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(bytes) })),
    close() {
      client.socket.close();
      peer.close();
    },
  };
}

const linesOf = (type: string) => control.events.filter((line) => line.type === type);

it('a credential that is for no call is a session while it is used, its usage names it, and the API ends it within a second (NDS, MET-7, LIV-1)', async () => {
  const client = await relayedClient(control.credential({ type: 'identity', identity: 'ann' }));
  try {
    client.send(500);
    await until(() => linesOf('mode.changed').length > 0, { what: 'media to be noticed' });
    const [created] = control.events;
    const sessionId = created?.sessionId ?? '';
    expect(control.events.map(({ type }) => type)).toEqual([
      ...['session.created', 'leg.joined', 'allocation.started', 'mode.changed'],
    ]);
    expect(created).toMatchObject({ accountId: control.accountId, data: { identity: 'ann' } });
    const code = 'session.ended_by_account';
    const askedMs = performance.now();
    control.publish({ type: 'session.end', sessionId, code, detail: 'It was ended.' });
    await until(() => linesOf('session.ended').length > 0, { what: 'the end to be uploaded' });
    expect(performance.now() - askedMs).toBeLessThan(1_000);
    expect(linesOf('session.ended')[0]?.data.reason).toMatchObject({ code });
    expect(linesOf('allocation.ended')[0]?.data).toMatchObject({ reason: code, bytesIn: 500 });
    // RFC 8656 §7.3: what is not there any more cannot be refreshed. The credential itself stays good.
    expect(codeOf(await client.ask(method.refresh, [lifetime(600)]))).toBe(437);
    expect(codeOf(await client.allocate())).toBe(0);
    await until(() => control.sumOf('bytes') === 500, { what: 'the usage' });
    const relayed = control.records.filter(({ quantities }) =>
      quantities.some(({ meter }) => meter === 'bytes'),
    );
    expect(relayed.map((record) => record.sessionId)).toEqual([sessionId]);
  } finally {
    client.close();
  }
});

it('data that are to be kept elsewhere from now on: what runs here ends within 5 seconds, and what is refused says so in the log (POL-5, PRD-4)', async () => {
  const client = await relayedClient(control.credential({ type: 'identity', identity: 'ann' }));
  try {
    const origin = { level: 'account', accountId: control.accountId, by: 'self' } as const;
    const level = { origin, timeZone: 'UTC', locked: [], overridable: {} };
    control.policy = [{ ...level, values: { dataRegions: ['elsewhere'] } }];
    const changedMs = performance.now();
    control.publish({ type: 'account.changed', accountId: control.accountId });
    await until(() => linesOf('session.ended').length > 0, { what: 'the session to end' });
    expect(performance.now() - changedMs).toBeLessThan(5_000);
    const detail = `dataRegions does not allow it, as set at ${control.accountId}.`;
    expect(linesOf('session.ended')[0]?.data.reason).toMatchObject({ code: 'policy.refused', detail });
    expect(codeOf(await client.allocate())).toBe(403);
    await until(() => linesOf('allocation.refused').length > 0, { what: 'the refusal to be uploaded' });
    expect(linesOf('allocation.refused')[0]?.data).toMatchObject({ code: 'policy.refused', detail });
  } finally {
    client.close();
  }
});

it('a client is counted over all relays before its first allocation, and given back when its session has ended (POL-4)', async () => {
  const origin = { level: 'account', accountId: control.accountId, by: 'self' } as const;
  const values = { concurrentSessionsMax: 1 };
  control.policy = [{ origin, timeZone: 'UTC', locked: [], overridable: {}, values }];
  const first = await relayedClient(control.credential({ type: 'identity', identity: 'ann' }));
  expect(first.code).toBe(0);
  expect(control.claimedIds.size).toBe(1);
  control.claimRefusal = { setting: 'concurrentSessionsMax', origin, retryAfterMs: 5_000 };
  const second = await relayedClient(control.credential({ type: 'identity', identity: 'bob' }));
  expect(second.code).toBe(486);
  await first.ask(method.refresh, [lifetime(0)]);
  await until(() => control.claimedIds.size === 0, { what: 'the session to be given back' });
  for (const client of [first, second]) client.close();
});

it('a limit of one session goes on where it stood when the relay is started anew (ACC-7)', async () => {
  const sessionId = createId('ses');
  control.liveSessionIds.add(sessionId);
  const credential = control.credential(
    { type: 'session', session: sessionId },
    { type: 'bytes', max: 1_000, counts: 'session', outcome: 'end' },
  );
  const before = await relayedClient(credential);
  before.send(600);
  await until(() => before.peer.received.length === 1, { what: 'the first bytes' });
  await stop();
  before.close();
  expect(control.sumOf('bytes')).toBe(600);
  await startRelay();
  const after = await relayedClient(credential);
  try {
    after.send(300);
    await until(() => after.peer.received.length === 1, { what: 'what is left' });
    after.send(300);
    await until(async () => codeOf(await after.ask(method.refresh, [lifetime(600)])) === 437, {
      what: 'the limit to end it',
    });
    expect(after.peer.received).toHaveLength(1);
  } finally {
    after.close();
  }
});

it('attempts of discovery are metered: to the account of a proven credential, and to the platform without one (NDS, MET-1)', async () => {
  const credential = parseBearerToken(control.token('bob'));
  if ('type' in credential) throw new Error(credential.detail);
  const client = await openRawClient({ ip: ipFromText('127.0.0.1') ?? new Uint8Array(4), port }, credential);
  try {
    for (let times = 0; times < 3; times++)
      expect(codeOf(await client.ask(method.binding, [], { isSigned: false }))).toBe(0);
    expect(codeOf(await client.allocate())).toBe(0);
    for (let times = 0; times < 2; times++) expect(codeOf(await client.ask(method.binding))).toBe(0);
    // Named, and not proven: nobody has others pay for it.
    const unproven = { without: [attributeType.nonce] };
    expect(codeOf(await client.ask(method.binding, [], unproven))).toBe(0);
    await client.ask(method.refresh, [lifetime(0)]);
    const attemptsOf = (accountId: string, endpointId?: string) =>
      control.records
        .filter((record) => record.accountId === accountId && record.endpointId === endpointId)
        .flatMap(({ quantities }) => quantities)
        .filter(({ meter, dimensions }) => meter === 'attempts' && dimensions.kind === 'discovery')
        .reduce((sum, { quantity }) => sum + quantity, 0);
    await until(
      () => attemptsOf(control.platformAccountId) === 4 && attemptsOf(control.accountId, 'user:bob') === 2,
      { what: 'all attempts to be uploaded' },
    );
  } finally {
    client.socket.close();
  }
});

/** Of the 5 seconds in which use is readable (MET-5), what is left to whoever stores it and to whoever reads it in turn. */
const storedAndReadMs = 1_500;

it('what a relay carries is uploaded in time to be read within 5 seconds, while it goes on (MET-5)', async () => {
  const credential = parseBearerToken(control.token('bob'));
  if ('type' in credential) throw new Error(credential.detail);
  const ip = ipFromText('127.0.0.1') ?? new Uint8Array(4);
  const client = await openRawClient({ ip, port }, credential);
  try {
    expect(codeOf(await client.allocate())).toBe(0);
    expect(await client.bind(0x4000, { ip, port: 9 })).toBe(0);
    const sums: number[] = [];
    const uploaded = () =>
      control.records
        .flatMap(({ quantities }) => quantities)
        .filter(({ meter, dimensions }) => meter === 'bytes' && dimensions.direction === 'in')
        .reduce((sum, { quantity }) => sum + quantity, 0);
    for (let sent = 1; sent <= 2; sent++) {
      const sentAtMs = performance.now();
      client.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(100) }));
      await until(() => uploaded() === sent * 100, { what: 'the bytes at the control plane' });
      sums.push(performance.now() - sentAtMs);
    }
    expect(Math.max(...sums)).toBeLessThan(5_000 - storedAndReadMs);
    expect(new Set(control.records.map(({ id }) => id)).size).toBe(control.records.length);
  } finally {
    client.socket.close();
  }
});

it('a listed address relays without a credential as its account, is in its log and its usage, and ends 5 seconds after it was taken off (ACC-9)', async () => {
  const relay = { ip: ipFromText('127.0.0.1') ?? new Uint8Array(4), port };
  const nobody = { username: '', password: '' };
  const trunk = await openRawClient(relay, nobody, '127.0.0.9');
  const stranger = await openRawClient(relay, nobody, '127.0.0.8');
  const peer = await openRawSocket();
  const unsigned = { isSigned: false } as const;
  const codeFor = async ({ ask }: typeof trunk) =>
    codeOf(await ask(method.allocate, [udpTransport], unsigned));
  try {
    expect(await codeFor(trunk)).toBe(401);
    control.listedNetworks = ['127.0.0.9'];
    await expect.poll(() => codeFor(trunk), { timeout: 20_000 }).toBe(0);
    expect(await codeFor(stranger)).toBe(401);
    expect(await trunk.bind(0x4000, peer.address)).toBe(0);
    trunk.send(encodeChannelData({ channel: 0x4000, data: new Uint8Array(100) }));
    await until(() => control.sumOf('bytes') === 100, { what: 'the usage' });
    const [created] = linesOf('session.created');
    const whose = { accountId: control.accountId, credentialId: 'address:127.0.0.9' };
    expect(
      control.records.find(({ quantities }) => quantities.some(({ meter }) => meter === 'bytes')),
    ).toMatchObject({ ...whose, sessionId: created?.sessionId });
    expect(created).toMatchObject({ accountId: whose.accountId, data: { credentialId: whose.credentialId } });
    control.listedNetworks = [];
    await until(() => linesOf('session.ended').length > 0, { what: 'the session to end' });
    expect(linesOf('session.ended')[0]?.data.reason).toMatchObject({ code: 'credential.revoked' });
    expect(codeOf(await trunk.ask(method.refresh, [lifetime(600)], unsigned))).toBe(401);
  } finally {
    for (const { socket } of [trunk, stranger]) socket.close();
    peer.close();
  }
});

const hasIpv6 = otherFamilyOf('127.0.0.1', undefined) !== undefined;

it.skipIf(!hasIpv6)(
  'T18: a relay on loopback gives relayed addresses of both families, to clients of both',
  async () => {
    const credential = parseBearerToken(control.token('bob'));
    if ('type' in credential) throw new Error(credential.detail);
    for (const host of ['127.0.0.1', '::1'])
      for (const family of ['ipv4', 'ipv6'] as const) {
        const at = { ip: ipFromText(host) ?? new Uint8Array(4), port };
        const client = await openRawClient(at, credential, host);
        const wish = { type: attributeType.requestedAddressFamily, value: encodeAddressFamily(family) };
        const answer = await client.allocate([udpTransport, wish]);
        expect(codeOf(answer)).toBe(0);
        expect(familyOf(addressOf(answer, attributeType.xorRelayedAddress).ip)).toBe(family);
        client.socket.close();
      }
  },
);
