import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { compare } from 'bcryptjs';
import { Turns } from './turns.ts';

interface Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** Of the OWASP Password Storage Cheat Sheet for Argon2id: about 50 ms and 19 MiB on a core of 2026. */
const cost: Cost = { memoryKib: 19_456, passes: 2, lanes: 1 };
const NONCE_BYTES = 16;
const TAG_BYTES = 32;

/**
 * Argon2 runs in the thread pool, which files and names share: two at once leave it room. Nobody waits longer than some
 * 2 seconds for a turn; whoever would is refused and may come again.
 */
const hashing = new Turns({ atOnceMax: 2, waitingMax: 64 });
/** Hashes of earlier versions are compared on the main thread, in slices: one at a time. */
const comparing = new Turns({ atOnceMax: 1, waitingMax: 8 });

const derive = promisify(argon2);

async function tagOf(
  password: string,
  nonce: Uint8Array,
  { memoryKib, passes, lanes }: Cost,
): Promise<Buffer> {
  return await hashing.take(() =>
    derive('argon2id', {
      message: password,
      nonce,
      memory: memoryKib,
      passes,
      parallelism: lanes,
      tagLength: TAG_BYTES,
    }),
  );
}

/** Not within a transaction: it may wait for its turn. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(NONCE_BYTES);
  return toText(cost, nonce, await tagOf(password, nonce, cost));
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
const prefixOf = ({ memoryKib, passes, lanes }: Cost) =>
  `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$`;

/** The PHC string format, as other implementations of Argon2 read it. */
const toText = (of: Cost, nonce: Uint8Array, tag: Uint8Array) =>
  `${prefixOf(of)}${base64(nonce)}$${base64(tag)}`;

const stored = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** A hash that no password has, to spend the same time on a user who does not exist (C13). */
const unmatchable = toText(cost, randomBytes(NONCE_BYTES), randomBytes(TAG_BYTES));

/** Takes as long for an absent hash as for a wrong password. */
export async function isPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  if (hash?.startsWith('$2'))
    return await comparing.take(async () => compare(await withinBound(password), hash));
  const [, memory, passes, lanes, nonce = '', tag = ''] = stored.exec(hash ?? unmatchable) ?? [];
  if (memory === undefined) return false;
  const expected = Buffer.from(tag, 'base64');
  const of = { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  const actual = await tagOf(password, Buffer.from(nonce, 'base64'), of);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Whether a password is to be hashed anew when it is next shown: its hash is of an earlier version. */
export const isOutdated = (hash: string): boolean => !hash.startsWith(prefixOf(cost));

/** bcrypt reads 72 bytes and ignores the rest: what is longer was hashed first, so that every byte counts. */
const BCRYPT_BYTES_MAX = 72;

async function withinBound(password: string): Promise<string> {
  const bytes = new TextEncoder().encode(password);
  if (bytes.length <= BCRYPT_BYTES_MAX) return password;
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64');
}
