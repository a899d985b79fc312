import { expect, it } from 'vitest';
import { createFaults } from './faults.ts';

it('a step that throws fails alone: the error is counted and logged with its place, and the next step runs', () => {
  const logged: object[] = [];
  const faults = createFaults({ error: (fields) => logged.push(fields) });
  const seen: number[] = [];
  const step = faults.contained('packet', (value: number) => {
    if (value === 1) throw new RangeError('a programmer was wrong');
    seen.push(value);
  });
  for (const value of [0, 1, 2]) step(value);
  expect(seen).toEqual([0, 2]);
  expect(faults.count).toBe(1);
  expect(logged).toMatchObject([{ place: 'packet', error: new RangeError('a programmer was wrong') }]);
});

it('a flood of faults is counted to the last one, and fills no disk', () => {
  const logged: { unloggedCount?: number }[] = [];
  let nowMs = 0;
  const faults = createFaults({ error: (fields) => logged.push(fields) }, () => nowMs);
  for (let index = 0; index < 10_000; index++) faults.met('packet', new Error('again'));
  expect(faults.count).toBe(10_000);
  expect(logged).toHaveLength(20);
  nowMs = 1_000;
  faults.met('packet', new Error('again'));
  expect(logged.at(-1)).toMatchObject({ count: 10_001, unloggedCount: 9_980 });
});
