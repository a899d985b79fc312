import { z } from 'zod';

/** How an endpoint can be told something, each by itself. */
export const noticeWays = ['websocket', 'web-push', 'fcm', 'apns', 'sms', 'email', 'webhook'] as const;
export type NoticeWay = (typeof noticeWays)[number];

/** Ways that lead to a place somebody subscribed. */
export const subscribedWays = [
  'web-push',
  'fcm',
  'apns',
  'sms',
  'email',
] as const satisfies readonly NoticeWay[];
export type SubscribedWay = (typeof subscribedWays)[number];

/** Ways for which an account says by whom its notices go out. */
export const credentialWays = ['web-push', 'fcm', 'apns', 'sms'] as const satisfies readonly NoticeWay[];
export type CredentialWay = (typeof credentialWays)[number];

/** What may stand in the order of ways: `push` is all that push services do, together. */
const named: Readonly<Record<string, readonly NoticeWay[]>> = {
  push: ['web-push', 'fcm', 'apns'],
  ...Object.fromEntries(noticeWays.map((way) => [way, [way]])),
};

export const WAYS_MAX = 8;
const AFTER_SECONDS_MAX = 86_400;

/** Such as `push`, or `email+900`: also where an earlier way took it, and nobody said within so many seconds that it came. */
export const wayStep = z
  .string()
  .regex(
    new RegExp(`^(${Object.keys(named).join('|')})(\\+[1-9]\\d{0,4})?$`),
    'A way is push, websocket, web-push, fcm, apns, sms, email or webhook, with + and seconds behind it or not.',
  )
  .refine((text) => Number(text.split('+')[1] ?? 0) <= AFTER_SECONDS_MAX, 'At most 86,400 seconds.');

export const defaultWays: readonly string[] = ['websocket', 'push', 'email'];

export interface NoticeStep {
  readonly ways: readonly NoticeWay[];
  /** Undefined: it is tried only where no earlier one took the notice. */
  readonly afterSeconds: number | undefined;
}

/** @throws of a text that is no step. */
export function stepOf(text: string): NoticeStep {
  const [name = '', after] = wayStep.parse(text).split('+');
  return { ways: named[name] ?? [], afterSeconds: after === undefined ? undefined : Number(after) };
}
