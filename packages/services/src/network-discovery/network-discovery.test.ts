import { ServiceError } from '@patchbay/kit/errors';
import { createId } from '@patchbay/kit/ids';
import { mint, parseUsername, prefixesOf, verify } from '@patchbay/protocol/credential/credential';
import { effectiveOf } from '@patchbay/protocol/credential/effective';
import { toRestrictions } from '@patchbay/protocol/credential/limits';
import { serviceContext } from '@patchbay/testing/service-context';
import { expect, test } from 'vitest';
import { networkDiscovery } from './definition.ts';
import { handlers } from './handlers.ts';
import type { NetworkDiscoveryPorts } from './ports.ts';

const accountId = createId('acc');
const mintKey = new Uint8Array(32).fill(7);
const ports = (urls: readonly string[] = ['turn:192.0.2.1:3478?transport=udp']): NetworkDiscoveryPorts => ({
  minting: {
    mint: async ({ caveats }) =>
      mint({ keyId: createId('key'), mintKey, caveats, randomId: new Uint8Array(12) }),
  },
  placement: { relayUrls: async () => urls },
});
const { createIceServers } = networkDiscovery.operations;
const request = (fields: object = {}) => createIceServers.request.parse(fields);

test('createIceServers 200: the credential is the account’s own, and says what was asked for', async () => {
  const { context, audited } = serviceContext(networkDiscovery, { accountId });
  const answer = await handlers.createIceServers(context, request({ bytesMax: 5_000, usesMax: 1 }), ports());
  const [server] = answer.iceServers;
  const { username = '', credential: password = '' } = server ?? {};
  expect(verify(mintKey, { username, password })).toMatchObject({ type: 'credential' });
  const parsed = parseUsername(username);
  expect(parsed.type === 'credential' && parsed.blocks[0]?.caveats).toEqual(
    expect.arrayContaining([
      { type: 'account', accountId },
      expect.objectContaining({ type: 'bytes', max: 5_000 }),
      expect.objectContaining({ type: 'uses', max: 1 }),
    ]),
  );
  expect(JSON.stringify(audited)).not.toContain(password);
  // Whoever reads a username knows whom it is for: the log has the id that a revocation has (PRD-4).
  expect(audited).toMatchObject([{ target: prefixesOf(username).at(-1) }]);
  expect(JSON.stringify(audited)).not.toContain(username);
});

test('createIceServers 200: application and instance type are in the credential, for nodes to hold it to (ACC-6)', async () => {
  const applicationId = createId('app');
  const config = { bitsPerSecondMax: 64_000 };
  const { context } = serviceContext(networkDiscovery, { accountId, applicationId, config });
  const named = request({ applicationId, instanceType: 'paid', bitsPerSecondMax: 1_000_000 });
  const { iceServers } = await handlers.createIceServers(context, named, ports());
  const parsed = parseUsername(iceServers[0]?.username ?? '');
  expect(parsed.type === 'credential' && parsed.blocks[0]?.caveats).toEqual(
    expect.arrayContaining([
      { type: 'application', applicationId },
      { type: 'instanceType', instanceType: 'paid' },
      { type: 'bitRate', bitsPerSecond: 64_000, burstBytes: 2_000 },
    ]),
  );
});

test('createIceServers 200: a declared bandwidth class is in the credential, beside a bit rate that is asked for (NDS)', async () => {
  const { context } = serviceContext(networkDiscovery, { accountId });
  const asked = request({ bandwidthClass: 'low-video', bitsPerSecondMax: 500_000 });
  const { iceServers } = await handlers.createIceServers(context, asked, ports());
  const parsed = parseUsername(iceServers[0]?.username ?? '');
  if (parsed.type !== 'credential') throw new Error(parsed.detail);
  expect(effectiveOf(parsed)).toMatchObject({
    bandwidthClass: 'low-video',
    bitRate: { bitsPerSecond: 500_000, burstBytes: 15_625 },
  });
});

test('createIceServers 200: everything that a server SDK can mint offline, and the same caveats (ACC-7)', async () => {
  const limits = {
    notBeforeMs: 1_800_000_000_000,
    secondsMax: 60,
    limitScope: 'session',
    limitOutcome: 'throttle',
    features: ['network-discovery.relay'],
    mediaKinds: ['audio'],
    regions: ['eu'],
    countries: ['DE', 'FR'],
    deviceKinds: ['mobile', 'tablet'],
    sourceCidrs: ['192.0.2.0/24'],
    peerCidrs: ['203.0.113.0/24'],
  } as const;
  const { context } = serviceContext(networkDiscovery, { accountId });
  const { iceServers } = await handlers.createIceServers(context, request(limits), ports());
  const parsed = parseUsername(iceServers[0]?.username ?? '');
  const caveats = parsed.type === 'credential' ? parsed.blocks[0]?.caveats : [];
  expect(caveats).toEqual(expect.arrayContaining([...toRestrictions(limits, 0)]));
});

