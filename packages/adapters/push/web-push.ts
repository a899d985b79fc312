import type { SendSafely } from '../outgoing/safe-request.ts';
import { outcomeOf, type PushOutcome } from './outcome.ts';
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
