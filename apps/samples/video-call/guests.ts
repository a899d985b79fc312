import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Stands for an application's own sign-in. A guest gets a name and a proof of it, so that whoever was sent a link to
 * a guest can call that name and not be it.
 */
const secret = randomBytes(32);

export interface Guest {
  readonly name: string;
  readonly proof: string;
}

export function newGuest(): Guest {
  const name = `guest-${randomBytes(6).toString('hex')}`;
  return { name, proof: proofOf(name) };
}

/** The name, if the proof is its own. */
export function recognise(name: string | null, proof: string | null): string | undefined {
  if (name === null || proof === null) return undefined;
  const expected = Buffer.from(proofOf(name));
  const given = Buffer.from(proof);
  return given.length === expected.length && timingSafeEqual(given, expected) ? name : undefined;
}

function proofOf(name: string): string {
  return createHmac('sha256', secret).update(name).digest('base64url');
}
