import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidrsContain, cidrText, intersectCidrs, networkOf, parseAddress, parseCidr } from './cidr.ts';

const text = (source: string) => {
  const cidr = parseCidr(source);
  return cidr && cidrText(cidr);
};

test('ranges are read in every form that people write, and written in one', () => {
  expect(text('10.0.0.0/8')).toBe('10.0.0.0/8');
  expect(text('192.0.2.7')).toBe('192.0.2.7/32');
  expect(text('2001:db8::/32')).toBe('2001:db8:0:0:0:0:0:0/32');
  expect(text('2001:DB8::1')).toBe('2001:db8:0:0:0:0:0:1/128');
  expect(text('64:ff9b::192.0.2.0/120')).toBe('64:ff9b:0:0:0:0:c000:200/120');
  expect(text('::/0')).toBe('0:0:0:0:0:0:0:0/0');
});

test('what is no range is refused', () => {
  const wrong =
    '10.0.0.1/8 10.0.0.0/33 10.0.0/8 256.0.0.0/8 01.0.0.0/8 10.0.0.0/08 10.0.0.0/ /8 ::1::/64 ::/129 1:2:3 \
    fe80::1%eth0 10.0.0.0/8/8 ::ffff:10.0.0.0/104 1.2.3.4:: 1:2:3:4:5:6:7:8:: g::';
  for (const source of ['', ...wrong.split(/\s+/)]) expect(text(source), source).toBeUndefined();
});

test('an IPv4 address is the same when it comes in its IPv6 form', () => {
  expect(parseAddress('::ffff:192.0.2.1')).toEqual(parseAddress('192.0.2.1'));
  expect(cidrsContain(['192.0.2.0/24'], '::ffff:192.0.2.1')).toBe(true);
  expect(cidrsContain(['192.0.2.0/24'], 'nonsense')).toBe(false);
  expect(cidrsContain(['0.0.0.0/0'], '2001:db8::1')).toBe(false);
});

test('membership and parsing are those of node:net for any address and range', () => {
  const octet = fc.constantFrom(0, 1, 10, 127, 128, 192, 255);
  const address = fc.oneof(
    fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.')),
    fc.ipV6(),
  );
  fc.assert(
    fc.property(address, address, fc.nat(128), (base, probe, bits) => {
      expect(parseAddress(base) !== undefined).toBe(isIP(base) !== 0);
      const family = (source: string) => (isIP(source) === 6 ? 'ipv6' : 'ipv4');
      const prefix = bits % (isIP(base) === 6 ? 129 : 33);
      if (parseCidr(`${base}/${prefix}`) === undefined || family(base) !== family(probe)) return;
      if (parseAddress(probe)?.length !== parseAddress(base)?.length) return;
      const list = new BlockList();
      list.addSubnet(base, prefix, family(base));
      expect(cidrsContain([`${base}/${prefix}`], probe)).toBe(list.check(probe, family(probe)));
    }),
    { numRuns: 2_000 },
  );
});

test('what lies in both lists is the smaller range of each nested pair', () => {
  expect(intersectCidrs(['10.0.0.0/8', '192.0.2.0/24'], ['10.1.0.0/16', '0.0.0.0/0'])).toEqual([
    '10.1.0.0/16',
    '10.0.0.0/8',
    '192.0.2.0/24',
  ]);
  expect(intersectCidrs(['10.0.0.0/8'], ['11.0.0.0/8'])).toEqual([]);
  expect(intersectCidrs(['0.0.0.0/0'], ['::/0'])).toEqual([]);
});

test('an address counts as its network: of IPv6 all of a /64 is one, of IPv4 each is its own', () => {
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7/32');
  expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7/32');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2:0:0:0:0/64');
  expect(networkOf('2001:DB8:1:2::')).toBe('2001:db8:1:2:0:0:0:0/64');
  expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'));
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0:0:0:0:0/64');
  expect([networkOf(''), networkOf('nowhere')]).toEqual(['', 'nowhere']);
});
