import { createId } from '@patchbay/kit/ids';
import { mint, parseBearerToken, prefixesOf, verify } from '@patchbay/protocol/credential/credential';
import { serviceContext } from '@patchbay/testing/service-context';
import { expect, test } from 'vitest';
import { signaling } from './definition.ts';
import { handlers } from './handlers.ts';
import type { SignalingPorts } from './ports.ts';

const accountId = createId('acc');
const mintKey = new Uint8Array(32).fill(7);
const ports = (signalUrl: string | undefined = 'wss://signal.test'): SignalingPorts => ({
  minting: {
    mint: async ({ caveats }) =>
      mint({ keyId: createId('key'), mintKey, caveats, randomId: new Uint8Array(12) }),
  },
  placement: { signalUrl: async () => signalUrl },
});
const request = (fields: object = {}) =>
  signaling.operations.createToken.request.parse({ identity: 'bob', ...fields });

test('createToken 200: the token opens signaling as the identity asked for', async () => {
  const { context, audited } = serviceContext(signaling, { accountId });
  const { token, signalUrl } = await handlers.createToken(context, request(), ports());
  expect(signalUrl).toBe('wss://signal.test');
  const credential = parseBearerToken(token);
  if ('type' in credential) throw new Error(credential.detail);
  const verified = verify(mintKey, credential);
  expect(verified.type === 'credential' && verified.blocks[0]?.caveats).toContainEqual({
    type: 'identity',
    identity: 'bob',
  });
  expect(JSON.stringify(audited)).not.toContain(credential.password);
  // Whoever reads a username knows whom it is for: the log has the id that a revocation has (PRD-4).
  expect(audited).toMatchObject([{ target: prefixesOf(credential.username).at(-1) }]);
  expect(JSON.stringify(audited)).not.toContain(credential.username);
});

test('createToken 200: application and instance type are in the token, for nodes to hold it to (ACC-6)', async () => {
  const applicationId = createId('app');
  const { context } = serviceContext(signaling, { accountId, applicationId });
  const { token } = await handlers.createToken(
    context,
    request({ applicationId, instanceType: 'free' }),
    ports(),
  );
  const credential = parseBearerToken(token);
  if ('type' in credential) throw new Error(credential.detail);
  const verified = verify(mintKey, credential);
  expect(verified.type === 'credential' && verified.blocks[0]?.caveats).toEqual(
    expect.arrayContaining([
      { type: 'application', applicationId },
      { type: 'instanceType', instanceType: 'free' },
    ]),
  );
});

test('createToken 200: where no lifetime is asked for, it is the longest allowed, an hour at most', async () => {
  const expiresAtOf = async (config: object) => {
    const { context } = serviceContext(signaling, { accountId, config, nowMs: 0 });
    return (await handlers.createToken(context, request(), ports())).expiresAt;
  };
  expect(await expiresAtOf({ tokenTtlSecondsMax: 600 })).toBe(new Date(600_000).toISOString());
  expect(await expiresAtOf({})).toBe(new Date(3_600_000).toISOString());
});

test('createToken 422: a longer life than the account allows is refused', async () => {
  const { context } = serviceContext(signaling, { accountId, config: { tokenTtlSecondsMax: 60 } });
  await expect(handlers.createToken(context, request({ ttlSeconds: 61 }), ports())).rejects.toMatchObject({
    fields: { code: 'signaling.ttl_too_long', status: 422 },
  });
});

test('createToken 422: an account without a key to mint with is told so', async () => {
  const { context } = serviceContext(signaling, { accountId });
  const keyless = { ...ports(), minting: { mint: async () => undefined } };
  await expect(handlers.createToken(context, request(), keyless)).rejects.toMatchObject({
    fields: { code: 'signaling.no_key', status: 422 },
  });
});

test('createToken 400: an identity that no credential can carry is refused by its name', async () => {
  const { context, audited } = serviceContext(signaling, { accountId });
  await expect(handlers.createToken(context, request({ identity: 'a\nb' }), ports())).rejects.toMatchObject({
    fields: {
      code: 'request.invalid',
      status: 400,
      publicDetail: expect.stringContaining('control character'),
    },
  });
  expect(audited).toEqual([]);
});

test('createToken 503: without a signaling node in the regions that may serve there is no token', async () => {
  const { context } = serviceContext(signaling, { accountId, regions: ['eu', 'ch'] });
  const asked: unknown[] = [];
  const placement: SignalingPorts['placement'] = {
    signalUrl: async ({ regions }) => {
      asked.push(regions);
      return undefined;
    },
  };
  const nowhere = { ...ports(), placement };
  await expect(handlers.createToken(context, request({ regions: ['eu'] }), nowhere)).rejects.toMatchObject({
    fields: {
      code: 'signaling.no_node',
      status: 503,
      publicDetail: 'No signaling node in eu is in service.',
    },
  });
  expect(asked).toEqual([['eu']]);
});

test('createToken 200: limits of a token count in each session, unless they are to count in total', async () => {
  const countsOf = async (fields: object) => {
    const { context } = serviceContext(signaling, { accountId, config: { sessionSecondsMax: 900 } });
    const { token } = await handlers.createToken(context, request(fields), ports());
    const credential = parseBearerToken(token);
    if ('type' in credential) throw new Error(credential.detail);
    const verified = verify(mintKey, credential);
    const caveats = verified.type === 'credential' ? (verified.blocks[0]?.caveats ?? []) : [];
    return caveats.flatMap((caveat) =>
      caveat.type === 'seconds' || caveat.type === 'bytes' ? [[caveat.type, caveat.max, caveat.counts]] : [],
    );
  };
  const ofConfiguration = ['seconds', 900, 'session'];
  expect(await countsOf({ bytesMax: 5 })).toEqual([['bytes', 5, 'session'], ofConfiguration]);
  expect(await countsOf({ secondsMax: 60, limitScope: 'total' })).toEqual([
    ['seconds', 60, 'total'],
    ofConfiguration,
  ]);
});
