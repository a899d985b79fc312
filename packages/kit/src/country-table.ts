import { parseAddress, parseCidr } from './cidr.ts';
import { countryPattern, UNKNOWN_COUNTRY } from './country.ts';

/** More networks than any published table has. */
export const COUNTRY_NETWORK_COUNT_MAX = 2_000_000;

/** Which country an address is in, by a table that whoever runs the platform provides. */
export interface CountryTable {
  /** Of an address of 4 or 16 bytes, or its text. UNKNOWN_COUNTRY where no network of the table has it. */
  countryOf(address: Uint8Array | string): string;
}

/** The table is not as it has to be. The message names the line. */
export class CountryTableError extends Error {
  override readonly name = 'CountryTableError';
}

interface Network {
  readonly addressBytes: number;
  readonly first: bigint;
  readonly last: bigint;
  readonly country: string;
  readonly line: number;
}

/**
 * Reads `192.0.2.0/24,DE` or `192.0.2.0,192.0.2.255,DE`, one network a line; empty lines and those that begin with `#` are
 * passed over. Networks may come in any order and do not overlap.
 */
export function readCountryTable(text: string): CountryTable {
  const networks = text.split('\n').flatMap((line, index) => networkOf(line.trim(), index + 1) ?? []);
  if (networks.length > COUNTRY_NETWORK_COUNT_MAX)
    throw new CountryTableError(`It has more than ${COUNTRY_NETWORK_COUNT_MAX} networks.`);
  const byFamily = new Map([4, 16].map((addressBytes) => [addressBytes, packed(networks, addressBytes)]));
  return {
    countryOf(address) {
      const bytes = typeof address === 'string' ? parseAddress(address) : address;
      const table = byFamily.get(bytes?.length ?? 0);
      return (bytes && table && countryIn(table, numberOf(bytes))) ?? UNKNOWN_COUNTRY;
    },
  };
}

/** Networks of one family in order: of each its first and last address in two words of 64 bits, and two letters. */
interface Packed {
  readonly firsts: BigUint64Array;
  readonly lasts: BigUint64Array;
  readonly letters: Uint8Array;
}

/** A published table has hundreds of thousands of networks, and every node holds one. */
function packed(all: readonly Network[], addressBytes: number): Packed {
  const networks = all
    .filter((network) => network.addressBytes === addressBytes)
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  const firsts = new BigUint64Array(networks.length * 2);
  const lasts = new BigUint64Array(networks.length * 2);
  const letters = new Uint8Array(networks.length * 2);
  for (const [index, { first, last, country, line }] of networks.entries()) {
    const before = networks[index - 1];
    if (before !== undefined && first <= before.last)
      throw new CountryTableError(`Line ${line} has addresses of line ${before.line}.`);
    firsts.set(wordsOf(first), index * 2);
    lasts.set(wordsOf(last), index * 2);
    letters.set([country.charCodeAt(0), country.charCodeAt(1)], index * 2);
  }
  return { firsts, lasts, letters };
}

const wordsOf = (number: bigint) => [number >> 64n, number & 0xffff_ffff_ffff_ffffn];

const numberAt = (words: BigUint64Array, index: number): bigint =>
  ((words[index * 2] ?? 0n) << 64n) | (words[index * 2 + 1] ?? 0n);

/** Of the last network that begins at or before the address, where it reaches that far. */
function countryIn({ firsts, lasts, letters }: Packed, address: bigint): string | undefined {
  let from = 0;
  let to = firsts.length / 2;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (numberAt(firsts, middle) <= address) from = middle + 1;
    else to = middle;
  }
  if (from === 0 || address > numberAt(lasts, from - 1)) return undefined;
  return String.fromCharCode(...letters.subarray(from * 2 - 2, from * 2));
}

function networkOf(text: string, line: number): Network | undefined {
  if (text === '' || text.startsWith('#')) return undefined;
  const fields = text.split(',').map((field) => field.trim());
  const country = fields.at(-1) ?? '';
  const range = fields.length === 2 ? rangeOfCidr(fields[0]) : rangeBetween(fields);
  if (range === undefined || !countryPattern.test(country))
    throw new CountryTableError(`Line ${line} is none of '192.0.2.0/24,DE' and '192.0.2.0,192.0.2.255,DE'.`);
  return { ...range, country, line };
}

function rangeOfCidr(text = ''): Omit<Network, 'country' | 'line'> | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return undefined;
  const addressBytes = cidr.address.length;
  const first = numberOf(cidr.address);
  return { addressBytes, first, last: first + (1n << BigInt(addressBytes * 8 - cidr.prefixBits)) - 1n };
}

function rangeBetween([from = '', to = '', ...more]: readonly string[]) {
  const [first, last] = [parseAddress(from), parseAddress(to)];
  if (more.length !== 1 || first === undefined || last?.length !== first.length) return undefined;
  const range = { addressBytes: first.length, first: numberOf(first), last: numberOf(last) };
  return range.first <= range.last ? range : undefined;
}

function numberOf(address: Uint8Array): bigint {
  return address.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}
