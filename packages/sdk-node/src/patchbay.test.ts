import { createId } from '@patchbay/kit/ids';
import { parseBearerToken, prefixesOf, verify } from '@patchbay/protocol/credential/credential';
import { check, effectiveOf } from '@patchbay/protocol/credential/effective';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import { createSecret, mintBranch, parseSecret } from '@patchbay/protocol/credential/secret';
import { PatchbayError } from '@patchbay/sdk';
import { afterEach, expect, test, vi } from 'vitest';
import { Patchbay, type PatchbayOptions } from './patchbay.ts';

const keyId = 'key_00k0000000000000000000000000a';
const accountId = 'acc_00k0000000000000000000000000a';
const random = new Uint8Array(32).fill(5);
const key = createSecret({ keyId, mode: 'test', random });
const mintKey = mintBranch({ bytes: random });
const nowMs = 1_800_000_000_000;

const create = (more: PatchbayOptions = {}) =>
  new Patchbay({
    url: 'https://api.test',
    signalUrl: 'wss://signal.test',
    accountId,
    key,
    nowMs: () => nowMs,
    ...more,
  });

/** What the platform makes of a credential. */
function effective(username: string, password: string) {
  const parsed = verify(mintKey, { username, password });
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const folded = effectiveOf(parsed);
  if ('type' in folded) throw new Error(folded.detail);
  return folded;
}

afterEach(() => vi.unstubAllEnvs());

test('iceServers drops into RTCPeerConnection, and carries each limit (ACC-7, SDK-2)', () => {
  const [server, ...more] = create().iceServers({
    identity: 'bob',
    ttlSeconds: 600,
    bytesMax: 50_000_000,
    secondsMax: 60,
    limitScope: 'session',
    usesMax: 1,
    bitsPerSecondMax: 800_000,
    peerCidrs: ['203.0.113.0/24'],
    sessionId: 'room:standup',
  });
  expect(more).toEqual([]);
  expect(Object.keys(server ?? {}).sort()).toEqual(['credential', 'urls', 'username']);
  expect(server?.urls).toEqual(['turn:api.test:3478?transport=udp']);
  const allowed = effective(server?.username ?? '', server?.credential ?? '');
  expect(allowed).toMatchObject({
    keyId,
    accountId,
    identity: 'bob',
    expiresAtMs: nowMs + 600_000,
    services: ['network-discovery'],
    bitRate: { bitsPerSecond: 800_000, burstBytes: 100_000 },
    peerCidrs: ['203.0.113.0/24'],
    session: 'room:standup',
  });
  expect(allowed.limits.map(({ kind, max, counts }) => [kind, max, counts])).toEqual([
    ['uses', 1, 'total'],
    ['seconds', 60, 'session'],
    ['bytes', 50_000_000, 'session'],
  ]);
});

test('two credentials are never the same, and live an hour when nothing is said', () => {
  const pb = create();
  const [one] = pb.iceServers();
  const [other] = pb.iceServers();
  expect(one?.username).not.toBe(other?.username);
  expect(effective(one?.username ?? '', one?.credential ?? '').expiresAtMs).toBe(nowMs + 3_600_000);
});

test('a token connects a browser, and covers the relay for its calls', () => {
  const answer = create().token({ identity: 'bob' });
  expect(answer).toMatchObject({ signalUrl: 'wss://signal.test', expiresAtMs: nowMs + 3_600_000 });
  const credential = parseBearerToken(answer.token);
  if ('type' in credential) throw new Error(credential.detail);
  const allowed = effective(credential.username, credential.password);
  const use = { nowMs, sourceIp: '192.0.2.1', region: 'eu-1', accountChain: ['acc_root', accountId] };
  expect(check(allowed, { ...use, service: 'signaling' })).toBeUndefined();
  expect(check(allowed, { ...use, service: 'network-discovery' })).toBeUndefined();
  expect(check(allowed, { ...use, service: 'recording' })?.code).toBe('credential.service_not_allowed');
});

