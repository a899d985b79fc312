/** The archive format of POSIX.1-2001 (ustar), as far as an export needs it: plain files with short names. */

const BLOCK_BYTES = 512;
const NAME_BYTES_MAX = 100;
const text = new TextEncoder();

/** One file in an archive: its header, its bytes, and zeros up to the next block. */
export function tarEntry(name: string, content: Uint8Array, modifiedMs: number): Uint8Array {
  const header = new Uint8Array(BLOCK_BYTES);
  const nameBytes = text.encode(name);
  if (nameBytes.length > NAME_BYTES_MAX) throw new RangeError(`${name} is too long a name for an archive.`);
  header.set(nameBytes, 0);
  const put = (at: number, value: string) => header.set(text.encode(value), at);
  const octal = (value: number, digits: number) => `${Math.floor(value).toString(8).padStart(digits, '0')}\0`;
  put(100, octal(0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(content.length, 11));
  put(136, octal(modifiedMs / 1_000, 11));
  put(156, '0');
  put(257, 'ustar\0' + '00');
  // The checksum is over the header with spaces in its place.
  put(148, ' '.repeat(8));
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  put(148, `${checksum.toString(8).padStart(6, '0')}\0 `);
  const padded = new Uint8Array(BLOCK_BYTES + Math.ceil(content.length / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(header, 0);
  padded.set(content, BLOCK_BYTES);
  return padded;
}

/** What an archive ends with. */
export const tarEnd = (): Uint8Array => new Uint8Array(2 * BLOCK_BYTES);
