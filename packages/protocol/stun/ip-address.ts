/** An address of 4 (IPv4) or 16 (IPv6) bytes in network order. */
export type IpBytes = Uint8Array;

/** RFC 8489 §14.1: the family byte on the wire. */
export const addressFamily = { ipv4: 0x01, ipv6: 0x02 } as const;

/** The longest text worth parsing: a full IPv6 address with an embedded IPv4 one. */
const textLengthMax = 45;

/** Reads dotted-quad text strictly: four decimal numbers, no leading zeros, nothing else. */
function ipv4FromText(text: string): IpBytes | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[index] = Number(part);
  }
  return bytes;
}

/** The 16-bit groups of one side of `::`, or undefined when one is malformed. */
function groupsFromText(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const embedded = ipv4FromText(part);
      if (embedded === undefined) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = embedded;
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** Reads IPv4 or IPv6 text strictly. A zone (`%eth0`), a port or an unusual number base gives undefined. */
export function ipFromText(text: string): IpBytes | undefined {
  if (text.length > textLengthMax) return undefined;
  if (!text.includes(':')) return ipv4FromText(text);
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const head = groupsFromText(sides[0] ?? '');
  const tail = groupsFromText(sides[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  // An embedded IPv4 address may only end the whole text.
  if (sides.length === 2 && sides[0]?.includes('.')) return undefined;
  const missing = 8 - head.length - tail.length;
  if (sides.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [index, group] of groups.entries()) {
    bytes[2 * index] = group >> 8;
    bytes[2 * index + 1] = group & 0xff;
  }
  return bytes;
}

/** The longest run of two or more zero groups, the first of equals. RFC 5952 §4.2. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  let start = -1;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) {
      if (start < 0) start = index;
    } else if (start >= 0) {
      if (index - start > best.length) best = { start, length: index - start };
      start = -1;
    }
  }
  return best;
}

/** Writes the text that sockets report for the same address, so that the two can be compared as map keys. */
export function ipToText(ip: IpBytes): string {
  if (ip.length === 4) return `${ip[0]}.${ip[1]}.${ip[2]}.${ip[3]}`;
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) groups.push((ip[index] ?? 0) * 256 + (ip[index + 1] ?? 0));
  const run = longestZeroRun(groups);
  const embeds = run.start === 0 && (run.length === 6 || (run.length === 5 && groups[5] === 0xffff));
  if (embeds) return `${run.length === 6 ? '::' : '::ffff:'}${ipToText(ip.subarray(12))}`;
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (run.start < 0) return text(groups);
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`;
}

/** Equality of two addresses, byte by byte. An IPv4 address never equals its IPv6-mapped form. */
export function isSameIp(a: IpBytes, b: IpBytes): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
