import { type EndpointRecord, endpointHealth, FAILING_ATTEMPT_COUNT } from './endpoint-health.ts';

/** What follows from how an endpoint did in an attempt that failed. */
export type Consequence = 'none' | 'tell_failing' | 'disable_failing' | 'disable_gone';

/** The receiver says that nobody is there any more, and asks for nothing else (Standard Webhooks). */
const GONE = 410;

/** @param status of the last request. @param endpoint as it is with this attempt. */
export function consequenceOf(
  endpoint: EndpointRecord,
  { status, atMs }: { readonly status: number | undefined; readonly atMs: number },
): Consequence {
  if (status === GONE) return 'disable_gone';
  if (endpointHealth(endpoint, atMs) === 'lost') return 'disable_failing';
  return endpoint.failedCount === FAILING_ATTEMPT_COUNT ? 'tell_failing' : 'none';
}
