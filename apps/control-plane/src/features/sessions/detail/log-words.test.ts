import { relayLineSchema } from '@patchbay/domain/sessions/relay-line';
import { expect, test } from 'vitest';
import type { LogEntry } from '../session.ts';
import { lineText, lineTitle } from './log-words.ts';

/** A line as a relay says it. */
const ofRelay = (line: { readonly type: string; readonly data: object }): LogEntry => {
  const { type, data } = relayLineSchema.parse(line);
  return { sequence: 1, at: '', kind: type, data: JSON.parse(JSON.stringify(data)) };
};
const relayNodeId = 'nod_1';
const refusal = {
  relayNodeId,
  code: 'network-discovery.quota',
  stunCode: 486,
  detail: 'Allocation Quota Reached',
};
const path = {
  transport: 'udp',
  addressFamily: 'ipv4',
  clientAddress: '192.0.2.7:4',
  relayedAddress: '198.51.100.1:5',
};
const limit = { allocationId: 'a', limit: 'limit.session_bytes', max: 2_000_000, outcome: 'notify' };
const ended = {
  allocationId: 'a',
  reason: 'network-discovery.released',
  detail: '',
  bytesIn: 700,
  bytesOut: 300_000,
  lastedMs: 65_000,
};

test.each([
  [
    'allocation.started',
    { allocationId: 'a', relayNodeId, ...path },
    'relay opened',
    '192.0.2.7:4 by 198.51.100.1:5 · udp, ipv4',
  ],
  [
    'allocation.started',
    { allocationId: 'a', relayNodeId, ...path, relayedAddressOtherFamily: '[2001:db8::1]:6' },
    'relay opened',
    '192.0.2.7:4 by 198.51.100.1:5 and [2001:db8::1]:6 · udp, ipv4 and ipv6',
  ],
  ['allocation.refused', refusal, 'relay refused', 'quota: Allocation Quota Reached'],
  [
    'allocation.refused',
    { ...refusal, repeatCount: 3 },
    'relay refused',
    'quota: Allocation Quota Reached · 3 times more',
  ],
  ['limit.reached', limit, 'limit reached', 'session bytes of 2.000 MB · noticed, and it goes on'],
  [
    'limit.reached',
    { ...limit, limit: 'limit.credential_seconds', max: 90, outcome: 'end' },
    'limit reached',
    'credential seconds of 1 min 30 s · it ends',
  ],
  [
    'limit.reached',
    { allocationId: 'a', limit: 'limit.exceeded', outcome: 'end', rule: 'relayBytesPerDayMax' },
    'limit reached',
    'exceeded: relayBytesPerDayMax · it ends',
  ],
  [
    'allocation.ended',
    ended,
    'relay closed',
    'released · 700 B from the client, 300.0 kB to it · 1 min 05 s',
  ],
  [
    'allocation.changed',
    { allocationId: 'a', modality: 'audio', previousModality: 'none', segment: 0 },
    'relay carries',
    'audio',
  ],
  [
    'allocation.changed',
    { allocationId: 'a', modality: 'video', previousModality: 'audio', segment: 1 },
    'relay carries',
    'video, after audio',
  ],
  [
    'media.undeclared',
    { allocationId: 'a', declared: 'audio', observed: 'video' },
    'media not declared',
    'audio was declared, video is carried',
  ],
])('what a relay says is read as a person would say it: %s', (...[type, data, title, text]) => {
  const line = ofRelay({ type, data });
  expect([lineTitle(line), lineText(line)]).toEqual([title, text]);
});

test('a limit that signaling counts names no quantity; what came again says how often', () => {
  const line = (kind: string, data: LogEntry['data']) => lineText({ kind, data });
  expect(line('limit.reached', { limit: 'credential.used_up', outcome: 'throttle' })).toBe(
    'used up · it goes on slowly',
  );
  expect(line('refusal.repeated', { code: 'signaling.other_account', repeatCount: 1 })).toBe(
    'other account · once more',
  );
});

test.each([
  [
    'logic.fetched',
    { url: 'https://a.test/', target: 'main', error: 'timeout', latencyMs: 15_000 },
    'https://a.test/ · failed: timeout · 15000 ms',
  ],
  [
    'logic.fetched',
    { url: 'https://b.test/', target: 'fallback', status: 200, latencyMs: 12 },
    'fallback https://b.test/ · came · 200 · 12 ms',
  ],
  ['logic.step', { index: 0, verb: 'dial', detail: 'user:bob' }, '1. dial · user:bob'],
  ['logic.step', { index: 1, verb: 'hangup', detail: '' }, '2. hangup'],
  [
    'logic.ended',
    { outcome: 'failed', code: 'signaling.logic_invalid', detail: 'It is not JSON.' },
    'logic invalid · It is not JSON.',
  ],
])('what logic does is read as a person would say it: %s', (kind, data, text) => {
  expect(lineText({ kind, data })).toBe(text);
});

test.each([
  ['session.paused', { by: 'Alice' }, 'paused: by Alice'],
  ['session.transferred', { by: 'Alice', to: 'user:carol' }, 'redirected: to user:carol · by Alice'],
  ['leg.removed', { by: 'an account above' }, 'removed: by an account above'],
  ['leg.muted', { by: 'Alice', muted: { audio: true, video: false } }, 'muted: audio · by Alice'],
  ['leg.muted', { by: 'Alice', muted: { audio: false, video: false } }, 'muted: nothing · by Alice'],
  ['session.limited', { by: 'Alice', bitsPerSecondMax: 64_000 }, 'limits set: 64.00 kbit/s · by Alice'],
  ['session.limited', { by: 'Alice' }, 'limits set: none · by Alice'],
  ['session.moving', { by: 'Alice', mode: 'relay' }, 'moved: to relayed · by Alice'],
] as const)('an order is told with who gave it: %s %j', (kind, data, words) => {
  const entry: LogEntry = { sequence: 1, at: '', kind, data };
  expect(`${lineTitle(entry)}: ${lineText(entry)}`).toBe(words);
});
