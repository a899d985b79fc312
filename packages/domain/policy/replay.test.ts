import { expect, test } from 'vitest';
import { account, level, platform } from './policy.testing.ts';
import type { PolicyWord } from './policy-level.ts';
import { type PastRequest, replay } from './replay.ts';
import type { UsedUp } from './used-up.ts';

const START_MS = Date.UTC(2027, 0, 15, 8);
const MINUTE_MS = 60_000;
const past = (index: number, more: Partial<PastRequest> = {}): PastRequest => ({
  sessionId: `ses_${index}`,
  accountId: 'acc_1',
  atMs: START_MS + index * 10_000,
  endedAtMs: START_MS + index * 10_000 + 25_000,
  service: 'signaling',
  region: 'eu',
  mediaKinds: ['audio'],
  ...more,
});

function refusedBy(
  values: PolicyWord['values'],
  requests: readonly PastRequest[],
  usedUp: readonly UsedUp[] = [],
) {
  const chain = [level(platform, {}), level(account('acc_1', 'above'), { values })];
  return replay(requests, { chainOf: () => chain, usedUp }).refused.map(({ request, refusal }) => [
    request.sessionId,
    refusal.setting,
  ]);
}

test('a request is refused by what it was: its region, its media, its service', () => {
  const requests = [past(0), past(1, { region: 'us' }), past(2, { mediaKinds: ['audio', 'video'] })];
  expect(refusedBy({ regions: ['eu'], mediaKinds: ['audio'] }, requests)).toEqual([
    ['ses_1', 'regions'],
    ['ses_2', 'mediaKinds'],
  ]);
});

test('a relay’s client is refused as the relay refuses it: of ciphertext all kinds of media have to be allowed', () => {
  const requests = [past(0, { service: 'network-discovery', mediaKinds: [] }), past(1)];
  expect(refusedBy({ mediaKinds: ['audio'] }, requests)).toEqual([['ses_0', 'mediaKinds']]);
  expect(refusedBy({ mediaKinds: ['audio', 'video', 'screen'] }, requests)).toEqual([]);
});

test('sessions at the same time are counted as they ran, and what is refused does not run', () => {
  // Each begins 10 seconds after the one before and lasts 25: three run at once.
  const requests = [0, 1, 2, 3, 4, 5].map((index) => past(index));
  expect(refusedBy({ concurrentSessionsMax: 3 }, requests)).toEqual([]);
  expect(refusedBy({ concurrentSessionsMax: 2 }, requests).map(([id]) => id)).toEqual(['ses_2', 'ses_5']);
});

test('whatever the order in which they are given', () => {
  const requests = [5, 3, 1, 4, 2, 0].map((index) => past(index));
  expect(refusedBy({ concurrentSessionsMax: 2 }, requests).map(([id]) => id)).toEqual(['ses_2', 'ses_5']);
});

test('starts in any 60 seconds, and in a day of the zone', () => {
  const requests = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => past(index));
  expect(refusedBy({ sessionsPerMinuteMax: 2 }, requests).map(([id]) => id)).toEqual([
    'ses_2',
    'ses_3',
    'ses_4',
    'ses_5',
  ]);
  const nextDay = past(99, { atMs: Date.UTC(2027, 0, 16, 1) });
  expect(refusedBy({ sessionsPerDayMax: 7 }, [...requests, nextDay]).map(([id]) => id)).toEqual(['ses_7']);
});

test('a request counts in the days of each level, and those are of the zone of who speaks there', () => {
  const values = { sessionsPerDayMax: 2 };
  const chain = [
    level(platform, {}),
    { ...level(account('acc_1', 'above'), { values }), timeZone: 'Pacific/Auckland' },
    level(account('acc_1', 'self'), { values: { sessionsPerDayMax: 9 } }),
  ];
  // Midnight of Auckland is 11 o’clock of UTC, in summer.
  const requests = [10, 10, 10, 12, 12, 12].map((hour, index) =>
    past(index, { atMs: Date.UTC(2027, 0, 15, hour) + index }),
  );
  const { refused } = replay(requests, { chainOf: () => chain, usedUp: [] });
  expect(refused.map(({ request }) => request.sessionId)).toEqual(['ses_2', 'ses_5']);
});

test('what is used up refuses from then on, until it begins anew, and only where it is counted', () => {
  const upAt = (scope: string, max: number) => ({
    setting: 'relayBytesPerDayMax' as const,
    scope,
    max,
    fromMs: START_MS + 60 * MINUTE_MS,
    untilMs: START_MS + 960 * MINUTE_MS,
  });
  const relayed = [0, 59, 60, 360, 960].map((minutes, index) =>
    past(index, { service: 'network-discovery', atMs: START_MS + minutes * MINUTE_MS }),
  );
  const refused = [
    ['ses_2', 'relayBytesPerDayMax'],
    ['ses_3', 'relayBytesPerDayMax'],
  ];
  expect(refusedBy({ relayBytesPerDayMax: 1_000 }, relayed, [upAt('acc_1', 1_000)])).toEqual(refused);
  for (const other of [upAt('acc_1', 2_000), upAt('acc_2', 1_000)])
    expect(refusedBy({ relayBytesPerDayMax: 1_000 }, relayed, [other])).toEqual([]);
});
