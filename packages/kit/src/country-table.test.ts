import { expect, test } from 'vitest';
import { CountryTableError, readCountryTable } from './country-table.ts';

const table = readCountryTable(
  [
    '# Made by hand.',
    '2001:db8::/32,DE',
    '192.0.2.0/25,DE',
    '192.0.2.128,192.0.2.200,FR',
    '',
    '203.0.113.7/32,US\r',
    '::/16,AT',
    '',
  ].join('\n'),
);

test.each([
  ['192.0.2.0', 'DE'],
  ['192.0.2.127', 'DE'],
  ['192.0.2.128', 'FR'],
  ['192.0.2.200', 'FR'],
  ['192.0.2.201', 'ZZ'],
  ['203.0.113.7', 'US'],
  ['203.0.113.6', 'ZZ'],
  ['10.0.0.1', 'ZZ'],
  ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'DE'],
  ['2001:db9::', 'ZZ'],
  ['::1', 'AT'],
  // An IPv4 address that is written as IPv6.
  ['::ffff:203.0.113.7', 'US'],
  ['no address', 'ZZ'],
])('%s is in %s', (address, country) => {
  if (address === '10.0.0.1') expect(table.countryOf(Uint8Array.of(10, 0, 0, 1))).toBe(country);
  expect(table.countryOf(address)).toBe(country);
});

test.each([
  ['192.0.2.0/24', 'Line 1'],
  ['192.0.2.1/24,DE', 'Line 1'],
  ['192.0.2.0/24,Germany', 'Line 1'],
  ['192.0.2.0/24,de', 'Line 1'],
  ['192.0.2.9,192.0.2.1,DE', 'Line 1'],
  ['192.0.2.0,2001:db8::,DE', 'Line 1'],
  ['network,country\n192.0.2.0/24,DE', 'Line 1'],
  ['192.0.2.0/24,DE\n\n192.0.2.128/25,FR', 'Line 3 has addresses of line 1'],
])('%s is refused by its line', (text, message) => {
  expect(() => readCountryTable(text)).toThrow(CountryTableError);
  expect(() => readCountryTable(text)).toThrow(message);
});
