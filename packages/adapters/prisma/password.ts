import { compare, hash } from 'bcryptjs';

/** About a quarter of a second on a core of 2026. */
const COST = 12;
/** bcrypt reads 72 bytes and ignores the rest: what is longer is hashed first, so that every byte counts. */
const BCRYPT_BYTES_MAX = 72;

export async function hashPassword(password: string): Promise<string> {
  return await hash(await withinBound(password), COST);
}

/** A hash that no password has, to spend the same time on a user who does not exist (C13). */
const unmatchable = hash(crypto.randomUUID(), COST);

/** Takes as long for an absent hash as for a wrong password. */
export async function isPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const matches = await compare(await withinBound(password), stored ?? (await unmatchable));
  return matches && stored !== null && stored !== undefined;
}

async function withinBound(password: string): Promise<string> {
  const bytes = new TextEncoder().encode(password);
  if (bytes.length <= BCRYPT_BYTES_MAX) return password;
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64');
}
