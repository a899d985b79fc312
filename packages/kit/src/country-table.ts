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
  const networks = text
    .split('\n')
    .flatMap((line, index) => networkOf(line.trim(), index + 1) ?? [])
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  if (networks.length > COUNTRY_NETWORK_COUNT_MAX)
    throw new CountryTableError(`It has more than ${COUNTRY_NETWORK_COUNT_MAX} networks.`);
  for (const [index, { first, line }] of networks.entries()) {
    const before = networks[index - 1];
    if (before !== undefined && first <= before.last)
      throw new CountryTableError(`Line ${line} has addresses of line ${before.line}.`);
  }
  return {
    countryOf(address) {
      const bytes = typeof address === 'string' ? parseAddress(address) : address;
      const found = bytes && networkWith(networks, numberOf(bytes));
      return found?.country ?? UNKNOWN_COUNTRY;
    },
  };
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

function rangeOfCidr(text = ''): Pick<Network, 'first' | 'last'> | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return undefined;
  const first = numberOf(cidr.address);
  return { first, last: first + (1n << BigInt(cidr.address.length * 8 - cidr.prefixBits)) - 1n };
}

function rangeBetween([from = '', to = '', ...more]: readonly string[]) {
  const [first, last] = [parseAddress(from), parseAddress(to)];
  if (more.length !== 1 || first === undefined || last?.length !== first.length) return undefined;
  const range = { first: numberOf(first), last: numberOf(last) };
  return range.first <= range.last ? range : undefined;
}

/** All addresses in one order: those of IPv4 come behind those of IPv6, whose networks have none of them. */
function numberOf(address: Uint8Array): bigint {
  const number = address.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return address.length === 4 ? (1n << 128n) | number : number;
}

/** The one that has the address, of networks in order. */
function networkWith(networks: readonly Network[], address: bigint): Network | undefined {
  let from = 0;
  let to = networks.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((networks[middle]?.first ?? 0n) <= address) from = middle + 1;
    else to = middle;
  }
  const found = networks[from - 1];
  return found !== undefined && address <= found.last ? found : undefined;
}
