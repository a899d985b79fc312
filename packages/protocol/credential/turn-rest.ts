import { createHmac } from 'node:crypto';
import { idFromBytes, isId, type KeyId } from '@patchbay/kit/ids';
import { toBase64Url } from './base64url.ts';
import { USERNAME_CHARACTERS_MAX } from './credential.ts';
import type { Effective } from './effective.ts';
import { type CredentialRefusal, refusal } from './refusal.ts';
import { sha256 } from './sha256.ts';

/**
 * Usernames of "A REST API For Access To TURN Services" (draft-uberti-behave-turn-rest-00 §2.2), which many servers and
 * libraries make already: `expiry:keyId` or `expiry:keyId.name`, and plain `expiry:name` on a listener that belongs to
 * one account (RES-5). The expiry is in seconds since 1970. They carry no caveats.
 */
export interface TurnRestUsername {
  readonly type: 'turn-rest';
  readonly expiresAtMs: number;
  /** Absent in the plain form. */
  readonly keyId?: KeyId;
  /** Who it is, as the customer calls them: it becomes the identity. */
  readonly name?: string;
}

/** Whether the text claims to be of this form. The other form begins with the version byte, never with a digit. */
export const isTurnRestUsername = (username: string): boolean => /^\d{1,12}:/.test(username);

export function parseTurnRestUsername(username: string): TurnRestUsername | CredentialRefusal {
  if (username.length > USERNAME_CHARACTERS_MAX) {
    return refusal('credential.too_long', `A username has at most ${USERNAME_CHARACTERS_MAX} characters.`);
  }
  const [, expiry, rest] = /^(\d{1,12}):([^\p{Cc}]+)$/u.exec(username) ?? [];
  if (expiry === undefined || rest === undefined) {
    return refusal(
      'credential.malformed',
      'The username is not expiry:keyId, expiry:keyId.name or expiry:name.',
    );
  }
  const expiresAtMs = Number(expiry) * 1000;
  const dot = rest.indexOf('.');
  const head = dot < 0 ? rest : rest.slice(0, dot);
  if (!isId('key', head)) return { type: 'turn-rest', expiresAtMs, name: rest };
  const name = dot < 0 ? '' : rest.slice(dot + 1);
  return { type: 'turn-rest', expiresAtMs, keyId: head, ...(name === '' ? {} : { name }) };
}

/** What it allows: all that its key may, until it expires, as whoever it names. */
export const effectiveOfTurnRest = (
  username: string,
  { keyId, expiresAtMs, name }: TurnRestUsername & { readonly keyId: KeyId },
): Effective => ({
  keyId,
  prefixIds: [turnRestPrefixId(username)],
  notBeforeMs: 0,
  expiresAtMs,
  mintedUntilMs: expiresAtMs,
  accountIds: [],
  ...(name === undefined ? {} : { identity: name }),
  limits: [],
  endEvents: [],
});

/**
 * The shared secret as text: base64url of the mint branch, 43 characters. The HMAC is keyed by the bytes of this text,
 * not by what it decodes to, because that is what coturn does with `static-auth-secret`.
 */
export function turnRestSecret(mintKey: Uint8Array): string {
  return toBase64Url(mintKey);
}

/** The password of such a username: base64, with padding, of HMAC-SHA1 over its UTF-8 bytes. */
export function turnRestPassword(mintKey: Uint8Array, username: string): string {
  return createHmac('sha1', turnRestSecret(mintKey)).update(username, 'utf8').digest('base64');
}

/** The stable id of such a credential, as each level of the other form has one: what usage names and a revocation ends. */
export const turnRestPrefixId = (username: string): string =>
  idFromBytes('crd', sha256(Buffer.from(username, 'utf8')).subarray(0, 18));
