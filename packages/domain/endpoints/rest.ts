import { type Namespace, reachOf } from './identifier.ts';

/** Long enough for those who knew who was there to hear that they are not any more. */
const REST_DAYS = 30;
const DAY_MS = 86_400_000;

/** Until when a name that is released now is kept from others. One that only its account names is free at once. */
export const restsUntil = (namespace: Namespace, nowMs: number): Date | undefined =>
  reachOf(namespace) === 'global' ? new Date(nowMs + REST_DAYS * DAY_MS) : undefined;
