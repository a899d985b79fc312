import { expect, it } from 'vitest';
import { sourceOf } from './source.ts';
import { at } from './testing/relay-world.ts';

it('IPv4 addresses are told apart whole, IPv6 addresses by their /64', () => {
  const of = (host: string) => sourceOf(at(host, 1).ip);
  expect(of('81.2.69.1')).not.toBe(of('81.2.69.2'));
  expect(of('2a00:1:2:3::1')).toBe(of('2a00:1:2:3:ffff:ffff:ffff:ffff'));
  expect(of('2a00:1:2:3::1')).not.toBe(of('2a00:1:2:4::1'));
});
