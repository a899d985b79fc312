import { showMoment } from '../../formats/time.ts';
import type { Outputs } from '../../trpc/client.ts';

export type Delivery = Outputs['deliveries']['list']['items'][number];

/** What a request led to without an answer of 2xx, in words. */
const reasons: Readonly<Record<string, string>> = {
  address_forbidden: 'leads to an address that is not public',
  host_unknown: 'no such host',
  connect_timeout: 'could not be reached in 5 s',
  connect_failed: 'refused the connection',
  timeout: 'no whole answer within 15 s',
  response_cut: 'closed in the middle of its answer',
  response_too_large: 'answered more than 64 KiB',
  redirect: 'sent us elsewhere, which is not followed',
};

/** What a delivery waits for; undefined once it is over. */
export function waitingText({
  state,
  attempts,
  nextAttemptAt,
  status,
  error,
}: Pick<Delivery, 'state' | 'attempts' | 'nextAttemptAt' | 'status' | 'error'>): string | undefined {
  if (state !== 'waiting') return undefined;
  if (nextAttemptAt === undefined) return 'for an earlier event of its session';
  if (attempts === 0) return 'for its turn';
  // A request without an outcome runs, or was cut off, and is made again then.
  if (status === undefined && error === undefined) return 'for an answer';
  return `again at ${showMoment(nextAttemptAt)}`;
}

/** The last answer in a few words: its status, and why it is none. */
export function outcomeText({
  status,
  error,
}: {
  readonly status?: number | undefined;
  readonly error?: string | undefined;
}): string {
  const reason = error === undefined ? undefined : reasons[error];
  if (reason === undefined) return status === undefined ? '' : String(status);
  return status === undefined ? reason : `${status}, ${reason}`;
}

export function latencyText(latencyMs: number | undefined): string {
  if (latencyMs === undefined) return '';
  return latencyMs < 1_000 ? `${latencyMs} ms` : `${(latencyMs / 1_000).toFixed(1)} s`;
}
