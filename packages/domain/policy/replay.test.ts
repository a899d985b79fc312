import { expect, test } from 'vitest';
import { account, level, platform } from './policy.testing.ts';
import type { PolicyWord } from './policy-level.ts';
import { type PastRequest, replay } from './replay.ts';

const START_MS = Date.UTC(2027, 0, 15, 8);
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
  usage: Parameters<typeof replay>[1]['usage'] = [],
) {
  const chain = [level(platform, {}), level(account('acc_1', 'above'), { values })];
  return replay(requests, { chainOf: () => chain, usage }).refused.map(({ request, refusal }) => [
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

test('bytes of a day are those that were used until then', () => {
  const usage = [0, 1, 2].map((hour) => ({
    scope: 'acc_1',
    meter: 'network-discovery.bytes',
    atMs: START_MS + hour * 3_600_000,
    quantity: 500,
  }));
  const relayed = [0, 90, 200, 360, 720].map((minutes, index) =>
    past(index, { service: 'network-discovery', atMs: START_MS + minutes * 60_000 + 1 }),
  );
  expect(refusedBy({ relayBytesPerDayMax: 1_000 }, relayed, usage)).toEqual([
    ['ses_1', 'relayBytesPerDayMax'],
    ['ses_2', 'relayBytesPerDayMax'],
    ['ses_3', 'relayBytesPerDayMax'],
    ['ses_4', 'relayBytesPerDayMax'],
  ]);
});
