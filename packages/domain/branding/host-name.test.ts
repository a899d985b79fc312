import { expect, test } from 'vitest';
import { challengeNameOf, hostNameOf, hostOfHeader } from './host-name.ts';

test.each([
  ['Voice.Example.COM', 'voice.example.com'],
  ['voice.example.com.', 'voice.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  // A Cyrillic letter, which looks like the Latin one: it is another name, and is shown as one.
  ['аpple.example', 'xn--pple-43d.example'],
])('%s is the host %s', (text, host) => {
  expect(hostNameOf(text)).toBe(host);
});

test.each([
  ['localhost'],
  ['voice'],
  ['printer.local'],
  ['db.internal'],
  ['192.0.2.1'],
  ['0x7f.1'],
  ['[2001:db8::1]'],
  ['voice.example.com:443'],
  ['voice.example.com/path'],
  ['somebody@voice.example.com'],
  ['voice.example.com..'],
  ['-voice.example.com'],
  ['_dmarc.example.com'],
  ['voice example.com'],
  ['voice.example.com\r\nX-Header: 1'],
  ['voice%2eexample.com'],
  [`${'a'.repeat(64)}.example`],
  [`${'a.'.repeat(130)}example`],
  [''],
])('%j is no host that others could reach', (text) => {
  expect(hostNameOf(text)).toBeUndefined();
});

test('a request names its host with or without a port', () => {
  expect(hostOfHeader('voice.example.com:8443')).toBe('voice.example.com');
  expect(hostOfHeader('VOICE.example.com')).toBe('voice.example.com');
  for (const header of ['voice.example.com:', 'voice.example.com:1:2', 'a.example, b.example', '', ':443'])
    expect(hostOfHeader(header), header).toBeUndefined();
});

test('the record that proves a host stands below it', () => {
  expect(challengeNameOf('voice.example.com')).toBe('_patchbay-challenge.voice.example.com');
});
