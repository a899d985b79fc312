import { platformError } from '@patchbay/kit/errors';
import type { Principal } from './platform.ts';

const KEY_CHARACTERS_MAX = 255;

/** The Idempotency-Key of a request that changes something; a GET needs none. */
export function idempotencyKeyOf({ method, headers }: Request): string | undefined {
  const key = headers.get('idempotency-key');
  if (key === null || method === 'GET') return undefined;
  if (key.length > 0 && key.length <= KEY_CHARACTERS_MAX) return key;
  throw platformError('request.invalid', `An Idempotency-Key has 1 to ${KEY_CHARACTERS_MAX} characters.`);
}

/** What tells two requests apart: SHA-256 of route and body. */
export async function fingerprintOf(route: string, body: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${route}\n${body}`));
  return Buffer.from(digest).toString('base64url');
}

/** Keys are remembered for each caller apart, so that one caller's key never answers another's request. */
export function callerIdOf({ actor }: Principal): string {
  switch (actor.kind) {
    case 'key':
      return actor.accountId;
    case 'user':
      return actor.userId;
    case 'credential':
      return actor.credentialId;
    case 'platform':
    case 'stranger':
      return actor.kind;
  }
}
