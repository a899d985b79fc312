import { expect, it } from 'vitest';
import { Door, doorBounds, sourceOfText } from './door.ts';

function doorWith(bounds: Partial<typeof doorBounds>) {
  const cut: string[] = [];
  return { door: new Door({ ...doorBounds, ...bounds }, (connection) => cut.push(connection)), cut };
}

it('strangers of many sources push out the oldest of them, and never one that has proven itself', () => {
  const { door, cut } = doorWith({ strangerCountMax: 3 });
  expect(door.enter('known', 'a', 0)).toBe(true);
  door.recognise('known');
  for (let index = 0; index < 10; index++) expect(door.enter(`s${index}`, `source${index}`, 0)).toBe(true);
  expect(door.strangerCount).toBe(3);
  expect(cut).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6']);
});

it('a node full of those who have proven themselves takes nobody more, until one leaves', () => {
  const { door, cut } = doorWith({ connectionCountMax: 2 });
  for (const name of ['a', 'b']) {
    door.enter(name, name, 0);
    door.recognise(name);
  }
  expect(door.enter('c', 'c', 0)).toBe(false);
  door.leave('a');
  expect(door.enter('c', 'c', 0)).toBe(true);
  expect(cut).toEqual([]);
});

it('an IPv6 host is its /64, and an IPv4 address is itself however it is written', () => {
  expect(sourceOfText('2a00:1:2:3::1')).toBe(sourceOfText('2a00:1:2:3:ffff::9'));
  expect(sourceOfText('2a00:1:2:3::1')).not.toBe(sourceOfText('2a00:1:2:4::1'));
  expect(sourceOfText('::ffff:81.2.69.1')).toBe(sourceOfText('81.2.69.1'));
  expect(sourceOfText('::ffff:81.2.69.1')).not.toBe(sourceOfText('::ffff:81.2.69.2'));
});
