import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipFromText, ipToText, isSameIp } from './ip-address.ts';
import { transportAddressKey, transportAddressToText } from './transport-address.ts';

const hex = (text: string) => {
  const ip = ipFromText(text);
  return ip === undefined ? undefined : Buffer.from(ip).toString('hex');
};

describe('addresses as text', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['192.0.2.1', 'c0000201'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['2001:DB8::1', '20010db8000000000000000000000001'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['64:ff9b::127.0.0.1', '0064ff9b00000000000000007f000001'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ])('%s is read', (text, expected) => {
    expect(hex(text)).toBe(expected);
  });
  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '0x7f.1',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    'fe80::1%eth0',
    '::1.2.3',
    '1.2.3.4::',
    '[::1]',
    'g::',
  ])('%s is refused', (text) => {
    expect(hex(text)).toBeUndefined();
  });
  it('what is written is read again, and Node reads it too', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (ip, mask) => {
          const sparse = ip.map((byte, index) => ((mask[index] ?? 0) > 128 ? byte : 0));
          const text = ipToText(sparse);
          expect(isIPv6(text)).toBe(true);
          expect(isSameIp(ipFromText(text) ?? new Uint8Array(), sparse)).toBe(true);
        },
      ),
    );
  });
  it.each([
    '::',
    '::1',
    '2001:db8::1',
    '2001:db8:0:1:1:1:1:1',
    '1:0:0:2::3',
    '::ffff:1.2.3.4',
    '::1.2.3.4',
    'ff02::1:ff00:0',
  ])('%s is written as sockets write it', (text) => {
    const ip = ipFromText(text);
    expect(ip === undefined ? '' : ipToText(ip)).toBe(text);
  });
  it('keys differ by address and port, and text has brackets for IPv6', () => {
    const a = { ip: Uint8Array.of(1, 2, 3, 4), port: 5 };
    const keys = [a, { ...a, port: 6 }, { ip: Uint8Array.of(1, 2, 3, 5), port: 5 }].map(transportAddressKey);
    expect(new Set(keys).size).toBe(3);
    expect(transportAddressToText(a)).toBe('1.2.3.4:5');
    expect(transportAddressToText({ ip: new Uint8Array(16), port: 9 })).toBe('[::]:9');
  });
});
