import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnsweringDetector } from './answering-detector.ts';
import { type DetectionKind, detectionDefaults } from './detection-order.ts';
import { findingsSchema, LEVELS_COUNT } from './detection-record.ts';
import { usesOfDetection } from './detection-usage.ts';
import { Listening } from './listening.ts';
import { SpeechSegments } from './speech-segments.ts';

const FRAME_MS = 32;

/** Frames of so many ms each, by turns without speech and with it. */
function hear(
  spans: readonly (readonly [ms: number, probability: number])[],
  kind: DetectionKind = 'presence',
  rules = {},
) {
  const listening = new Listening({ kind, rules: { ...detectionDefaults, ...rules } });
  for (const [ms, probability] of spans)
    for (let at = 0; at < ms; at += FRAME_MS)
      listening.push({
        durationMs: FRAME_MS,
        probability,
        isSpeech: probability >= 0.5,
        peak: probability / 2,
      });
  return listening;
}

describe('stretches of speech (SPD)', () => {
  test('each has its beginning, its end and how sure it is, and their sums are told', () => {
    const heard = hear([
      [320, 0],
      [960, 0.9],
      [640, 0.1],
      [640, 0.8],
      [320, 0],
    ]).end();
    expect(heard).toMatchObject({
      ...{ durationMs: 2_880, speechMs: 1_600, silenceMs: 1_280, longestSilenceMs: 640, talkRatio: 0.556 },
      ...{ segmentCount: 2, firstSpeechMs: 320, beepCount: 0 },
      segments: [
        { startMs: 320, endMs: 1_280, confidence: 0.9 },
        { startMs: 1_920, endMs: 2_560, confidence: 0.8 },
      ],
    });
    expect(findingsSchema.parse(heard)).toEqual(heard);
  });

  test('a short pause does not end one, a click is none, and a weak syllable goes on', () => {
    expect(
      hear([
        [640, 0.9],
        [160, 0],
        [640, 0.9],
        [640, 0],
      ]).end().segmentCount,
    ).toBe(1);
    expect(
      hear([
        [320, 0],
        [96, 0.9],
        [640, 0],
      ]).end().segmentCount,
    ).toBe(0);
    expect(
      hear([
        [320, 0.9],
        [640, 0.4],
        [320, 0.9],
        [640, 0],
      ]).end().segmentCount,
    ).toBe(1);
  });

  test('the sensitivity says how little is enough', () => {
    const faint = [
      [320, 0],
      [960, 0.4],
      [640, 0],
    ] as const;
    const counts = (['low', 'normal', 'high'] as const).map(
      (sensitivity) => hear(faint, 'presence', { sensitivity }).end().segmentCount,
    );
    expect(counts).toEqual([0, 0, 1]);
  });

  test('they never overlap, come in order, and fill the time with what is silent', () => {
    const spans = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true })),
    );
    fc.assert(
      fc.property(spans, (given) => {
        const { segments, speechMs, silenceMs, durationMs } = hear(given).end();
        let untilMs = 0;
        for (const { startMs, endMs } of segments) {
          expect(startMs).toBeGreaterThanOrEqual(untilMs);
          expect(endMs).toBeGreaterThan(startMs);
          untilMs = endMs;
        }
        expect(untilMs).toBeLessThanOrEqual(durationMs);
        expect(speechMs + silenceMs).toBe(durationMs);
      }),
    );
  });

  test('of a sound without an end they are still told one by one', () => {
    const segments = new SpeechSegments(detectionDefaults);
    const told = Array.from({ length: 40 }, (_, index) =>
      segments.push({ durationMs: FRAME_MS, probability: index < 20 ? 0.9 : 0 }),
    ).filter((one) => one !== undefined);
    expect(told).toMatchObject([{ startMs: 0, endMs: 640 }]);
    expect(segments.end()).toBeUndefined();
  });
});

test('the wave form has as many parts at most, however long the sound is, and loses no peak', () => {
  const listening = hear([[3_600_000, 0.1]]);
  listening.push({ durationMs: FRAME_MS, probability: 0, isSpeech: false, peak: 1 });
  const { levels } = listening.end();
  expect(levels).toHaveLength(LEVELS_COUNT);
  expect(levels[0]).toBe(5);
  expect(levels.at(-1)).toBe(100);
});

describe('who answered (SPD, CPG)', () => {
  const answeredBy = (spans: Parameters<typeof hear>[0]) => hear(spans, 'answering-machine').end().answering;

  test('a word and silence behind it is a person, and it is known in under three seconds', () => {
    const answering = answeredBy([
      [500, 0],
      [700, 0.9],
      [3_000, 0],
    ]);
    expect(answering).toMatchObject({ answeredBy: 'human', reason: 'short_greeting' });
    expect(answering?.decidedAtMs).toBeLessThan(3_500);
  });

  test('whoever goes on is a machine; silence is nobody; and each says how probable it is', () => {
    expect(
      answeredBy([
        [500, 0],
        [9_000, 0.9],
      ]),
    ).toMatchObject({ answeredBy: 'machine', reason: 'long_greeting' });
    expect(answeredBy([[6_000, 0]])).toMatchObject({ answeredBy: 'unknown', reason: 'silence' });
    expect(answeredBy([])).toMatchObject({ answeredBy: 'unknown', decidedAtMs: 0 });
  });

  test('a beep decides at once, and its end is told even where it comes after the decision', () => {
    const early = hear(
      [
        [500, 0],
        [1_200, 0.9],
        [320, 0],
      ],
      'answering-machine',
    );
    early.beep({ startMs: 1_800, durationMs: 300, hertz: 1_000.4 });
    const { answering, beeps } = early.end();
    expect(answering).toMatchObject({ answeredBy: 'machine', beepEndMs: 2_100 });
    expect(beeps).toEqual([{ startMs: 1_800, endMs: 2_100, hertz: 1_000 }]);
    const late = hear([[9_000, 0.9]], 'answering-machine');
    late.beep({ startMs: 8_500, durationMs: 400, hertz: 440 });
    expect(late.end().answering).toMatchObject({ reason: 'long_greeting', beepEndMs: 8_900 });
  });

  test('a file that ends in the middle is decided by what was heard, and later frames change nothing', () => {
    const detector = new AnsweringDetector();
    for (let at = 0; at < 800; at += FRAME_MS) detector.push({ durationMs: FRAME_MS, isSpeech: at < 600 });
    const answering = detector.end();
    detector.push({ durationMs: 9_000, isSpeech: true });
    expect(detector.answering).toBe(answering);
    expect(answering.decidedAtMs).toBe(800);
  });

  test('where nobody asks who answered, nobody decides it', () => {
    expect(hear([[9_000, 0.9]]).end()).not.toHaveProperty('answering');
  });
});

test('what is counted is the sound that was listened to, what was heard in it, and who decided', () => {
  const findings = hear(
    [
      [500, 0],
      [9_000, 0.9],
    ],
    'answering-machine',
  ).end();
  const uses = usesOfDetection({ kind: 'answering-machine', findings, processMs: 12.2 });
  expect(uses.map(({ meter, quantity }) => [meter, quantity])).toEqual([
    ['speech-detection.requests', 1],
    ['speech-detection.soundMs', findings.durationMs],
    ['speech-detection.detections', 1],
    ['speech-detection.decisions', 1],
    ['speech-detection.processMs', 13],
  ]);
  expect(uses[0]?.dimensions).toEqual({ kind: 'answering-machine', engine: 'silero-vad-5' });
});
