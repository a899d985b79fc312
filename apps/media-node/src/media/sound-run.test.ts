import { rms, shareOfTone } from '@patchbay/dsp/level';
import { describe, expect, test } from 'vitest';
import { type Clip, FRAME_MS, FRAME_SAMPLES, type GatherRule, RATE_HZ, SoundRun } from './sound-run.ts';

/** Frames until it is over, and no more than a minute of them. */
function play(run: SoundRun, { heard, forMs = 60_000 }: { heard?: Int16Array; forMs?: number } = {}) {
  const frames: Int16Array[] = [];
  while (run.result === undefined && frames.length * FRAME_MS < forMs) frames.push(run.next(heard));
  return frames;
}
const tone: Clip = { kind: 'tone', hertz: [1_000], milliseconds: 200 };
const gather = (rule: Partial<GatherRule> = {}, clips: readonly Clip[] = []) =>
  new SoundRun(clips, { timeoutMs: 1_000, ...rule });

describe('what a leg plays', () => {
  test('one after the other, each for its time, and then it is done', () => {
    const samples = new Int16Array(80).fill(1_000);
    const frames = play(
      new SoundRun([
        tone,
        { kind: 'silence', milliseconds: 30 },
        { kind: 'samples', rateHz: 8_000, samples, repeatCount: 3 },
      ]),
    );
    // Of the last frame that is asked for, it says that there is no more.
    expect(frames.length).toBe(20 + 3 + 3 + 1);
    const [first = new Int16Array()] = frames.slice(10, 11);
    expect(shareOfTone(first, { hertz: 1_000, rateHz: RATE_HZ })).toBeGreaterThan(0.99);
    expect(frames.slice(20, 23).map(rms)).toEqual([0, 0, 0]);
    expect(rms(frames[24] ?? new Int16Array())).toBeGreaterThan(500);
    expect(frames.every(({ length }) => length === FRAME_SAMPLES)).toBe(true);
  });

  test('an echo is what is heard, and silence where nothing is', () => {
    const heard = new Int16Array(FRAME_SAMPLES).fill(7);
    const echo: Clip = { kind: 'echo', milliseconds: 20 };
    expect(play(new SoundRun([echo]), { heard }).slice(0, 2)).toEqual([heard, heard]);
    expect(rms(play(new SoundRun([echo]))[0] ?? heard)).toBe(0);
  });

  test('nothing to play is done at once, and keys change nothing of what only plays', () => {
    const run = new SoundRun([]);
    expect(play(run).length).toBe(1);
    const playing = new SoundRun([tone]);
    playing.press('1');
    expect(play(playing).length).toBe(21);
    expect(playing.result).toEqual({ kind: 'done' });
  });
});

describe('what a leg gathers', () => {
  test('as many keys as it wants, and none that come after', () => {
    const run = gather({ digitsMax: 2 });
    run.press('1');
    expect(run.result).toBeUndefined();
    run.press('23');
    expect(run.result).toEqual({ kind: 'gathered', digits: '12' });
    expect(run.isListening).toBe(false);
  });

  test('until the key that finishes it, which is not one of them', () => {
    const run = gather({ finishOn: '#' });
    run.press('12#3');
    expect(run.result).toEqual({ kind: 'gathered', digits: '12' });
    const empty = gather({ finishOn: '#' });
    empty.press('#');
    expect(empty.result).toEqual({ kind: 'gathered', digits: '' });
  });

  test('until nobody pressed one for its time, from the end of what is played and anew from each key', () => {
    const run = gather({}, [tone]);
    expect(play(run).length * FRAME_MS).toBe(1_200);
    expect(run.result).toEqual({ kind: 'gathered', digits: '' });
    const slow = gather();
    play(slow, { forMs: 900 });
    slow.press('7');
    expect(play(slow).length * FRAME_MS).toBe(1_000);
    expect(slow.result).toEqual({ kind: 'gathered', digits: '7' });
  });

  test('a key ends what is played', () => {
    const run = gather({}, [{ kind: 'tone', hertz: [440], milliseconds: 60_000 }]);
    run.next(undefined);
    run.press('5');
    expect(rms(run.next(undefined))).toBe(0);
    // So many are kept of a gather that says no number.
    run.press('1'.repeat(200));
    expect(run.result).toMatchObject({ digits: `5${'1'.repeat(99)}` });
  });
});
