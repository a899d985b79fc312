import { createHash, sign } from 'node:crypto';
import { connect } from 'node:http2';
import { z } from 'zod';
import { outcomeOf, type PushOutcome } from './outcome.ts';

/** A signing key of a developer account at Apple. */
export interface ApnsCredentials {
  readonly teamId: string;
  readonly keyId: string;
  /** PKCS #8, as PEM: the file `.p8`. */
  readonly privateKey: string;
  /** The bundle of the app. */
  readonly topic: string;
}

export interface ApnsMessage {
  /** Of one installation of an app, in hexadecimal. */
  readonly token: string;
  /** JSON, with `aps` in it. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly type: 'alert' | 'background';
  readonly expiresAtMs: number;
  /** A message that waits is replaced by the next one of its key. */
  readonly collapseId?: string;
}

export interface ApnsOptions {
  readonly nowMs: () => number;
  /** Apple's own, never a customer's: `https://api.sandbox.push.apple.com` is for apps in development. */
  readonly origin?: string;
  readonly totalMsMax?: number;
}

export type SendApns = (message: ApnsMessage, credentials: ApnsCredentials) => Promise<PushOutcome>;

/** Apple takes a token for an hour, and refuses whoever makes another within 20 minutes. */
const TOKEN_LIFETIME_MS = 40 * 60_000;
const TOKEN_COUNT_MAX = 500;
const PAYLOAD_BYTES_MAX = 4_096;
const COLLAPSE_BYTES_MAX = 64;
const ANSWER_CHARACTERS_MAX = 4_096;
const tokenForm = /^[0-9a-fA-F]{64,200}$/;

const errorSchema = z.object({ reason: z.string().regex(/^\w{1,64}$/) });

/** Sends messages to apps through the Apple Push Notification service. */
export function apnsSender(options: ApnsOptions): SendApns {
  const { nowMs, origin = 'https://api.push.apple.com', totalMsMax = 10_000 } = options;
  const tokens = new Map<string, { readonly text: string; readonly madeAtMs: number }>();

  const tokenFor = (credentials: ApnsCredentials): string => {
    const { teamId, keyId, privateKey } = credentials;
    const key = createHash('sha256')
      .update(JSON.stringify([teamId, keyId, privateKey]))
      .digest('base64url');
    const known = tokens.get(key);
    if (known !== undefined && nowMs() - known.madeAtMs < TOKEN_LIFETIME_MS) return known.text;
    const text = tokenOf(credentials, nowMs());
    const [oldest] = tokens.keys();
    if (oldest !== undefined && tokens.size >= TOKEN_COUNT_MAX) tokens.delete(oldest);
    tokens.set(key, { text, madeAtMs: nowMs() });
    return text;
  };

  return async (message, credentials) => {
    const { token, type, collapseId, expiresAtMs } = message;
    if (!tokenForm.test(token)) return { kind: 'refused', reason: 'token_invalid' };
    const body = Buffer.from(JSON.stringify(message.payload));
    if (body.length > PAYLOAD_BYTES_MAX) return { kind: 'refused', reason: 'too_large' };
    if (collapseId !== undefined && Buffer.byteLength(collapseId) > COLLAPSE_BYTES_MAX)
      return { kind: 'refused', reason: 'collapse_id_invalid' };
    let authorization: string;
    try {
      authorization = `bearer ${tokenFor(credentials)}`;
    } catch {
      return { kind: 'refused', reason: 'credentials_invalid' };
    }
    const headers = {
      ':method': 'POST',
      ':path': `/3/device/${token}`,
      authorization,
      'apns-topic': credentials.topic,
      'apns-push-type': type,
      'apns-priority': type === 'background' ? '5' : '10',
      'apns-expiration': String(Math.floor(expiresAtMs / 1_000)),
      ...(collapseId === undefined ? {} : { 'apns-collapse-id': collapseId }),
    };
    const answer = await exchange({ origin, headers, body, totalMsMax });
    return answer === undefined ? { kind: 'later', reason: 'connect_failed' } : meant(answer);
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function meant({ status, text }: Answer): PushOutcome {
  const outcome = outcomeOf({ status, latencyMs: 0 });
  if (outcome.kind === 'accepted' || outcome.kind === 'later') return outcome;
  const found = errorSchema.safeParse(parsed(text));
  const reason = found.success ? found.data.reason : `status_${status}`;
  // 404 is a path that is none. A bad token of 400 may be a good one of the other environment or another topic, which is a
  // fault of what is set: no reason to forget it.
  if (status === 410) return { kind: 'gone' };
  return { kind: reason === 'ExpiredProviderToken' ? 'later' : 'refused', reason };
}

interface Exchange {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly totalMsMax: number;
}

/** The answer; nothing where none came whole and in time. */
function exchange({ origin, headers, body, totalMsMax }: Exchange): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const session = connect(origin);
    const end = (answer: Answer | undefined) => {
      clearTimeout(timer);
      session.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), totalMsMax);
    session.on('error', () => end(undefined));
    const stream = session.request(headers);
    let status = 0;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('error', () => end(undefined));
    stream.on('response', (head) => {
      status = head[':status'] ?? 0;
    });
    stream.on('data', (chunk: string) => {
      if (text.length < ANSWER_CHARACTERS_MAX) text += chunk;
    });
    stream.on('close', () => end(status === 0 ? undefined : { status, text }));
    stream.end(body);
  });
}

/** Throws where the key is none. */
function tokenOf({ teamId, keyId, privateKey }: ApnsCredentials, nowMs: number): string {
  const signed = [
    { alg: 'ES256', kid: keyId },
    { iss: teamId, iat: Math.floor(nowMs / 1_000) },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