test('an application and an instance type of it are named offline, for relays and for calls (ACC-6)', () => {
  const pb = create();
  const entity = { applicationId: createId('app'), instanceType: 'paid' };
  const [server] = pb.iceServers(entity);
  expect(effective(server?.username ?? '', server?.credential ?? '')).toMatchObject(entity);
  const credential = parseBearerToken(pb.token({ identity: 'bob', ...entity }).token);
  if ('type' in credential) throw new Error(credential.detail);
  expect(effective(credential.username, credential.password)).toMatchObject(entity);
});

test('narrowing adds limits and shares those of the first credential', () => {
  const pb = create();
  const wide = pb.iceServers({ bytesMax: 1_000_000 });
  const narrow = pb.narrow(wide, { identity: 'bob', bytesMax: 1_000, ttlSeconds: 10 });
  const allowed = effective(narrow[0]?.username ?? '', narrow[0]?.credential ?? '');
  expect(allowed.limits.map(({ max }) => max)).toEqual([1_000_000, 1_000]);
  expect(allowed.expiresAtMs).toBe(nowMs + 10_000);
  expect(allowed.prefixIds[0]).toBe(prefixesOf(wide[0]?.username ?? '')[0]);
  const token = pb.narrow(pb.token({ identity: 'bob' }).token, { usesMax: 1 });
  expect(parseBearerToken(token)).not.toHaveProperty('type');
  expect(() => pb.narrow('nonsense', {})).toThrow(PatchbayError);
});

test('the environment is read when nothing is passed, and a missing setting is named', () => {
  for (const name of ['URL', 'SIGNAL_URL', 'TURN_URL', 'ACCOUNT', 'KEY']) vi.stubEnv(`PATCHBAY_${name}`, '');
  vi.stubEnv('PATCHBAY_URL', 'http://127.0.0.1:3000');
  expect(() => new Patchbay().iceServers()).toThrow(/PATCHBAY_KEY/);
  vi.stubEnv('PATCHBAY_KEY', key);
  const pb = new Patchbay();
  expect(pb.iceServers()[0]?.urls).toEqual(['turn:127.0.0.1:3478?transport=udp']);
  expect(() => pb.token({ identity: 'bob' })).toThrow(/PATCHBAY_SIGNAL_URL/);
  vi.stubEnv('PATCHBAY_TURN_URL', 'turn:a:1, turns:b:2');
  expect(new Patchbay().iceServers()[0]?.urls).toEqual(['turn:a:1', 'turns:b:2']);
});

test('a mistyped key is refused at once, with what is wrong and without the key', () => {
  const mistyped = key.replace(/.(?=.{9}$)/, (character) => (character === '1' ? '2' : '1'));
  expect(parseSecret(mistyped).type).toBe('refusal');
  try {
    create({ key: mistyped });
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ name: 'PatchbayError', code: 'credential.malformed' });
    expect(String(error)).not.toContain(mistyped.slice(-30));
  }
});

test('no credential is minted that lives longer than the platform admits', () => {
  const [longest] = create().iceServers({ ttlSeconds: LIFETIME_SECONDS_MAX });
  const { username = '', credential = '' } = longest ?? {};
  const held = { nowMs, service: 'network-discovery', sourceIp: '', region: '', accountChain: [accountId] };
  expect(check(effective(username, credential), held)).toBeUndefined();
  expect(() => create().iceServers({ ttlSeconds: LIFETIME_SECONDS_MAX + 1 })).toThrow(/at most 172800/);
});

