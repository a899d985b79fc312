import { expect, test } from 'vitest';
import { channelName, namespaceOf, ownPartOf } from './channel-name.ts';
import { isBase64, jsonBody, readBody } from './message.ts';
import { channelRefusal, defaultSettings, defaultSettingsOf } from './namespace.ts';

const asked = (channel: string, use: 'subscribe' | 'publish', client: object = {}) => ({
  channel,
  use,
  client: { identity: 'bob', ...client },
});

test('by default any client of the service receives, and none publishes', () => {
  expect(channelRefusal(defaultSettings, asked('news', 'subscribe'))).toBeUndefined();
  expect(channelRefusal(defaultSettings, asked('news', 'publish'))).toContain('no client publish');
});

test('a channel for whom it names is for nobody else, and for nobody whose name only begins so', () => {
  const named = { ...defaultSettings, subscribers: 'named' } as const;
  expect(channelRefusal(named, asked('inbox:bob', 'subscribe'))).toBeUndefined();
  for (const channel of ['inbox:bobby', 'inbox:bob:x', 'inbox:x:bob', 'inbox:Bob'])
    expect(channelRefusal(named, asked(channel, 'subscribe')), channel).toBeDefined();
});

test('where instance types are named, a client of another or of none has no part', () => {
  const settings = { ...defaultSettings, instanceTypes: ['agent'] };
  expect(channelRefusal(settings, asked('desk:a', 'subscribe', { instanceType: 'agent' }))).toBeUndefined();
  expect(channelRefusal(settings, asked('desk:a', 'subscribe', { instanceType: 'guest' }))).toBeDefined();
  expect(channelRefusal(settings, asked('desk:a', 'subscribe'))).toBeDefined();
});

test('a name has one namespace: what stands before its first colon', () => {
  expect([namespaceOf('news'), namespaceOf('chat:a:b'), ownPartOf('chat:a:b')]).toEqual([
    'default',
    'chat',
    'a:b',
  ]);
  const refused = ['', ':', 'a:', ':a', 'a::b', 'a b', 'a/b', 'a\n', 'x'.repeat(129), '..%2f'];
  for (const name of refused) expect(channelName.safeParse(name).success, name).toBe(false);
});

test('what a client sends is JSON or base64, and is kept in one form', () => {
  expect(readBody({ encoding: 'json', data: ' {"a" : 1} ' })).toEqual(jsonBody({ a: 1 }));
  expect(readBody({ encoding: 'json', data: '{' })).toBe('data is not JSON.');
  expect(jsonBody('\u007f').data).toBe('"\\u007f"');
  expect(['', 'AQI=', 'AQ==', 'AQID'].every(isBase64)).toBe(true);
  expect(['A', 'AQI', 'AQ=I', 'AQI==', 'A-I='].some(isBase64)).toBe(false);
});

test('what is told or written to an endpoint is heard by that one alone, a week back, and no client says it unless its account lets it', () => {
  for (const namespace of ['notices', 'direct']) {
    const settings = defaultSettingsOf(namespace);
    const asks = (identity: string, use: 'subscribe' | 'publish') =>
      channelRefusal(settings, { channel: `${namespace}:bob`, use, client: { identity } });
    expect(asks('bob', 'subscribe')).toBeUndefined();
    expect(asks('eve', 'subscribe')).toContain('only where its identity');
    expect(asks('bob', 'publish')).toContain('no client publish');
    expect(settings.historySeconds).toBe(604_800);
  }
  expect(defaultSettingsOf('chat')).toBe(defaultSettings);
});
