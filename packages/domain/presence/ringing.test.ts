import { expect, test } from 'vitest';
import type { Device } from './registration.ts';
import { type Ringing, ringPlan, TURN_SECONDS, TURN_SECONDS_MAX } from './ringing.ts';

const device = (id: string, kind: Device['kind'], name?: string) => ({
  device: { id, kind, ...(name === undefined ? {} : { name }) },
});
const desk = device('d1', 'desktop', 'Desk phone');
const phone = device('m1', 'mobile');
const tablet = device('t1', 'tablet');
const all = [phone, desk, tablet];
const turnsOf = (own?: Ringing, asked?: Ringing) => ringPlan(all, own, asked).turns;

test('all devices ring together where nobody says otherwise', () => {
  expect(turnsOf()).toEqual([all]);
  expect(ringPlan(all).turnMs).toBe(TURN_SECONDS_MAX * 1_000);
  expect(ringPlan(all, { strategy: 'in-turn' }).turnMs).toBe(TURN_SECONDS * 1_000);
});

test('one, some, or all ring, by kind, by name and by id', () => {
  expect(turnsOf(undefined, { devices: ['kind:mobile'] })).toEqual([[phone]]);
  expect(turnsOf(undefined, { devices: ['name:Desk phone', 'id:t1'] })).toEqual([[desk, tablet]]);
  expect(turnsOf(undefined, { devices: ['name:desk phone', 'kind:server', 'nonsense', ':'] })).toEqual([]);
});

test('in turn, choices ring one after the other, and without a choice each device alone', () => {
  const devices = ['kind:desktop', 'kind:server', 'kind:tablet', 'kind:mobile'];
  expect(turnsOf({ devices, strategy: 'in-turn' })).toEqual([[desk], [tablet], [phone]]);
  expect(turnsOf({ strategy: 'in-turn' })).toEqual([[phone], [desk], [tablet]]);
});

test('a caller chooses within what the endpoint lets ring, and reaches no device that it leaves out', () => {
  const own: Ringing = { devices: ['kind:desktop', 'kind:mobile'], strategy: 'in-turn', turnSeconds: 20 };
  expect(turnsOf(own, { devices: ['kind:tablet'] })).toEqual([]);
  expect(turnsOf(own, { devices: ['kind:mobile', 'kind:desktop'] })).toEqual([[phone], [desk]]);
  expect(turnsOf(own, { strategy: 'together' })).toEqual([[desk, phone]]);
  expect(ringPlan(all, own, { turnSeconds: 5 }).turnMs).toBe(5_000);
  expect(ringPlan(all, own).turnMs).toBe(20_000);
});

test('a device rings in one turn alone, under the first choice that it fits', () => {
  expect(turnsOf({ devices: ['id:m1', 'kind:mobile', 'kind:desktop'], strategy: 'in-turn' })).toEqual([
    [phone],
    [desk],
  ]);
});
