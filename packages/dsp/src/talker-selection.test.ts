import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TalkerSelection } from './talker-selection.ts';

const SILENT = 127;
const talkingIn = (selection: TalkerSelection, count: number) =>
  Array.from({ length: count }, (_, place) => place).filter((place) => selection.isTalking(place));

/** Lets so many ticks pass with the same levels, and gives who is heard after them. */
function run(selection: TalkerSelection, levels: readonly number[], ticks = 1) {
  for (let tick = 0; tick < ticks; tick++) selection.select(Uint8Array.from(levels), levels.length);
  return talkingIn(selection, levels.length);
}

test('who begins is heard in the same tick, and for 200 ms after the last sound', () => {
  const selection = new TalkerSelection(2, { talkerCountMax: 3 });
  expect(run(selection, [SILENT, 30])).toEqual([1]);
  expect(run(selection, [SILENT, SILENT], 10)).toEqual([1]);
  expect(run(selection, [SILENT, SILENT])).toEqual([]);
});

test('of more than may be heard, the loudest are', () => {
  const selection = new TalkerSelection(5, { talkerCountMax: 3 });
  expect(run(selection, [40, 20, 30, 50, 25])).toEqual([1, 2, 4]);
  expect(selection.talkerCount).toBe(3);
});

test('a place that is taken goes to who is 6 dB louder, after 200 ms, and not back and forth', () => {
  const selection = new TalkerSelection(2, { talkerCountMax: 1 });
  run(selection, [40, SILENT]);
  expect(run(selection, [40, 20], 9)).toEqual([0]);
  expect(run(selection, [40, 20])).toEqual([1]);
  expect(run(selection, [17, 20], 100)).toEqual([1]);
  expect(run(selection, [13, 20], 20)).toEqual([0]);
});

test('who pauses keeps the place from who is hardly louder', () => {
  const selection = new TalkerSelection(2, { talkerCountMax: 1 });
  run(selection, [30, SILENT], 20);
  expect(run(selection, [SILENT, 28], 3)).toEqual([0]);
  expect(run(selection, [SILENT, 28])).toEqual([1]);
});

test('what is softer than talking is not heard, unless all are', () => {
  expect(run(new TalkerSelection(2, { talkerCountMax: 3 }), [56, 55])).toEqual([1]);
  expect(run(new TalkerSelection(3, { talkerCountMax: 'all' }), [126, 127, 1])).toEqual([0, 2]);
});

test('a place that is free is nobody, until somebody talks there', () => {
  const selection = new TalkerSelection(2, { talkerCountMax: 1 });
  run(selection, [20, SILENT]);
  selection.forget(0);
  expect([selection.talkerCount, selection.isTalking(0)]).toEqual([0, false]);
  expect(run(selection, [SILENT, 50])).toEqual([1]);
});

test('never are more heard than may be, nor is anybody for less than 200 ms (property)', () => {
  const levels = fc.array(fc.integer({ min: 0, max: 127 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(levels, { minLength: 30, maxLength: 80 }),
      fc.integer({ min: 1, max: 6 }),
      (ticks, max) => {
        const selection = new TalkerSelection(6, { talkerCountMax: max });
        const since = new Map<number, number>();
        for (const [tick, each] of ticks.entries()) {
          const talking = run(selection, each);
          expect(talking.length).toBeLessThanOrEqual(max);
          expect(talking.length).toBe(selection.talkerCount);
          for (const [place, from] of since) {
            if (talking.includes(place)) continue;
            expect(tick - from).toBeGreaterThanOrEqual(10);
            since.delete(place);
          }
          for (const place of talking) if (!since.has(place)) since.set(place, tick);
        }
      },
    ),
    { numRuns: 40 },
  );
});
