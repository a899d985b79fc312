import { platformError } from '@patchbay/kit/errors';
import type { Principal } from './platform.ts';

const KEY_CHARACTERS_MAX = 255;

/** A request that names itself, so that its repeats have one effect (C40). */
export interface Repeatable {
  readonly key: string;
  readonly route: string;
  readonly fingerprint: string;
}

/** The Idempotency-Key of a request that changes something; a GET needs none. */
function idempotencyKeyOf({ method, headers }: Request): string | undefined {
  const key = headers.get('idempotency-key');
  if (key === null || method === 'GET') return undefined;
  if (key.length > 0 && key.length <= KEY_CHARACTERS_MAX) return key;
  throw platformError('request.invalid', `An Idempotency-Key has 1 to ${KEY_CHARACTERS_MAX} characters.`);
}

/** What a request says of itself to be known when it is repeated, if it says so. */
export async function repeatableOf(request: Request, body: string): Promise<Repeatable | undefined> {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return undefined;
  const route = `${request.method} ${new URL(request.url).pathname}`;
  return { key, route, fingerprint: await fingerprintOf(route, body) };
}

/** What tells two requests apart: SHA-256 of route and body. */
async function fingerprintOf(route: string, body: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${route}\n${body}`));
  return Buffer.from(digest).toString('base64url');
}

/**
 * Whom an answer is kept for, and whose requests are counted together: the key itself, for two keys of one account may be
 * allowed different things, and what one was told the other may not know (ACC-4).
 */
export function callerIdOf({ actor }: Principal): string {
  switch (actor.kind) {
    case 'key':
      return actor.keyId;
    case 'user':
      return actor.userId;
    case 'credential':
      return actor.credentialId;
    case 'callback':
      return actor.webhookId;
    case 'platform':
    case 'stranger':
      return actor.kind;
  }
}
