import type { SafeResponse, SendSafely } from '../outgoing/safe-request.ts';
import { encryptPush, PushMessageError, type PushSubscription } from './push-message.ts';
import { type VapidKeys, vapidAuthorization } from './vapid.ts';

export interface PushMessage {
  readonly text: Uint8Array;
  /** For how long the push service keeps it for a browser that is away. */
  readonly ttlSeconds: number;
  readonly urgency?: 'very-low' | 'low' | 'normal' | 'high';
  /** A message that waits is replaced by the next one of its topic: 32 characters of base64url at most. */
  readonly topic?: string;
}

export interface PushSender {
  readonly keys: VapidKeys;
  readonly contact: string;
}

/** What became of one attempt. */
export type PushOutcome =
  /** The push service has it. Whether the browser does, it does not say. */
  | { readonly kind: 'accepted' }
  /** Nobody is there any more, and never will be: the subscription is to be removed. */
  | { readonly kind: 'gone' }
  /** The same message would be refused again. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfterMs?: number };

export interface WebPushOptions {
  /** Subscriptions are what clients say: a request goes only where one of a webhook may (C27 to C30). */
  readonly send: SendSafely;
  /** Whether a push service may be asked without TLS: on this machine, where webhooks may lead there too. */
  readonly isInsecureAllowed: (url: URL) => boolean;
  readonly nowMs: () => number;
}

/** RFC 8030 §5.4. */
const topicForm = /^[A-Za-z0-9_-]{1,32}$/;

export type SendPush = (
  subscription: PushSubscription,
  message: PushMessage,
  sender: PushSender,
) => Promise<PushOutcome>;

/** Sends messages to browsers through their push services (RFC 8030 §5). */
export function webPush({ send, isInsecureAllowed, nowMs }: WebPushOptions): SendPush {
  return async (subscription, message, { keys, contact }) => {
    const { endpoint } = subscription;
    const { topic, urgency, ttlSeconds } = message;
    const url = URL.parse(endpoint);
    // RFC 8030 §8: nobody on the way learns where somebody is reached.
    if (url === null || (url.protocol !== 'https:' && !isInsecureAllowed(url)))
      return { kind: 'refused', reason: 'subscription_invalid' };
    if (topic !== undefined && !topicForm.test(topic)) return { kind: 'refused', reason: 'topic_invalid' };
    const bytes = bodyOf(message, subscription);
    if (typeof bytes === 'string') return { kind: 'refused', reason: bytes };
    const headers = {
      authorization: vapidAuthorization(keys, { endpoint, contact, nowMs: nowMs() }),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(ttlSeconds),
      ...(urgency === undefined ? {} : { urgency }),
      ...(topic === undefined ? {} : { topic }),
    };
    return outcomeOf(await send({ url: endpoint, body: '', bytes, headers }));
  };
}

function bodyOf(
  { text }: PushMessage,
  subscription: PushSubscription,
): Uint8Array | PushMessageError['reason'] {
  try {
    return encryptPush(text, subscription);
  } catch (cause) {
    if (cause instanceof PushMessageError) return cause.reason;
    throw cause;
  }
}

function outcomeOf({ status, error, retryAfterMs }: SafeResponse): PushOutcome {
  if (status === undefined) {
    const reason = error ?? 'connect_failed';
    return { kind: reason === 'address_forbidden' ? 'refused' : 'later', reason };
  }
  // The status is what counts: an answer that was cut off behind it says nothing else.
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 404 || status === 410) return { kind: 'gone' };
  const reason = `status_${status}`;
  if (status !== 408 && status !== 429 && status < 500) return { kind: 'refused', reason };
  return { kind: 'later', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