test.each([
  [{ byteMax: 1_000 }, 'byteMax'],
  [{ ttl: 60 }, 'ttl'],
  [{ toString: 1 }, 'toString'],
  [{ burstBytes: 9_000 }, 'burstBytes'],
  [{ limitScope: 'session' }, 'limitScope'],
  [{ limitOutcome: 'end', ttlSeconds: 60 }, 'limitOutcome'],
])(
  'a limit that would limit nothing is refused by its name, in whatever is minted or narrowed: %j',
  (limits, name) => {
    const pb = create();
    const refusal = expect.objectContaining({
      code: 'request.invalid',
      message: expect.stringContaining(name),
    });
    const misspelt = limits as object;
    const token = pb.token({ identity: 'bob' }).token;
    const uses = [
      () => pb.iceServers(misspelt),
      () => pb.token({ identity: 'bob', ...misspelt }),
      () => pb.narrow(pb.iceServers(), misspelt),
      () => pb.narrow(token, misspelt),
    ];
    for (const use of uses) expect(use).toThrow(refusal);
    for (const use of uses)
      expect(use).toThrow(
        expect.objectContaining({ helpUrl: 'https://api.test/docs/errors/request.invalid' }),
      );
    expect(pb.iceServers({ ...misspelt, [name]: undefined })).toHaveLength(1);
  },
);

test('limits that no credential can carry are errors of the one class', () => {
  const pb = create();
  for (const limits of [{ ttlSeconds: 0 }, { ttlSeconds: 172_801 }, { ttlSeconds: Number.NaN }]) {
    expect(() => pb.iceServers(limits)).toThrow(expect.objectContaining({ code: 'request.invalid' }));
  }
  expect(() => pb.iceServers({ identity: 'x'.repeat(129) })).toThrow(
    expect.objectContaining({ name: 'PatchbayError', code: 'credential.malformed' }),
  );
});

test('every operation of the API is a method, and the key is what authenticates it', async () => {
  const seen: Request[] = [];
  const pb = create({
    fetch: async (input, init) => {
      seen.push(new Request(String(input), init));
      return Response.json({ id: 'acc_new' });
    },
  });
  expect(await pb.accounts.create({ name: 'Acme', externalId: 'crm_42' })).toEqual({ id: 'acc_new' });
  expect(seen[0]?.headers.get('authorization')).toBe(`Bearer ${key}`);
  expect(pb).toBeInstanceOf(Patchbay);
});

test('a module that makes a client is built where there are no secrets; each use says which setting is missing', async () => {
  for (const name of ['PATCHBAY_URL', 'PATCHBAY_KEY', 'PATCHBAY_SIGNAL_URL', 'PATCHBAY_TURN_URL'])
    vi.stubEnv(name, '');
  const pb = new Patchbay();
  const missing = (setting: string) =>
    expect.objectContaining({ code: 'client.not_configured', message: expect.stringContaining(setting) });
  expect(() => pb.iceServers()).toThrow(missing('PATCHBAY_KEY'));
  expect(() => pb.token({ identity: 'bob' })).toThrow(missing('PATCHBAY_SIGNAL_URL'));
  await expect(pb.accounts.create({ name: 'Acme' })).rejects.toThrow(missing('PATCHBAY_URL'));
  await expect(pb.accounts.list().page()).rejects.toThrow(missing('PATCHBAY_URL'));
  expect(() => new Patchbay({ key }).iceServers()).toThrow(missing('PATCHBAY_URL'));
  expect(() => new Patchbay({ key: 'pb_live_nonsense' })).toThrow(PatchbayError);
});

test('the account of the environment is that of its key alone: another key is about its own', () => {
  const otherId = 'acc_00k0000000000000000000000000b';
  vi.stubEnv('PATCHBAY_ACCOUNT', otherId);
  vi.stubEnv('PATCHBAY_KEY', key);
  const accountOf = (options: PatchbayOptions) => {
    const [server] = new Patchbay({ url: 'https://api.test', nowMs: () => nowMs, ...options }).iceServers();
    return effective(server?.username ?? '', server?.credential ?? '').accountId;
  };
  expect(accountOf({})).toBe(otherId);
  expect(accountOf({ key })).toBe(otherId);
  vi.stubEnv('PATCHBAY_KEY', createSecret({ keyId, mode: 'test', random: new Uint8Array(32).fill(6) }));
  expect(accountOf({ key })).toBeUndefined();
  expect(accountOf({ key, accountId })).toBe(accountId);
});
