import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type FoldedLeg,
  type FoldedSession,
  foldLeg,
  foldSession,
  newLeg,
  newSession,
  ownerOf,
  participantsOf,
  type SessionEvent,
  stateOf,
} from './session-log.ts';

const media = { audio: true, video: false, screen: false };
const line = (sequence: number, type: string, rest: Partial<SessionEvent> = {}): SessionEvent => ({
  type,
  sequence,
  sessionId: 'ses_1',
  accountId: 'acc_1',
  atMs: 1_000 * sequence,
  data: {},
  ...rest,
});

const log = [
  line(1, 'session.created'),
  line(2, 'leg.ringing', { legId: 'leg_b', data: { identity: 'bob' } }),
  line(3, 'leg.joined', { legId: 'leg_a', data: { identity: 'alice', media } }),
  line(4, 'leg.joined', { legId: 'leg_b', data: { identity: 'bob', media } }),
  line(5, 'mode.changed', { data: { mode: 'connecting' } }),
  line(6, 'mode.changed', { data: { mode: 'p2p' } }),
  line(7, 'quality.sampled', { legId: 'leg_a', data: { sentBitsPerSecond: 100, receivedBitsPerSecond: 50 } }),
  line(8, 'recovery.started', { data: { generation: 1 } }),
  line(9, 'mode.changed', { data: { mode: 'relay' } }),
  line(10, 'quality.sampled', { legId: 'leg_a', data: { sentBitsPerSecond: 10, receivedBitsPerSecond: 5 } }),
  line(11, 'media.changed', { legId: 'leg_a', data: { media: { ...media, video: true } } }),
  line(12, 'leg.left', { legId: 'leg_b' }),
  line(13, 'session.ended', { data: { reason: { code: 'call.hangup' } } }),
];

/** Orders about a session that runs (LIV-1). */
const ordered = [
  line(1, 'session.paused', { data: { by: 'Alice' } }),
  line(2, 'session.limited', { data: { by: 'Alice', endsAtMs: 90_000, bitsPerSecondMax: 64_000 } }),
  line(3, 'leg.muted', { legId: 'leg_a', data: { by: 'Alice', muted: { ...media, video: true } } }),
  line(4, 'session.resumed', { data: { by: 'Alice' } }),
  line(5, 'session.limited', { data: { by: 'Alice', endsAtMs: 90_000 } }),
  line(6, 'leg.muted', { legId: 'leg_a', data: { by: 'Alice', muted: { video: true } } }),
  line(7, 'session.paused', { data: { by: 'Alice' } }),
];

const folded = (events: readonly SessionEvent[]) =>
  events.reduce<FoldedSession>(foldSession, newSession(events[0]?.atMs ?? 0));
const foldedLeg = (events: readonly SessionEvent[], id: string) =>
  events.filter(({ legId }) => legId === id).reduce<FoldedLeg>(foldLeg, newLeg);

describe('the log of a session (MET-7)', () => {
  test('it rings until two are in it, is live until it ends, and tells how it ended', () => {
    expect(log.map((_, index) => stateOf(folded(log.slice(0, index + 1))))).toEqual([
      ...Array(3).fill('ringing'),
      ...Array(9).fill('live'),
      'ended',
    ]);
    expect(folded(log)).toMatchObject({
      startedAtMs: 1_000,
      connectedAtMs: 6_000,
      endedAtMs: 13_000,
      endCode: 'call.hangup',
      mode: { value: 'relay' },
      legIds: ['leg_a', 'leg_b'],
    });
  });

  test('participants are those in it now; of an ended session, those who were', () => {
    const count = (length: number) => participantsOf(folded(log.slice(0, length)));
    expect([count(2), count(3), count(4), count(12), count(13)]).toEqual([0, 1, 2, 1, 2]);
  });

  test('a leg has the media and the bit rate that were told last', () => {
    expect(foldedLeg(log, 'leg_a')).toMatchObject({
      state: 'joined',
      identity: 'alice',
      joinedAtMs: 3_000,
      media: { value: { audio: true, video: true, screen: false } },
      bitsPerSecond: { value: 15 },
    });
    expect(foldedLeg(log, 'leg_b')).toMatchObject({ state: 'left', identity: 'bob', leftAtMs: 12_000 });
  });

  test('whatever the order of arrival, and however often a line comes, the result is the same', () => {
    const shuffledWithRepeats = fc.array(fc.nat(log.length - 1), { maxLength: 30 }).chain((repeats) =>
      fc.shuffledSubarray([...log, ...repeats.flatMap((index) => log[index] ?? [])], {
        minLength: log.length + repeats.length,
      }),
    );
    fc.assert(
      fc.property(shuffledWithRepeats, (events) => {
        expect(folded(events)).toEqual(folded(log));
        expect(foldedLeg(events, 'leg_a')).toEqual(foldedLeg(log, 'leg_a'));
        expect(foldedLeg(events, 'leg_b')).toEqual(foldedLeg(log, 'leg_b'));
      }),
    );
  });

  test('what orders hold is what the latest of each kind says, whatever the order of arrival (LIV-1)', () => {
    expect(folded(ordered.slice(0, 4))).toMatchObject({
      pausedAtMs: { value: undefined },
      limits: { value: { endsAtMs: 90_000, bitsPerSecondMax: 64_000 } },
    });
    expect(folded(ordered)).toMatchObject({
      pausedAtMs: { value: 7_000 },
      limits: { value: { endsAtMs: 90_000, bitsPerSecondMax: undefined } },
    });
    const muted = { audio: false, video: true, screen: false };
    expect(foldedLeg(ordered, 'leg_a').muted.value).toEqual(muted);
    fc.assert(
      fc.property(fc.shuffledSubarray(ordered, { minLength: ordered.length }), (events) => {
        expect(folded(events)).toEqual({ ...folded(ordered), startedAtMs: 1_000 });
        expect(foldedLeg(events, 'leg_a')).toEqual(foldedLeg(ordered, 'leg_a'));
      }),
    );
  });

  test('what another version sends is read for what is known of it', () => {
    const odd = [
      line(1, 'session.created'),
      line(2, 'hologram.projected', { legId: 'leg_a', data: { identity: 7 } }),
      line(3, 'leg.joined', { legId: 'leg_a', data: { media: 'all' } }),
      line(4, 'mode.changed', { data: { mode: 'telepathy' } }),
      line(5, 'session.ended', { data: {} }),
    ];
    expect(folded(odd)).toMatchObject({ mode: { value: 'pending' }, endCode: 'unknown' });
    expect(foldedLeg(odd, 'leg_a')).toMatchObject({
      identity: undefined,
      media: { value: { audio: false, video: false, screen: false } },
    });
  });

  test("a leg's line belongs to the account of the leg, any other to the account of the session (LIV-0)", () => {
    expect(ownerOf(line(1, 'leg.left', { legAccountId: 'acc_2' }))).toBe('acc_2');
    expect(ownerOf(line(1, 'mode.changed'))).toBe('acc_1');
  });
});
