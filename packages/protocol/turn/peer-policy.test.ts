import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IpBytes, ipFromText } from '../stun/ip-address.ts';
import { cidrFromText, isInCidr } from './cidr.ts';
import { createPeerPolicy, isForbidden, isLoopback, unwrapIp } from './peer-policy.ts';

const ip = (text: string): IpBytes => {
  const bytes = ipFromText(text);
  if (bytes === undefined) throw new TypeError(text);
  return bytes;
};

/** First and last address of each network of R1, written out and not computed. */
const edges4 = [
  '0.0.0.0',
  '0.255.255.255',
  '10.0.0.0',
  '10.255.255.255',
  '100.64.0.0',
  '100.127.255.255',
  '127.0.0.0',
  '127.255.255.255',
  '169.254.0.0',
  '169.254.169.254',
  '169.254.255.255',
  '172.16.0.0',
  '172.31.255.255',
  '192.0.0.0',
  '192.0.0.255',
  '192.0.2.0',
  '192.0.2.255',
  '192.88.99.0',
  '192.88.99.255',
  '192.168.0.0',
  '192.168.255.255',
  '198.18.0.0',
  '198.19.255.255',
  '198.51.100.0',
  '198.51.100.255',
  '203.0.113.0',
  '203.0.113.255',
  '224.0.0.0',
  '239.255.255.255',
  '240.0.0.0',
  '255.255.255.255',
];
const outside4 = [
  '1.0.0.0',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.0.3.0',
  '192.88.98.255',
  '192.88.100.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '198.51.99.255',
  '198.51.101.0',
  '203.0.112.255',
  '203.0.114.0',
  '223.255.255.255',
];
const edges6 = [
  '::',
  '::1',
  '64:ff9b:1::',
  '64:ff9b:1:ffff:ffff:ffff:ffff:ffff',
  '100::',
  '100::ffff:ffff:ffff:ffff',
  '2001::',
  '2001:0:ffff::',
  '2001:1ff:ffff::',
  '2001:db8::',
  '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
  'fc00::',
  'fdff::1',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'feff::1',
  'ff00::',
  'ff02::1',
  'ffff::',
];
const outside6 = [
  '64:ff9b:2::',
  '100:0:0:1::',
  '2001:200::',
  '2001:db7::1',
  '2001:db9::1',
  '2a00::1',
  '2606:4700::1111',
  'fbff::1',
  'fe7f::1',
];

/** Every form of IPv6 that carries an IPv4 address (R2). */
const wrappings = (address: string): string[] => {
  const [a = 0, b = 0, c = 0, d = 0] = ip(address);
  const pair = (high: number, low: number) => (high * 256 + low).toString(16);
  return [
    `::ffff:${address}`,
    `::${address}`,
    `64:ff9b::${address}`,
    `2002:${pair(a, b)}:${pair(c, d)}::`,
    `2002:${pair(a, b)}:${pair(c, d)}:1::9`,
  ];
};

describe('R1: the default deny-list', () => {
  it.each([...edges4, ...edges6])('%s is forbidden', (address) => {
    expect(isForbidden(ip(address))).toBe(true);
  });
  it.each([...outside4, ...outside6])('%s is allowed', (address) => {
    expect(isForbidden(ip(address))).toBe(false);
  });
  it('bytes that are no address are forbidden', () => {
    for (const length of [0, 3, 5, 15, 17]) expect(isForbidden(new Uint8Array(length))).toBe(true);
  });
});

describe('R2, R3: IPv4 inside IPv6', () => {
  it.each(edges4.filter((address) => !address.startsWith('0.')))(
    '%s is forbidden in every form',
    (address) => {
      for (const form of wrappings(address)) expect(isForbidden(ip(form)), form).toBe(true);
    },
  );
  it('a property: a form is judged as what it carries', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const address = [...bytes].join('.');
        // ::0.0.0.0 and ::0.0.0.1 are the unspecified and the loopback address themselves.
        fc.pre(bytes[0] !== 0);
        for (const form of wrappings(address)) expect(isForbidden(ip(form)), form).toBe(isForbidden(bytes));
      }),
    );
  });
  it('unwrapping leaves other addresses alone', () => {
    for (const address of ['::', '::1', '2a00::1', '8.8.8.8']) {
      expect([...unwrapIp(ip(address))]).toEqual([...ip(address)]);
    }
    expect(isLoopback(ip('::ffff:127.9.9.9'))).toBe(true);
    expect(isLoopback(ip('::2'))).toBe(false);
  });
});

describe('the policy of one relay', () => {
  const policyOf = (allowLoopbackPeers: boolean) =>
    createPeerPolicy({
      relayIps: [ip('198.41.0.4')],
      ownIps: [ip('198.41.0.9'), ip('127.0.0.1')],
      allowLoopbackPeers,
    });
  it('its own relay address is judged by port, its other addresses are forbidden', () => {
    const policy = policyOf(false);
    expect(policy.judge(ip('198.41.0.4'))).toBe('own-relay');
    expect(policy.judge(ip('::ffff:198.41.0.4'))).toBe('forbidden');
    expect(policy.judge(ip('198.41.0.9'))).toBe('forbidden');
    expect(policy.judge(ip('198.41.0.5'))).toBe('allowed');
  });
  it('loopback is reached only where it is allowed, and nothing else is opened by that', () => {
    expect(policyOf(false).judge(ip('127.0.0.1'))).toBe('forbidden');
    expect(policyOf(true).judge(ip('127.0.0.1'))).toBe('allowed');
    expect(policyOf(true).judge(ip('::1'))).toBe('allowed');
    expect(policyOf(true).judge(ip('10.0.0.1'))).toBe('forbidden');
    expect(policyOf(true).judge(ip('0.0.0.0'))).toBe('forbidden');
  });
});

describe('networks as text', () => {
  it.each(['10.0.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/', '10.0.0/8', 'x/8', '10.0.0.0/-1', ''])(
    '%s is refused',
    (text) => {
      expect(cidrFromText(text)).toBeUndefined();
    },
  );
  it('an address alone is a network of one, and a prefix may end inside a byte', () => {
    const contains = (network: string, address: string) => {
      const cidr = cidrFromText(network);
      return cidr !== undefined && isInCidr(ip(address), cidr);
    };
    expect([contains('8.8.8.8', '8.8.8.8'), contains('8.8.8.8', '8.8.8.9')]).toEqual([true, false]);
    expect([contains('8.8.8.8/30', '8.8.8.11'), contains('8.8.8.8/30', '8.8.8.12')]).toEqual([true, false]);
    expect([contains('0.0.0.0/0', '8.8.8.8'), contains('0.0.0.0/0', '::1')]).toEqual([true, false]);
  });
});
