/** Address ranges of caveats, such as `10.0.0.0/8` and `2001:db8::/32` (RFC 4632 §3.1, RFC 4291 §2.3). */
export interface Cidr {
  /** 4 or 16 bytes; those behind the prefix are zero. */
  readonly address: Uint8Array;
  readonly prefixBits: number;
}

/** Reads an address: 4 or 16 bytes, or undefined. An IPv4 address written as IPv6 gives the 4 bytes (RFC 4291 §2.5.5.2). */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text);
  return bytes && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** Reads a range, or undefined when it is malformed or has bits behind its prefix. An address alone is a range of one. */
export function parseCidr(text: string): Cidr | undefined {
  const [addressText = '', prefixText, ...more] = text.split('/');
  const address = addressText.includes(':') ? parseIpv6(addressText) : parseIpv4(addressText);
  if (address === undefined || more.length > 0) return undefined;
  if (prefixText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
  const prefixBits = prefixText === undefined ? address.length * 8 : Number(prefixText);
  const cidr = { address, prefixBits };
  return isCidr(cidr) ? cidr : undefined;
}

/** Whether the prefix fits the address and no bit stands behind it. */
export function isCidr({ address, prefixBits }: Cidr): boolean {
  if (prefixBits > address.length * 8) return false;
  // A mapped range would hold no address: parseAddress gives the IPv4 form of all of them.
  if (address.length === 16 && prefixBits >= 96 && isMapped(address)) return false;
  for (let bit = prefixBits; bit < address.length * 8; bit++) if (bitOf(address, bit) !== 0) return false;
  return true;
}

/** Writes a range in full: IPv6 as eight groups without `::`, so that one range has one text. */
export function cidrText({ address, prefixBits }: Cidr): string {
  if (address.length === 4) return `${address.join('.')}/${prefixBits}`;
  const view = new DataView(address.buffer, address.byteOffset, address.length);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2).toString(16));
  return `${groups.join(':')}/${prefixBits}`;
}

/** Whether an address lies in one of the ranges. A text that is no address lies in none. */
export function cidrsContain(cidrs: readonly string[], addressText: string): boolean {
  const address = parseAddress(addressText);
  if (address === undefined) return false;
  return cidrs.some((text) => {
    const cidr = parseCidr(text);
    return cidr !== undefined && covers(cidr, { address, prefixBits: address.length * 8 });
  });
}

/** What one subscriber of IPv6 is given at least (RFC 6177 §2): every address in it is the same somebody's. */
const SUBSCRIBER_PREFIX_BITS = 64;

/**
 * The network that an address is counted as: whoever has an address of IPv4 has that one, and whoever has one of IPv6 has
 * all of its /64. What is no address counts as itself.
 */
export function networkOf(addressText: string): string {
  const address = parseAddress(addressText.split('%')[0] ?? '');
  if (address === undefined) return addressText;
  const prefixBits = Math.min(SUBSCRIBER_PREFIX_BITS, address.length * 8);
  return cidrText({ address: address.map((byte, index) => (index < prefixBits / 8 ? byte : 0)), prefixBits });
}

/** The ranges that lie in both lists. */
export function intersectCidrs(left: readonly string[], right: readonly string[]): readonly string[] {
  const others = right.map(toRange);
  const both = left.map(toRange).flatMap((one) => others.flatMap((other) => narrower(one, other) ?? []));
  return [...new Set(both)];
}

interface Range {
  readonly text: string;
  readonly cidr: Cidr | undefined;
}

const toRange = (text: string): Range => ({ text, cidr: parseCidr(text) });

/** Two ranges are nested or have nothing in common, so what both hold is the smaller one. */
function narrower(left: Range, right: Range): string | undefined {
  if (left.cidr === undefined || right.cidr === undefined) return undefined;
  if (covers(left.cidr, right.cidr)) return right.text;
  return covers(right.cidr, left.cidr) ? left.text : undefined;
}

function covers(outer: Cidr, inner: Cidr): boolean {
  if (outer.address.length !== inner.address.length || outer.prefixBits > inner.prefixBits) return false;
  for (let bit = 0; bit < outer.prefixBits; bit++) {
    if (bitOf(outer.address, bit) !== bitOf(inner.address, bit)) return false;
  }
  return true;
}

const bitOf = (bytes: Uint8Array, bit: number) => ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const numbers = parts.map(Number);
  return numbers.every((number) => number <= 255) ? Uint8Array.from(numbers) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || (halves.length === 2 && halves[0]?.includes('.'))) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** The 16-bit groups of one side of `::`; the last may be an IPv4 address, which makes two. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    const ipv4 = index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (ipv4) {
      const [a = 0, b = 0, c = 0, d = 0] = ipv4;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

const isMapped = (bytes: Uint8Array) =>
  bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
