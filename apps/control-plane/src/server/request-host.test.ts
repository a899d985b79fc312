import { expect, test } from 'vitest';
import { HOST_STALE_MS, RequestHosts } from './request-host.ts';
import { answerTlsAllowed } from './tls-allowed.ts';

const platformUrl = 'https://console.platform.example:8443';

function hostsWith(find: (host: string) => Promise<string | undefined>, nowMs = () => 0) {
  return new RequestHosts({ platformUrl, furtherHosts: ['app.platform.example'], find, nowMs });
}

const proved = async (host: string): Promise<string | undefined> =>
  host === 'voice.nw.example' ? 'acc_nw' : undefined;
const at = (host: string, further: Record<string, string> = {}) => new Headers({ host, ...further });

test('a proved host shows its account’s brand, in whatever spelling it is asked for, and leads back to itself', async () => {
  const hosts = hostsWith(proved);
  for (const host of [
    'voice.nw.example',
    'VOICE.nw.Example:8443',
    'voice.nw.example.',
    'voice.nw.example.:1',
  ])
    expect(await hosts.of(at(host)), host).toEqual({
      kind: 'brand',
      within: 'acc_nw',
      baseUrl: 'https://voice.nw.example:8443',
    });
});

test('the platform is reached at its names, at addresses and from this machine', async () => {
  const hosts = hostsWith(async () => 'acc_never');
  for (const host of [
    'console.platform.example',
    'Console.Platform.Example:8443',
    'console.platform.example.',
    'app.platform.example',
    '192.0.2.7:3000',
    '[2001:db8::1]:3000',
    'localhost:3000',
  ])
    expect(await hosts.of(at(host)), host).toEqual({ kind: 'platform', baseUrl: platformUrl });
  expect(await hosts.of(new Headers())).toEqual({ kind: 'platform', baseUrl: platformUrl });
});

test.each([
  ['evil.example'],
  ['voice.nw.example.evil.example'],
  ['console.platform.example@evil.example'],
  ['voice.nw.example, evil.example'],
  ['evil.example/voice.nw.example'],
  ['voice.nw.example:80:80'],
  ['vоice.nw.example'],
  [''],
])('%j is nobody’s host: nothing of it is in what is answered', async (host) => {
  // A header has bytes: how another script stands in it is the sender's choice.
  const headers = at(encodeURI(host));
  const hosts = hostsWith(proved);
  const answer = await hosts.of(headers);
  if (answer.kind === 'platform') expect(answer.baseUrl).toBe(platformUrl);
  else expect(answer).toEqual({ kind: 'unknown' });
});

test('what was asked lately is not looked up again; what was taken back is noticed in seconds', async () => {
  let atMs = 0;
  const asked: string[] = [];
  let accountId: string | undefined = 'acc_nw';
  const find = async (host: string) => {
    asked.push(host);
    return accountId;
  };
  const hosts = hostsWith(find, () => atMs);
  await hosts.of(at('voice.nw.example'));
  accountId = undefined;
  expect(await hosts.of(at('voice.nw.example'))).toMatchObject({ kind: 'brand' });
  expect(asked).toHaveLength(1);
  atMs = HOST_STALE_MS;
  expect(await hosts.of(at('voice.nw.example'))).toEqual({ kind: 'unknown' });
});

test('while the store is away, a host that was known is served, and one that was not is not guessed', async () => {
  let atMs = 0;
  let isAway = false;
  const find = (host: string) => (isAway ? Promise.reject(new Error('away')) : proved(host));
  const hosts = hostsWith(find, () => atMs);
  await hosts.of(at('voice.nw.example'));
  isAway = true;
  atMs = HOST_STALE_MS;
  expect(await hosts.of(at('voice.nw.example'))).toMatchObject({ kind: 'brand' });
  await expect(hosts.of(at('other.nw.example'))).rejects.toThrow('away');
});

test('a proxy may have a certificate for a proved host alone, and for none while nobody knows', async () => {
  const ask = async (query: string, find = proved) =>
    (
      await answerTlsAllowed(
        { hosts: hostsWith(find) },
        new Request(`http://x/internal/tls-allowed?${query}`),
      )
    ).status;
  expect(await ask('domain=voice.nw.example')).toBe(200);
  expect(await ask('host=Voice.NW.example')).toBe(200);
  for (const query of [
    'domain=evil.example',
    'domain=',
    '',
    'domain=192.0.2.1',
    'domain=voice.nw.example%0a',
  ])
    expect(await ask(query), query).toBe(404);
  expect(await ask('domain=voice.nw.example', () => Promise.reject(new Error('away')))).toBe(404);
});
