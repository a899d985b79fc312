/**
 * SHA-256, HMAC and HKDF without a platform: a credential is narrowed in a browser too, also on a page that is not a
 * secure context, where Web Crypto is absent and its promises would make every caller asynchronous. One HMAC over a
 * credential costs a few microseconds here, so servers need no second implementation. Tests hold it against
 * node:crypto over random input.
 */

/** Bytes of a digest, and of every key in this folder. */
export const SHA256_BYTES = 32;
const BLOCK_BYTES = 64;
/** A longer input has no use here, and keeps the length field within 32 bits. */
export const SHA256_INPUT_BYTES_MAX = 2 ** 28;

/** FIPS 180-4 §4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = Uint32Array.from(firstPrimes(64), (prime) => fractionBits(Math.cbrt(prime)));
/** FIPS 180-4 §5.3.3: the same of the square roots of the first 8 primes. */
const INITIAL_STATE = Uint32Array.from(firstPrimes(8), (prime) => fractionBits(Math.sqrt(prime)));

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}

function fractionBits(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

/** The SHA-256 digest of the input (FIPS 180-4 §6.2). */
export function sha256(input: Uint8Array): Uint8Array {
  if (input.length > SHA256_INPUT_BYTES_MAX) throw new RangeError('The input of SHA-256 is too long.');
  const padded = new Uint8Array(Math.ceil((input.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(input);
  padded[input.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(input.length / 2 ** 29));
  view.setUint32(padded.length - 4, (input.length * 8) >>> 0);

  const state = INITIAL_STATE.slice();
  const schedule = new Uint32Array(64);
  for (let offset = 0; offset < padded.length; offset += BLOCK_BYTES) {
    for (let word = 0; word < 16; word++) schedule[word] = view.getUint32(offset + word * 4);
    compress(state, schedule);
  }

  const digest = new Uint8Array(SHA256_BYTES);
  const digestView = new DataView(digest.buffer);
  state.forEach((word, index) => {
    digestView.setUint32(index * 4, word);
  });
  return digest;
}

const at = (words: Uint32Array, index: number): number => words[index] ?? 0;
const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** FIPS 180-4 §6.2.2, one block: `schedule` holds the block's 16 words. */
function compress(state: Uint32Array, schedule: Uint32Array): void {
  for (let t = 16; t < 64; t++) {
    const early = at(schedule, t - 15);
    const late = at(schedule, t - 2);
    const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    schedule[t] = sigma1 + at(schedule, t - 7) + sigma0 + at(schedule, t - 16);
  }
  let a = at(state, 0);
  let b = at(state, 1);
  let c = at(state, 2);
  let d = at(state, 3);
  let e = at(state, 4);
  let f = at(state, 5);
  let g = at(state, 6);
  let h = at(state, 7);
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + at(ROUND_CONSTANTS, t) + at(schedule, t)) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  state[0] = at(state, 0) + a;
  state[1] = at(state, 1) + b;
  state[2] = at(state, 2) + c;
  state[3] = at(state, 3) + d;
  state[4] = at(state, 4) + e;
  state[5] = at(state, 5) + f;
  state[6] = at(state, 6) + g;
  state[7] = at(state, 7) + h;
}

/** HMAC-SHA256 (RFC 2104 §2). */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const shortKey = key.length > BLOCK_BYTES ? sha256(key) : key;
  const inner = new Uint8Array(BLOCK_BYTES + message.length).fill(0x36, 0, BLOCK_BYTES);
  const outer = new Uint8Array(BLOCK_BYTES + SHA256_BYTES).fill(0x5c, 0, BLOCK_BYTES);
  shortKey.forEach((byte, index) => {
    inner[index] = 0x36 ^ byte;
    outer[index] = 0x5c ^ byte;
  });
  inner.set(message, BLOCK_BYTES);
  outer.set(sha256(inner), BLOCK_BYTES);
  return sha256(outer);
}

/** HKDF-SHA256 without a salt, giving 32 bytes (RFC 5869 §2). `info` keeps keys of different use apart. */
export function hkdfSha256(secret: Uint8Array, info: string): Uint8Array {
  const pseudoRandomKey = hmacSha256(new Uint8Array(SHA256_BYTES), secret);
  const infoBytes = new TextEncoder().encode(info);
  const block = new Uint8Array(infoBytes.length + 1);
  block.set(infoBytes);
  block[infoBytes.length] = 1;
  return hmacSha256(pseudoRandomKey, block);
}

/** Whether two texts are equal, in a time that depends on their lengths alone. */
export function isEqualInConstantTime(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  }
  return difference === 0;
}
