import type { PlatformEvent } from './platform-event.ts';

/** What a webhook wants to hear of. */
export interface Subscription {
  readonly webhookId: string;
  readonly accountId: string;
  /** Names of events; `signaling.*` is all of one owner, `*` is all. */
  readonly eventTypes: readonly string[];
  readonly scope: 'own' | 'descendants';
  /** Events of this application alone, if one is named. */
  readonly applicationId?: string | undefined;
  /** Events of this instance type of the application alone, if one is named. */
  readonly instanceType?: string | undefined;
  /** Events that this endpoint has a part in alone, if one is named: by its identifier. */
  readonly endpoint?: string | undefined;
}

/** A try of one webhook: an event like all others, but for that webhook alone. */
export const testEventType = 'hooks.webhook.tested';

/** Told to all webhooks that hear of it but the one that was made. */
const creationType = 'hooks.webhook.created';

/** That a trigger fired. Where its action calls a webhook, `webhookId` says which: it is told, whatever else it hears of (TRG-2). */
export const firingType = 'triggers.trigger.fired';

/** `*`, or a name up to a point and `.*`, or a whole name. There is no other pattern (C22). */
export function isEventPattern(pattern: string, known: readonly string[]): boolean {
  return known.some((type) => matchesType(pattern, type));
}

export function matchesType(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** Whether a webhook is told of an event. Whose account is above whose is for the caller to know. */
export function isSubscribed(
  { webhookId, accountId, eventTypes, scope, applicationId, instanceType, endpoint }: Subscription,
  event: Pick<PlatformEvent, 'accountId' | 'type' | 'applicationId' | 'instanceType' | 'endpoints' | 'data'>,
): boolean {
  if (event.type === testEventType) return event.data.webhookId === webhookId;
  // Its receiver has no secret yet: what it was told first, it would refuse.
  if (event.type === creationType && event.data.webhookId === webhookId) return false;
  if (event.type === firingType && event.accountId === accountId && event.data.webhookId === webhookId)
    return true;
  if (scope === 'own' && event.accountId !== accountId) return false;
  if (applicationId !== undefined && event.applicationId !== applicationId) return false;
  if (instanceType !== undefined && event.instanceType !== instanceType) return false;
  if (endpoint !== undefined && event.endpoints?.includes(endpoint) !== true) return false;
  return eventTypes.some((pattern) => matchesType(pattern, event.type));
}
