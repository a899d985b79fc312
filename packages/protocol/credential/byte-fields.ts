import { CredentialError } from './refusal.ts';

/** The fields that caveats are made of. Each has one encoding, so that equal restrictions are equal bytes. */

/** The largest number a caveat can carry: 48 bits. As milliseconds since 1970 it is the year 10889. */
export const UINT48_MAX = 2 ** 48 - 1;
export const UINT48_BYTES = 6;

const malformed = (detail: string) => new CredentialError('credential.malformed', detail);

export function encodeUint48(value: number, name: string): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value > UINT48_MAX) {
    throw malformed(`${name} has to be a whole number from 0 to ${UINT48_MAX}, not ${value}.`);
  }
  const bytes = new Uint8Array(UINT48_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(value / 2 ** 32));
  view.setUint32(2, value % 2 ** 32);
  return bytes;
}

/** As encodeUint48; zero is refused, for limits that would admit nothing. */
export function encodePositive48(value: number, name: string): Uint8Array {
  if (value === 0) throw malformed(`${name} has to be at least 1.`);
  return encodeUint48(value, name);
}

export function decodeUint48(bytes: Uint8Array, name: string): number {
  if (bytes.length !== UINT48_BYTES) throw malformed(`${name} has ${bytes.length} bytes in place of 6.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint16(0) * 2 ** 32 + view.getUint32(2);
}

export function decodePositive48(bytes: Uint8Array, name: string): number {
  const value = decodeUint48(bytes, name);
  if (value === 0) throw malformed(`${name} is 0.`);
  return value;
}

/** Control characters would let a name forge a line of a log. */
const CONTROL_CHARACTER = /\p{Cc}/u;

export function encodeText(text: string, name: string, bytesMax: number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0 || bytes.length > bytesMax) {
    throw malformed(`${name} has to have 1 to ${bytesMax} bytes of UTF-8, not ${bytes.length}.`);
  }
  if (CONTROL_CHARACTER.test(text)) throw malformed(`${name} holds a control character.`);
  // A lone surrogate is written as U+FFFD, and would come back as another text.
  if (new TextDecoder().decode(bytes) !== text) throw malformed(`${name} is not well-formed Unicode.`);
  return bytes;
}

export function decodeText(bytes: Uint8Array, name: string, bytesMax: number): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed(`${name} is not UTF-8.`);
  }
  encodeText(text, name, bytesMax);
  return text;
}

/** A name of the platform's: a service, a feature, a region, an instance type, an event. */
const TOKEN = /^[a-z0-9][a-z0-9._-]*$/;
export const TOKEN_BYTES_MAX = 64;

export function encodeToken(token: string, name: string): Uint8Array {
  if (!TOKEN.test(token)) throw malformed(`${name} has to be of a-z, 0-9, '.', '_' and '-', not '${token}'.`);
  return encodeText(token, name, TOKEN_BYTES_MAX);
}

export function decodeToken(bytes: Uint8Array, name: string): string {
  const token = decodeText(bytes, name, TOKEN_BYTES_MAX);
  encodeToken(token, name);
  return token;
}

export const TOKEN_COUNT_MAX = 32;

/** Tokens joined by commas. */
export function encodeTokens(tokens: readonly string[], name: string): Uint8Array {
  if (tokens.length === 0 || tokens.length > TOKEN_COUNT_MAX) {
    throw malformed(`${name} takes 1 to ${TOKEN_COUNT_MAX} names, not ${tokens.length}.`);
  }
  for (const token of tokens) encodeToken(token, name);
  return new TextEncoder().encode(tokens.join(','));
}

export function decodeTokens(bytes: Uint8Array, name: string): readonly string[] {
  const tokens = decodeText(bytes, name, 255).split(',');
  encodeTokens(tokens, name);
  return tokens;
}
