/**
 * Signatures of webhooks by Standard Webhooks 1.0: an HMAC-SHA256 over id, time and body, in the header
 * `webhook-signature`. It stands here because who signs and the SDK that verifies share these bytes (decision 0001).
 */
import { hmacSha256, isEqualInConstantTime } from '../credential/sha256.ts';

/** Names of the headers, in lower case. */
export const webhookHeaders = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const;

/** Names the replay whose events a request carries again, with the ids that they had. It tells, and is not signed. */
export const replayHeader = 'patchbay-replay';

const SECRET_PREFIX = 'whsec_';
/** Bytes of a secret that we make; the specification allows 24 to 64. */
export const WEBHOOK_SECRET_BYTES = 32;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
/** A request that is older or younger is refused, so that one that was overheard cannot be sent again later (C36). */
export const WEBHOOK_SKEW_SECONDS_MAX = 300;
/** A header lists one for each secret in force; more would only make a verifier work. */
const SIGNATURE_COUNT_MAX = 16;

/** Writes the bytes of a secret as customers see it. */
export const webhookSecretText = (bytes: Uint8Array): string => `${SECRET_PREFIX}${toBase64(bytes)}`;

/** Reads a secret, with its prefix or without. Undefined when it is none. */
export function parseWebhookSecret(text: string): Uint8Array | undefined {
  const bytes = fromBase64(text.startsWith(SECRET_PREFIX) ? text.slice(SECRET_PREFIX.length) : text);
  const isSecret = bytes && bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX;
  return isSecret ? bytes : undefined;
}

export interface SignedContent {
  readonly id: string;
  readonly timestampSeconds: number;
  /** Exactly as it is sent: another spelling of the same JSON has another signature. */
  readonly body: string;
}

/** The value of `webhook-signature`: one signature for each secret, so that either verifies while one follows another. */
export const signWebhook = (content: SignedContent, secrets: readonly Uint8Array[]): string =>
  secrets.map((secret) => signatureOf(content, secret)).join(' ');

const signatureOf = ({ id, timestampSeconds, body }: SignedContent, secret: Uint8Array): string =>
  `v1,${toBase64(hmacSha256(secret, new TextEncoder().encode(`${id}.${timestampSeconds}.${body}`)))}`;

/** Why a request is no webhook of ours. */
export type WebhookRefusal =
  | 'header_missing'
  | 'header_duplicate'
  | 'timestamp_malformed'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'signature_wrong';

export interface ReceivedWebhook {
  /** All values of each header, in the order in which they came; by name in lower case. */
  readonly headers: (name: string) => readonly string[];
  readonly body: string;
}

/** Undefined for a request that was signed with one of the secrets within the last five minutes. */
export function refusalOfWebhook(
  { headers, body }: ReceivedWebhook,
  secrets: readonly Uint8Array[],
  nowMs: number,
): WebhookRefusal | undefined {
  const values = Object.values(webhookHeaders).map(headers);
  if (values.some(({ length }) => length === 0)) return 'header_missing';
  if (values.some(({ length }) => length > 1)) return 'header_duplicate';
  const [id = '', time = '', signatures = ''] = values.flat();
  if (!/^\d{1,12}$/.test(time)) return 'timestamp_malformed';
  const timestampSeconds = Number(time);
  const ageSeconds = nowMs / 1_000 - timestampSeconds;
  if (ageSeconds > WEBHOOK_SKEW_SECONDS_MAX) return 'timestamp_too_old';
  if (ageSeconds < -WEBHOOK_SKEW_SECONDS_MAX) return 'timestamp_too_new';
  const offered = signatures.split(' ').slice(0, SIGNATURE_COUNT_MAX);
  const expected = secrets.map((secret) => signatureOf({ id, timestampSeconds, body }, secret));
  // Every pair is compared: how long it takes says nothing of which one fitted.
  const fits = expected.flatMap((own) => offered.map((other) => isEqualInConstantTime(own, other)));
  return fits.includes(true) ? undefined : 'signature_wrong';
}

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
