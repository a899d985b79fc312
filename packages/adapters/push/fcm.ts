import { createHash, sign } from 'node:crypto';
import { z } from 'zod';
import { type SafeRequestOptions, safeSender } from '../outgoing/safe-request.ts';
import { outcomeOf, type PushOutcome } from './outcome.ts';

/** Of a service account, as the file that Google gives out for it has them. */
export interface FcmCredentials {
  readonly projectId: string;
  readonly clientEmail: string;
  /** PKCS #8, as PEM. */
  readonly privateKey: string;
}

export interface FcmMessage {
  /** Of one installation of an app. */
  readonly token: string;
  readonly notification?: { readonly title?: string; readonly body?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly ttlSeconds: number;
  readonly isUrgent: boolean;
  /** A message that waits is replaced by the next one of its key. */
  readonly collapseKey?: string;
}

export interface FcmOptions {
  readonly request: SafeRequestOptions;
  readonly nowMs: () => number;
  /** Where Google is not: for whoever stands in for it. */
  readonly tokenUrl?: string;
  readonly origin?: string;
}

export type SendFcm = (message: FcmMessage, credentials: FcmCredentials) => Promise<PushOutcome>;

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
/** The most that Google takes. */
const ASSERTION_SECONDS = 3_600;
/** Before its end, so that a token does not end on its way. */
const TOKEN_MARGIN_MS = 60_000;
const TOKEN_COUNT_MAX = 500;
const ANSWER_BYTES_MAX = 16_384;

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const errorSchema = z.object({
  error: z.object({
    status: z.string().optional(),
    details: z.array(z.object({ errorCode: z.string().optional() })).optional(),
  }),
});

interface AccessToken {
  readonly text: string;
  readonly endsMs: number;
}

/** Sends messages to apps through Firebase Cloud Messaging, HTTP v1. */
export function fcmSender(options: FcmOptions): SendFcm {
  const {
    nowMs,
    tokenUrl = 'https://oauth2.googleapis.com/token',
    origin = 'https://fcm.googleapis.com',
  } = options;
  const send = safeSender({ ...options.request, keptBytesMax: ANSWER_BYTES_MAX });
  const tokens = new Map<string, AccessToken>();

  const askForToken = async (credentials: FcmCredentials): Promise<AccessToken | PushOutcome> => {
    const assertion = assertionOf(credentials, tokenUrl, nowMs());
    if (assertion === undefined) return { kind: 'refused', reason: 'credentials_invalid' };
    const answer = await send({
      url: tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion,
      }).toString(),
    });
    const outcome = outcomeOf(answer);
    if (outcome.kind === 'later') return outcome;
    if (outcome.kind !== 'accepted') return { kind: 'refused', reason: 'credentials_refused' };
    const found = tokenSchema.safeParse(parsed(answer.response));
    if (!found.success) return { kind: 'later', reason: 'token_unreadable' };
    const { access_token: text, expires_in: seconds } = found.data;
    return { text, endsMs: nowMs() + seconds * 1_000 - TOKEN_MARGIN_MS };
  };

  return async (message, credentials) => {
    const key = createHash('sha256').update(JSON.stringify(credentials)).digest('base64url');
    const known = tokens.get(key);
    const token = known !== undefined && known.endsMs > nowMs() ? known : await askForToken(credentials);
    if ('kind' in token) return token;
    const [oldest] = tokens.keys();
    if (oldest !== undefined && tokens.size >= TOKEN_COUNT_MAX) tokens.delete(oldest);
    tokens.set(key, token);
    const answer = await send({
      url: `${origin}/v1/projects/${encodeURIComponent(credentials.projectId)}/messages:send`,
      headers: { authorization: `Bearer ${token.text}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message: shownMessage(message) }),
    });
    if (answer.status === 401) {
      // It was taken back before its time: the next attempt asks for another.
      tokens.delete(key);
      return { kind: 'later', reason: 'status_401' };
    }
    return meant(outcomeOf(answer), parsed(answer.response));
  };
}

/** A project that is not there is answered with 404 as well: a token is gone only where that is said. */
function meant(outcome: PushOutcome, answer: unknown): PushOutcome {
  if (outcome.kind === 'accepted' || outcome.kind === 'later') return outcome;
  const found = errorSchema.safeParse(answer);
  const { status, details = [] } = found.success ? found.data.error : {};
  const code = details.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? status;
  if (code === 'UNREGISTERED') return { kind: 'gone' };
  return { kind: 'refused', reason: code?.toLowerCase() ?? 'status' };
}

function shownMessage({ token, notification, data, ttlSeconds, isUrgent, collapseKey }: FcmMessage) {
  return {
    token,
    ...(notification === undefined ? {} : { notification }),
    ...(data === undefined ? {} : { data }),
    android: {
      ttl: `${ttlSeconds}s`,
      priority: isUrgent ? 'HIGH' : 'NORMAL',
      ...(collapseKey === undefined ? {} : { collapse_key: collapseKey }),
    },
  };
}

/** A JWT of RFC 7523 §3; nothing where the key is none. */
function assertionOf(
  { clientEmail, privateKey }: FcmCredentials,
  audience: string,
  nowMs: number,
): string | undefined {
  const iat = Math.floor(nowMs / 1_000);
  const claims = { iss: clientEmail, scope: SCOPE, aud: audience, iat, exp: iat + ASSERTION_SECONDS };
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  try {
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
  } catch {
    return undefined;
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
