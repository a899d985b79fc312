import { expect, test } from 'vitest';
import { noticeChannelOf } from './notice.ts';
import { ATTEMPTS_MAX, type KnownDelivery, nextMove, RETRY_AFTER_MS_MAX, retryAtMs } from './notice-move.ts';
import { labelOf, placeOf, readTarget } from './notice-target.ts';
import { stepOf, wayStep } from './notice-way.ts';

const standing = (ways: readonly string[], step: number, deliveries: readonly KnownDelivery[] = []) => ({
  steps: ways.map(stepOf),
  step,
  deliveries,
  expiresAtMs: 1_000_000,
});
const accepted = (atMs: number): KnownDelivery => ({ state: 'accepted', atMs });

test('a way stands for itself, push for all push services, and a wait behind it is in seconds (NTF)', () => {
  expect(stepOf('push')).toEqual({ ways: ['web-push', 'fcm', 'apns'], afterSeconds: undefined });
  expect(stepOf('email+900')).toEqual({ ways: ['email'], afterSeconds: 900 });
  for (const wrong of ['pigeon', 'email+', 'email+0', 'email+99999', 'email+1.5', 'push email'])
    expect(wayStep.safeParse(wrong).success, wrong).toBe(false);
});

test('ways are tried in their order, until one takes it (NTF)', () => {
  const ways = ['websocket', 'push', 'email'];
  expect(nextMove(standing(ways, 0), 0)).toEqual({ kind: 'begin', step: 0 });
  expect(nextMove(standing(ways, 1), 0)).toEqual({ kind: 'begin', step: 1 });
  expect(nextMove(standing(ways, 2, [{ state: 'gone' }, { state: 'refused' }]), 0)).toEqual({
    ...{ kind: 'begin', step: 2 },
  });
  expect(nextMove(standing(ways, 2, [{ state: 'gone' }, accepted(5)]), 10)).toEqual({
    kind: 'end',
    state: 'sent',
  });
  expect(nextMove(standing(ways, 3, [{ state: 'failed' }]), 0)).toEqual({ kind: 'end', state: 'failed' });
});

test('a way with a wait is tried though an earlier one took it, and at once where none did (NTF)', () => {
  const ways = ['push', 'sms', 'email+300'];
  const taken = standing(ways, 1, [accepted(1_000)]);
  expect(nextMove(taken, 2_000)).toEqual({ kind: 'wait', untilMs: 301_000 });
  // Not sms: it has no wait, and push has taken it.
  expect(nextMove(taken, 301_000)).toEqual({ kind: 'begin', step: 2 });
  expect(nextMove(standing(ways, 2, [{ state: 'failed' }]), 0)).toEqual({ kind: 'begin', step: 2 });
});

test('what is tried again holds the next way back, and nothing outlives the end of a notice', () => {
  const later: KnownDelivery = { state: 'waiting', retryAtMs: 700 };
  expect(nextMove(standing(['push', 'email'], 1, [later]), 600)).toEqual({ kind: 'wait', untilMs: 700 });
  expect(nextMove(standing(['push', 'email'], 1, [later]), 700)).toEqual({ kind: 'attempt' });
  const long = { state: 'waiting', retryAtMs: 2_000_000 } as const;
  expect(nextMove(standing(['push'], 1, [long]), 0)).toEqual({ kind: 'wait', untilMs: 1_000_000 });
  expect(nextMove(standing(['push'], 0), 1_000_000)).toEqual({ kind: 'end', state: 'expired' });
  expect(nextMove(standing(['push', 'email+9'], 1, [accepted(1)]), 1_000_000)).toEqual({
    kind: 'end',
    state: 'sent',
  });
});

test('an attempt is made again later each time, not sooner than asked for, and not for ever', () => {
  expect(retryAtMs({ attemptCount: 1 }, 0)).toBe(5_000);
  expect(retryAtMs({ attemptCount: 3 }, 0)).toBe(20_000);
  expect(retryAtMs({ attemptCount: 1, retryAfterMs: 60_000 }, 0)).toBe(60_000);
  expect(retryAtMs({ attemptCount: 1, retryAfterMs: RETRY_AFTER_MS_MAX + 1 }, 0)).toBeUndefined();
  expect(retryAtMs({ attemptCount: ATTEMPTS_MAX }, 0)).toBeUndefined();
});

test('what is shown of a place reaches nobody, and what tells places apart is the whole of it', () => {
  const push = readTarget('web-push', { endpoint: 'https://push.test/secret', p256dh: 'BA', auth: 'aa' });
  expect([labelOf(push), placeOf(push)]).toEqual(['push.test', 'https://push.test/secret']);
  const mail = readTarget('email', { address: 'Bob.Q@example.com' });
  expect([labelOf(mail), placeOf(mail)]).toEqual(['B…@example.com', 'bob.q@example.com']);
  expect(labelOf(readTarget('sms', { number: '+49301234567' }))).toBe('…567');
  expect(labelOf(readTarget('fcm', { token: 'abcdefghij' }))).toBe('…efghij');
  expect(() => readTarget('apns', { token: 'zz' })).toThrow();
});

test('the channel of an endpoint is called as it is, where a channel can be', () => {
  expect(noticeChannelOf('user:bob')).toBe('notices:bob');
  expect(noticeChannelOf('user:Bob Q')).toBeUndefined();
});
