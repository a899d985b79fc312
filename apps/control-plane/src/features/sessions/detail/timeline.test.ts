import { expect, test } from 'vitest';
import type { LogEntry, Session } from '../session.ts';
import { lineText } from './log-words.ts';
import {
  dataText,
  eventsOf,
  hookKind,
  legLanes,
  meanBitsPerSecond,
  modeLane,
  samplesOf,
  seriesOf,
  withHooks,
} from './timeline.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 24, 12, 0, seconds)).toISOString();
const ms = (seconds: number): number => Date.parse(at(seconds));

const session: Session = {
  id: 'ses_1',
  kind: 'call',
  accountId: 'acc_1',
  accountName: 'Acme',
  state: 'ended',
  mode: 'relay',
  participants: 2,
  legs: [
    { id: 'leg_a', identity: 'alice', state: 'left', joinedAt: at(0), leftAt: at(60) },
    { id: 'leg_b', state: 'left', joinedAt: at(4), leftAt: at(58) },
  ],
  region: 'eu',
  startedAt: at(0),
  endedAt: at(60),
  relayBytes: '0',
  relayMilliseconds: '0',
};

const audio = { audio: true, video: false, screen: false };
const entries: LogEntry[] = [
  { sequence: 1, at: at(0), kind: 'leg.joined', legId: 'leg_a', data: { media: audio } },
  { sequence: 2, at: at(1), kind: 'leg.ringing', legId: 'leg_b', data: {} },
  { sequence: 3, at: at(4), kind: 'leg.joined', legId: 'leg_b', data: { media: audio } },
  { sequence: 4, at: at(5), kind: 'mode.changed', data: { mode: 'p2p' } },
  { sequence: 5, at: at(10), kind: 'quality.sampled', legId: 'leg_a', data: { rttMs: 40 } },
  { sequence: 6, at: at(12), kind: 'quality.sampled', legId: 'leg_b', data: { rttMs: 50 } },
  { sequence: 7, at: at(20), kind: 'mode.changed', data: { mode: 'relay' } },
  {
    sequence: 8,
    at: at(30),
    kind: 'media.changed',
    legId: 'leg_a',
    data: { media: { ...audio, video: true } },
  },
];

test('the media lane has one span for each mode, without gaps, from the first ring to the end', () => {
  const { spans } = modeLane(session, entries, ms(60));
  expect(spans.map(({ label, fromMs, toMs }) => [label, fromMs, toMs])).toEqual([
    ['not connected', ms(0), ms(5)],
    ['peer to peer', ms(5), ms(20)],
    ['relayed', ms(20), ms(60)],
  ]);
});

test('a change of what is sent begins a new span of its leg (MET-4), and ringing comes before', () => {
  const [alice, bob] = legLanes(session, entries, ms(60));
  expect(alice?.spans.map(({ label, toMs }) => [label, toMs])).toEqual([
    ['audio', ms(30)],
    ['audio, video', ms(60)],
  ]);
  expect(bob?.label).toBe('another account');
  expect(bob?.spans.map(({ label, fromMs }) => [label, fromMs])).toEqual([
    ['ringing', ms(1)],
    ['audio', ms(4)],
  ]);
});

test('samples of several legs share one list of times, with nothing where a leg was not measured', () => {
  const { times, series } = seriesOf(session, samplesOf(entries), ({ rttMs }) => rttMs);
  expect(times).toEqual([ms(10) / 1_000, ms(12) / 1_000]);
  expect(series.map(({ values }) => values)).toEqual([
    [40, null],
    [null, 50],
  ]);
});

test('samples are no events', () => {
  expect(eventsOf(entries).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 7, 8]);
});

test('a line of the log is said in words: what is on is named, and a reason is its code', () => {
  expect(dataText({ to: 'user:bob', media: { audio: true, video: true, screen: false }, mode: 'auto' })).toBe(
    'to user:bob · media audio, video · mode auto',
  );
  expect(dataText({ reason: { code: 'signaling.hung_up', detail: '' }, connectedMs: 1_400 })).toBe(
    'signaling.hung_up · connected, ms 1400',
  );
  expect(dataText({ media: { audio: false } })).toBe('media nothing');
});

test('the mean bit rate is that of the busiest leg, both ways', () => {
  const sample = (legId: string, sent: number, received: number) => ({
    sequence: 1,
    at: at(1),
    kind: 'quality.sampled',
    legId,
    data: { sentBitsPerSecond: sent, receivedBitsPerSecond: received },
  });
  expect(meanBitsPerSecond([sample('leg_a', 10, 1), sample('leg_a', 30, 1), sample('leg_b', 5, 4)])).toBe(21);
  expect(meanBitsPerSecond([])).toBeUndefined();
});

test('what was run for a line stands behind it, in words, and is no line of its own where nothing was (HKS-4)', () => {
  const hook = {
    webhookId: 'whk_1',
    target: 'service:notification/publish',
    via: 'main',
    outcome: 'delivered',
    attempts: 1,
    at: at(1),
    status: 200,
    latencyMs: 12,
    hop: 1,
  } as const;
  const { at: _, status, latencyMs, ...waiting } = hook;
  const log: LogEntry[] = [
    {
      sequence: 1,
      at: at(0),
      kind: 'leg.joined',
      legId: 'leg_a',
      data: {},
      hooks: [hook, { ...waiting, outcome: 'waiting' }],
    },
    { sequence: 2, at: at(2), kind: 'mode.changed', data: {} },
  ];
  const lines = withHooks(log);
  expect(lines.map(({ kind }) => kind)).toEqual(['leg.joined', hookKind, hookKind, 'mode.changed']);
  expect(lines.map(({ sequence }) => sequence)).toEqual(
    lines.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
  );
  expect(lines.map((line) => line.at)).toEqual([at(0), at(1), at(0), at(2)]);
  expect(lines.slice(1, 3).map(lineText)).toEqual([
    'service:notification/publish for leg.joined · delivered (200) · 12 ms · hop 1',
    'service:notification/publish for leg.joined · waiting · hop 1',
  ]);
});
