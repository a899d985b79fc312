import type { Problem } from '../signaling/messages.ts';

/** What an error of an SDK is made of. The SDK gives it its class. */
export interface FailureFields {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly helpUrl?: string;
  readonly requestId?: string;
  readonly retryAfterMs?: number;
  readonly rule?: string;
  readonly level?: string;
}

/** A problem as the platform sent it. A code that is newer than this SDK is passed on as it is. */
export function failureOf({ type: helpUrl, title, detail, ...rest }: Problem): FailureFields {
  return { ...rest, helpUrl, message: detail ?? title };
}

/** Request Timeout, Too Early and Too Many Requests (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Whether the same may succeed later: a part is away, or the house is full. */
export function isPassing(status: number): boolean {
  return status >= 500 || PASSING_STATUSES.has(status);
}
