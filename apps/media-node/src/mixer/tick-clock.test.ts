import { expect, test } from 'vitest';
import { TickClock } from './tick-clock.ts';

test('a tick is due every 20 ms, at the times of the first', () => {
  const clock = new TickClock(1_000);
  expect([clock.due(1_019), clock.due(1_020), clock.due(1_039), clock.due(1_045)]).toEqual([0, 1, 0, 1]);
  expect(clock.waitMs(1_045)).toBe(15);
  expect([clock.due(1_060), clock.waitMs(1_090)]).toEqual([1, 0]);
});

test('of what was missed two are made good, and the others dropped and counted', () => {
  const clock = new TickClock(0);
  expect(clock.due(40)).toBe(2);
  expect(clock.due(2_740)).toBe(2);
  expect([clock.takeDropped(), clock.takeDropped()]).toEqual([133, 0]);
  expect([clock.due(2_741), clock.due(2_760)]).toEqual([0, 1]);
});

test('a clock that goes backwards makes none', () => expect(new TickClock(500).due(0)).toBe(0));