test('createIceServers 503: of the regions that policy and request name together, and says them (PRD-4)', async () => {
  const asked: unknown[] = [];
  const nowhere: NetworkDiscoveryPorts = {
    ...ports(),
    placement: {
      relayUrls: async ({ regions }) => {
        asked.push(regions);
        return [];
      },
    },
  };
  const mintUnder = (regions: readonly string[] | undefined, fields: object = {}) => {
    const { context } = serviceContext(networkDiscovery, { accountId, regions });
    return handlers.createIceServers(context, request(fields), nowhere);
  };
  await expect(mintUnder(['eu', 'ch'])).rejects.toMatchObject({
    fields: { code: 'network-discovery.no_relay', publicDetail: 'No relay in eu or ch is in service.' },
  });
  await expect(mintUnder(['eu', 'ch'], { regions: ['ch', 'us'] })).rejects.toThrow(ServiceError);
  await expect(mintUnder(undefined, { regions: ['us'] })).rejects.toThrow(ServiceError);
  await expect(mintUnder(undefined)).rejects.toThrow(ServiceError);
  expect(asked).toEqual([['eu', 'ch'], ['ch'], ['us'], undefined]);
});

test('createIceServers 400: a limit that would limit nothing is refused by its name', async () => {
  const { context } = serviceContext(networkDiscovery, { accountId });
  const refused = handlers.createIceServers(context, request({ limitScope: 'session' }), ports());
  await expect(refused).rejects.toMatchObject({
    fields: { code: 'request.invalid', publicDetail: expect.stringContaining('limitScope') },
  });
});

test('createIceServers 200: where no lifetime is asked for, it is the longest allowed, an hour at most', async () => {
  const expiresAtOf = async (config: object) => {
    const { context } = serviceContext(networkDiscovery, { accountId, config, nowMs: 0 });
    return (await handlers.createIceServers(context, request(), ports())).expiresAt;
  };
  expect(await expiresAtOf({ credentialTtlSecondsMax: 600 })).toBe(new Date(600_000).toISOString());
  expect(await expiresAtOf({})).toBe(new Date(3_600_000).toISOString());
});

test('createIceServers 422: a longer life than the account allows is refused', async () => {
  const { context } = serviceContext(networkDiscovery, {
    accountId,
    config: { credentialTtlSecondsMax: 60 },
  });
  await expect(
    handlers.createIceServers(context, request({ ttlSeconds: 61 }), ports()),
  ).rejects.toMatchObject({
    fields: { code: 'network-discovery.ttl_too_long', status: 422 },
  });
});

test('createIceServers 422: an account without a key to mint with is told so', async () => {
  const { context } = serviceContext(networkDiscovery, { accountId });
  const keyless = { ...ports(), minting: { mint: async () => undefined } };
  await expect(handlers.createIceServers(context, request(), keyless)).rejects.toMatchObject({
    fields: { code: 'network-discovery.no_key', status: 422 },
  });
});

test('createIceServers 400: what makes no credential is refused with what is wrong', async () => {
  const { context, audited } = serviceContext(networkDiscovery, {
    accountId,
    applicationId: createId('app'),
  });
  const refused = (fields: object) => handlers.createIceServers(context, request(fields), ports());
  await expect(refused({ peerCidrs: ['10.0.0.0/99'] })).rejects.toMatchObject({
    fields: { code: 'request.invalid', status: 400 },
  });
  const peerCidrs = Array.from({ length: 8 }, (_, index) => `2001:db8:${index}::/48`);
  const ids = { sessionId: createId('ses') };
  await expect(refused({ ...ids, identity: 'ü'.repeat(60), peerCidrs })).rejects.toMatchObject({
    fields: { code: 'request.invalid', publicDetail: expect.stringMatching(/need \d+ bytes/) },
  });
  expect(audited).toEqual([]);
});

test('createIceServers 503: without a relay there is no answer that looks like one', async () => {
  const { context } = serviceContext(networkDiscovery, { accountId });
  const refused = handlers.createIceServers(context, request(), ports([]));
  await expect(refused).rejects.toBeInstanceOf(ServiceError);
  await expect(refused).rejects.toMatchObject({
    fields: { code: 'network-discovery.no_relay', status: 503 },
  });
});

test('the account’s bit rate holds even where the request asks for more', async () => {
  const { context } = serviceContext(networkDiscovery, { accountId, config: { bitsPerSecondMax: 64_000 } });
  const answer = await handlers.createIceServers(context, request({ bitsPerSecondMax: 1_000_000 }), ports());
  const parsed = parseUsername(answer.iceServers[0]?.username ?? '');
  expect(parsed.type === 'credential' && parsed.blocks[0]?.caveats).toContainEqual({
    type: 'bitRate',
    bitsPerSecond: 64_000,
    burstBytes: 2_000,
  });
});
